package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Load reads the manifest at path, which is a file or a folder that holds
// [FileName]. A file that cannot be read is an error that wraps the system's,
// so errors.Is with fs.ErrNotExist works; anything else is as from [Parse].
func Load(path string, reg Registry) (*Manifest, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	if info.IsDir() {
		path = filepath.Join(path, FileName)
	}
	data, err := readFile(path, maxFileSize)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	return Parse(data, path, reg)
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
// tells a missing file. The caller owns the bytes.
func (m *Manifest) ReadPackage() ([]byte, error) {
	path := m.PackagePath()
	data, err := readFile(path, maxPackage)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, m.problem(m.packageAt, "package", fmt.Sprintf("there is no file %s", path), "theater build makes it from Go source", err)
	case err != nil:
		return nil, m.problem(m.packageAt, "package", err.Error(), "", err)
	}
	sum := sha256.Sum256(data)
	if found := hex.EncodeToString(sum[:]); m.SHA256 != "" && found != m.SHA256 {
		return nil, m.problem(m.sumAt, "sha256", fmt.Sprintf("pins %s, but %s has %s", m.SHA256, path, found), "", nil)
	}
	return data, nil
}

func (m *Manifest) problem(at position, key, reason, hint string, cause error) *Error {
	return &Error{File: m.File, Line: at.line, Column: at.column, Key: key, Reason: reason, Hint: hint, Err: cause}
}

// readFile reads a regular file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "read", Path: path, Err: errNotRegular}
	case info.Size() > limit:
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %s", size(limit))}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, limit)) // it may grow meanwhile
}

var errNotRegular = errors.New("not a regular file")
