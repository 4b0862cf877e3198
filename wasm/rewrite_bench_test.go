package wasm_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// BenchmarkRewritten runs the original and the rewritten module in turn and
// reports how fast the rewritten one is: 1 is as fast as the original.
func BenchmarkRewritten(b *testing.B) {
	xorshift := wasmtest.Loop(
		step("\x74", 13) + step("\x76", 17) + step("\x74", 5) +
			wasmtest.Get(1) + wasmtest.I32(1) + wasmtest.I32Add + wasmtest.Tee(1) + wasmtest.I32(1_000_000) + wasmtest.I32LtU + wasmtest.BrIf(0))
	fib := wasmtest.Get(0) + wasmtest.I32(2) + wasmtest.I32LtU + wasmtest.If(wasmtest.Get(0)+wasmtest.Ret) +
		wasmtest.Get(0) + wasmtest.I32(1) + wasmtest.I32Sub + wasmtest.Call(0) + wasmtest.Get(0) + wasmtest.I32(2) + wasmtest.I32Sub + wasmtest.Call(0) + wasmtest.I32Add
	floats := wasmtest.Loop(
		wasmtest.Get(2) + wasmtest.F64(1.0000001) + "\xa2" + wasmtest.F64(0.5) + "\xa0" + wasmtest.Set(2) +
			wasmtest.Get(1) + wasmtest.I32(1) + wasmtest.I32Add + wasmtest.Tee(1) + wasmtest.I32(1_000_000) + wasmtest.I32LtU + wasmtest.BrIf(0))
	for _, c := range []struct {
		name, export string
		code         []byte
		args         []uint64
		calls        int
	}{
		{"a loop", "f", assembled("i:i", "i", xorshift+wasmtest.Get(0)), []uint64{7}, 1},
		{"a sort", "f", assembled("i:i", "iiii", bubbleSort()), []uint64{1200}, 1},
		{"calls", "f", assembled("i:i", "", fib), []uint64{24}, 1},
		{"floats", "f", assembled("i:i", "iF", floats+wasmtest.Get(1)), []uint64{7}, 1},
		{"the C guest's metadata", "__pack_types", readGuest(b, guests[0]), []uint64{8, 16}, 1000},
		{"the Rust guest's allocations", "__pack_alloc", readGuest(b, "rust-counter/counter-0.21.wasm"), []uint64{64}, 1000},
	} {
		b.Run(c.name, func(b *testing.B) {
			p, err := wasm.Prepare(c.code)
			if err != nil {
				b.Fatal(err)
			}
			original, rewritten := benchGuest(b, c.code, nil), benchGuest(b, c.code, p)
			least := [2]time.Duration{math.MaxInt64, math.MaxInt64}
			for b.Loop() {
				for i, g := range []*guestRun{original, rewritten} {
					g.refill(1<<60, 1<<30)
					f := g.ExportedFunction(c.export)
					began := time.Now()
					for range c.calls {
						if _, err := f.Call(b.Context(), c.args...); err != nil {
							b.Fatal(err)
						}
					}
					least[i] = min(least[i], time.Since(began))
				}
			}
			b.ReportMetric(float64(least[0])/float64(least[1]), "ratio")
		})
	}
}

// step is x ^= x shifted.
func step(shift wasmtest.Code, by int32) wasmtest.Code {
	return wasmtest.Get(0) + wasmtest.Get(0) + wasmtest.I32(by) + shift + "\x73" + wasmtest.Set(0)
}

// bubbleSort fills memory with as many words as its parameter says, falling, and
// sorts them: local 1 counts rounds, local 2 is an address, 3 and 4 are words.
func bubbleSort() wasmtest.Code {
	inner := wasmtest.Loop(
		wasmtest.Get(2) + wasmtest.Load32(0) + wasmtest.Tee(3) + wasmtest.Get(2) + wasmtest.Load32(4) + wasmtest.Tee(4) + wasmtest.I32GtU +
			wasmtest.If(wasmtest.Get(2)+wasmtest.Get(4)+wasmtest.Store32(0)+wasmtest.Get(2)+wasmtest.Get(3)+wasmtest.Store32(4)) +
			wasmtest.Get(2) + wasmtest.I32(4) + wasmtest.I32Add + wasmtest.Tee(2) + wasmtest.Get(0) + wasmtest.I32(4) + wasmtest.I32Mul + wasmtest.I32LtU + wasmtest.BrIf(0))
	fill := wasmtest.Loop(wasmtest.Get(2) + wasmtest.Get(0) + wasmtest.I32(4) + wasmtest.I32Mul + wasmtest.Get(2) + wasmtest.I32Sub + wasmtest.Store32(0) +
		wasmtest.Get(2) + wasmtest.I32(4) + wasmtest.I32Add + wasmtest.Tee(2) + wasmtest.Get(0) + wasmtest.I32(4) + wasmtest.I32Mul + wasmtest.I32LtU + wasmtest.BrIf(0))
	return wasmtest.I32(0) + wasmtest.Set(2) + fill + wasmtest.Loop(wasmtest.I32(0)+wasmtest.Set(2)+inner+
		wasmtest.Get(1)+wasmtest.I32(1)+wasmtest.I32Add+wasmtest.Tee(1)+wasmtest.Get(0)+wasmtest.I32LtU+wasmtest.BrIf(0)) + wasmtest.Get(1)
}

// benchGuest starts a module, whatever it imports answering 0.
func benchGuest(b *testing.B, code []byte, p *wasm.Prepared) *guestRun {
	ctx := context.Background()
	rt := compiler(b)
	module, err := rt.CompileModule(ctx, code)
	if err != nil {
		b.Fatal(err)
	}
	hosts := map[string]wazero.HostModuleBuilder{}
	for _, f := range module.ImportedFunctions() {
		host, name, _ := f.Import()
		if hosts[host] == nil {
			hosts[host] = rt.NewHostModuleBuilder(host)
		}
		answer := api.GoModuleFunc(func(_ context.Context, _ api.Module, stack []uint64) {
			if len(stack) > 0 {
				stack[0] = 0
			}
		})
		hosts[host].NewFunctionBuilder().WithGoModuleFunction(answer, f.ParamTypes(), f.ResultTypes()).Export(name)
	}
	for _, h := range hosts {
		if _, err := h.Instantiate(ctx); err != nil {
			b.Fatal(err)
		}
	}
	g, err := startGuest(rt, code, p)
	if err != nil {
		b.Fatal(err)
	}
	return g
}
