package replay_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/chain/replay"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const where = "test:replay/host"

var limits = wasm.Options{MemoryLimit: 16 << 20, TurnTime: 10 * time.Second, OutputLimit: 1 << 10}

// recorder is a world that answers every call and notes the events.
type recorder struct {
	t      testing.TB
	module *wasm.Module
	turn   *replay.Turn
}

func (r *recorder) add(e chain.Event) { r.turn.Events = append(r.turn.Events, e) }

func (r *recorder) Call(_ context.Context, imp int, input []byte) (wasm.Reply, error) {
	name, input := r.module.Layout.Imports[imp], bytes.Clone(input)
	output := encode(pack.String("answer of " + name.Name))
	switch {
	case name.WASI():
		now := r.turn.Call.Time + int64(time.Hour)
		r.add(&chain.Outcome{Import: uint32(imp), Input: chain.Payload{Bytes: input}, Time: now})
		return wasm.Reply{Now: now}, nil
	case name.Name == "outcall":
		now := r.turn.Call.Time + int64(time.Minute)
		r.add(&chain.Intent{Import: uint32(imp), Input: chain.Payload{Bytes: input}})
		r.add(&chain.Outcome{Import: uint32(imp), Output: chain.Payload{Bytes: output}, Time: now})
		return wasm.Reply{Output: output, Now: now}, nil
	}
	r.add(&chain.Host{Import: uint32(imp), Input: chain.Payload{Bytes: input}, Output: chain.Payload{Bytes: output}})
	return wasm.Reply{Output: output}, nil
}

func (r *recorder) Key() ([32]byte, error) {
	key := sha256.Sum256([]byte(fmt.Sprint("key", r.turn.Record)))
	r.add(&chain.Key{Key: key})
	return key, nil
}

func (*recorder) Output(wasm.Stream, string) {}

// guest does one thing for each first byte of a message.
func guest() []byte {
	ask := func(name string) wasmtest.Behavior {
		return wasmtest.Ask(where, name, encode(pack.String("input of "+name)))
	}
	return wasmtest.On(wasmtest.Switch(map[byte]wasmtest.Behavior{
		'l': ask("local"),
		'o': ask("outcall"),
		'b': wasmtest.Do(where, "local", encode(pack.U8(1)), ask("outcall")),
		'r': wasmtest.Random(32),
		't': wasmtest.Clock(),
		's': wasmtest.Sleep(time.Second, wasmtest.Clock()),
		'p': wasmtest.Print(1, "printed\n", wasmtest.Calls()),
		'e': wasmtest.Refuse("no"),
		'x': wasmtest.Trap(),
		'w': wasmtest.Burn(1_000_000_000, wasmtest.Calls()),
		'i': wasmtest.Spin(),
		'g': wasmtest.Grow(1),
	}, wasmtest.Calls()))
}

func compile(t testing.TB) *wasm.Module {
	t.Helper()
	return compileOn(t, wasm.EngineConfig{})
}

func compileOn(t testing.TB, config wasm.EngineConfig) *wasm.Module {
	t.Helper()
	return compileWith(t, config, guest())
}

func compileGuest(t testing.TB, code []byte) *wasm.Module {
	t.Helper()
	return compileWith(t, wasm.EngineConfig{}, code)
}

func compileWith(t testing.TB, config wasm.EngineConfig, code []byte) *wasm.Module {
	t.Helper()
	e, err := wasm.OpenEngine(t.Context(), config)
	check(t, err)
	t.Cleanup(func() { check(t, e.Close(context.Background())) })
	m, err := e.Compile(t.Context(), code)
	check(t, err)
	return m
}

func start(t testing.TB, m *wasm.Module, o wasm.Options) *wasm.Machine {
	t.Helper()
	machine, err := m.Start(t.Context(), o)
	check(t, err)
	t.Cleanup(func() { machine.Close(context.Background()) })
	return machine
}

// record runs a turn for each message and returns what a chain has of them.
func record(t testing.TB, m *wasm.Module, messages ...string) []*replay.Turn {
	t.Helper()
	return recordWith(t.Context(), t, m, limits, messages...)
}

