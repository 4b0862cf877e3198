package replay_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/replay"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// versatile does all that leaves an event behind; with edit some of it otherwise.
func versatile(edit func(map[byte]wasmtest.Behavior)) []byte {
	ask := func(name string) wasmtest.Behavior {
		return wasmtest.Ask(where, name, encode(pack.String("input of "+name)))
	}
	many := pack.Bytes(slices.Repeat([]byte("large "), 1000))
	cases := map[byte]wasmtest.Behavior{
		'l': ask("local"),
		'o': ask("outcall"),
		'b': wasmtest.Do(where, "local", encode(pack.U8(1)), ask("outcall")),
		's': wasmtest.Sleep(time.Second, wasmtest.Clock()),
		'm': wasmtest.Calls(),
		'r': wasmtest.Random(32),
		't': wasmtest.Clock(),
		'g': wasmtest.Grow(3),
		'e': wasmtest.Refuse("no"),
		'x': wasmtest.Trap(),
		'i': wasmtest.Spin(),
		'v': wasmtest.Return(encode(pack.Ok(pack.TypeBool, pack.TypeString, pack.Tuple(many, pack.Tuple(pack.Some(many)))))),
	}
	if edit != nil {
		edit(cases)
	}
	return wasmtest.Guest{
		Untyped: true, Init: wasmtest.Count(), HandleRequest: wasmtest.Switch(cases, wasmtest.Count()),
		Others: map[string]wasmtest.Behavior{told: wasmtest.Echo()},
	}.Bytes()
}

// everything is a script with each kind of event, and with each field of it in use.
const everything = "I.lobsrte.vmxR.IiL.WL.C.g"

func (l *life) config() replay.Config {
	return replay.Config{Reader: l.log, Actor: chaintest.ID(1), Module: l.module, Options: limits, Patience: 10 * time.Second}
}

func (l *life) summary() chain.Summary {
	l.t.Helper()
	s, err := l.log.Summary(l.t.Context(), chaintest.ID(1))
	check(l.t, err)
	return s
}

// diverges requires that the chain diverges, and there.
func diverges(t testing.TB, c replay.Config, at, says string) *replay.Divergence {
	t.Helper()
	_, err := replay.Verify(t.Context(), c)
	var d *replay.Divergence
	if !errors.As(err, &d) {
		t.Fatalf("it gives %v, want a divergence at %s: %s", err, at, says)
	}
	if is := fmt.Sprintf("%d.%d", d.Record, d.Index); is != at || !strings.Contains(d.What, says) {
		t.Errorf("it diverges at %s: %v; want %s: %s", is, err, at, says)
	}
	return d
}

func TestAWholeChainIsExecutedAgainAndHasTheSameHashes(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	scripts := []string{"", "I", everything}
	for range 10 {
		scripts = append(scripts, script(random))
	}
	for _, script := range scripts {
		t.Run(script, func(t *testing.T) {
			l := liveOn(t, versatile(nil), script)
			var confirmed []chain.Hash
			c := l.config()
			c.Confirmed = func(r chain.Record, done replay.Report) error {
				confirmed = append(confirmed, r.Hash)
				if done.Records != r.Number+1 || done.Head != r.Hash {
					t.Errorf("with record %d it is said: %+v", r.Number, done)
				}
				return nil
			}
			report, err := replay.Verify(t.Context(), c)
			check(t, err)
			s := l.summary()
			turns := len(strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(script, "R", ""), "L", ""), "C", ""))
			restarts := len(script) - turns - strings.Count(script, "C")
			if report.Head != s.Head || report.Records != s.Records || report.Events != s.Events ||
				report.Turns != uint64(turns) || report.Restarts != uint64(restarts) || report.Open || report.Skipped != 0 {
				t.Errorf("it reports %+v of %+v, with %d turns and %d restarts", report, s, turns, restarts)
			}
			if uint64(len(confirmed)) != s.Records {
				t.Errorf("%d records are confirmed of %d", len(confirmed), s.Records)
			}
			if string(report.State) != string(l.machine.State()) {
				t.Errorf("the state is %x, want %x", report.State, l.machine.State())
			}
		})
	}
}

func TestAReplayStopsAfterARecord(t *testing.T) {
	l := liveOn(t, versatile(nil), "I.o.")
	for n, want := range map[int]string{1: "70u64", 2: "71u64", 3: "72u64", 4: "72u64", 5: "none<list<u8>>", 6: "73u64", 7: "73u64"} {
		c := l.config()
		c.Records = uint64(n)
		report, err := replay.Verify(t.Context(), c)
		check(t, err)
		v, err := pack.Decode(report.State)
		check(t, err)
		// The outcall leaves in record 3, and its turn ends in record 4.
		if report.Records != min(uint64(n), 6) || report.Open != (n == 4) || v.String() != want {
			t.Errorf("after %d records: %+v, state %s, want %s", n, report, v, want)
		}
	}
}

