package wasm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/theater-go/theater/wasm"
)

func interpreter(t testing.TB) wazero.Runtime {
	return newRuntime(t, wazero.NewRuntimeConfigInterpreter())
}

func compiler(t testing.TB) wazero.Runtime {
	return newRuntime(t, wazero.NewRuntimeConfigCompiler())
}

// errYield is how the host of these tests ends a guest.
type errYield struct{ reason wasm.Reason }

func (e errYield) Error() string { return fmt.Sprint("yield ", e.reason) }

func newRuntime(t testing.TB, config wazero.RuntimeConfig) wazero.Runtime {
	rt := wazero.NewRuntimeWithConfig(context.Background(), config)
	serveYield(t, rt, func(_ context.Context, _ api.Module, stack []uint64) { panic(errYield{wasm.Reason(uint32(stack[0]))}) })
	return rt
}

func newRuntimeWith(t testing.TB, yield api.GoModuleFunc) wazero.Runtime {
	rt := wazero.NewRuntime(context.Background())
	serveYield(t, rt, yield)
	return rt
}

func serveYield(t testing.TB, rt wazero.Runtime, yield api.GoModuleFunc) {
	ctx := context.Background()
	t.Cleanup(func() { rt.Close(ctx) })
	_, err := rt.NewHostModuleBuilder(wasm.YieldModule).NewFunctionBuilder().
		WithGoModuleFunction(yield, []api.ValueType{api.ValueTypeI32}, nil).Export(wasm.YieldName).Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
}

// guestRun is a module on plain wazero, rewritten or not.
type guestRun struct {
	api.Module
	prepared *wasm.Prepared // nil for the original
}

func startGuest(rt wazero.Runtime, code []byte, p *wasm.Prepared) (*guestRun, error) {
	g, err := instantiateGuest(rt, code, p)
	if err == nil && p != nil && p.HasStart() {
		g.refill(1<<20, 1500)
		err = g.start()
	}
	return g, err
}

func instantiateGuest(rt wazero.Runtime, code []byte, p *wasm.Prepared) (*guestRun, error) {
	if p != nil {
		code = p.Code
	}
	m, err := rt.InstantiateWithConfig(context.Background(), code, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	return &guestRun{m, p}, err
}

func (g *guestRun) start() error {
	_, err := g.ExportedFunction(g.prepared.Dispatch).Call(context.Background(), wasm.DispatchStart, 0, 0, 0, 0, 0, 0)
	return err
}

func (g *guestRun) refill(fuel int64, depth int32) {
	if g.prepared != nil {
		g.ExportedGlobal(g.prepared.Fuel).(api.MutableGlobal).Set(uint64(fuel))
		g.ExportedGlobal(g.prepared.Depth).(api.MutableGlobal).Set(uint64(uint32(depth)))
	}
}

func (g *guestRun) fuel() int64 {
	return int64(g.ExportedGlobal(g.prepared.Fuel).Get())
}

func (g *guestRun) depth() int32 {
	return int32(g.ExportedGlobal(g.prepared.Depth).Get())
}

// call gives what the function returns or how it traps.
func (g *guestRun) call(name string, args ...uint64) (out []uint64, trap string, yielded bool) {
	return g.callWith(context.Background(), name, args...)
}

func (g *guestRun) callWith(ctx context.Context, name string, args ...uint64) (out []uint64, trap string, yielded bool) {
	f := g.ExportedFunction(name)
	out, err := f.Call(ctx, args...)
	for i, t := range slots(f.Definition().ResultTypes()) {
		// The upper half of a short result means nothing.
		if i < len(out) && (t == api.ValueTypeI32 || t == api.ValueTypeF32) {
			out[i] = uint64(uint32(out[i]))
		}
	}
	var y errYield
	if err != nil {
		trap, _, _ = strings.Cut(err.Error(), "\n")
	}
	return out, trap, errors.As(err, &y)
}

// nanBits are the modules of the specification that let a NaN's bits be seen,
// which differ between engines and after rewriting do not.
var nanBits = map[string]bool{"v1/float_exprs.40.wasm": true, "v1/float_exprs.41.wasm": true, "v1/float_exprs.87.wasm": true,
	"v2/float_exprs.42.wasm": true, "v2/float_exprs.43.wasm": true, "v2/float_exprs.89.wasm": true}

// The modules of the specification are called with random arguments, before and
// after, on both engines.
func TestRewrittenModulesBehaveAsBefore(t *testing.T) {
	alone(t)
	interpreter, compiler := interpreter(t), compiler(t)
	calls := 0
	for name, code := range specModules(t) {
		p, err := wasm.Prepare(code)
		if err != nil || len(p.Code) > 100_000 {
			continue
		}
		for _, pair := range []struct {
			name   string
			a, b   wazero.Runtime
			before *wasm.Prepared
			equal  equality
		}{
			{"interpreter", interpreter, interpreter, nil, equalButNaN},
			{"compiler", compiler, compiler, nil, equalButNaN},
			{"compiler as on the interpreter", interpreter, compiler, p, equalBits},
		} {
			if nanBits[name] && pair.before == nil {
				continue
			}
			before, errBefore := startGuest(pair.a, code, pair.before)
			after, errAfter := startGuest(pair.b, code, p)
			if errBefore != nil || errAfter != nil {
				if (errBefore == nil) != (errAfter == nil) {
					t.Errorf("%s on the %s: start before: %v; after: %v", name, pair.name, errBefore, errAfter)
				}
				continue
			}
			n, err := compareRuns(before, after, pair.equal)
			if err != nil {
				t.Errorf("%s on the %s: %v", name, pair.name, err)
			}
			calls += n
			before.Close(t.Context())
			after.Close(t.Context())
		}
	}
	t.Logf("%d calls", calls)
	if calls < 1000 {
		t.Errorf("only %d calls were compared", calls)
	}
}

// compareRuns calls both alike until one is stopped by a yield, and returns how
// many calls were compared.
func compareRuns(before, after *guestRun, equal equality) (calls int, err error) {
	const fuel, depth = 1 << 20, 1500
	rnd := rand.New(rand.NewPCG(1, 2))
	defs := before.ExportedFunctionDefinitions()
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		def := defs[name]
		if before.prepared != nil && name == before.prepared.Dispatch || slices.Contains(slices.Concat(def.ParamTypes(), def.ResultTypes()), 0x70) {
			continue
		}
		for range 4 {
			args := arguments(def.ParamTypes(), rnd)
			before.refill(fuel, depth)
			after.refill(fuel, depth)
			gotOut, gotTrap, yielded := after.call(name, args...)
			if yielded {
				return calls, nil
			}
			wantOut, wantTrap, _ := before.call(name, args...)
			calls++
			switch {
			case !equal(def.ResultTypes(), gotOut, wantOut) || gotTrap != wantTrap:
				return calls, fmt.Errorf("%s(%x) = %x %q, want %x %q", name, args, gotOut, gotTrap, wantOut, wantTrap)
			case gotTrap == "" && after.depth() != depth:
				return calls, fmt.Errorf("%s leaves a depth of %d", name, after.depth())
			case after.fuel() >= fuel:
				return calls, fmt.Errorf("%s costs nothing", name)
			case before.prepared != nil && before.fuel() != after.fuel():
				return calls, fmt.Errorf("%s costs %d and %d", name, fuel-before.fuel(), fuel-after.fuel())
			}
			if err := sameState(before, after); err != nil {
				return calls, fmt.Errorf("after %s(%x): %w", name, args, err)
			}
		}
	}
	return calls, nil
}