func recordWith(ctx context.Context, t testing.TB, m *wasm.Module, o wasm.Options, messages ...string) []*replay.Turn {
	t.Helper()
	machine := start(t, m, o)
	var turns []*replay.Turn
	for i, message := range messages {
		params := encode(pack.Tuple(pack.String("id"), pack.Bytes([]byte(message))))
		turns = append(turns, recordTurn(ctx, t, m, machine, uint64(i), wasmtest.HandleRequest, params))
	}
	return turns
}

// recordTurn runs a turn and returns what a chain has of it in that record.
func recordTurn(ctx context.Context, t testing.TB, m *wasm.Module, machine *wasm.Machine, number uint64, name string, params []byte) *replay.Turn {
	t.Helper()
	export, _ := m.Layout.Export(name)
	turn := &replay.Turn{Record: number}
	machine.Attach(&recorder{t: t, module: m, turn: turn})
	turn.Call = &chain.Call{Export: uint32(export), Params: chain.Payload{Bytes: params}, Time: machine.Begin(int64(number) * 1000)}
	response, err := machine.Turn(ctx, export, params)
	var guest *wasm.GuestError
	var trap *wasm.Trap
	switch {
	case err == nil:
		turn.Result = &chain.Result{Response: chain.Payload{Bytes: bytes.Clone(response)}, State: chain.NewState(bytes.Clone(machine.State()))}
	case errors.As(err, &guest):
		turn.Result = &chain.Result{Status: chain.ResultError, Error: chain.Payload{Bytes: guest.Value}}
	case errors.As(err, &trap):
		status := map[wasm.Kind]chain.ResultStatus{
			wasm.KindLimit: chain.ResultLimit, wasm.KindKilled: chain.ResultKilled, wasm.KindDeadline: chain.ResultDeadline,
			wasm.KindUnreachable: chain.ResultTrap,
		}[trap.Kind]
		turn.Result = &chain.Result{Status: status, Text: err.Error(), Fuel: uint64(trap.Fuel),
			Trap: chain.TrapInfo{Kind: string(trap.Kind), Function: trap.Index, Known: trap.Known}}
	default:
		t.Fatal(err)
	}
	return turn
}

