package wasm_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// These tests hold package wasmtest to the real engine, which that package
// cannot import: its modules compile, and its behaviors behave.

const (
	echoHost   = "test:simple/echo" // its function echo answers its own input
	statusHost = "test:simple/status"
)

// bareGuest is a module on plain wazero, driven through the Graph ABI.
type bareGuest struct {
	api.Module
	stderr bytes.Buffer
	slept  time.Duration
	inputs [][]byte // what echo was given; nil for what lies outside memory
}

func instantiate(t *testing.T, module []byte) (*bareGuest, error) {
	t.Helper()
	ctx := t.Context()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(true).WithMemoryLimitPages(64))
	t.Cleanup(func() { rt.Close(context.Background()) })
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	g := &bareGuest{}
	echo := func(_ context.Context, m api.Module, p, n, out, outLen uint32) uint32 {
		in, _ := m.Memory().Read(p, n)
		g.inputs = append(g.inputs, bytes.Clone(in))
		m.Memory().WriteUint32Le(out, p)
		m.Memory().WriteUint32Le(outLen, n)
		return 0
	}
	refuse := func(context.Context, api.Module, uint32, uint32, uint32, uint32) int32 { return -1 }
	for name, f := range map[string]any{echoHost: echo, statusHost: refuse} {
		if _, err := rt.NewHostModuleBuilder(name).NewFunctionBuilder().WithFunc(f).Export("echo").Instantiate(ctx); err != nil {
			t.Fatal(err)
		}
	}
	m, err := rt.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithStderr(&g.stderr).
		WithNanosleep(func(ns int64) { g.slept += time.Duration(ns) }))
	g.Module = m
	return g, err
}

// call calls an export of the actor with a tuple and gives the status and the bytes of
// the result.
func (g *bareGuest) call(t *testing.T, export string, items ...pack.Value) (int32, []byte, error) {
	t.Helper()
	input, err := pack.Encode(pack.Tuple(items...))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	alloc := func(n int) uint32 {
		r, err := g.ExportedFunction("__pack_alloc").Call(t.Context(), uint64(n))
		if err != nil || r[0] == 0 {
			t.Fatal("alloc:", r, err)
		}
		return uint32(r[0])
	}
	in, slots := alloc(len(input)), alloc(8)
	g.Memory().Write(in, input)
	r, err := g.ExportedFunction(export).Call(ctx, uint64(in), uint64(len(input)), uint64(slots), uint64(slots+4))
	if err != nil {
		return 0, nil, err
	}
	at, _ := g.Memory().ReadUint32Le(slots)
	n, _ := g.Memory().ReadUint32Le(slots + 4)
	out, ok := g.Memory().Read(at, n)
	if !ok {
		return int32(r[0]), nil, errors.New("result outside memory")
	}
	return int32(r[0]), bytes.Clone(out), nil
}

// request sends a request and gives the response.
func (g *bareGuest) request(t *testing.T, body string) []byte {
	t.Helper()
	status, out, err := g.call(t, wasmtest.HandleRequest, pack.None(pack.TypeBytes), pack.String("id"), pack.Bytes([]byte(body)))
	if err != nil || status != 0 {
		t.Fatalf("request: status %d, %q, %v", status, out, err)
	}
	return response(t, out)
}

// response takes the response out of an encoded result of handle-request.
func response(t *testing.T, out []byte) []byte {
	t.Helper()
	v, err := pack.Decode(out)
	if err != nil {
		t.Fatal(err)
	}
	payload, ok, _ := v.Result()
	if !ok {
		t.Fatal("not ok:", v)
	}
	inner, _, _ := payload.At(1).At(0).Option()
	b, _ := inner.AsBytes()
	return b
}

