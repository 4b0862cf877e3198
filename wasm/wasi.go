package wasm

import (
	"context"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// wasiMeter sees every call of WASI's functions before wazero serves it: a guest
// pays for it, and cannot hold up the process with one.
type wasiMeter struct{}

// maxVector is how many buffers, or subscriptions, one call may bring. C libraries
// bring at most 1,024.
const maxVector = 4096

// NewFunctionListener returns itself for the functions of WASI.
func (w wasiMeter) NewFunctionListener(api.FunctionDefinition) experimental.FunctionListener {
	return w
}

// Before charges for a call, and ends the turn of a guest that asks too much.
func (wasiMeter) Before(ctx context.Context, _ api.Module, def api.FunctionDefinition, params []uint64, _ experimental.StackIterator) {
	m, n := machineOf(ctx), 0
	switch def.Name() {
	case "fd_read", "fd_write", "fd_pread", "fd_pwrite", "poll_oneoff":
		n = int(uint32(params[2]))
	}
	if n > maxVector {
		panic(Trapf(KindLimit, "%s is called with %d buffers or subscriptions, the limit is %d", def.Name(), n, maxVector))
	}
	const vectorBytes = 64 // what each of them weighs
	m.spend(n * vectorBytes)
}

// After does nothing.
func (wasiMeter) After(context.Context, api.Module, api.FunctionDefinition, []uint64) {}

// Abort does nothing.
func (wasiMeter) Abort(context.Context, api.Module, api.FunctionDefinition, error) {}