func encode(v pack.Value) []byte {
	b, err := pack.Encode(v)
	if err != nil {
		panic(err)
	}
	return b
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestATurnThatIsExecutedAgainIsTheSame(t *testing.T) {
	m := compile(t)
	turns := record(t, m, "", "l", "o", "b", "r", "t", "s", "p", "e", "", "r", "t")
	again := start(t, m, limits)
	for i, turn := range turns {
		if err := replay.Run(t.Context(), again, memlog.New(), turn); err != nil {
			t.Errorf("turn %d: %v", i, err)
		}
	}
}

func TestEveryDifferenceIsADivergenceThatNamesItsTurn(t *testing.T) {
	m := compile(t)
	other := chain.Payload{Bytes: encode(pack.String("other"))}
	for _, c := range []struct {
		name, message string
		edit          func(*replay.Turn)
		says          string
	}{
		{"another response", "", func(u *replay.Turn) { u.Result.Response = other }, "the response is another"},
		{"another state", "", func(u *replay.Turn) { u.Result.State = chain.NewState(other.Bytes) }, "the state after it is another"},
		{"another state that is kept by its hash", "", func(u *replay.Turn) { u.Result.State = chain.NewState(make([]byte, 2000)) }, "the state after it is another"},
		{"another error", "e", func(u *replay.Turn) { u.Result.Error = other }, "it ends with another error"},
		{"an error that is none", "", func(u *replay.Turn) { u.Result.Status = chain.ResultError }, "it succeeds, the chain has error"},
		{"a success that is none", "e", func(u *replay.Turn) { u.Result.Status = chain.ResultOK }, "the chain has ok"},
		{"a trap that the chain does not have", "x", func(u *replay.Turn) { u.Result = &chain.Result{} }, "the chain has ok"},
		{"another input", "l", func(u *replay.Turn) { u.Events[0].(*chain.Host).Input = other }, "with another input"},
		{"another import", "l", func(u *replay.Turn) { u.Events[0].(*chain.Host).Import++ }, "the guest calls another function, test:replay/host.local"},
		{"another answer", "l", func(u *replay.Turn) { u.Events[0].(*chain.Host).Output = other }, "the response is another"},
		{"another input of an outcall", "o", func(u *replay.Turn) { u.Events[0].(*chain.Intent).Input = other }, "with another input"},
		{"another answer of an outcall", "o", func(u *replay.Turn) { u.Events[1].(*chain.Outcome).Output = other }, "the response is another"},
		{"an intent without an outcome", "o", func(u *replay.Turn) { u.Events = u.Events[:1] }, "the intent has no outcome"},
		{"an intent that is followed by something else", "o", func(u *replay.Turn) { u.Events[1] = &chain.Key{} }, "the intent is followed by key"},
		{"another end of a sleep", "s", func(u *replay.Turn) { u.Events[0].(*chain.Outcome).Time++ }, "the response is another"},
		{"another length of a sleep", "s", func(u *replay.Turn) { u.Events[0].(*chain.Outcome).Input = other }, "with another input"},
		{"another key", "r", func(u *replay.Turn) { u.Events[0].(*chain.Key).Key[0]++ }, "the response is another"},
		{"a key that the guest does not read", "", func(u *replay.Turn) { u.Events = append(u.Events, &chain.Key{}) }, "the chain has key, which the guest does not do"},
		{"no key", "r", func(u *replay.Turn) { u.Events = nil }, "reads randomness, which the chain does not have"},
		{"a call that the chain does not have", "b", func(u *replay.Turn) { u.Events = u.Events[:1] }, "which the chain does not have"},
		{"a call that the guest does not make", "l", func(u *replay.Turn) { u.Events = append(u.Events, u.Events[0]) }, "the chain has host, which the guest does not do"},
		{"another time", "t", func(u *replay.Turn) { u.Call.Time += 5000 }, "the response is another"},
		{"a time that goes back", "t", func(u *replay.Turn) { u.Call.Time = 1 }, "it starts at"},
	} {
		t.Run(c.name, func(t *testing.T) {
			turns := record(t, m, "", c.message)
			c.edit(turns[1])
			again := start(t, m, limits)
			check(t, replay.Run(t.Context(), again, memlog.New(), turns[0]))
			err := replay.Run(t.Context(), again, memlog.New(), turns[1])
			var diverged *replay.Divergence
			if !errors.As(err, &diverged) {
				t.Fatalf("it gives %v, want a divergence", err)
			}
			if diverged.Turn != 1 || diverged.Record != 1 || !strings.Contains(diverged.What, c.says) || !strings.Contains(err.Error(), "turn of record 1") {
				t.Errorf("it says %v, want %q", err, c.says)
			}
		})
	}
}

func TestATurnThatWasCutShortEndsAtTheSameInstruction(t *testing.T) {
	m := compile(t)
	fuel, deadline := limits, limits
	fuel.Fuel = 10_000_000
	deadline.TurnTime = 20 * time.Millisecond
	for _, c := range []struct {
		name, message string
		options       wasm.Options
		kill          bool
		status        chain.ResultStatus
	}{
		{name: "by a trap", message: "x", options: limits, status: chain.ResultTrap},
		{name: "by its fuel", message: "i", options: fuel, status: chain.ResultLimit},
		{name: "by its time", message: "i", options: deadline, status: chain.ResultDeadline},
		{name: "by a kill", message: "i", options: limits, kill: true, status: chain.ResultKilled},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if c.kill {
				time.AfterFunc(20*time.Millisecond, func() { cancel(wasm.Trapf(wasm.KindKilled, "enough")) })
			}
			turns := recordWith(ctx, t, m, c.options, "", "r", c.message)
			if last := turns[2].Result; last.Status != c.status || last.Status != chain.ResultTrap && last.Fuel == 0 {
				t.Fatalf("the turn is recorded as %+v", last)
			}
			again := start(t, m, limits)
			for _, turn := range turns {
				check(t, replay.Run(t.Context(), again, memlog.New(), turn))
			}
			if !turns[2].Ends() || turns[1].Ends() {
				t.Error("it is not said which turn ends the instance")
			}
			if c.status == chain.ResultTrap {
				return
			}
			turns[2].Result.Fuel++
			again = start(t, m, limits)
			check(t, replay.Run(t.Context(), again, memlog.New(), turns[0]))
			check(t, replay.Run(t.Context(), again, memlog.New(), turns[1]))
			var diverged *replay.Divergence
			if err := replay.Run(t.Context(), again, memlog.New(), turns[2]); !errors.As(err, &diverged) {
				t.Errorf("with other fuel it gives %v", err)
			}
		})
	}
}