func TestWasmtestGuestsFailAsTheySay(t *testing.T) {
	unit, err := pack.Encode(pack.Unit)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		behavior wasmtest.Behavior
		want     string // in the error
	}{
		"a trap":                      {wasmtest.Trap(), "unreachable"},
		"a panic never ends":          {wasmtest.Panic(), "deadline"},
		"a spin never ends":           {wasmtest.Spin(), "deadline"},
		"a division by zero":          {wasmtest.DivideByZero(), "divide by zero"},
		"a read out of bounds":        {wasmtest.OutOfBounds(), "out of bounds"},
		"an indirect call":            {wasmtest.WrongCall(), "indirect call type mismatch"},
		"a recursion":                 {wasmtest.Recurse(), "stack overflow"},
		"a result outside memory":     {wasmtest.ReturnAt(0xfffffff0, 8), "result outside memory"},
		"a result longer than memory": {wasmtest.ReturnAt(1024, 1<<30), "result outside memory"},
		"an exit":                     {wasmtest.Exit(3), "exit_code(3)"},
		"what follows a call is done": {wasmtest.Do(echoHost, "echo", unit, wasmtest.Trap()), "unreachable"},
		"what follows a burn is done": {wasmtest.Burn(1000, wasmtest.Trap()), "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := instantiate(t, wasmtest.On(c.behavior))
			if err != nil {
				t.Fatal(err)
			}
			_, out, err := g.call(t, wasmtest.HandleRequest, pack.None(pack.TypeBytes), pack.String("id"), pack.Bytes(nil))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, result %q, want %q", err, out, c.want)
			}
		})
	}
}

func TestWasmtestGuestsAnswer(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	list, err := pack.Encode(pack.Bytes([]byte("ask")))
	if err != nil {
		t.Fatal(err)
	}
	one := binary.LittleEndian.AppendUint32(nil, 1)
	for name, c := range map[string]struct {
		behavior wasmtest.Behavior
		body     string
		want     string
	}{
		"a reply":                          {wasmtest.Reply([]byte("hello")), "", "hello"},
		"an echo of nothing":               {wasmtest.Echo(), "", ""},
		"an echo":                          {wasmtest.Echo(), "ping", "ping"},
		"an echo larger than memory":       {wasmtest.Echo(), long, long},
		"the number of calls":              {wasmtest.Calls(), "", string(one)},
		"memory grown to the limit":        {wasmtest.Grow(1), "", "\x40\x00\x00\x00"},
		"what the host answered":           {wasmtest.Ask(echoHost, "echo", list), "", string(list)},
		"what the host answered a message": {wasmtest.Forward(echoHost, "echo"), string(list), string(list)},
		"the case of a byte":               {wasmtest.Switch(map[byte]wasmtest.Behavior{'a': wasmtest.Trap(), 'b': wasmtest.Echo()}, wasmtest.Trap()), "b!", "b!"},
		"no case of a byte":                {wasmtest.Switch(map[byte]wasmtest.Behavior{'a': wasmtest.Trap()}, wasmtest.Echo()), "c", "c"},
		"the empty message has no case":    {wasmtest.Switch(map[byte]wasmtest.Behavior{0: wasmtest.Trap()}, wasmtest.Echo()), "", ""},
		"a burn":                           {wasmtest.Burn(100_000, wasmtest.Echo()), "x", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := instantiate(t, wasmtest.On(c.behavior))
			if err != nil {
				t.Fatal(err)
			}
			if got := g.request(t, c.body); string(got) != c.want {
				t.Errorf("answer %.80q, want %.80q", got, c.want)
			}
		})
	}
}

func TestWasmtestGuestsUseWASI(t *testing.T) {
	for name, c := range map[string]struct {
		behavior wasmtest.Behavior
		size     int
	}{
		"random bytes": {wasmtest.Random(20), 20},
		"the time":     {wasmtest.Clock(), 8},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := instantiate(t, wasmtest.On(c.behavior))
			if err != nil {
				t.Fatal(err)
			}
			if got := g.request(t, ""); len(got) != c.size || bytes.Equal(got, make([]byte, c.size)) {
				t.Errorf("answer %x", got)
			}
		})
	}
	t.Run("a sleep", func(t *testing.T) {
		g, err := instantiate(t, wasmtest.On(wasmtest.Sleep(time.Hour, wasmtest.Echo())))
		if err != nil {
			t.Fatal(err)
		}
		if got := g.request(t, "x"); string(got) != "x" || g.slept != time.Hour {
			t.Errorf("answer %q after %v", got, g.slept)
		}
	})
	t.Run("a last word before a trap", func(t *testing.T) {
		g, err := instantiate(t, wasmtest.On(wasmtest.Print(2, "dying\n", wasmtest.Trap())))
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = g.call(t, wasmtest.HandleRequest, pack.None(pack.TypeBytes), pack.String("id"), pack.Bytes(nil))
		if err == nil || g.stderr.String() != "dying\n" {
			t.Errorf("error %v, stderr %q", err, g.stderr.String())
		}
	})
}

