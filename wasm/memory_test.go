package wasm_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

const (
	page = 1 << 16
	mib  = 1 << 20
)

// backings are the places where memories are kept.
var backings = map[string]func(budget int64) *wasm.Memories{"here": wasm.NewMemories, "on the heap": wasm.HeapMemories}

func open(t testing.TB, m *wasm.Memories, size, limit uint64) wasm.Memory {
	t.Helper()
	memory, err := m.Open(size, limit)
	if err != nil {
		t.Fatal(err)
	}
	return memory
}

func isZero(b []byte) bool {
	return len(b) == 0 || b[0] == 0 && bytes.Equal(b[:len(b)-1], b[1:])
}

// refusal is what Reallocate panics with.
func refusal(m wasm.Memory, size uint64) (err error) {
	defer func() { err, _ = recover().(error) }()
	m.Reallocate(size)
	return nil
}

func TestAMemoryKeepsItsBytesAsItGrowsToItsLimit(t *testing.T) {
	for name, backing := range backings {
		t.Run(name, func(t *testing.T) {
			all := backing(0)
			defer all.Close()
			// Each step is where something changes: within a slot, out of it, out of
			// the largest slot, and to the limit.
			m := open(t, all, page, 40*mib+1)
			var before []byte
			for _, size := range []uint64{page, 2 * page, 4 * page, 5 * page, mib, 16 * mib, 16*mib + page, 40 * mib} {
				b := m.Reallocate(size)
				if uint64(len(b)) != size || cap(b) != len(b) {
					t.Fatalf("of %d bytes it has %d and room for %d", size, len(b), cap(b))
				}
				if !bytes.Equal(b[:len(before)], before) || !isZero(b[len(before):]) {
					t.Fatalf("grown to %d bytes it has other content", size)
				}
				for i := len(before); i < len(b); i += 1000 {
					b[i] = byte(i / 1000)
				}
				before = slices.Clone(b)
			}
			for _, size := range []uint64{40*mib + page, 1 << 32} {
				if m.Reallocate(size) != nil {
					t.Errorf("it grows to %d bytes, beyond its limit", size)
				}
			}
			if all.InUse() != 40*mib {
				t.Errorf("%d bytes are in use", all.InUse())
			}
			m.Release()
			m.Release()
			if all.InUse() != 0 {
				t.Errorf("%d bytes are in use of what was released", all.InUse())
			}
		})
	}
}

func TestAMemoryHoldsNothingOfTheOneBeforeIt(t *testing.T) {
	const many = 200 // more than may keep their pages
	all := wasm.NewMemories(0)
	defer all.Close()
	for _, sizes := range [][]uint64{{page}, {4 * page}, {2 * page, 3 * page, 5 * page}, {2 * mib}, {mib, 17 * mib}} {
		n := many
		if sizes[0] >= mib {
			n = 3
		}
		for range 2 {
			var open []wasm.Memory
			for range n {
				m, err := all.Open(0, 32*mib)
				if err != nil {
					t.Fatal(err)
				}
				written := 0
				for _, size := range sizes {
					b := m.Reallocate(size)
					if !isZero(b[written:]) {
						t.Fatalf("a new memory of %d bytes is not zero", size)
					}
					for i := written; i < len(b); i += 64 {
						b[i] = 0xff
					}
					b[len(b)-1] = 0xff
					written = len(b)
				}
				open = append(open, m)
			}
			for _, m := range open {
				m.Release()
			}
		}
	}
}

func TestMemoriesOfManyActorsAreApart(t *testing.T) {
	all := wasm.NewMemories(0)
	defer all.Close()
	var group sync.WaitGroup
	for worker := range byte(4) {
		group.Go(func() {
			var own []wasm.Memory
			for round := range 60 {
				m, err := all.Open(page, 64*mib)
				if err != nil {
					t.Error(err)
					return
				}
				b := m.Reallocate([]uint64{2 * page, 4 * page, 5 * page, 17 * mib}[round%4])
				if !isZero(b[:page]) {
					t.Error("a new memory is not zero")
				}
				for i := 0; i < len(b); i += 4096 {
					b[i] = worker + 1
				}
				if own = append(own, m); len(own) > 5 {
					if first := own[0].Reallocate(2 * page); first[0] != worker+1 || first[page] != worker+1 {
						t.Error("another has written to it")
					}
					own[0].Release()
					own = own[1:]
				}
			}
			for _, m := range own {
				m.Release()
			}
		})
	}
	group.Wait()
	if all.InUse() != 0 {
		t.Errorf("%d bytes are in use of what was released", all.InUse())
	}
}