func TestATurnThatWasInterruptedIsLeftOut(t *testing.T) {
	m := compile(t)
	turns := record(t, m, "", "")
	turns[0].Result = &chain.Result{Status: chain.ResultInterrupted}
	again := start(t, m, limits)
	check(t, replay.Run(t.Context(), again, memlog.New(), turns[0]))
	// The instance has counted no call: the second turn is its first.
	var diverged *replay.Divergence
	if err := replay.Run(t.Context(), again, memlog.New(), turns[1]); !errors.As(err, &diverged) {
		t.Errorf("the turn after it gives %v", err)
	}
}

func TestARunThatIsStoppedIsNoDivergence(t *testing.T) {
	m := compile(t)
	ok := record(t, m, "")[0].Result
	export, _ := m.Layout.Export(wasmtest.HandleRequest)
	turn := &replay.Turn{
		Call:   &chain.Call{Export: uint32(export), Params: chain.Payload{Bytes: encode(pack.Tuple(pack.String("id"), pack.Bytes([]byte("w"))))}, Time: 1e18},
		Result: ok,
	}
	is := func(err error, kind wasm.Kind) bool {
		var trap *wasm.Trap
		var diverged *replay.Divergence
		return errors.As(err, &trap) && trap.Kind == kind && !errors.As(err, &diverged)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := replay.Run(cancelled, start(t, m, limits), memlog.New(), turn); !is(err, wasm.KindKilled) {
		t.Errorf("cancelled, it gives %v", err)
	}
	short := limits
	short.TurnTime, short.Fuel = time.Millisecond, 1000
	if err := replay.Run(t.Context(), start(t, m, short), memlog.New(), turn); err != nil {
		t.Errorf("the limits of this run end a turn of another: %v", err)
	}
}

func TestATurnThatFoundNoMemoryOnItsNodeEndsAtTheSameInstructionElsewhere(t *testing.T) {
	m := compile(t)
	little := wasm.EngineConfig{MemoryBudget: 4 << 20}
	turns := record(t, compileOn(t, little), "", "g")
	if r := turns[1].Result; r.Status != chain.ResultLimit || !r.Trap.Known || r.Fuel == 0 || !strings.Contains(r.Text, "node memory") {
		t.Fatalf("the turn is recorded as %+v", r)
	}
	again := start(t, m, limits)
	for _, turn := range turns {
		check(t, replay.Run(t.Context(), again, memlog.New(), turn))
	}

	// A node without memory says nothing of a chain that another has written.
	var diverged *replay.Divergence
	grown := record(t, m, "g")[0]
	if err := replay.Run(t.Context(), start(t, compileOn(t, little), limits), memlog.New(), grown); !errors.Is(err, wasm.ErrNodeMemory) || errors.As(err, &diverged) {
		t.Errorf("without memory it gives %v", err)
	}
}

func TestPayloadsComeFromTheLog(t *testing.T) {
	m := compile(t)
	turn := record(t, m, "l")[0]
	log := memlog.New()
	w, err := log.Writer(t.Context())
	check(t, err)
	defer w.Close()
	event := turn.Events[0].(*chain.Host)
	input, openInput := chain.Seal([32]byte{1}, event.Input.Bytes)
	response, openResponse := chain.Seal([32]byte{2}, turn.Result.Response.Bytes)
	state, openState := chain.SealState([32]byte{3}, turn.Result.State.Inline)
	event.Input, turn.Result.Response, turn.Result.State = input, response, state
	for _, opening := range [][]byte{openInput, openResponse} {
		w.PutBlob(opening)
	}
	missing := replay.Run(t.Context(), start(t, m, limits), log, turn)
	if diverged := (*replay.Divergence)(nil); !errors.Is(missing, chain.ErrNotFound) || errors.As(missing, &diverged) {
		t.Errorf("without the state's opening it gives %v", missing)
	}
	w.PutBlob(openState)
	check(t, replay.Run(t.Context(), start(t, m, limits), log, turn))
	other, opening := chain.SealState([32]byte{3}, encode(pack.String("other")))
	w.PutBlob(opening)
	turn.Result.State = other
	var diverged *replay.Divergence
	if err := replay.Run(t.Context(), start(t, m, limits), log, turn); !errors.As(err, &diverged) {
		t.Errorf("with another state it gives %v", err)
	}
}