func sameState(before, after *guestRun) error {
	if m := before.Memory(); !reflect.ValueOf(m).IsNil() {
		a, _ := m.Read(0, m.Size())
		b, _ := after.Memory().Read(0, after.Memory().Size())
		if !bytes.Equal(a, b) {
			return errors.New("the memories differ")
		}
	}
	return nil
}

// special are numbers at which instructions change their minds.
var special = []uint64{0, 1, 2, 7, 8, 31, 32, 63, 64, 100, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, 1<<63 - 1, 1 << 63, 1<<64 - 1,
	0x3f800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7fa00000, 0x7fc00001, 0xffc00000, 0x00000001, 0x4f000000,
	math.Float64bits(1), math.Float64bits(-1.5), math.Float64bits(math.Inf(1)), 0x7ff8000000000000, 0x7ff4000000000000, 0xfff8000000000001}

func arguments(types []api.ValueType, rnd *rand.Rand) (args []uint64) {
	for _, typ := range slots(types) {
		v := special[rnd.IntN(len(special))]
		switch typ {
		case api.ValueTypeI32, api.ValueTypeF32:
			v = uint64(uint32(v))
		case api.ValueTypeExternref:
			v = 0
		}
		args = append(args, v)
	}
	return args
}

// equality compares results of the types.
type equality func(types []api.ValueType, a, b []uint64) bool

func equalBits(_ []api.ValueType, a, b []uint64) bool { return slices.Equal(a, b) }

// equalButNaN compares results, any NaN being the same as any other.
func equalButNaN(types []api.ValueType, a, b []uint64) bool {
	if len(a) != len(b) {
		return false
	}
	nan32 := func(x uint64) bool { f := api.DecodeF32(x); return f != f }
	nan64 := func(x uint64) bool { return math.IsNaN(api.DecodeF64(x)) }
	types = slots(types)
	for i, x := range a {
		y, typ := b[i], types[i]
		switch {
		case x == y:
		case typ != api.ValueTypeI64 && typ != api.ValueTypeI32 && nan64(x) && nan64(y):
		case typ != api.ValueTypeI64 && typ != api.ValueTypeI32 && (uint32(x) == uint32(y) || nan32(x) && nan32(y)) && (x>>32 == y>>32 || nan32(x>>32) && nan32(y>>32)):
		default:
			return false
		}
	}
	return true
}

// slots is a type for each number that values are passed as: a vector is two.
func slots(types []api.ValueType) (all []api.ValueType) {
	for _, t := range types {
		if all = append(all, t); t == vector {
			all = append(all, t)
		}
	}
	return all
}

const vector api.ValueType = 0x7b

func TestRewrittenModulesOfTheSpecificationAreValidWhenTheyWere(t *testing.T) {
	limits := wasm.DefaultLimits
	limits.BranchTable, limits.Joins = 1<<16, 1<<30
	rt := interpreter(t)
	for name, code := range specModules(t) {
		checked, err := wasm.Check(code, limits)
		if err != nil {
			continue
		}
		p, err := wasm.Rewrite(checked)
		if err != nil {
			t.Errorf("%s: rewrite: %v", name, err)
			continue
		}
		before, after := compiles(t, rt, code), compiles(t, rt, p.Code)
		if (before == nil) != (after == nil) {
			t.Errorf("%s: before: %v; after: %v", name, before, after)
		}
	}
}

func compiles(t testing.TB, rt wazero.Runtime, code []byte) error {
	module, err := rt.CompileModule(t.Context(), code)
	if err == nil {
		module.Close(t.Context())
	}
	return err
}
