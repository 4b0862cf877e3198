package supervisor

import "unsafe"

// An actor that links this package exports all four callbacks, and declares
// those that it handles. Hosts call no others.

//go:wasmexport theater:simple/supervisor-handlers.handle-child-error
func exportError(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32 {
	return handleError.Serve(in, n, outAddr, outLen)
}

//go:wasmexport theater:simple/supervisor-handlers.handle-child-exit
func exportExit(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32 {
	return handleExit.Serve(in, n, outAddr, outLen)
}

//go:wasmexport theater:simple/supervisor-handlers.handle-child-external-stop
func exportExternalStop(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32 {
	return handleExternalStop.Serve(in, n, outAddr, outLen)
}

//go:wasmexport theater:simple/supervisor-handlers.handle-child-event
func exportEvent(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32 {
	return handleEvent.Serve(in, n, outAddr, outLen)
}

//go:wasmimport theater:simple/supervisor spawn
func hostSpawn(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/supervisor spawn-and-wait
func hostSpawnAndWait(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/supervisor resume
func hostResume(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/supervisor list-children
func hostChildren(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/supervisor restart-child
func hostRestart(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/supervisor stop-child
func hostStop(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/supervisor get-child-state
func hostState(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/supervisor subscribe-to-child
func hostSubscribe(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/supervisor unsubscribe-from-child
func hostUnsubscribe(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32
