package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/theater-go/theater/actors/manifest"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// maxPath bounds the path of a file in a bundle, and maxSegment each part of it, in
// bytes; maxDepth the number of its parts, for each is a folder that is made.
const (
	maxPath    = 512
	maxSegment = 255
	maxDepth   = 32
)

// bundles unpacks what clients bring along.
type bundles struct {
	dir    string
	limits Limits
	mu     sync.Mutex // held while one is unpacked
}

// load unpacks a bundle and reads its manifest, which names nothing outside of it.
func (b *bundles) load(bundle *theaterv1.Bundle, reg manifest.Registry) (*manifest.Manifest, error) {
	if b.dir == "" {
		return nil, invalid("bundle", "this node takes no bundles").hinting("give a path on the node's machine")
	}
	if err := b.check(bundle); err != nil {
		return nil, err
	}
	dir := filepath.Join(b.dir, sumOf(bundle))
	if err := b.unpack(bundle, dir); err != nil {
		return nil, fmt.Errorf("unpack the bundle: %w", err)
	}
	m, err := manifest.LoadWithin(dir, bundle.Manifest, reg)
	if err != nil {
		return nil, unprepared(err).at("bundle.manifest")
	}
	return m, nil
}

// check says why a bundle is not unpacked.
func (b *bundles) check(bundle *theaterv1.Bundle) error {
	if len(bundle.Files) > b.limits.BundleFiles {
		return refuse(CodeTooLarge, "the bundle has %d files, more than %d", len(bundle.Files), b.limits.BundleFiles).at("bundle.files")
	}
	folders := map[string]bool{}
	for name := range bundle.Files {
		if why := improper(name); why != "" {
			return invalid("bundle.files", "the path %.80q %s", name, why)
		}
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	for name := range bundle.Files {
		if folders[name] {
			return invalid("bundle.files", "%.80q is a file and a folder", name)
		}
	}
	if _, ok := bundle.Files[bundle.Manifest]; !ok {
		return refuse(CodeNoManifest, "the bundle has no file %.80q", bundle.Manifest).at("bundle.manifest")
	}
	return nil
}

// improper says what is wrong with the path of a file; "" for nothing.
func improper(name string) string {
	switch {
	case len(name) > maxPath:
		return fmt.Sprintf("is longer than %d bytes", maxPath)
	case strings.Count(name, "/") >= maxDepth:
		return fmt.Sprintf("has more than %d parts", maxDepth)
	case slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool { return len(part) > maxSegment }):
		return fmt.Sprintf("has a name of more than %d bytes", maxSegment)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) || strings.Contains(name, `\`):
		return "has characters that no path here has"
	case name == "." || path.Clean(name) != name || !filepath.IsLocal(filepath.FromSlash(name)):
		return "is not a plain relative path"
	}
	return ""
}

// sumOf names a bundle by its files.
func sumOf(bundle *theaterv1.Bundle) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(bundle.Files)) {
		for _, part := range [][]byte{[]byte(name), bundle.Files[name]} {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
			h.Write(part)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// unpack writes those files that are not there yet as they should be.
func (b *bundles) unpack(bundle *theaterv1.Bundle, dir string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for name, data := range bundle.Files {
		name = filepath.FromSlash(name)
		if there, err := root.ReadFile(name); err == nil && bytes.Equal(there, data) {
			continue
		}
		if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := root.WriteFile(name, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
