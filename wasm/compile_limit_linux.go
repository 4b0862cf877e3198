package wasm

import "syscall"

// limitData makes the system refuse this process more private memory than the
// bytes given: Go then ends it. Address space that is only reserved, of which Go
// takes a gigabyte at its start, does not count.
func limitData(bytes int64) error {
	limit := syscall.Rlimit{Cur: uint64(bytes), Max: uint64(bytes)}
	return syscall.Setrlimit(syscall.RLIMIT_DATA, &limit)
}
