package bench

import (
	"os"
	"syscall"
)

// syncData waits until what was written to the file is on disk.
func syncData(file *os.File) error { return syscall.Fdatasync(int(file.Fd())) }
