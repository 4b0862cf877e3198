package manifest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// folder is where a manifest lies. What the manifest names is found there.
type folder struct {
	// roots confine what can be found: the first is a folder as the machine names
	// it, each other one lies within the one before. Without roots everything
	// can be found.
	roots []string
	// dir is the folder itself, within the last root where there is one.
	dir string
}

var (
	errNotRegular = errors.New("not a regular file")
	errOutside    = errors.New("leads out of the folder")
)

// files are what can be found from a folder.
type files interface {
	Stat(path string) (fs.FileInfo, error)
	Open(path string) (*os.File, error)
	Close() error
}

// machine is all the files that there are.
type machine struct{}

func (machine) Stat(path string) (fs.FileInfo, error) { return os.Stat(path) }
func (machine) Open(path string) (*os.File, error)    { return os.Open(path) }
func (machine) Close() error                          { return nil }

// open returns the files. No symbolic link leads out of a root.
func (f folder) open() (files, error) {
	if len(f.roots) == 0 {
		return machine{}, nil
	}
	root, err := os.OpenRoot(f.roots[0])
	if err != nil {
		return nil, err
	}
	for _, name := range f.roots[1:] {
		inner, err := root.OpenRoot(name)
		root.Close()
		if err != nil {
			return nil, err
		}
		root = inner
	}
	return root, nil
}

// exists reports whether the innermost root is there.
func (f folder) exists() bool {
	files, err := f.open()
	if err == nil {
		files.Close()
	}
	return err == nil
}

// resolve returns the path of what a manifest in the folder names.
func (f folder) resolve(ref string) (string, error) {
	if len(f.roots) == 0 && filepath.IsAbs(ref) {
		return filepath.Clean(ref), nil
	}
	path := filepath.Join(f.dir, ref)
	if len(f.roots) > 0 && (filepath.IsAbs(ref) || !filepath.IsLocal(path)) {
		return "", errOutside
	}
	return path, nil
}

// readFile reads a file that a manifest in the folder names. Where there are
// roots, the error names no path.
func (f folder) readFile(ref string, limit int64) ([]byte, error) {
	path, err := f.resolve(ref)
	if err != nil {
		return nil, err
	}
	in, err := f.open()
	if err != nil {
		return nil, f.plain(err)
	}
	defer in.Close()
	data, err := readFile(in, path, limit)
	return data, f.plain(err)
}

// plain takes the path from an error where there are roots: it may be the
// machine's.
func (f folder) plain(err error) error {
	var named *fs.PathError
	if len(f.roots) > 0 && errors.As(err, &named) {
		return named.Err
	}
	return err
}

// of returns the folder of a file in the same roots.
func (f folder) of(file string) folder {
	return folder{roots: f.roots, dir: filepath.Dir(file)}
}

// root returns the folder as a root: what is found from there lies in it.
func (f folder) root() folder {
	roots := slices.Clone(f.roots)
	if len(roots) == 0 || f.dir != "." {
		roots = append(roots, f.dir)
	}
	return folder{roots: roots, dir: "."}
}

// onMachine returns the folder as the machine names it.
func (f folder) onMachine() string {
	return filepath.Join(append(slices.Clone(f.roots), f.dir)...)
}

// key tells a file in the folder's roots from all others.
func (f folder) key(file string) string {
	return strings.Join(f.roots, "\x00") + "\x00" + file
}

// manifestAt returns the file that a path stands for, which may be a folder.
func manifestAt(in files, path string) (string, error) {
	info, err := in.Stat(path)
	if err == nil && info.IsDir() {
		path = filepath.Join(path, FileName)
	}
	return path, err
}

// readFile reads a regular file of at most limit bytes.
func readFile(in files, path string, limit int64) ([]byte, error) {
	info, err := in.Stat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, &fs.PathError{Op: "read", Path: path, Err: errNotRegular}
	case info.Size() > limit:
		return nil, &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("larger than %s", size(limit))}
	}
	file, err := in.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, limit)) // it may grow meanwhile
}

// Folder returns the absolute path of the folder that the manifest lies in, ""
// where that is not known.
func (m *Manifest) Folder() string {
	if !m.read || m.Dir == "" {
		return ""
	}
	path, err := filepath.Abs(m.Dir)
	if err != nil {
		return ""
	}
	return path
}

// FolderOf returns the folder of a declared child's manifest, which need not be
// read, nor be there any more; "" where the manifest's own is not known.
func (m *Manifest) FolderOf(c *Child) string {
	in := folder{dir: m.Folder()}
	if in.dir == "" {
		return ""
	}
	path, err := in.resolve(c.File)
	if err != nil {
		return ""
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() || err != nil && filepath.Ext(path) != filepath.Ext(FileName) {
		return path
	}
	return filepath.Dir(path)
}

// PutIn says in which folder a manifest lies that was parsed from elsewhere: an
// absolute path, or "" where that is not known.
func (m *Manifest) PutIn(path string) { m.Dir, m.read = path, filepath.IsAbs(path) }
