package wasm_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/theater-go/theater/wasm"
)

// A chain made on one machine replays on any other: what a program gives, leaves
// in its memory and globals, spends, and how it traps does not depend on the
// engine.
func TestAThousandRandomProgramsGiveTheSameHashesOnBothEngines(t *testing.T) {
	programs := uint64(1000)
	if raced {
		programs = 100
	}
	var ends [2]endsOf
	interpreter := sliced(t, wazero.NewRuntimeConfigInterpreter())
	compiler := sliced(t, wazero.NewRuntimeConfigCompiler())
	for seed := range programs {
		p, err := wasm.Prepare(randomProgram(seed, false))
		if err != nil {
			t.Fatal(seed, err)
		}
		var sums [2][32]byte
		for i, rt := range []wazero.Runtime{interpreter, compiler} {
			if sums[i], err = hashOf(t, rt, p, &ends[i]); err != nil {
				t.Fatal(seed, err)
			}
		}
		if sums[0] != sums[1] {
			t.Errorf("program %d is %x on the interpreter and %x on the compiler", seed, sums[0], sums[1])
		}
	}
	if ends[0] != ends[1] {
		t.Errorf("%+v on the interpreter, %+v on the compiler", ends[0], ends[1])
	}
	if e := ends[0]; e.returned < 3*int(programs) || e.trapped < 10 || e.stopped < 10 || e.yields < int(programs) {
		t.Errorf("the programs hardly do anything: %+v", e)
	}
	t.Logf("%+v", ends[0])
}

// endsOf counts how calls ended, and how often they came by.
type endsOf struct{ returned, trapped, stopped, yields int }

// What a call of a random program may spend, in how many slices.
const (
	programFuel  = 20_000
	programSlice = 500
	programDepth = 200
)

// account is what a call has been given, in the context of the call.
type account struct {
	p              *wasm.Prepared
	given, yielded int64
}

type accountKey struct{}

// sliced is a runtime whose guests get their fuel in slices.
func sliced(t *testing.T, config wazero.RuntimeConfig) wazero.Runtime {
	rt := wazero.NewRuntimeWithConfig(context.Background(), config)
	serveYield(t, rt, func(ctx context.Context, m api.Module, stack []uint64) {
		a := ctx.Value(accountKey{}).(*account)
		a.yielded++
		if wasm.Reason(uint32(stack[0])) != wasm.YieldFuel || a.given >= programFuel {
			panic(errYield{wasm.Reason(uint32(stack[0]))})
		}
		fuel := m.ExportedGlobal(a.p.Fuel).(api.MutableGlobal)
		fuel.Set(fuel.Get() + programSlice)
		a.given += programSlice
	})
	return rt
}

// hashOf calls all of a program's functions several times and hashes all that can
// be seen of it.
func hashOf(t *testing.T, rt wazero.Runtime, p *wasm.Prepared, ends *endsOf) (sum [32]byte, err error) {
	g, err := startGuest(rt, nil, p)
	if err != nil {
		return sum, err
	}
	defer g.Close(t.Context())
	h, rnd := sha256.New(), rand.New(rand.NewPCG(3, 4))
	defs := g.ExportedFunctionDefinitions()
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		for range 4 {
			g.refill(programSlice, programDepth)
			a := &account{p: p, given: programSlice}
			args := arguments(defs[name].ParamTypes(), rnd)
			out, trap, yielded := g.callWith(context.WithValue(t.Context(), accountKey{}, a), name, args...)
			switch {
			case yielded:
				ends.stopped++
			case trap != "":
				ends.trapped++
			default:
				ends.returned++
			}
			ends.yields += int(a.yielded)
			fmt.Fprintln(h, name, args, out, trap, a.given-g.fuel(), a.yielded, trap != "" || g.depth() == programDepth)
			g.hashState(h)
		}
	}
	return [32]byte(h.Sum(nil)), nil
}

// hashState adds the memory and the globals.
func (g *guestRun) hashState(h hash.Hash) {
	memory, _ := g.Memory().Read(0, g.Memory().Size())
	h.Write(memory)
	for _, name := range g.prepared.Globals {
		fmt.Fprintln(h, g.ExportedGlobal(name).Get())
	}
}
