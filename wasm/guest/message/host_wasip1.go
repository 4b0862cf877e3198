package message

import "unsafe"

//go:wasmexport theater:simple/message-server-client.handle-send
func exportSend(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32 {
	return handleSend.Serve(in, n, outAddr, outLen)
}

//go:wasmexport theater:simple/message-server-client.handle-request
func exportRequest(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32 {
	return handleRequest.Serve(in, n, outAddr, outLen)
}

//go:wasmimport theater:simple/message-server-host register
func hostRegister(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/message-server-host send
func hostSend(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/message-server-host request
func hostRequest(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/message-server-host respond-to-request
func hostRespond(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/message-server-host cancel-request
func hostCancel(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32

//go:wasmimport theater:simple/message-server-host list-outstanding-requests
func hostOutstanding(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32
