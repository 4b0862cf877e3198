//go:build (linux || darwin) && (amd64 || arm64)

package wasm_test

import (
	"context"
	"errors"
	"testing"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestManyMemoriesShareAMapping(t *testing.T) {
	all := wasm.NewMemories(0)
	for range 1000 {
		open(t, all, 2*page, 64*mib)
	}
	if n := all.Mappings(); n != 4 {
		t.Errorf("1000 small memories take %d mappings", n)
	}
	all = wasm.NewMemories(0)
	for range 100 {
		open(t, all, 2*mib, 64*mib)
	}
	if n := all.Mappings(); n != 7 {
		t.Errorf("100 larger memories take %d mappings", n)
	}
}

func TestMappingsEndWhenAllIsClosedAndGivenBack(t *testing.T) {
	all := wasm.NewMemories(0)
	a, b := open(t, all, page, mib), open(t, all, 17*mib, 64*mib)
	a.Release()
	all.Close()
	if all.Mappings() == 0 {
		t.Error("they end while a memory is in use")
	}
	if _, err := all.Open(page, page); !errors.Is(err, wasm.ErrEngineClosed) {
		t.Errorf("a memory after the close: %v", err)
	}
	b.Release()
	if n := all.Mappings(); n != 0 {
		t.Errorf("%d are left", n)
	}

	e := openEngine(t)
	m, _ := start(t, e, wasmtest.Counter())
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if wasm.MappingsOf(e) == 0 {
		t.Error("they end with the engine while a machine is open")
	}
	m.Close(context.Background())
	if n := wasm.MappingsOf(e); n != 0 {
		t.Errorf("%d are left of an engine and its machines", n)
	}
}

func TestWhatTheSystemDoesNotMapIsATrapAndCostsNothing(t *testing.T) {
	const never = 1 << 62
	all := wasm.NewMemories(0)
	defer all.Close()
	var trap *wasm.Trap
	if _, err := all.Open(never, never); !errors.As(err, &trap) || !errors.Is(err, wasm.ErrNodeMemory) {
		t.Errorf("a memory of %d bytes: %v", uint64(never), err)
	}
	m := open(t, all, page, never)
	m.Reallocate(page)[7] = 7
	if err := refusal(m, 17*mib); !errors.As(err, &trap) || trap.Kind != wasm.KindLimit || !errors.Is(err, wasm.ErrNodeMemory) {
		t.Errorf("growth of it: %v", err)
	}
	if all.InUse() != page {
		t.Errorf("%d bytes are in use", all.InUse())
	}
	if b := m.Reallocate(2 * page); b[7] != 7 {
		t.Error("it is not what it was")
	}
	m.Release()
}
