package wasm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/guest/sdk"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// goCounter is the example counter, built.
func goCounter(t testing.TB) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "counter.wasm")
	if out, err := sdk.BuildCommand(t.Context(), "../examples/counter", file).CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// actor is a machine with its host, driven by messages.
type actor struct {
	*wasm.Machine
	host *testHost
	now  int64
}

func newActor(t testing.TB, module *wasm.Module) *actor {
	t.Helper()
	m, err := module.Start(t.Context(), limits)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close(context.Background()) })
	a := &actor{Machine: m, host: &testHost{module: module, answer: selfAware}}
	m.Attach(a.host)
	return a
}

// selfAware answers as runtime and message-server do, as far as guests ask here.
func selfAware(_ context.Context, name string, _ []byte) (wasm.Reply, error) {
	if name == "theater:simple/runtime.self" {
		return wasm.Reply{Output: pack.MustEncode(pack.String("0190b4c6-7e1f-7000-8000-000000000001"))}, nil
	}
	return wasm.Reply{Output: pack.MustEncode(pack.Ok(pack.TypeString, pack.TypeString, pack.Unit))}, nil
}

// run calls an export and says all that can be seen of the turn.
func (a *actor) run(ctx context.Context, t testing.TB, export string, params []byte) string {
	t.Helper()
	index, ok := a.host.module.Layout.Export(export)
	if !ok {
		t.Fatalf("no export %s", export)
	}
	a.now += 1000
	began := a.Begin(firstTurn + a.now)
	response, err := a.Turn(ctx, index, params)
	return fmt.Sprintf("at %d to %d: %x %v, state %x, fuel %d, memory %d, asked %q, wrote %q",
		began, a.Clock(), response, err, a.State(), a.Spent(), a.Memory(), a.host.asked, a.host.lines)
}

func (a *actor) init(t testing.TB) string {
	t.Helper()
	return a.run(t.Context(), t, wasmtest.Init, pack.MustEncode(pack.Unit))
}

func (a *actor) request(t testing.TB, body string) string {
	t.Helper()
	return a.run(t.Context(), t, wasmtest.HandleRequest, pack.AppendMessage(nil, "id", body))
}

// forget makes what the host has seen so far equal for all.
func (a *actor) forget() { a.host.asked, a.host.lines, a.host.keys = nil, nil, 0 }

// like makes the actor go on as other does.
func (a *actor) like(other *actor) {
	a.now = other.now
	a.SetState(bytes.Clone(other.State()))
	a.forget()
	other.forget()
}

// body is what a guest is asked; each understands some of it.
func body(random *rand.Rand) string {
	switch random.IntN(4) {
	case 0:
		return "increment"
	case 1:
		return "get"
	case 2:
		return "nonsense"
	}
	return string(bytes.Repeat([]byte("x"), random.IntN(3000)))
}