func TestATurnThatWasCutShortIsExecutedAsFarAsItIsRecorded(t *testing.T) {
	begun := func(l *life, letter string) []chain.Event {
		turn := l.execute(wasmtest.HandleRequest, request(letter))
		return append([]chain.Event{turn.Call}, turn.Events...)
	}
	for _, c := range []struct {
		name, letter string
		keep         int // of the events behind the call
		edit         func([]chain.Event)
		says         string // "" is the same
	}{
		{"before its first event", "b", 0, nil, ""},
		{"after a call", "b", 1, nil, ""},
		{"after an intent", "b", 2, nil, ""},
		{"after an outcome", "b", 3, nil, ""},
		{"after its key", "r", 1, nil, ""},
		{"in its sleep", "s", 1, func(e []chain.Event) { e[1].(*chain.Outcome).Status = chain.CallInterrupted }, ""},
		{"after another call", "b", 1, func(e []chain.Event) { e[1].(*chain.Host).Import++ }, "another function"},
		{"after another intent", "b", 2, func(e []chain.Event) { e[2].(*chain.Intent).Input.Bytes = encode(pack.U8(9)) }, "another input"},
		{"after a key that it does not read", "b", 1, func(e []chain.Event) { e[1] = &chain.Key{} }, "the chain has key"},
		{"after a call that it does not make", ".", 0, func(e []chain.Event) {}, "the chain has host, which the guest does not do"},
	} {
		for _, open := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, open %v", c.name, open), func(t *testing.T) {
				l := liveOn(t, versatile(nil), "I.m")
				events := begun(l, c.letter)[:c.keep+1]
				if c.edit != nil {
					if c.letter == "." {
						events = append(events, &chain.Host{Input: chain.Payload{Bytes: encode(pack.Unit)}})
					}
					c.edit(events)
				}
				at := fmt.Sprintf("4.%d", len(events)-1)
				if !open {
					events = append(events, &chain.Result{Status: chain.ResultInterrupted})
				}
				l.append(events...)
				check(t, l.machine.Reset(t.Context()))
				if !open { // the actor goes on as if that turn had not been
					l.machine = l.rebuilt(4)
					for _, letter := range "m.m" {
						l.play(letter)
					}
				}
				check(t, l.writer.Flush(t.Context()))
				if c.says != "" {
					diverges(t, l.config(), at, c.says)
					return
				}
				report, err := replay.Verify(t.Context(), l.config())
				check(t, err)
				if report.Open != open || report.Head != l.summary().Head {
					t.Errorf("it reports %+v", report)
				}
			})
		}
	}
}

// rebuilt is a machine that has run the turns of the first records.
func (l *life) rebuilt(records uint64) *wasm.Machine {
	l.t.Helper()
	o := limits
	o.Fuel = 1_000_000
	machine := start(l.t, l.module, o)
	machine.SetState(l.first)
	for step, err := range replay.Steps(l.until(records)) {
		check(l.t, err)
		check(l.t, replay.Run(l.t.Context(), machine, l.log, step))
	}
	return machine
}

func (l *life) until(records uint64) iter.Seq2[chain.Record, error] {
	return func(yield func(chain.Record, error) bool) {
		check(l.t, l.writer.Flush(l.t.Context()))
		for r, err := range l.log.Records(l.t.Context(), chaintest.ID(1), 0) {
			if err == nil && r.Number == records || !yield(r, err) {
				return
			}
		}
	}
}

