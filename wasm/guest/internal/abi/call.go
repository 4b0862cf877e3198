package abi

import (
	"errors"
	"unsafe"

	"github.com/theater-go/theater/wasm/pack"
)

// HostFunc is an imported function as the linker sees it: address and length of
// the encoded arguments, and two 32-bit slots for address and length of the
// answer. It is nil where there is no host.
type HostFunc func(in unsafe.Pointer, n uint32, outAddr, outLen *uint32) (status int32)

// Call calls function name of i, which f imports, and returns its answer. It
// panics, which ends the turn as a trap, when the host breaks the ABI or when
// no turn is open.
func (i *Interface) Call(name string, f HostFunc, args ...pack.Value) pack.Value {
	if !turn.open {
		panic("guest: " + i.Name() + "." + name + " called outside a turn")
	}
	in := pack.Tuple(args...)
	if len(args) == 1 {
		in = args[0]
	}
	input, err := pack.Encode(in)
	if err != nil {
		panic("guest: arguments of " + i.Name() + "." + name + ": " + err.Error())
	}
	out, err := i.invoke(name, f, input)
	if err != nil {
		panic("guest: " + i.Name() + "." + name + ": " + err.Error())
	}
	return out
}

// Try calls a function whose answer is a result, and returns the payload of ok,
// or the text of err as an error.
func (i *Interface) Try(name string, f HostFunc, args ...pack.Value) (pack.Value, error) {
	payload, isOk, isResult := i.Call(name, f, args...).Result()
	if !isResult {
		panic("guest: " + i.Name() + "." + name + " did not answer with a result")
	}
	if isOk {
		return payload, nil
	}
	text, isText := payload.AsString()
	if !isText {
		text = payload.String()
	}
	return pack.Value{}, errors.New(text)
}