func TestWasmtestGuestPassesAnInputOutsideMemory(t *testing.T) {
	g, err := instantiate(t, wasmtest.On(wasmtest.DoAt(echoHost, "echo", 0xfffffff0, 100, wasmtest.Echo())))
	if err != nil {
		t.Fatal(err)
	}
	if got := g.request(t, "on"); string(got) != "on" || len(g.inputs) != 1 || g.inputs[0] != nil {
		t.Errorf("answer %q, inputs %q", got, g.inputs)
	}
}

func TestWasmtestGuestFailsWithStatus(t *testing.T) {
	const refused = "the host's status is not 0"
	for name, c := range map[string]struct {
		behavior wasmtest.Behavior
		want     string
	}{
		"by itself":                     {wasmtest.Fail("no"), "no"},
		"when a host function fails":    {wasmtest.Ask(statusHost, "echo", nil), refused},
		"when a forwarded message does": {wasmtest.Forward(statusHost, "echo"), refused},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := instantiate(t, wasmtest.On(c.behavior))
			if err != nil {
				t.Fatal(err)
			}
			status, out, err := g.call(t, wasmtest.HandleRequest, pack.Unit, pack.String("id"), pack.Bytes(nil))
			if err != nil || status != -1 || string(out) != c.want {
				t.Errorf("status %d, %q, %v, want %q", status, out, err, c.want)
			}
		})
	}
}

func TestWasmtestCounterCounts(t *testing.T) {
	g, err := instantiate(t, wasmtest.Counter())
	if err != nil {
		t.Fatal(err)
	}
	state := pack.None(pack.TypeBytes)
	step := func(export string, params ...pack.Value) []byte {
		_, out, err := g.call(t, export, append([]pack.Value{state}, params...)...)
		if err != nil {
			t.Fatal(err)
		}
		v, err := pack.Decode(out)
		if err != nil {
			t.Fatal(err)
		}
		payload, _, _ := v.Result()
		state = payload.At(0)
		return out
	}
	step(wasmtest.Init)
	step(wasmtest.HandleSend, pack.Bytes(nil))
	out := step(wasmtest.HandleRequest, pack.String("id"), pack.Bytes(nil))
	if n, _ := state.AsU64(); n != 2 || binary.LittleEndian.Uint64(response(t, out)) != 2 {
		t.Errorf("state %v, answer %x", state, response(t, out))
	}
}

func TestWasmtestGuestHasWhatItIsGiven(t *testing.T) {
	t.Run("metadata", func(t *testing.T) {
		host := pack.MustParsePact(`interface echo { @package: string = "test:simple" exports { echo: func(b: value) -> value other: func() } }`)
		g, err := instantiate(t, wasmtest.Guest{
			HandleSend: wasmtest.Do(echoHost, "echo", nil, wasmtest.Keep()),
			Interfaces: []*pack.Interface{host},
			Others:     map[string]wasmtest.Behavior{"theater:simple/timer.handle-tick": wasmtest.Keep()},
			Without:    []string{wasmtest.Init},
		}.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		slots := uint32(64)
		if _, err := g.ExportedFunction("__pack_types").Call(t.Context(), uint64(slots), uint64(slots+4)); err != nil {
			t.Fatal(err)
		}
		at, _ := g.Memory().ReadUint32Le(slots)
		n, _ := g.Memory().ReadUint32Le(slots + 4)
		b, _ := g.Memory().Read(at, n)
		m, err := pack.DecodeMetadata(b)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := host.SubsetHash("echo")
		if len(m.Exports) != 3 || len(m.Imports) != 1 || len(m.ImportHashes) != 1 || m.ImportHashes[0].Hash != want {
			t.Errorf("metadata %+v, want one import of hash %x", m, want)
		}
		if g.ExportedFunction(wasmtest.Init) != nil {
			t.Error("init is exported")
		}
	})
	t.Run("a start function", func(t *testing.T) {
		if _, err := instantiate(t, wasmtest.Guest{Start: wasmtest.Unreachable}.Bytes()); err == nil {
			t.Error("start did not run")
		}
	})
	t.Run("an allocator without memory", func(t *testing.T) {
		g, err := instantiate(t, wasmtest.Guest{Alloc: wasmtest.I32(0)}.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if r, err := g.ExportedFunction("__pack_alloc").Call(t.Context(), 8); err != nil || r[0] != 0 {
			t.Errorf("address %d, %v", r, err)
		}
	})
}
