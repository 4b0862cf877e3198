package bench

import (
	"errors"
	"os"
	"syscall"
)

// syncData waits until what was written to the file is on disk.
func syncData(file *os.File) error { return syscall.Fdatasync(int(file.Fd())) }

// allocate gives a file so many bytes of disk.
func allocate(file *os.File, bytes int64) error {
	err := syscall.Fallocate(int(file.Fd()), 0, 0, bytes)
	if errors.Is(err, syscall.EOPNOTSUPP) {
		err = fill(file, bytes)
	}
	return err
}