func TestAnotherModuleDivergesWhereItDoesSomethingElse(t *testing.T) {
	const script = "I.lb.oesxL.v"
	other := func(name string) wasmtest.Behavior { return wasmtest.Ask(where, name, encode(pack.String("input"))) }
	for _, c := range []struct {
		name string
		edit func(map[byte]wasmtest.Behavior)
		at   string
		says string
	}{
		{"that asks another question", func(m map[byte]wasmtest.Behavior) { m['l'] = other("local") }, "3.1", "the guest calls test:replay/host.local with another input"},
		{"that asks somebody else", func(m map[byte]wasmtest.Behavior) { m['l'] = m['o'] }, "3.1", "the guest calls another function, test:replay/host.outcall"},
		{"that asks what the other did not know", func(m map[byte]wasmtest.Behavior) { m['l'] = other("news") }, "3.1", "test:replay/host.news, which the recorded module does not import"},
		{"that asks nothing", func(m map[byte]wasmtest.Behavior) { m['l'] = wasmtest.Keep() }, "3.1", "the chain has host, which the guest does not do"},
		{"that asks more", func(m map[byte]wasmtest.Behavior) { m['l'] = m['b'] }, "3.1", "with another input"},
		{"that leaves otherwise", func(m map[byte]wasmtest.Behavior) { m['o'] = other("outcall") }, "7.1", "with another input"},
		{"that answers otherwise", func(m map[byte]wasmtest.Behavior) { m['e'] = wasmtest.Keep() }, "9.1", "it succeeds, the chain has error"},
		{"that has another error", func(m map[byte]wasmtest.Behavior) { m['e'] = wasmtest.Refuse("never") }, "9.1", "it ends with another error"},
		{"that does not sleep", func(m map[byte]wasmtest.Behavior) { m['s'] = wasmtest.Keep() }, "11.0", "the chain has outcome"},
		{"that does not trap", func(m map[byte]wasmtest.Behavior) { m['x'] = wasmtest.Keep() }, "12.1", "it succeeds, the chain has trap"},
		{"that traps otherwise", func(m map[byte]wasmtest.Behavior) { m['x'] = wasmtest.DivideByZero() }, "12.1", "it ends with trap divide"},
		{"that traps earlier", func(m map[byte]wasmtest.Behavior) { m['e'] = wasmtest.Trap() }, "9.1", "it ends with trap unreachable"},
		{"that reads randomness", func(m map[byte]wasmtest.Behavior) { m['v'] = wasmtest.Random(8) }, "15.1", "the guest reads randomness"},
		{"that gives less", func(m map[byte]wasmtest.Behavior) { m['v'] = wasmtest.Keep() }, "15.1", "the response is another"},
		{"that does not end", func(m map[byte]wasmtest.Behavior) { m['v'] = wasmtest.Spin() }, "15.1", "it has not ended after 2s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := liveOn(t, versatile(nil), script)
			config := l.config()
			config.Module, config.Patience = compileGuest(t, versatile(c.edit)), 2*time.Second
			d := diverges(t, config, c.at, c.says)
			if d.Call == nil || d.Recorded == nil {
				t.Errorf("it is not said what the chain has there: %+v", d)
			}
		})
	}
}

func TestAModuleWithItsTablesInAnotherOrderHasTheSameHashes(t *testing.T) {
	l := liveOn(t, versatile(nil), "I.lb.oesxL.viL.")
	other := versatile(func(m map[byte]wasmtest.Behavior) { // a function that comes before the others
		m['0'] = wasmtest.Ask("test:first/first", "first", encode(pack.Unit))
		m['1'] = wasmtest.Exit(1)
	})
	c := l.config()
	c.Module = compileGuest(t, other)
	if slices.Equal(importNames(c.Module), importNames(l.module)) {
		t.Fatal("the tables are the same")
	}
	report, err := replay.Verify(t.Context(), c)
	check(t, err)
	if report.Head != l.summary().Head {
		t.Errorf("it reports %+v", report)
	}
}

func importNames(m *wasm.Module) (names []string) {
	for _, i := range m.Layout.Imports {
		names = append(names, i.String())
	}
	return names
}

func TestAnotherModuleMustExportWhatIsCalled(t *testing.T) {
	l := liveOn(t, versatile(nil), "I.")
	c := l.config()
	c.Module = compileGuest(t, wasmtest.Guest{Without: []string{wasmtest.HandleRequest}, Untyped: true, Init: wasmtest.Count()}.Bytes())
	d := diverges(t, c, "2.0", "the module does not export "+wasmtest.HandleRequest)
	if d.Replayed != nil {
		t.Errorf("it is said to have done %v", d.Replayed)
	}
}