func TestAMachineThatIsRestoredGoesOnAsTheOneThatWasSnapshotted(t *testing.T) {
	for name, code := range map[string]func(testing.TB) []byte{
		"C":         func(t testing.TB) []byte { return readGuest(t, "c-echo/echo.wasm") },
		"Rust":      func(t testing.TB) []byte { return readGuest(t, "rust-counter/counter-0.21.wasm") },
		"Go":        goCounter,
		"assembled": func(testing.TB) []byte { return wasmtest.Counter() },
	} {
		t.Run(name, func(t *testing.T) {
			module, err := openEngine(t).Compile(t.Context(), code(t))
			if err != nil {
				t.Fatal(err)
			}
			random := rand.New(rand.NewPCG(1, 2))
			a, b := newActor(t, module), newActor(t, module)
			a.init(t)
			for range 20 {
				a.request(t, body(random))
			}
			s, err := a.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Restore(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			b.like(a)
			var turns, bodies []string
			for i := range 200 {
				bodies = append(bodies, body(random))
				turns = append(turns, a.request(t, bodies[i]))
				if again := b.request(t, bodies[i]); again != turns[i] {
					t.Fatalf("turn %d is %s, on the restored one %s", i, turns[i], again)
				}
			}
			if difference := wasm.Difference(a.Machine, b.Machine); difference != "" {
				t.Fatal("after 200 turns they differ in ", difference)
			}
			// And back in place, after other turns than before.
			a.request(t, "increment")
			if err := a.Restore(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			c := newActor(t, module)
			if err := c.Restore(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			c.like(a)
			for i := range 20 {
				if one, other := a.request(t, bodies[i]), c.request(t, bodies[i]); one != other {
					t.Fatalf("turn %d is %s after a restore in place, %s on a fresh instance", i, one, other)
				}
			}
		})
	}
}

func TestAMachineIsResetToWhatInitialisationMakes(t *testing.T) {
	e := openEngine(t)
	killed, kill := context.WithCancelCause(t.Context())
	kill(wasm.Trapf(wasm.KindKilled, "at once"))
	cases := map[string]struct {
		code    []byte
		ctx     context.Context
		inPlace bool
	}{
		"after a trap":                        {wasmtest.On(wasmtest.Trap()), t.Context(), true},
		"after a kill":                        {wasmtest.On(wasmtest.Spin()), killed, true},
		"after a recursion without end":       {wasmtest.On(wasmtest.Recurse()), t.Context(), true},
		"after proc_exit":                     {wasmtest.On(wasmtest.Exit(3)), t.Context(), false},
		"after the memory has grown":          {wasmtest.On(wasmtest.Grow(2)), t.Context(), false},
		"of a module that changes its tables": {wasmtest.On(wasmtest.GrowTable(wasmtest.Trap())), t.Context(), false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			module, err := e.Compile(t.Context(), c.code)
			if err != nil {
				t.Fatal(err)
			}
			a := newActor(t, module)
			a.init(t)
			fresh := newActor(t, module)
			before := wasm.Instance(a.Machine)
			a.run(c.ctx, t, wasmtest.HandleRequest, pack.AppendMessage(nil, "id", ""))
			if err := a.Reset(t.Context()); err != nil {
				t.Fatal(err)
			}
			if inPlace := wasm.Instance(a.Machine) == before; inPlace != c.inPlace {
				t.Errorf("in place: %v", inPlace)
			}
			if difference := wasm.Difference(a.Machine, fresh.Machine); difference != "" {
				t.Fatal("it differs from a fresh one in ", difference)
			}
			a.init(t)
			fresh.init(t)
			if difference := wasm.Difference(a.Machine, fresh.Machine); difference != "" {
				t.Fatal("after init it differs from a fresh one in ", difference)
			}
		})
	}
}

func TestAModuleThatCannotBePutBackSaysWhy(t *testing.T) {
	m, _ := start(t, openEngine(t), wasmtest.On(wasmtest.GrowTable(wasmtest.Trap())))
	if _, err := m.Snapshot(); !errors.Is(err, wasm.ErrFixed) || !strings.Contains(err.Error(), "it changes its tables") {
		t.Error(err)
	}
}

func TestASnapshotIsRestoredOnlyWhereItFits(t *testing.T) {
	e := openEngine(t)
	m, h := start(t, e, wasmtest.On(wasmtest.Grow(2)))
	other, _ := start(t, e, wasmtest.Counter())
	if _, err := request(t, m, h, ""); err != nil {
		t.Fatal(err)
	}
	s, err := m.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Restore(t.Context(), s); err == nil {
		t.Error("a machine of another module is restored")
	}
	small := limits
	small.MemoryLimit /= 2
	tight, err := h.module.Start(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	defer tight.Close(context.Background())
	var trap *wasm.Trap
	if err := tight.Restore(t.Context(), s); !errors.As(err, &trap) || trap.Kind != wasm.KindLimit {
		t.Errorf("above its limit: %v", err)
	}
	if _, err := tight.Snapshot(); err == nil {
		t.Error("a machine that is broken is snapshotted")
	}
	if err := tight.Reset(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := tight.Snapshot(); err != nil {
		t.Error(err)
	}
}
