//go:build !unix

package platform

import (
	"fmt"
	"os"
)

// Lock opens the file that path names. It has no lock of its own here: Badger's keeps a second process out,
// without naming the first.
func Lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	return f, nil
}

// ProbeLock is nil: who has the folder is not known here.
func ProbeLock(string) error { return nil }

// ShareLock keeps nobody out here.
func ShareLock(string) (*os.File, error) { return nil, nil }