func TestTheValuesThatDifferAreShownWhole(t *testing.T) {
	l := liveOn(t, versatile(nil), "Iv")
	large := pack.Bytes(slices.Repeat([]byte("Large "), 1000))
	c := l.config()
	c.Module = compileGuest(t, versatile(func(m map[byte]wasmtest.Behavior) {
		m['v'] = wasmtest.Return(encode(pack.Ok(pack.TypeBool, pack.TypeString, pack.Tuple(large, pack.Tuple(pack.Some(large))))))
	}))
	d := diverges(t, c, "2.1", "the response is another")
	if len(d.Was) < 6000 || len(d.Is) != len(d.Was) || string(d.Is) == string(d.Was) {
		t.Errorf("the values are of %d and %d bytes", len(d.Was), len(d.Is))
	}
	if is := d.Replayed.(*chain.Result); string(is.Response.Bytes) != string(d.Is) || len(is.State.Inline) < 6000 {
		t.Errorf("the result is of %d bytes, its state of %d", len(is.Response.Bytes), len(is.State.Inline))
	}
	if text := d.Error(); len(text) > 1100 || !strings.Contains(text, "the turn of record 2 diverges from its chain at event 2.1: the response is another: (some<list<u8>>([76u8,") {
		t.Errorf("the error says %s", text)
	}
}

func TestAChainThatCannotBeExecutedSaysWhy(t *testing.T) {
	sum := chaintest.Sum(1)
	for _, c := range []struct {
		name string
		edit func([]chain.Record) []chain.Record
		want error
	}{
		{"of another convention", func(r []chain.Record) []chain.Record { genesisOf(r).Convention++; return r }, chain.ErrVersion},
		{"of another rewriter", func(r []chain.Record) []chain.Record { genesisOf(r).Rewriter++; return r }, chain.ErrVersion},
		{"of other prices", func(r []chain.Record) []chain.Record { genesisOf(r).FuelSchedule = 0; return r }, chain.ErrVersion},
		{"that was forked", func(r []chain.Record) []chain.Record {
			return append(r, chain.Record{Epoch: 1, Events: []chain.Event{&chain.Lifecycle{What: chain.LifecycleFork, Sum: sum}}})
		}, replay.ErrUnsupported},
		{"without its initial state", func(r []chain.Record) []chain.Record { genesisOf(r).InitialState = sum; return r }, chain.ErrInvalid},
		{"without its module", func(r []chain.Record) []chain.Record { genesisOf(r).Module = sum; return r }, chain.ErrInvalid},
		{"that calls what there is not", func(r []chain.Record) []chain.Record { callOf(r[1]).Export = 1 << 20; return r }, nil},
		{"that is not linked", func(r []chain.Record) []chain.Record { return slices.Delete(r, 1, 2) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := liveOn(t, versatile(nil), "I.m")
			config := l.config()
			config.Reader = forgery{Reader: l.log, records: rehashed(c.edit(l.records()))}
			_, err := replay.Verify(t.Context(), config)
			var d *replay.Divergence
			if c.want == nil && !errors.As(err, &d) || c.want != nil && (!errors.Is(err, c.want) || errors.As(err, &d)) {
				t.Errorf("it gives %v", err)
			}
		})
	}
}

func callOf(r chain.Record) *chain.Call { return r.Events[0].(*chain.Call) }

func TestASealedChainNeedsItsOpenings(t *testing.T) {
	l := liveOn(t, versatile(nil), "I")
	turn := l.execute(wasmtest.HandleRequest, request("l"))
	var openings [][]byte
	seal := func(p *chain.Payload) {
		sealed, opening := chain.Seal([32]byte{byte(len(openings))}, p.Bytes)
		*p, openings = sealed, append(openings, opening)
	}
	call := turn.Events[0].(*chain.Host)
	seal(&turn.Call.Params)
	seal(&call.Input)
	seal(&call.Output)
	seal(&turn.Result.Response)
	state, opening := chain.SealState([32]byte{9}, turn.Result.State.Inline)
	turn.Result.State, openings = state, append(openings, opening)
	l.append(turn.Call, call, turn.Result)
	for _, opening := range openings {
		check(t, l.writer.Flush(t.Context()))
		if _, err := replay.Verify(t.Context(), l.config()); !errors.Is(err, replay.ErrSealed) {
			t.Errorf("without an opening it gives %v", err)
		}
		l.writer.PutBlob(opening)
	}
	check(t, l.writer.Flush(t.Context()))
	report, err := replay.Verify(t.Context(), l.config())
	check(t, err)
	if report.Head != l.summary().Head {
		t.Errorf("it reports %+v", report)
	}
}

func TestAReplayEndsWithItsContext(t *testing.T) {
	l := liveOn(t, versatile(nil), "I.m")
	ctx, cancel := context.WithCancel(t.Context())
	c := l.config()
	c.Confirmed = func(chain.Record, replay.Report) error { cancel(); return nil }
	var d *replay.Divergence
	if report, err := replay.Verify(ctx, c); !errors.Is(err, context.Canceled) || errors.As(err, &d) || report.Records != 1 {
		t.Errorf("it reports %+v, %v", report, err)
	}
}
