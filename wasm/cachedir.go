package wasm

import (
	"fmt"
	"os"
	"path/filepath"
)

// cacheVersion names the layout of the cache folder; wazero adds its own
// version and the machine's architecture below it.
const cacheVersion = "v1"

// secureCacheDir makes the folder for compiled code below dir and checks that
// nobody else can write to it.
func secureCacheDir(dir string) (string, error) {
	path := filepath.Join(dir, cacheVersion)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", err
	}
	for _, p := range []string{dir, path} {
		info, err := os.Stat(p)
		if err != nil {
			return "", err
		}
		if !ownedByUs(info) {
			return "", fmt.Errorf("%s belongs to another user; remove it or name another folder", p)
		}
		if info.Mode().Perm()&0o077 != 0 {
			if err := os.Chmod(p, 0o700); err != nil {
				return "", err
			}
		}
	}
	return path, nil
}
