//go:build linux || darwin

package badgerlog

import "syscall"

// freeSpace is how many bytes may still be written at dir.
func freeSpace(dir string) (uint64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
