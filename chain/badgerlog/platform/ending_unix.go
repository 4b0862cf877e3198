//go:build unix && !linux

package platform

import (
	"errors"
	"syscall"
)

// Ending reports whether a process is no more, so that what it has locked will be
// free in a moment. It is false for one that is not known, which is 0.
func Ending(pid int) bool {
	return pid != 0 && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
