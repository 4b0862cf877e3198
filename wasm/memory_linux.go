package wasm

import "syscall"

// discard makes b, which is whole pages, zero, and gives its pages back to the
// system.
func discard(b []byte) {
	if syscall.Madvise(b, syscall.MADV_DONTNEED) != nil {
		clear(b) // locked pages stay
	}
}
