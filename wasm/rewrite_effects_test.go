package wasm_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// assembled is a module of one exported function named f.
func assembled(sig, locals string, body wasmtest.Code, more ...func(*wasmtest.Module)) []byte {
	var m wasmtest.Module
	m.Memory(1, 4)
	m.Export("f", wasmtest.Function, m.Func(sig, locals, body))
	for _, f := range more {
		f(&m)
	}
	return m.Bytes()
}

// running starts the rewritten module on the compiler.
func running(t *testing.T, code []byte) *guestRun {
	t.Helper()
	p, err := wasm.Prepare(code)
	if err != nil {
		t.Fatal(err)
	}
	g, err := startGuest(compiler(t), code, p)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// spends runs f and returns what it cost.
func (g *guestRun) spends(t *testing.T, args ...uint64) int64 {
	t.Helper()
	const fuel = 1 << 40
	g.refill(fuel, 1000)
	if _, trap, _ := g.call("f", args...); trap != "" {
		t.Fatal(trap)
	}
	return fuel - g.fuel()
}

func (g *guestRun) yields(t *testing.T, fuel int64, depth int32, args ...uint64) wasm.Reason {
	t.Helper()
	g.refill(fuel, depth)
	_, err := g.ExportedFunction("f").Call(t.Context(), args...)
	for reason := range wasm.YieldEndless + 1 {
		if err != nil && strings.HasPrefix(err.Error(), errYield{reason}.Error()) {
			return reason
		}
	}
	t.Fatal("no yield:", err)
	return 0
}

func TestLoopIsStoppedWhenItsFuelIsSpent(t *testing.T) {
	g := running(t, assembled(":", "i", wasmtest.Loop(wasmtest.Get(0)+wasmtest.I32(1)+wasmtest.I32Add+wasmtest.Set(0)+wasmtest.Br(0))))
	began := time.Now()
	if reason := g.yields(t, 1_000_000, 100); reason != wasm.YieldFuel {
		t.Error(reason)
	}
	if left := g.fuel(); left >= 0 || left < -100 {
		t.Errorf("%d fuel is left", left)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("a million of fuel lasted %v", took)
	}
}

func TestRecursionIsStoppedByItsDepth(t *testing.T) {
	g := running(t, assembled("i:i", "", wasmtest.Get(0)+wasmtest.Call(0)))
	if reason := g.yields(t, 1<<40, 10_000, 1); reason != wasm.YieldDepth {
		t.Error(reason)
	}
	if spent := 1<<40 - g.fuel(); spent < 10_000*9 {
		t.Errorf("10,000 calls cost %d", spent)
	}
}

func TestFunctionOfManyValuesAndCallsWeighsMoreInTheDepth(t *testing.T) {
	fat := wasmtest.Repeat(641, wasmtest.Get(0)) + wasmtest.Call(0) + wasmtest.Repeat(640, wasmtest.Drop)
	g := running(t, assembled("i:", "", fat))
	if reason := g.yields(t, 1<<40, 10_000, 1); reason != wasm.YieldDepth {
		t.Error(reason)
	}
	if calls := (1<<40 - g.fuel()) / 1290; calls < 800 || calls > 1000 {
		t.Errorf("%d calls", calls)
	}
}

func TestAShortFunctionThatCallsNothingIsPaidForAndItsCallerLooks(t *testing.T) {
	long := wasmtest.Repeat(20, wasmtest.Get(0)+wasmtest.Drop)
	for _, c := range []struct {
		name  string
		body  wasmtest.Code
		looks bool
	}{{"short", wasmtest.Get(0) + wasmtest.Drop, false}, {"long", long, true}, {"with a loop", wasmtest.Loop(""), true}, {"that grows", wasmtest.I32(0) + wasmtest.MemoryGrow + wasmtest.Drop, true}} {
		var m wasmtest.Module
		m.Memory(1)
		f := m.Func("i:", "", c.body)
		m.Export("f", wasmtest.Function, f)
		m.Export("caller", wasmtest.Function, m.Func("i:", "", wasmtest.Get(0)+wasmtest.Call(f)))
		g := running(t, m.Bytes())
		g.refill(0, 100)
		if _, _, looked := g.call("f", 1); looked != c.looks {
			t.Errorf("a %s one looks: %v", c.name, looked)
		}
		if g.fuel() >= 0 {
			t.Errorf("a %s one costs nothing", c.name)
		}
		g.refill(0, 100)
		if _, _, looked := g.call("caller", 1); !looked {
			t.Errorf("the caller of a %s one does not look", c.name)
		}
	}
}

func TestEmptyEndlessLoopIsNamed(t *testing.T) {
	g := running(t, assembled(":", "", wasmtest.Loop(wasmtest.Br(0))))
	if reason := g.yields(t, 1<<40, 100); reason != wasm.YieldEndless {
		t.Error(reason)
	}
}

func TestGuestGoesOnAfterAYield(t *testing.T) {
	code := assembled("i:i", "i", wasmtest.Loop(
		wasmtest.Get(1)+wasmtest.I32(1)+wasmtest.I32Add+wasmtest.Tee(1)+wasmtest.Get(0)+wasmtest.I32LtU+wasmtest.BrIf(0))+wasmtest.Get(1))
	p, err := wasm.Prepare(code)
	if err != nil {
		t.Fatal(err)
	}
	given := int64(0)
	rt := newRuntimeWith(t, func(_ context.Context, m api.Module, _ []uint64) {
		fuel := m.ExportedGlobal(p.Fuel).(api.MutableGlobal)
		fuel.Set(fuel.Get() + 1000)
		given += 1000
	})
	g, err := startGuest(rt, code, p)
	if err != nil {
		t.Fatal(err)
	}
	g.refill(0, 100)
	out, trap, _ := g.call("f", 1_000_000)
	if trap != "" || out[0] != 1_000_000 {
		t.Errorf("%v %s", out, trap)
	}
	if left := g.fuel(); left < -100 || left > 1000 {
		t.Errorf("%d fuel is left", left)
	}
	spent := given - g.fuel()
	if atOnce := g.spends(t, 1_000_000); atOnce != spent {
		t.Errorf("with yields it costs %d, without them %d", spent, atOnce)
	}
}

func TestBulkOperationsCostTheirSize(t *testing.T) {
	three := wasmtest.I32(0) + wasmtest.I32(0) + wasmtest.Get(0)
	table := func(m *wasmtest.Module) { m.Table(1000) }
	for name, c := range map[string]struct {
		code []byte
		arg  uint64
		cost int64
	}{
		"memory.fill":                 {assembled("i:", "", three+wasmtest.MemoryFill), 8000, 1000},
		"memory.copy":                 {assembled("i:", "", three+wasmtest.MemoryCopy), 8000, 1000},
		"memory.grow":                 {assembled("i:", "", wasmtest.Get(0)+wasmtest.MemoryGrow+wasmtest.Drop), 2, 2 * 8192},
		"memory.grow that is refused": {assembled("i:", "", wasmtest.Get(0)+wasmtest.MemoryGrow+wasmtest.Drop), math.MaxUint32, 1024 * 8192},
		"table.grow":                  {assembled("i:", "", wasmtest.RefNull+wasmtest.Get(0)+wasmtest.TableGrow(0)+wasmtest.Drop, table), 500, 500},
		"table.fill":                  {assembled("i:", "", wasmtest.I32(0)+wasmtest.RefNull+wasmtest.Get(0)+"\xfc\x11\x00", table), 700, 700},
		"table.copy":                  {assembled("i:", "", three+"\xfc\x0e\x00\x00", table), 700, 700},
	} {
		g := running(t, c.code)
		if more := g.spends(t, c.arg) - g.spends(t, 0); more != c.cost {
			t.Errorf("%s costs %d more than none, want %d", name, more, c.cost)
		}
	}
}

func TestBulkOperationBeyondTheMemoryTrapsForThat(t *testing.T) {
	g := running(t, assembled("i:", "", wasmtest.I32(0)+wasmtest.I32(0)+wasmtest.Get(0)+wasmtest.MemoryFill))
	g.refill(1<<20, 100)
	if _, trap, _ := g.call("f", math.MaxUint32); !strings.Contains(trap, "out of bounds") {
		t.Error(trap)
	}
}

// A memory of 5 MiB is filled and copied over in pieces, whichever way the ranges
// overlap, and what is done is the same as at once.
func TestMuchMemoryIsFilledAndCopiedInPieces(t *testing.T) {
	var m wasmtest.Module
	m.Memory(80)
	m.Export("memory", wasmtest.Memory, 0)
	operands := wasmtest.Get(0) + wasmtest.Get(1) + wasmtest.Get(2)
	m.Export("f", wasmtest.Function, m.Func("iiii:", "", wasmtest.Block(wasmtest.Get(3)+wasmtest.BrIf(0)+operands+wasmtest.MemoryFill+wasmtest.Ret)+operands+wasmtest.MemoryCopy))
	code := m.Bytes()
	p, err := wasm.Prepare(code)
	if err != nil {
		t.Fatal(err)
	}
	yields := 0
	rewritten, err := startGuest(newRuntimeWith(t, func(context.Context, api.Module, []uint64) { yields++ }), code, p)
	if err != nil {
		t.Fatal(err)
	}
	original, err := startGuest(compiler(t), code, nil)
	if err != nil {
		t.Fatal(err)
	}
	both := []*guestRun{original, rewritten}
	const mib = 1 << 20
	size := uint64(original.Memory().Size())
	for i, c := range []struct {
		to, from, count, copies uint64
		pieces                  int
	}{
		{0, 7, mib, 0, 0}, {0, 7, mib + 1, 0, 1}, {5, 9, size - 5, 0, 4}, {100, 1, 50_000, 0, 0}, {mib + 5, 2, 77, 0, 0},
		{0, 3*mib + 1, mib + 9, 1, 1}, {10, 0, size - 10, 1, 4}, {0, 10, size - 10, 1, 4}, {mib, 0, 3*mib + 3, 1, 3}, {0, mib, 3*mib + 3, 1, 3},
		{1, 1, 2 * mib, 1, 1}, {0, 0, mib + 1, 1, 1}, {size - 2*mib, 0, 2*mib + 1, 1, 0}, {0, size - 2*mib, 2*mib + 1, 1, 0}, {1, 3, size, 0, 0}, {0, 0, math.MaxUint32, 1, 0},
	} {
		yields = 0
		var traps [2]string
		for j, g := range both {
			g.refill(1<<40, 100)
			g.Memory().WriteUint64Le(uint32(i*4096), uint64(i)*0x0123456789abcdef)
			_, traps[j], _ = g.call("f", c.to, c.from, c.count, c.copies)
		}
		if traps[0] != traps[1] || yields != c.pieces {
			t.Errorf("%+v: it traps with %q, otherwise %q, after %d yields", c, traps[1], traps[0], yields)
		}
		a, _ := original.Memory().Read(0, uint32(size))
		b, _ := rewritten.Memory().Read(0, uint32(size))
		if !bytes.Equal(a, b) {
			t.Fatalf("%+v: the memory is another", c)
		}
	}
}

func TestCodeThatABranchJumpsOverIsHardlyCharged(t *testing.T) {
	long := wasmtest.Repeat(5000, wasmtest.Get(0)+wasmtest.Drop)
	code := wasmtest.Block(wasmtest.Get(0) + wasmtest.BrIf(0) + wasmtest.Repeat(100, wasmtest.Block(wasmtest.Get(0)+wasmtest.Drop)) + wasmtest.Block(long))
	jumps := assembled("i:", "", wasmtest.Block(wasmtest.Block(code)+wasmtest.Get(0)+wasmtest.BrIf(0)+wasmtest.Block("")+long))
	g := running(t, jumps)
	all, some := g.spends(t, 0), g.spends(t, 1)
	if all < 20_000 {
		t.Errorf("20,000 instructions cost %d", all)
	}
	if some > 16_000 {
		t.Errorf("a few instructions cost %d", some)
	}
}

func TestCodeBehindALoopIsChargedOnceAndAlsoWhenTheLoopIsJumpedOver(t *testing.T) {
	loop := wasmtest.Loop(wasmtest.Get(0) + wasmtest.I32(1) + wasmtest.I32Sub + wasmtest.Tee(0) + wasmtest.BrIf(0))
	g := running(t, assembled("ii:", "", wasmtest.Block(wasmtest.Get(1)+wasmtest.BrIf(0)+loop)+wasmtest.Repeat(20, wasmtest.Get(0)+wasmtest.Drop)))
	if once, often := g.spends(t, 1, 0), g.spends(t, 101, 0); often-once != 100*5 {
		t.Errorf("a hundred turns of five instructions cost %d", often-once)
	}
	if jumped := g.spends(t, 1, 1); jumped < 40 {
		t.Errorf("forty instructions behind a loop cost %d", jumped)
	}
}

func TestStartRunsOnlyWhenAsked(t *testing.T) {
	code := assembled(":i", "", wasmtest.I32(0)+wasmtest.Load32(0), func(m *wasmtest.Module) {
		m.Start(m.Func(":", "", wasmtest.I32(0)+wasmtest.I32(7)+wasmtest.Store32(0)))
	})
	p, err := wasm.Prepare(code)
	if err != nil {
		t.Fatal(err)
	}
	g, err := instantiateGuest(compiler(t), code, p)
	if err != nil {
		t.Fatal(err)
	}
	g.refill(1000, 100)
	if out, _, _ := g.call("f"); out[0] != 0 {
		t.Error("the start function ran by itself")
	}
	if err := g.start(); err != nil {
		t.Error(err)
	}
	if out, _, _ := g.call("f"); out[0] != 7 {
		t.Error("the start function did not run")
	}
}

func TestHiddenExportsMeetNoOthers(t *testing.T) {
	code := assembled(":", "", "", func(m *wasmtest.Module) {
		m.Global("i", true, wasmtest.I32(1))
		m.Global("I", false, wasmtest.I64(2))
		m.Global("I", true, wasmtest.I64(3))
		for _, name := range []string{"theater_engine:fuel", "theater_engine::global 0", "theater_engine"} {
			m.Export(name, wasmtest.Memory, 0)
		}
	})
	g := running(t, code)
	if got := fmt.Sprint(g.prepared.Globals, g.prepared.Fuel); got != "[theater_engine:::global 0 theater_engine:::global 2]theater_engine:::fuel" {
		t.Error(got)
	}
	for i, want := range []uint64{1, 3} {
		global, ok := g.ExportedGlobal(g.prepared.Globals[i]).(api.MutableGlobal)
		if !ok || global.Get() != want {
			t.Errorf("global %d: %v", i, global)
		}
	}
}

func TestFunctionsKeepTheirOriginalIndexes(t *testing.T) {
	var m wasmtest.Module
	m.Import("env", "a", ":")
	m.Import("env", "b", ":")
	f := m.Func(":", "", "")
	p, err := wasm.Prepare(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for rewritten, want := range map[uint32]uint32{0: 0, 1: 1, 3: f} {
		if got, ok := p.Original(rewritten); !ok || got != want {
			t.Errorf("%d was %d, want %d", rewritten, got, want)
		}
	}
	if _, ok := p.Original(2); ok {
		t.Error("the yield has an original")
	}
}

func TestModuleThatCannotBePutBackSaysWhy(t *testing.T) {
	table := func(m *wasmtest.Module) { m.Table(2) }
	for _, c := range []struct {
		want string
		code []byte
	}{
		{"", assembled(":", "", wasmtest.I32(1)+wasmtest.MemoryGrow+wasmtest.Drop, table)},
		{"it changes its tables", assembled(":", "", wasmtest.RefNull+wasmtest.I32(1)+wasmtest.TableGrow(0)+wasmtest.Drop, table)},
		{"it changes its tables", assembled(":", "", wasmtest.I32(1)+wasmtest.RefNull+"\x26\x00", table)},
		{"its mutable global 0 is a vector or a reference", assembled(":", "", "", func(m *wasmtest.Module) { m.Global("r", true, wasmtest.RefNull) })},
		{"its mutable global 0 is a vector or a reference", assembled(":", "", "", func(m *wasmtest.Module) { m.Global("v", true, "\xfd\x0c"+wasmtest.Repeat(16, "\x00")) })},
		{"", assembled(":", "", "", func(m *wasmtest.Module) { m.Global("r", false, wasmtest.RefNull) })},
	} {
		p, err := wasm.Prepare(c.code)
		if err != nil || p.Fixed != c.want {
			t.Errorf("%v %q, want %q", err, p.Fixed, c.want)
		}
	}
}

func TestTableGrowsNoFurtherThanIsLetIn(t *testing.T) {
	grow := wasmtest.RefNull + wasmtest.Get(0) + wasmtest.TableGrow(0)
	g := running(t, assembled("i:i", "", grow, func(m *wasmtest.Module) { m.Table(1) }))
	for _, n := range []uint64{1 << 20, 1 << 27} {
		g.refill(1<<40, 100)
		if out, trap, _ := g.call("f", n); trap != "" || out[0] != math.MaxUint32 {
			t.Errorf("growing by %d: %v %s", n, out, trap)
		}
	}
}

// NaNs with bits that arithmetic would let through, in any way it likes.
func TestArithmeticGivesOneNaN(t *testing.T) {
	const f32, f64 = 0x7fc00000, 0x7ff8000000000000
	load32 := wasmtest.I32(0) + "\x2a\x00\x00"
	load64 := wasmtest.I32(0) + "\x2b\x00\x00"
	compute := load64 + load64 + "\xa0"
	const loaded = 0xfff40403ffa00201
	odd := func(m *wasmtest.Module) { m.Data(0, []byte("\x01\x02\xa0\xff\x03\x04\xf4\xff")) }
	vector := wasmtest.I32(0) + "\xfd\x00\x00\x00"
	cases := map[string]struct {
		sig  string
		code wasmtest.Code
		want uint64
	}{
		"f32.add then reinterpret":                             {":i", load32 + load32 + "\x92\xbc", f32},
		"f32.sqrt then store":                                  {":i", wasmtest.I32(8) + load32 + "\x91\x38\x00\x00" + wasmtest.I32(8) + wasmtest.Load32(0), f32},
		"f32.mul within f32.sub":                               {":i", load32 + load32 + load32 + "\x94\x93\xbc", f32},
		"f32.demote_f64":                                       {":i", load64 + "\xb6\xbc", f32},
		"f64.add then reinterpret":                             {":I", load64 + load64 + "\xa0\xbd", f64},
		"f64.promote_f32":                                      {":I", load32 + "\xbb\xbd", f64},
		"f64.min within a local":                               {":I", load64 + load64 + "\xa4" + wasmtest.Set(0) + wasmtest.Get(0) + "\xbd", f64},
		"f32x4.add":                                            {":i", vector + vector + "\xfd\xe4\x01" + "\xfd\x1b\x00", f32},
		"f64x2.div":                                            {":I", vector + vector + "\xfd\xf3\x01" + "\xfd\x1d\x00", f64},
		"f32x4.add, then lanes of f64":                         {":I", vector + vector + "\xfd\xe4\x01" + vector + "\xfd\x4e" + "\xfd\x1d\x00", 0x7fc000007fc00000 & 0xfff40403ffa00201},
		"computed in a local, seen later":                      {":I", compute + wasmtest.Set(0) + wasmtest.Block("") + wasmtest.Get(0) + "\xbd", f64},
		"computed, through two locals":                         {":I", compute + wasmtest.Set(0) + wasmtest.Get(0) + wasmtest.Set(1) + wasmtest.Get(1) + "\xbd", f64},
		"computed, under a block":                              {":I", compute + wasmtest.Block("") + "\xbd", f64},
		"computed and kept by a tee":                           {":I", compute + wasmtest.Tee(0) + wasmtest.Drop + wasmtest.Get(0) + "\xbd", f64},
		"computed, one of two by select":                       {":I", compute + wasmtest.F64(1) + wasmtest.I32(1) + "\x1b\xbd", f64},
		"loaded into a local that also holds what is computed": {":I", compute + wasmtest.Set(0) + load64 + wasmtest.Set(0) + wasmtest.Get(0) + "\xbd", loaded},
		"loaded into a local that is put into another one before": {":I", compute + wasmtest.Drop +
			wasmtest.Loop(wasmtest.Get(0)+wasmtest.Set(1)+load64+wasmtest.Set(0)+wasmtest.Get(2)+wasmtest.I32Eqz+wasmtest.I32(1)+wasmtest.Set(2)+wasmtest.BrIf(0)) +
			wasmtest.Get(1) + "\xbd", loaded},
		"a load and a store are exact":  {":i", wasmtest.I32(8) + load32 + "\x38\x00\x00" + wasmtest.I32(8) + wasmtest.Load32(0), 0xffa00201},
		"f32.neg, abs, copysign, exact": {":i", load32 + "\x8c" + load32 + "\x98\x8b\xbc", 0x7fa00201},
	}
	for name, c := range cases {
		g := running(t, assembled(c.sig, "FFi", c.code, odd))
		g.refill(1<<20, 100)
		if out, trap, _ := g.call("f"); trap != "" || out[0] != c.want {
			t.Errorf("%s: %x %s, want %x", name, out, trap, c.want)
		}
	}
}

var update = flag.Bool("update-rewrite", false, "write the sums of rewritten modules anew")

// What version 1 of the rewriter makes of a module never changes: a chain names
// the version, and replays on what it made.
func TestRewrittenModulesAreThoseOfVersion1(t *testing.T) {
	alone(t)
	const file = "testdata/rewrite/1.sha256"
	var all strings.Builder
	add := func(name string, code []byte) {
		p, err := wasm.Prepare(code)
		if err != nil {
			t.Fatal(name, err)
		}
		fmt.Fprintf(&all, "%x  %s\n", sha256.Sum256(p.Code), name)
	}
	for _, name := range guests {
		add(name, readGuest(t, name))
	}
	add("assembled counter", wasmtest.Counter())
	for _, m := range wasmtest.Hostile() {
		if m.Stage != wasmtest.StageCheck && m.Stage != wasmtest.StageCompile && !m.Actor {
			add("hostile: "+m.Name, m.Code())
		}
	}
	add("assembled with everything", everything())
	if *update {
		if err := os.WriteFile(file, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if all.String() != string(want) {
		t.Errorf("rewritten modules are\n%s\nwant\n%s", all.String(), want)
	}
}

// everything is a module with a use of every index that rewriting moves.
func everything() []byte {
	var m wasmtest.Module
	log := m.Import("env", "log", "i:")
	f := m.Func("i:iI", "", wasmtest.Block(wasmtest.Get(0)+wasmtest.Call(log))+wasmtest.Get(0)+wasmtest.I64(1)+
		wasmtest.Get(0)+wasmtest.BrIf(0)+wasmtest.Get(0)+"\x0e\x00\x00")
	g := m.Func("i:F", "F", wasmtest.Get(0)+wasmtest.Call(f)+wasmtest.Drop+wasmtest.Drop+
		wasmtest.Loop(wasmtest.Get(0)+wasmtest.Get(0)+wasmtest.CallIndirect(m.Type("i:F"))+wasmtest.Set(1)+wasmtest.Get(0)+wasmtest.BrIf(0))+
		wasmtest.Get(1)+wasmtest.Get(1)+"\xa0"+wasmtest.Ret)
	m.Func(":", "", "\xd2"+wasmtest.Code([]byte{byte(f)})+wasmtest.Drop+wasmtest.I32(0)+wasmtest.I32(0)+wasmtest.I32(9)+wasmtest.MemoryFill)
	m.Table(3, 9)
	m.Memory(1)
	m.Global("r", true, "\xd2"+wasmtest.Code([]byte{byte(g)}))
	m.Global("I", true, wasmtest.I64(5))
	m.Export("f", wasmtest.Function, f)
	m.Elem(0, f, g, log)
	m.Start(g + 1)
	m.Data(3, []byte("data"))
	m.Name(f, "f")
	return m.Bytes()
}
