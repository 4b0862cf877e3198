package manifest

import (
	"fmt"
	"path/filepath"
)

// LoadWithin is Load for a folder whose author is not trusted with the machine's
// files: path is relative to dir, with slashes, and everything that the manifest
// names, and the manifests of its children name in turn, lies below dir, through
// symbolic links too. Its errors are those of [Load]; they call files as dir has
// them.
func LoadWithin(dir, path string, reg Registry) (*Manifest, error) {
	l := newLoader(reg)
	in := folder{roots: []string{dir}, dir: "."}
	file, data, _, err := l.read(in, filepath.FromSlash(path))
	if err != nil {
		return nil, fmt.Errorf("read manifest %.200q: %w", path, err)
	}
	m := l.parse(data, file, in)
	if err := l.walk(m); err != nil {
		return nil, err
	}
	return m, nil
}
