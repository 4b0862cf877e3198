package wasm_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == asCompiler {
		os.Exit(compilerMain(os.Args[2], os.Args[3]))
	}
	goleak.VerifyTestMain(m)
}

// alone is for tests that take long and run in one goroutine: the race detector,
// which multiplies that, has nothing to see there.
func alone(t testing.TB) {
	t.Helper()
	if raced {
		t.Skip("it runs in one goroutine")
	}
}

// testHost answers what answer says, and remembers what it was asked.
type testHost struct {
	module *wasm.Module
	answer func(ctx context.Context, name string, input []byte) (wasm.Reply, error)
	asked  []string
	lines  []string
	keys   int
}

func (h *testHost) Call(ctx context.Context, imp int, input []byte) (wasm.Reply, error) {
	name := h.module.Layout.Imports[imp].String()
	h.asked = append(h.asked, name)
	return h.answer(ctx, name, input)
}

func (h *testHost) Key() ([32]byte, error) {
	h.keys++
	return [32]byte{byte(h.keys)}, nil
}

func (h *testHost) Output(s wasm.Stream, line string) {
	h.lines = append(h.lines, fmt.Sprintf("%d:%s", s, line))
}

// ok answers every call with ok(()).
func ok(context.Context, string, []byte) (wasm.Reply, error) {
	out, err := pack.Encode(pack.Ok(pack.TypeString, pack.TypeString, pack.Unit))
	return wasm.Reply{Output: out}, err
}

