package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/theater-go/theater/actors/manifest"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// Bounds of what is sent to a node, a little below those that nodes have.
const (
	maxBundleBytes = 63 << 20
	maxBundleFiles = 10_000
	maxBundleDepth = 32 // folders inside each other
)

// bundle collects the files below a manifest's folder that its actor needs.
type bundle struct {
	dir   string // the folder
	files map[string][]byte
	bytes int64
}

// newBundle packs a manifest with those that it declares, to any depth, and their
// modules. Where an actor of these may start others, which it names when it runs, it
// is all manifests and modules below the folder.
func newBundle(top *manifest.Manifest) (*theaterv1.Bundle, error) {
	dir, err := filepath.Abs(top.Dir)
	if err != nil {
		return nil, err
	}
	b := &bundle{dir: dir, files: map[string][]byte{}}
	starts := false
	for _, m := range declared(top) {
		if err := b.addPath("the manifest", m.File); err != nil {
			return nil, err
		}
		if err := b.addPath("the package of "+m.Name, m.PackagePath()); err != nil {
			return nil, err
		}
		starts = starts || slices.ContainsFunc(m.Handlers, func(h manifest.Handler) bool { return h.Type == "supervisor" })
	}
	if starts {
		if err := b.addFolder(); err != nil {
			return nil, err
		}
	}
	name, err := b.name(top.File)
	return &theaterv1.Bundle{Manifest: name, Files: b.files}, err
}

// name is the path of a file in the bundle.
func (b *bundle) name(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(b.dir, path)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("%s lies outside of %s", path, b.dir)
	}
	return filepath.ToSlash(rel), nil
}

// addPath adds a file that the actor cannot do without.
func (b *bundle) addPath(what, path string) error {
	name, err := b.name(path)
	if err != nil {
		return &failure{code: codeFailed, cause: fmt.Errorf("%s cannot be sent: %w", what, err),
			hint: "a node elsewhere is sent what lies in the folder of the manifest: put it there"}
	}
	if err := b.add(name, path); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (b *bundle) add(name, path string) error {
	if _, known := b.files[name]; known {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file", path)
	}
	if b.bytes += info.Size(); b.bytes > maxBundleBytes {
		return b.tooMuch(fmt.Sprintf("more than %s", size(maxBundleBytes)))
	}
	if len(b.files) == maxBundleFiles {
		return b.tooMuch(fmt.Sprintf("more than %d files", maxBundleFiles))
	}
	data, err := os.ReadFile(path)
	b.files[name] = data
	return err
}

func (b *bundle) tooMuch(what string) error {
	return &failure{code: codeFailed, cause: fmt.Errorf("the manifests and modules below %s are %s", b.dir, what),
		hint: "move away what the actor does not start, or spawn it on the node's machine"}
}

// addFolder adds the manifests and modules below the folder that can be read. Folders
// that begin with a dot are left out.
func (b *bundle) addFolder() error {
	return filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("look for what the actor may start: %w", err)
		}
		name, err := b.name(path)
		switch ext := filepath.Ext(path); {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || strings.Count(name, "/") >= maxBundleDepth):
			return fs.SkipDir
		case d.IsDir() || ext != ".toml" && ext != ".wasm":
			return nil
		}
		info, err := os.Stat(path) // of what a link leads to
		if err != nil || !info.Mode().IsRegular() {
			return nil
		}
		return b.add(name, path)
	})
}
