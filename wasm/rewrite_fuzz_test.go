package wasm_test

import (
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// withoutCustom is a module without its custom sections, whose content decides
// nothing and which rewriting drops.
func withoutCustom(code []byte) []byte {
	out := append([]byte(nil), code[:8]...)
	for rest := code[8:]; len(rest) > 0; {
		size, n := 0, 1
		for shift := 0; ; shift += 7 {
			size |= int(rest[n]&0x7f) << shift
			if n++; rest[n-1] < 0x80 {
				break
			}
		}
		if rest[0] != 0 {
			out = append(out, rest[:n+size]...)
		}
		rest = rest[n+size:]
	}
	return out
}

// Whatever the bytes, a module that Prepare lets through is valid if and only if
// it was.
func FuzzPrepare(f *testing.F) {
	alone(f)
	f.Add(everything())
	f.Add(wasmtest.Counter())
	for _, m := range wasmtest.Hostile() {
		if code := m.Code(); len(code) < 1000 && !m.Actor {
			f.Add(code)
		}
	}
	for seed := range uint64(20) {
		f.Add(randomProgram(seed, false))
	}
	rt := interpreter(f)
	f.Fuzz(func(t *testing.T, code []byte) {
		if len(code) > 5000 {
			return
		}
		p, err := wasm.Prepare(code)
		if err != nil {
			return
		}
		before, after := compiles(t, rt, withoutCustom(code)), compiles(t, rt, p.Code)
		if (before == nil) != (after == nil) {
			t.Errorf("before: %v; after: %v", before, after)
		}
	})
}

// Each byte of a module that uses every index is given every other value.
func TestRewritingMakesNoWrongByteRight(t *testing.T) {
	alone(t)
	rt := interpreter(t)
	code := everything()
	valid := 0
	for at := range code {
		was := code[at]
		for v := range 256 {
			code[at] = byte(v)
			p, err := wasm.Prepare(code)
			if err != nil {
				continue
			}
			before, after := compiles(t, rt, withoutCustom(code)), compiles(t, rt, p.Code)
			if (before == nil) != (after == nil) {
				t.Errorf("byte %#x as %#x: before: %v; after: %v", at, v, before, after)
			}
			if before == nil {
				valid++
			}
		}
		code[at] = was
	}
	if valid < 1000 {
		t.Errorf("only %d of %d are valid", valid, 256*len(code))
	}
}

func TestRandomProgramsBehaveAsBefore(t *testing.T) {
	alone(t)
	rt, calls := compiler(t), 0
	for seed := range uint64(200) {
		code := randomProgram(seed, true)
		calls += compareStarted(t, fmt.Sprintf("program %d", seed), code, rt)
	}
	t.Logf("%d calls", calls)
}

// compareStarted compares two instances of a module, the second one rewritten.
func compareStarted(t *testing.T, name string, code []byte, rt wazero.Runtime) int {
	t.Helper()
	p, err := wasm.Prepare(code)
	if err != nil {
		t.Fatal(name, err)
	}
	before, errBefore := startGuest(rt, code, nil)
	after, errAfter := startGuest(rt, code, p)
	if errBefore != nil || errAfter != nil {
		t.Fatal(name, errBefore, errAfter)
	}
	defer before.Close(t.Context())
	defer after.Close(t.Context())
	n, err := compareRuns(before, after, equalBits)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return n
}
