package replay_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/chain/replay"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// told is the export by which the guest of these tests hears of a child.
const told = "theater:simple/supervisor-handlers.handle-child-event"

// mortal counts in its state and in its memory, and ends when it is told to.
func mortal() []byte {
	return wasmtest.Guest{
		Untyped: true,
		Init:    wasmtest.Count(),
		HandleRequest: wasmtest.Switch(map[byte]wasmtest.Behavior{
			'm': wasmtest.Calls(),
			'r': wasmtest.Random(32),
			't': wasmtest.Clock(),
			'g': wasmtest.Grow(3),
			'e': wasmtest.Refuse("no"),
			'x': wasmtest.Trap(),
			'i': wasmtest.Spin(),
		}, wasmtest.Count()),
		Others: map[string]wasmtest.Behavior{told: wasmtest.Echo()},
	}.Bytes()
}

// life is an actor that is played by hand and recorded as package actors does.
type life struct {
	t       testing.TB
	module  *wasm.Module
	machine *wasm.Machine
	log     *memlog.Log
	writer  chain.Writer
	first   []byte // the initial state
	next    uint64
}

// live begins an actor with the state 70 and plays a script: I is init, R a
// restart with the initial state, L one with the last, C a checkpoint, W a turn that
// gave more than its chain may hold, and every other letter a message.
func live(t testing.TB, script string) *life {
	t.Helper()
	return liveOn(t, mortal(), script)
}

// liveOn is live of another guest.
func liveOn(t testing.TB, code []byte, script string) *life {
	t.Helper()
	l := &life{t: t, module: compileGuest(t, code), log: memlog.New(), first: encode(pack.U64(70))}
	o := limits
	o.Fuel = 1_000_000
	l.machine = start(t, l.module, o)
	l.machine.SetState(l.first)
	var err error
	l.writer, err = l.log.Writer(t.Context())
	check(t, err)
	t.Cleanup(func() { check(t, l.log.Close()) })
	l.append(&chain.Genesis{
		Name: "mortal", Path: "/mortal", Module: l.writer.PutBlob(code), InitialState: l.writer.PutBlob(l.first),
		Convention: wasm.Convention, Rewriter: wasm.Rewriter, FuelSchedule: wasm.FuelSchedule,
	})
	for _, letter := range script {
		l.play(letter)
	}
	check(t, l.writer.Flush(t.Context()))
	_, err = chain.Verify(t.Context(), l.log, chaintest.ID(1))
	check(t, err)
	return l
}

func (l *life) append(events ...chain.Event) {
	check(l.t, l.writer.Append(chaintest.Draft(chain.Record{Actor: chaintest.ID(1), Number: l.next, Events: events}), nil))
	l.next++
}

func (l *life) play(letter rune) {
	switch letter {
	case 'I':
		l.turn(wasmtest.Init, encode(pack.Unit))
	case 'R':
		l.restart(l.first)
	case 'L':
		l.restart(nil)
	case 'C':
		l.mark(nil)
	case 'W':
		was := bytes.Clone(l.machine.State())
		turn := l.execute(wasmtest.HandleRequest, request(""))
		turn.Result = &chain.Result{Status: chain.ResultLimit, Trap: chain.TrapInfo{Kind: string(wasm.KindLimit)}}
		l.machine.SetState(was)
		l.keep(turn)
	default:
		l.turn(wasmtest.HandleRequest, request(string(letter)))
	}
}

func request(message string) []byte {
	return encode(pack.Tuple(pack.String("id"), pack.Bytes([]byte(message))))
}

func (l *life) turn(export string, params []byte) { l.keep(l.execute(export, params)) }

func (l *life) execute(export string, params []byte) *replay.Turn {
	return recordTurn(l.t.Context(), l.t, l.module, l.machine, l.next, export, params)
}

// keep writes a turn down, in records that end where something leaves or waits.
func (l *life) keep(t *replay.Turn) {
	t.Result.Response = chain.PutPayload(l.writer, t.Result.Response.Bytes)
	events := []chain.Event{t.Call}
	for _, e := range t.Events {
		if _, left := e.(*chain.Outcome); left {
			l.append(events...)
			events = nil
		}
		events = append(events, e)
	}
	l.append(append(events, t.Result)...)
}

// restart is what an actor does: a message is dropped, and a fresh instance
// begins with a state, or goes on with the last when there is none.
func (l *life) restart(state []byte) {
	event := &chain.Lifecycle{What: chain.LifecycleRestart, Reason: "trap", Count: 1}
	check(l.t, l.machine.Reset(l.t.Context()))
	if state != nil {
		l.machine.SetState(state)
		event.Sum = l.writer.PutBlob(state)
	}
	l.append(&chain.Lifecycle{What: chain.LifecycleDropped, Ref: chain.Ref{Actor: chaintest.ID(2), Record: 1}}, event)
}

// again is the machine after a replay of the steps that edit makes of those on
// the chain.
func (l *life) again(edit func([]replay.Step) []replay.Step) (*wasm.Machine, error) {
	l.t.Helper()
	machine := start(l.t, l.module, limits)
	machine.SetState(l.first)
	var steps []replay.Step
	for step, err := range replay.Steps(l.log.Records(l.t.Context(), chaintest.ID(1), 0)) {
		check(l.t, err)
		steps = append(steps, step)
	}
	for _, step := range edit(steps) {
		if err := replay.Run(l.t.Context(), machine, l.log, step); err != nil {
			return machine, err
		}
	}
	return machine, nil
}

func unedited(steps []replay.Step) []replay.Step { return steps }

