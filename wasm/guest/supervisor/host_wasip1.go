package supervisor

import (
	"unsafe"

	"github.com/theater-go/theater/wasm/guest/internal/abi"
	"github.com/theater-go/theater/wasm/pack"
)

// serve is the body of a callback. An actor that links this package exports all
// four: what it does not handle leaves its state alone.
func serve(e *abi.Export, in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32 {
	if !e.Handled() {
		e.Handle(func(state pack.Value, _ []pack.Value) (pack.Value, []pack.Value, error) { return state, nil, nil })
	}
	return e.Serve(in, n, outAddr, outLen)
}

//go:wasmexport theater:simple/supervisor-handlers.handle-child-error
func exportError(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32 {
	return serve(handleError, in, n, outAddr, outLen)
}

//go:wasmexport theater:simple/supervisor-handlers.handle-child-exit
func exportExit(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32 {
	return serve(handleExit, in, n, outAddr, outLen)
}

//go:wasmexport theater:simple/supervisor-handlers.handle-child-external-stop
func exportExternalStop(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32 {
	return serve(handleExternalStop, in, n, outAddr, outLen)
}

//go:wasmexport theater:simple/supervisor-handlers.handle-child-event
func exportEvent(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32 {
	return serve(handleEvent, in, n, outAddr, outLen)
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
