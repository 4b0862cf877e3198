package guest

import (
	"fmt"
	"unsafe"
)

//go:wasmimport theater:simple/runtime log
func hostLog(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/runtime self
func hostSelf(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/runtime shutdown
func hostShutdown(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport wasi_snapshot_preview1 random_get
func randomGet(buf unsafe.Pointer, n uint32) uint32

// readRandom asks the host itself: crypto/rand would add its start-up to every
// actor.
func readRandom(b []byte) {
	if errno := randomGet(unsafe.Pointer(unsafe.SliceData(b)), uint32(len(b))); errno != 0 {
		panic(fmt.Sprintf("guest: random_get: errno %d", errno))
	}
}
