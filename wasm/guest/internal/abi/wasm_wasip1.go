package abi

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/theater-go/theater/wasm/pack"
)

// blocks keeps what the host was given the address of from being collected,
// by address.
var blocks = map[uint32][]byte{}

// pin keeps b until release, and returns its address.
func pin(b []byte) uint32 {
	if len(b) == 0 {
		return 0
	}
	addr := uint32(uintptr(unsafe.Pointer(&b[0])))
	blocks[addr] = b
	return addr
}

// at is the memory of n bytes at addr, which may be the host's own.
func at(addr, n uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(nil), addr)), n)
}

//go:wasmexport __pack_alloc
func alloc(size int32) uint32 {
	if size <= 0 {
		return 0
	}
	return pin(make([]byte, size))
}

//go:wasmexport __pack_free
func free(addr, _ uint32) { delete(blocks, addr) }

// types is the encoded metadata. It lives as long as the instance.
var types []byte

//go:wasmexport __pack_types
func packTypes(outAddr, outLen *uint32) int32 {
	if types == nil {
		var err error
		if types, err = Metadata().Encode(); err != nil {
			panic("guest: encode metadata: " + err.Error())
		}
	}
	*outAddr = uint32(uintptr(unsafe.Pointer(&types[0])))
	*outLen = uint32(len(types))
	return 0
}

//go:wasmexport theater:simple/actor.init
func exportInit(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32 {
	return actorInit.Serve(in, n, outAddr, outLen)
}

// Serve is the body of a wasm export: it runs e and hands the host a result
// block, which the host frees.
func (e *Export) Serve(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) int32 {
	output, status := e.Run(unsafe.Slice((*byte)(in), n))
	*outAddr, *outLen = pin(output), uint32(len(output))
	return status
}

// invoke calls the host. A block that comes with status 1 is the guest's to
// free; the one of status 0 stays valid until the next call.
func (i *Interface) invoke(_ string, f HostFunc, input []byte) (pack.Value, error) {
	var addr, n uint32
	status := f(unsafe.Pointer(unsafe.SliceData(input)), uint32(len(input)), &addr, &n)
	runtime.KeepAlive(input) // the host may have allocated here meanwhile
	answer := at(addr, n)
	if status != 0 && status != 1 {
		return pack.Value{}, fmt.Errorf("status %d: %s", status, answer)
	}
	v, err := pack.Decode(answer)
	if status == 1 {
		free(addr, n)
	}
	return v, err
}
