package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Load reads the manifest at path, which is a file or a folder that holds
// [FileName], and the manifests of the children that it declares, to any depth.
// A file that cannot be read is an error that wraps the system's, so errors.Is
// with fs.ErrNotExist works. Anything else is an [Errors] with the problems of
// all the files: a problem with a child's file is named with that file, and a
// file that is missing, a manifest that declares itself through others and a
// tree beyond 32 levels or 10,000 actors at the [[child]] that refers to it.
func Load(path string, reg Registry) (*Manifest, error) {
	path, err := manifestAt(machine{}, path)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	data, err := readFile(machine{}, path, maxFileSize)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	l := newLoader(reg)
	m := l.parse(data, path, folder{})
	if err := l.walk(m); err != nil {
		return nil, err
	}
	return m, nil
}

// LoadChildren reads the manifests of the children that have none yet, and of
// theirs, relative to Dir. Its errors are as those of [Load]; after one, the
// children whose own trees are valid have their manifests. It must not be called
// at the same time as anything else with the manifest.
func (m *Manifest) LoadChildren(reg Registry) error {
	l := newLoader(reg)
	l.add(m, m.File, m.folder(), false)
	return l.walk(m)
}

// PackagePath returns where the package lies: Package, relative to Dir unless
// absolute.
func (m *Manifest) PackagePath() string {
	if filepath.IsAbs(m.Package) {
		return m.Package
	}
	return filepath.Join(m.Dir, m.Package)
}

// ReadPackage reads the package and holds it to the pinned sha256. Its errors
// are of type [*Error] at the key in question; errors.Is with fs.ErrNotExist
// tells a missing file. Of a manifest that a guest named, the package must lie in
// the folder that confines it, and the errors name no path of the machine. The
// caller owns the bytes.
func (m *Manifest) ReadPackage() ([]byte, error) {
	data, path, err := m.readPackage()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, m.problem(m.packageAt, "package", fmt.Sprintf("there is no file %s", path), "theater build makes it from Go source", err)
	case err != nil:
		return nil, m.problem(m.packageAt, "package", err.Error(), "", err)
	}
	sum := sha256.Sum256(data)
	switch found := hex.EncodeToString(sum[:]); {
	case m.SHA256 == "" || found == m.SHA256:
		return data, nil
	case m.within != nil:
		return nil, m.problem(m.sumAt, "sha256", fmt.Sprintf("pins another file than %s", path), "", nil)
	default:
		return nil, m.problem(m.sumAt, "sha256", fmt.Sprintf("pins %s, but %s has %s", m.SHA256, path, found), "", nil)
	}
}

// readPackage returns the package and the path by which errors may call it.
func (m *Manifest) readPackage() (data []byte, path string, err error) {
	if m.within == nil {
		path = m.PackagePath()
		data, err = readFile(machine{}, path, maxPackage)
		return data, path, err
	}
	data, err = m.within.readFile(m.Package, maxPackage)
	return data, m.Package, err
}

func (m *Manifest) problem(at position, key, reason, hint string, cause error) *Error {
	return &Error{File: m.File, Line: at.line, Column: at.column, Key: key, Reason: reason, Hint: hint, Err: cause}
}