func TestWhatTheNodeDoesNotHaveIsATrapAndCostsNothing(t *testing.T) {
	is := func(err error, says ...string) bool {
		var trap *wasm.Trap
		return errors.As(err, &trap) && trap.Kind == wasm.KindLimit && errors.Is(err, wasm.ErrNodeMemory) &&
			!slices.ContainsFunc(says, func(s string) bool { return !strings.Contains(trap.Message, s) })
	}
	all := wasm.NewMemories(10 * page)
	defer all.Close()
	m := open(t, all, 6*page, 64*page)
	if _, err := all.Open(5*page, 5*page); !is(err, "node memory", "327680 more", "393216 of", "655360") {
		t.Errorf("a memory beyond the budget: %v", err)
	}
	if err := refusal(m, 11*page); !is(err, "327680 more", "393216 of", "655360") {
		t.Errorf("growth beyond the budget: %v", err)
	}
	if m.Reallocate(65*page) != nil {
		t.Error("it grows beyond its own limit")
	}
	other := open(t, all, 4*page, 4*page)
	if err := refusal(m, 7*page); !is(err, "65536 more", "655360 of") {
		t.Errorf("growth beyond the budget: %v", err)
	}
	other.Release()
	if b := m.Reallocate(10 * page); len(b) != 10*page {
		t.Error("what was released cannot be had")
	}
	if all.InUse() != 10*page {
		t.Errorf("%d bytes are in use", all.InUse())
	}
}

func TestTheBudgetBoundsAllInstancesTogether(t *testing.T) {
	const budget = 20 * mib // a module is asked for its metadata within it too
	e, err := wasm.OpenEngine(t.Context(), wasm.EngineConfig{MemoryBudget: budget})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if inUse, of := e.Memory(); inUse != 0 || of != budget {
			t.Errorf("at the end %d of %d bytes are in use", inUse, of)
		}
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	module, err := e.Compile(t.Context(), wasmtest.On(wasmtest.Grow(16)))
	if err != nil {
		t.Fatal(err)
	}
	machine := func() (*wasm.Machine, *testHost, error) {
		m, err := module.Start(t.Context(), limits)
		if err != nil {
			return nil, nil, err
		}
		h := &testHost{module: module, answer: ok}
		m.Attach(h)
		return m, h, nil
	}
	first, host, err := machine()
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close(context.Background())
	if _, err := request(t, first, host, ""); err != nil {
		t.Fatalf("its own limit stops a guest, not the budget: %v", err)
	}
	second, host, err := machine()
	if err != nil {
		t.Fatal(err)
	}
	var trap *wasm.Trap
	_, err = request(t, second, host, "")
	if !errors.As(err, &trap) || trap.Kind != wasm.KindLimit || !errors.Is(err, wasm.ErrNodeMemory) || !trap.Known || trap.Fuel == 0 {
		t.Errorf("growth beyond the budget gives %+v", err)
	}
	if !strings.HasPrefix(err.Error(), "trap limit: node memory: ") {
		t.Errorf("it says %q", err)
	}
	var more []*wasm.Machine
	for {
		m, _, err := machine()
		if err != nil {
			if !errors.As(err, &trap) || trap.Kind != wasm.KindLimit || !errors.Is(err, wasm.ErrNodeMemory) {
				t.Errorf("the one too many gives %v", err)
			}
			break
		}
		more = append(more, m)
	}
	if inUse, _ := e.Memory(); inUse > budget || inUse <= budget-mib {
		t.Errorf("%d bytes are in use", inUse)
	}
	second.Close(context.Background())
	second.Close(context.Background())
	third, _, err := machine()
	if err != nil {
		t.Fatalf("what is closed is not given back: %v", err)
	}
	for _, m := range append(more, third) {
		m.Close(context.Background())
	}
}

