package platform

import (
	"errors"
	"os"
	"syscall"
)

const keepSize = 1 // FALLOC_FL_KEEP_SIZE

// Allocate gives the first bytes of a file their disk. Its length stays as it is. Where
// the file system cannot do that, it is errors.ErrUnsupported.
func Allocate(f *os.File, bytes int64) error {
	for {
		err := syscall.Fallocate(int(f.Fd()), keepSize, 0, bytes)
		if err != syscall.EINTR {
			return os.NewSyscallError("fallocate", err)
		}
	}
}

// IsFull reports whether an error says that there is no disk left for this user.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