func openEngine(t testing.TB) *wasm.Engine {
	t.Helper()
	e, err := wasm.OpenEngine(t.Context(), wasm.EngineConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

var limits = wasm.Options{MemoryLimit: 16 << 20, TurnTime: 1500 * time.Millisecond, Fuel: 1 << 40, OutputLimit: 1 << 10}

// start makes a machine of the module with a host that answers ok(()).
func start(t testing.TB, e *wasm.Engine, code []byte) (*wasm.Machine, *testHost) {
	t.Helper()
	module, err := e.Compile(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	machine, err := module.Start(t.Context(), limits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { machine.Close(context.Background()) })
	host := &testHost{module: module, answer: ok}
	machine.Attach(host)
	return machine, host
}

const firstTurn = 1_000_000_000_000_000_000 // a unix time in nanoseconds

func turn(t testing.TB, ctx context.Context, m *wasm.Machine, module *wasm.Module, export string, params pack.Value) (pack.Value, error) {
	t.Helper()
	index, ok := module.Layout.Export(export)
	if !ok {
		t.Fatalf("no export %s", export)
	}
	m.Begin(firstTurn)
	response, err := m.Turn(ctx, index, encode(t, params))
	if err != nil {
		return pack.Value{}, err
	}
	return decode(t, response), nil
}

func encode(t testing.TB, v pack.Value) []byte {
	t.Helper()
	b, err := pack.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(t testing.TB, b []byte) pack.Value {
	t.Helper()
	v, err := pack.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func requestParams(body string) pack.Value {
	return pack.Tuple(pack.String("id"), pack.Bytes([]byte(body)))
}

func request(t testing.TB, m *wasm.Machine, h *testHost, body string) (pack.Value, error) {
	t.Helper()
	return turn(t, t.Context(), m, h.module, wasmtest.HandleRequest, requestParams(body))
}

func TestAGuestThatMisbehavesEndsAsATypedTrap(t *testing.T) {
	e := openEngine(t)
	const iface = "theater:simple/message-server-host"
	kept := wasmtest.Keep()
	cases := map[string]struct {
		behavior wasmtest.Behavior
		kind     wasm.Kind
		message  string
	}{
		"unreachable is executed":                {wasmtest.Trap(), wasm.KindUnreachable, "unreachable"},
		"a Rust panic, an empty endless loop":    {wasmtest.Panic(), wasm.KindPanic, "endless empty loop"},
		"an endless loop ends at the deadline":   {wasmtest.Spin(), wasm.KindDeadline, "more than 1.5s"},
		"a division by zero":                     {wasmtest.DivideByZero(), wasm.KindDivide, "divide by zero"},
		"a load outside the memory":              {wasmtest.OutOfBounds(), wasm.KindMemory, "out of bounds"},
		"an indirect call of another type":       {wasmtest.WrongCall(), wasm.KindIndirect, "type mismatch"},
		"endless recursion":                      {wasmtest.Recurse(), wasm.KindStack, "nested too deep"},
		"a result outside the memory":            {wasmtest.ReturnAt(0xfffffff0, 8), wasm.KindResult, "outside the memory"},
		"a result longer than the memory":        {wasmtest.ReturnAt(64, 0xffffffff), wasm.KindResult, "outside the memory"},
		"garbage for a result":                   {wasmtest.Return([]byte("garbage")), wasm.KindResult, "no value"},
		"an empty result":                        {wasmtest.Return(nil), wasm.KindResult, "no value"},
		"a status other than zero":               {wasmtest.Fail("decode error"), wasm.KindABI, "status -1: decode error"},
		"an import with an input outside memory": {wasmtest.DoAt(iface, "send", 0xffffff00, 64, kept), wasm.KindABI, "outside the memory"},
		"proc_exit":                              {wasmtest.Exit(3), wasm.KindExit, "status 3"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m, h := start(t, e, wasmtest.On(c.behavior))
			_, err := request(t, m, h, "")
			var trap *wasm.Trap
			if !errors.As(err, &trap) {
				t.Fatalf("got %v, want a trap", err)
			}
			if trap.Kind != c.kind || !strings.Contains(trap.Message, c.message) {
				t.Errorf("got kind %s, message %q", trap.Kind, trap.Message)
			}
			if _, err := request(t, m, h, ""); !errors.Is(err, wasm.ErrBroken) {
				t.Errorf("the machine goes on after a trap: %v", err)
			}
		})
	}
}

func TestATrapNamesItsFunctionWhereTheModuleDoes(t *testing.T) {
	code, err := os.ReadFile("testdata/guests/rust-counter/counter-0.21.wasm")
	if err != nil {
		t.Fatal(err)
	}
	e := openEngine(t)
	m, h := start(t, e, wasmtest.On(wasmtest.Trap()))
	_, err = request(t, m, h, "")
	var trap *wasm.Trap
	if !errors.As(err, &trap) || !trap.Known || trap.Offset == 0 {
		t.Fatalf("got %+v, want an index and an offset", trap)
	}
	layout, err := wasm.ReadLayout(code)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := layout.Export(wasmtest.Init); !ok || layout.Memory.Count != 1 {
		t.Errorf("the layout of the Rust guest is %+v", layout)
	}
}

func TestTheStateStaysAsItWasWhenATurnFails(t *testing.T) {
	e := openEngine(t)
	m, h := start(t, e, wasmtest.Counter())
	if _, err := turn(t, t.Context(), m, h.module, wasmtest.Init, pack.Unit); err != nil {
		t.Fatal(err)
	}
	for want := uint64(1); want <= 3; want++ {
		if _, err := request(t, m, h, ""); err != nil {
			t.Fatal(err)
		}
		if got, _ := decode(t, m.State()).AsU64(); got != want {
			t.Fatalf("state %s, want %d", decode(t, m.State()), want)
		}
	}
	m.SetState(encode(t, pack.U64(7)))
	refusing, h := start(t, e, wasmtest.On(wasmtest.Refuse("no")))
	_, err := request(t, refusing, h, "")
	var guest *wasm.GuestError
	if !errors.As(err, &guest) || guest.Message != "no" || len(guest.Value) == 0 {
		t.Fatalf("got %v, want the guest's error", err)
	}
	if _, err := request(t, refusing, h, ""); !errors.As(err, &guest) {
		t.Errorf("an err ended the instance: %v", err)
	}
	if !decode(t, refusing.State()).Equal(wasm.DefaultState()) {
		t.Errorf("the state became %s", decode(t, refusing.State()))
	}
}

func TestAKillEndsASpinningGuestWithItsCause(t *testing.T) {
	e := openEngine(t)
	m, h := start(t, e, wasmtest.On(wasmtest.Spin()))
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(wasm.Trapf(wasm.KindKilled, "enough")) })
	_, err := turn(t, ctx, m, h.module, wasmtest.HandleRequest, requestParams(""))
	var trap *wasm.Trap
	if !errors.As(err, &trap) || trap.Kind != wasm.KindKilled || trap.Message != "enough" {
		t.Fatalf("got %v", err)
	}
}

func TestTimeInTheHostIsNotTheGuests(t *testing.T) {
	e := openEngine(t)
	module, err := e.Compile(t.Context(), wasmtest.On(wasmtest.Do("theater:simple/runtime", "log", nil, wasmtest.Burn(10_000_000, wasmtest.Reply(nil)))))
	if err != nil {
		t.Fatal(err)
	}
	o := limits
	o.TurnTime = 200 * time.Millisecond
	m, err := module.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close(context.Background())
	h := &testHost{module: module, answer: func(ctx context.Context, name string, input []byte) (wasm.Reply, error) {
		<-time.After(2 * o.TurnTime) // what the guest waits for
		return ok(ctx, name, input)
	}}
	m.Attach(h)
	if _, err := request(t, m, h, ""); err != nil {
		t.Fatal(err)
	}
}

func TestMemoryGrowsToTheActorsLimitAndNotBeyond(t *testing.T) {
	e := openEngine(t)
	m, h := start(t, e, wasmtest.On(wasmtest.Grow(16)))
	if _, err := request(t, m, h, ""); err != nil {
		t.Fatal(err)
	}
	if m.Memory() > limits.MemoryLimit || m.Memory() <= limits.MemoryLimit-16<<16 {
		t.Errorf("the memory is %d bytes, the limit is %d", m.Memory(), limits.MemoryLimit)
	}
	module, err := e.Compile(t.Context(), wasmtest.Counter())
	if err != nil {
		t.Fatal(err)
	}
	var trap *wasm.Trap
	_, err = module.Start(t.Context(), wasm.Options{MemoryLimit: 1, TurnTime: time.Second, Fuel: 1 << 40})
	if !errors.As(err, &trap) || trap.Kind != wasm.KindLimit {
		t.Errorf("a module larger than the limit starts: %v", err)
	}
}

func TestClockAndRandomnessFollowTheTurn(t *testing.T) {
	e := openEngine(t)
	reply := func(b wasmtest.Behavior) []byte {
		m, h := start(t, e, wasmtest.On(b))
		v, err := request(t, m, h, "")
		if err != nil {
			t.Fatal(err)
		}
		inner, _, _ := v.At(0).Option()
		out, _ := inner.AsBytes()
		return out
	}
	if a, b := reply(wasmtest.Random(16)), reply(wasmtest.Random(16)); string(a) != string(b) {
		t.Errorf("equal keys give %x and %x", a, b)
	}
	m, h := start(t, e, wasmtest.On(wasmtest.Random(16)))
	first, err := request(t, m, h, "")
	if err != nil {
		t.Fatal(err)
	}
	if second, err := request(t, m, h, ""); err != nil || second.Equal(first) {
		t.Errorf("two turns draw the same bytes %s (%v)", second, err)
	}
	if h.keys != 2 {
		t.Errorf("%d keys for two turns", h.keys)
	}
	at := func(v []byte) (n uint64) {
		for i := range v {
			n |= uint64(v[i]) << (8 * i)
		}
		return n
	}
	if now := at(reply(wasmtest.Clock())); now != firstTurn+1 {
		t.Errorf("the first read of the clock is %d, want %d", now, uint64(firstTurn+1))
	}
}

func TestSleepIsAskedOfTheHostAndMovesTheClock(t *testing.T) {
	e := openEngine(t)
	m, h := start(t, e, wasmtest.On(wasmtest.Sleep(3*time.Second, wasmtest.Clock())))
	h.answer = func(_ context.Context, name string, input []byte) (wasm.Reply, error) {
		ns, err := wasm.SleepDuration(input)
		return wasm.Reply{Now: firstTurn + ns}, err
	}
	if _, err := request(t, m, h, ""); err != nil {
		t.Fatal(err)
	}
	if len(h.asked) != 1 || !strings.HasSuffix(h.asked[0], "poll_oneoff") {
		t.Errorf("the host was asked %v", h.asked)
	}
	if m.Clock() < firstTurn+int64(3*time.Second) {
		t.Errorf("the clock is %d", m.Clock())
	}
}

func TestWhatAGuestWritesArrivesInLinesAndIsCapped(t *testing.T) {
	e := openEngine(t)
	m, h := start(t, e, wasmtest.On(wasmtest.Print(2, "one\ntwo", wasmtest.Reply(nil))))
	if _, err := request(t, m, h, ""); err != nil {
		t.Fatal(err)
	}
	if want := "[2:one 2:two]"; fmt.Sprint(h.lines) != want {
		t.Errorf("lines %v, want %s", h.lines, want)
	}
	m, h = start(t, e, wasmtest.On(wasmtest.Print(1, strings.Repeat("x", 5000), wasmtest.Reply(nil))))
	if _, err := request(t, m, h, ""); err != nil {
		t.Fatal(err)
	}
	if total := len(strings.Join(h.lines, "")); total > 1200 {
		t.Errorf("%d bytes came through a limit of %d", total, limits.OutputLimit)
	}
}

func TestAPanicTextMakesATrapAPanic(t *testing.T) {
	e := openEngine(t)
	m, h := start(t, e, wasmtest.On(wasmtest.Print(2, "panic: out of luck\n", wasmtest.Trap())))
	_, err := request(t, m, h, "")
	var trap *wasm.Trap
	if !errors.As(err, &trap) || trap.Kind != wasm.KindPanic || trap.Message != "out of luck" {
		t.Errorf("got %v", err)
	}
}

func TestModulesThatAreNoActorsAreRefusedWithAWayOut(t *testing.T) {
	e := openEngine(t)
	env := func(f func(*wasmtest.Module)) []byte {
		m := &wasmtest.Module{}
		f(m)
		return m.Bytes()
	}
	nested := wasmtest.Code("")
	for range 2_000 {
		nested = wasmtest.Block(nested)
	}
	cases := map[string]struct {
		code []byte
		want string
	}{
		"too deep":       {wasmtest.Guest{Alloc: nested + wasmtest.I32(64)}.Bytes(), "blocks"},
		"not wasm":       {[]byte("#!/bin/sh"), "not a wasm module"},
		"a component":    {[]byte("\x00asm\x0d\x00\x01\x00"), "component"},
		"cut short":      {wasmtest.Counter()[:40], "ends early"},
		"no metadata":    {wasmtest.Guest{Without: []string{"__pack_types"}}.Bytes(), "pack_types!"},
		"no allocator":   {wasmtest.Guest{Without: []string{"__pack_alloc"}}.Bytes(), "__pack_alloc"},
		"no memory":      {wasmtest.Guest{Without: []string{"memory"}}.Bytes(), "exports no memory"},
		"bad metadata":   {wasmtest.Guest{Metadata: []byte("nonsense")}.Bytes(), "__pack_types"},
		"empty module":   {env(func(*wasmtest.Module) {}), "memory"},
		"two memories":   {env(func(m *wasmtest.Module) { m.Memory(1); m.Memory(1) }), "2 memories"},
		"start traps":    {wasmtest.Guest{Start: wasmtest.Unreachable}.Bytes(), "initialise: trap unreachable"},
		"start spins":    {wasmtest.Guest{Start: wasmtest.Loop(wasmtest.Br(0))}.Bytes(), "initialise: trap panic"},
		"alloc gives -1": {wasmtest.Guest{Alloc: wasmtest.I32(-1)}.Bytes(), "outside the memory"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := e.Compile(t.Context(), c.code)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestAGuestOfALaterEncodingIsRefusedByName(t *testing.T) {
	code, err := os.ReadFile("testdata/guests/rust-counter/counter-0.24.wasm")
	if err != nil {
		t.Fatal(err)
	}
	var abi *wasm.ABIError
	if _, err := openEngine(t).Compile(t.Context(), code); !errors.As(err, &abi) || !strings.Contains(abi.Hint, "0.21") {
		t.Errorf("got %v", err)
	}
}

func TestRustGuestsOfEveryGenerationRunUnmodified(t *testing.T) {
	e := openEngine(t)
	for _, generation := range []string{"0.7", "0.11", "0.21"} {
		t.Run("packr-guest "+generation, func(t *testing.T) {
			code, err := os.ReadFile("testdata/guests/rust-counter/counter-" + generation + ".wasm")
			if err != nil {
				t.Fatal(err)
			}
			m, h := start(t, e, code)
			m.SetState(encode(t, pack.String("41")))
			h.answer = func(ctx context.Context, name string, input []byte) (wasm.Reply, error) {
				if strings.HasSuffix(name, ".log") {
					out, err := pack.Encode(pack.Unit)
					return wasm.Reply{Output: out}, err
				}
				return ok(ctx, name, input)
			}
			if _, err := turn(t, t.Context(), m, h.module, wasmtest.Init, pack.Unit); err != nil {
				t.Fatal(err)
			}
			v, err := request(t, m, h, "increment")
			if err != nil {
				t.Fatal(err)
			}
			inner, _, _ := v.At(0).Option()
			if b, _ := inner.AsBytes(); string(b) != "42" {
				t.Errorf("the answer is %s", v)
			}
			var guest *wasm.GuestError
			if _, err := request(t, m, h, "fail"); !errors.As(err, &guest) || guest.Message != "asked to fail" {
				t.Errorf("got %v, want the guest's err", err)
			}
			var trap *wasm.Trap
			if _, err := request(t, m, h, "crash"); !errors.As(err, &trap) || trap.Kind != wasm.KindPanic {
				t.Errorf("got %v, want a panic", err)
			}
		})
	}
}