func TestAnActorThatWasRestartedIsTheSameAgain(t *testing.T) {
	for _, c := range []struct {
		name, script string
		state        uint64 // at the end; 0 for none
	}{
		{"with the initial state after a trap", "I..xRI.", 72},
		{"with the last state after a trap", "I..xL.", 74},
		{"and counts in its memory", "ImmxRImmxLmm", 0},
		{"of an init that trapped", "xRI.", 72},
		{"that has not taken a turn yet", "I.xR", 70},
		{"that has not taken a turn yet and keeps its state", "I.xL", 72},
		{"after an error", "I.eRI", 71},
		{"after its limit", "I.iLi", 72},
		{"after a turn that its chain could not hold", "I.WL.", 73},
		{"after a turn that succeeded", "I..RI.", 72},
		{"after a turn that succeeded, and keeps its state", "I..L.", 74},
		{"after another restart", "I.xLRRLI.", 72},
		{"again and again", strings.Repeat("xRI.xL.", 20), 73},
		{"that had grown its memory", "I.gL.gRI.", 72},
		{"that reads clock and randomness", "IrtxRIrttrxLrrt", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := live(t, c.script)
			machine, err := l.again(unedited)
			check(t, err)
			want := encode(pack.U64(c.state))
			if c.state == 0 {
				want = encode(pack.None(pack.ListOf(pack.TypeU8)))
			}
			if !bytes.Equal(l.machine.State(), want) || !bytes.Equal(machine.State(), want) {
				t.Errorf("it lived to %x and is %x again, want %x", l.machine.State(), machine.State(), want)
			}
			if machine.Clock() != l.machine.Clock() {
				t.Errorf("its time is %d, it was %d", machine.Clock(), l.machine.Clock())
			}
		})
	}
}

func TestStepsInAnotherOrderDiverge(t *testing.T) {
	at := func(i, j int) func([]replay.Step) []replay.Step {
		return func(s []replay.Step) []replay.Step { s[i], s[j] = s[j], s[i]; return s }
	}
	without := func(i int) func([]replay.Step) []replay.Step {
		return func(s []replay.Step) []replay.Step { return append(s[:i:i], s[i+1:]...) }
	}
	for _, c := range []struct {
		name, script string
		edit         func([]replay.Step) []replay.Step
	}{
		{"a restart that is left out after a trap", "I.xRI.", without(3)},
		{"a restart that is left out after a success", "I.mRIm", without(3)},
		{"a restart before the turn that it follows", "ImmR.", at(2, 3)},
		{"a restart after the turn that follows it", "I.xL.", at(3, 4)},
		{"a restart after the init that follows it", "I.RI", at(2, 3)},
		{"a restart with the last state for the initial one", "I.xRI", func(s []replay.Step) []replay.Step {
			s[3] = &replay.Restart{Event: &chain.Lifecycle{}}
			return s
		}},
		{"a restart with the initial state for the last one", "I.xL.xRI", func(s []replay.Step) []replay.Step {
			s[3] = s[6]
			return s
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := live(t, c.script).again(c.edit)
			if diverged := (*replay.Divergence)(nil); !errors.As(err, &diverged) {
				t.Errorf("it gives %v, want a divergence", err)
			}
		})
	}
}

func TestTheStateOfARestartComesFromTheLog(t *testing.T) {
	l := live(t, "I.")
	text := []byte("no value")
	for _, c := range []struct {
		name string
		sum  chain.Hash
		want error
	}{
		{"which does not have it", chain.Hash{9}, chain.ErrNotFound},
		{"which has something else", l.writer.PutBlob(text), chain.ErrCorrupt},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := l.again(func(s []replay.Step) []replay.Step {
				return append(s, &replay.Restart{Record: 7, Event: &chain.Lifecycle{Sum: c.sum}})
			})
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), "record 7") {
				t.Errorf("it gives %v, want %v", err, c.want)
			}
		})
	}
}

func TestATurnThatTellsOfAChildIsExecutedWithTheChildsEvent(t *testing.T) {
	l := live(t, "I")
	child := chaintest.ID(2)
	event := &chain.Call{Export: 3, Params: chain.Payload{Bytes: []byte("of the child")}, Time: 5}
	check(t, l.writer.Append(chaintest.Draft(chain.Record{Actor: child, Events: []chain.Event{&chain.Genesis{Name: "child"}}}), nil))
	check(t, l.writer.Append(chaintest.Draft(chain.Record{Actor: child, Number: 1, Events: []chain.Event{event, &chain.Result{}}}), nil))

	encoded, err := chain.AppendEvent(nil, event)
	check(t, err)
	params := chain.NoticeParams(child, "call", encoded)
	turn := l.execute(told, params)
	if answer, _ := turn.Result.Response.Load(t.Context(), l.log); !bytes.Contains(answer, encoded) {
		t.Fatalf("the guest was not handed the event: %x", answer)
	}
	turn.Call.Params = chain.NoticePayload(chain.Ref{Actor: child, Record: 1}, uint64(len(params)))
	l.keep(turn)
	check(t, l.writer.Flush(t.Context()))
	_, err = chain.Verify(t.Context(), l.log, chaintest.ID(1))
	check(t, err)
	_, err = l.again(unedited)
	check(t, err)

	told := func(p chain.Payload) error {
		_, err := l.again(func(s []replay.Step) []replay.Step {
			s[1].(*replay.Turn).Call.Params = p
			return s
		})
		return err
	}
	for index, want := range []string{"", "its notice has", "the record has 2 events"} {
		err := told(chain.NoticePayload(chain.Ref{Actor: child, Record: 1, Index: uint32(index)}, uint64(len(params))))
		if got := fmt.Sprint(err); want == "" != (err == nil) || !strings.Contains(got, want) {
			t.Errorf("with event %d it gives %v", index, err)
		}
	}
	if err := told(chain.NoticePayload(chain.Ref{Actor: child, Record: 7}, 9)); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("without the record it gives %v", err)
	}
}
