package wasm

import "syscall"

func offerCore() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_SCHED_YIELD, 0, 0, 0) // it does not fail
}
