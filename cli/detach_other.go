//go:build !unix

package cli

import "syscall"

// apart is for a process that goes on when the terminal of this one is closed.
func apart() *syscall.SysProcAttr { return nil }