func TestAnInstanceThatDoesNotStartGivesItsMemoryBack(t *testing.T) {
	e := openEngine(t)
	noMemory := bytes.Replace(wasmtest.Counter(), []byte("\x05\x03\x01\x00\x01"), []byte("\x05\x03\x01\x00\x00"), 1)
	grow := wasmtest.Loop(wasmtest.I32(1) + wasmtest.MemoryGrow + wasmtest.I32(-1) + wasmtest.I32Ne + wasmtest.BrIf(0))
	for name, c := range map[string]struct {
		code []byte
		want string
	}{
		"its data is outside its memory":     {noMemory, "out of bounds"},
		"its start traps":                    {wasmtest.Guest{Start: wasmtest.Unreachable}.Bytes(), "unreachable"},
		"its start takes all and then traps": {wasmtest.Guest{Start: grow + wasmtest.Unreachable}.Bytes(), "unreachable"},
	} {
		if _, err := e.Compile(t.Context(), c.code); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: it gives %v", name, err)
		}
		if inUse, _ := e.Memory(); inUse != 0 {
			t.Errorf("%s: %d bytes are in use", name, inUse)
		}
	}
}

func TestAGuestThatExitsIsReleasedByItsOwnerAlone(t *testing.T) {
	e := openEngine(t)
	m, h := start(t, e, wasmtest.On(wasmtest.Exit(0)))
	before, _ := e.Memory()
	var trap *wasm.Trap
	if _, err := request(t, m, h, ""); !errors.As(err, &trap) || trap.Kind != wasm.KindExit {
		t.Fatalf("it ends with %v", err)
	}
	if inUse, _ := e.Memory(); inUse != before {
		t.Errorf("%d bytes are in use by the one that exited, %d before", inUse, before)
	}
	held := m.Bytes()
	if isZero(held) {
		t.Error("its memory is cleared while it is open")
	}
	m.Close(context.Background())
	m.Close(context.Background())
	if inUse, _ := e.Memory(); inUse != 0 {
		t.Errorf("%d bytes are in use of what was closed", inUse)
	}
}

func TestAClosedEngineLeavesTheMemoryOfOpenMachinesAlone(t *testing.T) {
	e := openEngine(t)
	m, h := start(t, e, wasmtest.Counter())
	if _, err := request(t, m, h, ""); err != nil {
		t.Fatal(err)
	}
	kept := slices.Clone(m.Bytes())
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(m.Bytes(), kept) || m.Memory() != int64(len(kept)) {
		t.Error("its memory is not what it was")
	}
	if _, err := h.module.Start(t.Context(), limits); !errors.Is(err, wasm.ErrEngineClosed) {
		t.Errorf("a machine of a closed engine: %v", err)
	}
	m.Close(context.Background())
	if inUse, _ := e.Memory(); inUse != 0 {
		t.Errorf("%d bytes are in use", inUse)
	}
}

func TestANewInstanceIsAsTheFirst(t *testing.T) {
	e := openEngine(t)
	module, err := e.Compile(t.Context(), readGuest(t, guests[0]))
	if err != nil {
		t.Fatal(err)
	}
	machine := func() *wasm.Machine {
		m, err := module.Start(t.Context(), limits)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := machine()
	first := slices.Clone(m.Bytes())
	for i := range m.Bytes() {
		m.Bytes()[i] = 0xff
	}
	m.Close(context.Background())
	m = machine()
	defer m.Close(context.Background())
	if !bytes.Equal(m.Bytes(), first) {
		t.Error("it begins with other memory than the first")
	}
}

func TestABudgetBelowNothingIsRefused(t *testing.T) {
	if _, err := wasm.OpenEngine(t.Context(), wasm.EngineConfig{MemoryBudget: -1}); err == nil || !strings.Contains(err.Error(), "memory budget: -1") {
		t.Errorf("it gives %v", err)
	}
}
