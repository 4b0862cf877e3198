package actors_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestTheChainBeginsWithWhatTheActorIs(t *testing.T) {
	s := open(t)
	code := server(wasmtest.Echo())
	ref := s.spawn("actor", code, "[chain]\nsealed = true")
	genesis := s.events(ref)[0].(*chain.Genesis)
	if genesis.Name != "actor" || genesis.Path != "/actor" || !genesis.Sealed || genesis.Time == 0 || genesis.Convention != wasm.Convention {
		t.Errorf("genesis is %+v", genesis)
	}
	kept, err := s.log.Blob(t.Context(), genesis.Module)
	if err != nil || !bytes.Equal(kept, code) {
		t.Errorf("the log keeps %d bytes of the module, %v; want %d", len(kept), err, len(code))
	}
	if raw, err := s.log.Blob(t.Context(), genesis.Manifest); err != nil || !strings.Contains(string(raw), "sealed = true") {
		t.Errorf("the log keeps the manifest %q, %v", raw, err)
	}
	if state, err := s.log.Blob(t.Context(), genesis.InitialState); err != nil || !bytes.Equal(state, encode(wasm.DefaultState())) {
		t.Errorf("the log keeps the initial state %q, %v", state, err)
	}
}

func TestTheInitialStateIsTheManifestsOrTheSpecs(t *testing.T) {
	s := open(t)
	// Its init returns the state that it is given; that of a counter that is no number is 0.
	state := func(spec actors.Spec) string {
		t.Helper()
		spec.Package = wasmtest.Counter()
		ref, err := s.Spawn(t.Context(), spec)
		check(t, err)
		b, err := s.log.Blob(t.Context(), s.events(ref)[0].(*chain.Genesis).InitialState)
		check(t, err)
		v, err := pack.Decode(b)
		check(t, err)
		return v.String() + " " + mustState(t, s, ref)
	}
	plain := state(actors.Spec{Manifest: toml(t, "a", "")})
	if want := wasm.DefaultState().String() + " 0u64"; plain != want {
		t.Errorf("without one: %s, want %s", plain, want)
	}
	if got, want := state(actors.Spec{Manifest: toml(t, "b", "initial_state = \"text\"\n")}), pack.String("text").String()+" 0u64"; got != want {
		t.Errorf("the manifest's: %s, want %s", got, want)
	}
	seven := pack.U64(7)
	if got, want := state(actors.Spec{Manifest: toml(t, "c", "initial_state = \"text\"\n"), State: &seven}), "7u64 7u64"; got != want {
		t.Errorf("the spec's: %s, want %s", got, want)
	}
}

// mustState is the literal of the actor's newest state on the chain.
func mustState(t *testing.T, s *stage, ref actors.Ref) string {
	t.Helper()
	v, err := pack.Decode(last[*chain.Result](t, s.events(ref)).State.Inline)
	check(t, err)
	return v.String()
}

func TestTheCauseOfATurnIsTheEventThatSentIt(t *testing.T) {
	s := open(t)
	to := s.spawn("to", guest(wasmtest.Guest{HandleSend: logs("heard", wasmtest.Keep()), HandleRequest: wasmtest.Echo()}))
	from := s.spawn("from", server(
		send("/to", "one", request("/to", "two", send("/to", "three", request("/to", "four", wasmtest.Reply(nil)))))))
	s.answers(from, "", "")
	s.eventually("all arrived", func() bool { return s.info(to).Turns == 5 })
	s.answers(to, "sync", "sync")
	calls := of[*chain.Call](s.events(to))
	if calls[0].Cause.Kind != chain.CauseNone {
		t.Errorf("init has the cause %+v", calls[0].Cause)
	}
	for i, want := range []struct {
		event, body string
	}{{"host", "one"}, {"intent", "two"}, {"host", "three"}, {"intent", "four"}} {
		call := calls[i+1]
		if call.Cause.Kind != chain.CauseEvent || call.Cause.Event.Actor != from.ID {
			t.Fatalf("call %d has the cause %+v", i+1, call.Cause)
		}
		event := s.at(call.Cause.Event)
		if got := chain.KindOf(event); got != want.event {
			t.Errorf("call %d was caused by %s, want %s", i+1, got, want.event)
		}
		input := chain.Payload{}
		switch e := event.(type) {
		case *chain.Host:
			input = e.Input
		case *chain.Intent:
			input = e.Input
		}
		if got, _ := value(t, s.log, input).At(1).AsBytes(); string(got) != want.body {
			t.Errorf("call %d was caused by the message %q, want %q", i+1, got, want.body)
		}
		if call.Delivery != 1 || call.Time == 0 {
			t.Errorf("call %d is %+v", i+1, call)
		}
	}
	if got := calls[5].Cause; got.Kind != chain.CauseExternal || got.External != "test" {
		t.Errorf("a request from outside has the cause %+v", got)
	}
}

func TestAnIntentIsOnTheChainBeforeTheCallLeaves(t *testing.T) {
	s := open(t)
	waiting, holder, answer := s.blocked()
	all := s.events(waiting)
	if got, want := kinds(all), "genesis call host result call intent"; got != want {
		t.Fatalf("while it waits the chain has %q, want %q", got, want)
	}
	s.text(holder, "respond-to-request", to(s.outstanding(holder)[0], "yes")...)
	s.gets(answer)
	all = s.events(waiting)
	if got, want := kinds(all), "genesis call host result call intent outcome result"; got != want {
		t.Errorf("afterwards the chain has %q, want %q", got, want)
	}
	intent, outcome := last[*chain.Intent](t, all), last[*chain.Outcome](t, all)
	if outcome.Import != intent.Import || outcome.Status != chain.CallAnswered || !outcome.Input.IsZero() || outcome.Time < last[*chain.Call](t, all).Time {
		t.Errorf("the outcome is %+v of %+v", outcome, intent)
	}
}

func TestAWaitThatTakesTooLongIsTimedOut(t *testing.T) {
	s := open(t)
	began := time.Now()
	holder := s.spawn("holder", puppet(wasmtest.Guest{}))
	ref := s.spawn("actor", puppet(wasmtest.Guest{}), "[limits]\nwait_time = \"100ms\"")
	got := s.text(ref, "request", to("/holder", "x")...)
	if took := time.Since(began); !strings.HasPrefix(got, "err: ") || !strings.Contains(got, "100ms") || took > 5*time.Second {
		t.Errorf("after %v it is answered %s", took, got)
	}
	if o := last[*chain.Outcome](t, s.events(ref)); o.Status != chain.CallTimedOut {
		t.Errorf("the chain has the outcome %v", o.Status)
	}
	if n := len(s.outstanding(holder)); n != 1 {
		t.Errorf("%d requests are outstanding", n)
	}
	// An answer that comes too late harms nobody.
	if got := s.text(holder, "respond-to-request", to(s.outstanding(holder)[0], "late")...); got != "ok(())" {
		t.Errorf("the late answer gives %s", got)
	}
	s.answers(s.spawn("echo", server(wasmtest.Echo())), "x", "x")
}

func TestLargePayloadsAreBlobsAndLargeStatesAreHashes(t *testing.T) {
	s := open(t)
	big := strings.Repeat("payload ", 1000)
	ref := s.spawn("actor", server(wasmtest.Echo()))
	s.answers(ref, big, big)
	all := s.events(ref)
	call, result := last[*chain.Call](t, all), last[*chain.Result](t, all)
	if call.Params.Form != chain.FormBlob || result.Response.Form != chain.FormBlob {
		t.Errorf("8000 bytes are kept as %v and %v", call.Params.Form, result.Response.Form)
	}
	if b, _ := value(t, s.log, call.Params).At(1).AsBytes(); string(b) != big {
		t.Errorf("the blob is another: %d bytes", len(b))
	}
	s.answers(ref, "small", "small")
	if call := last[*chain.Call](t, s.events(ref)); call.Params.Form != chain.FormInline {
		t.Errorf("5 bytes are kept as %v", call.Params.Form)
	}

	state := pack.Some(pack.Bytes(bytes.Repeat([]byte("s"), 2000)))
	stateful := s.spawn("stateful", server(wasmtest.Return(encode(
		pack.Ok(pack.TupleOf(pack.TypeBool, pack.TypeBool), pack.TypeString, pack.Tuple(state, pack.Tuple(pack.None(pack.TypeBytes))))))))
	s.answers(stateful, "", "")
	got := last[*chain.Result](t, s.events(stateful)).State
	if len(got.Inline) > 0 || got.Length != uint64(len(encode(state))) || got.Sum != chain.NewState(encode(state)).Sum {
		t.Errorf("a state of 2000 bytes is kept as %+v", got)
	}
	if init := of[*chain.Result](s.events(stateful))[0].State; len(init.Inline) == 0 {
		t.Errorf("a small state is kept as %+v", init)
	}
}

func TestASealedChainShowsNoPayload(t *testing.T) {
	const secret = "the-secret-of-the-guest"
	s := open(t)
	s.spawn("echo", server(wasmtest.Echo()))
	state := pack.Ok(pack.TupleOf(pack.TypeBool, pack.TypeBool), pack.TypeString,
		pack.Tuple(pack.Some(pack.Bytes([]byte(secret))), pack.Tuple(pack.Some(pack.Bytes(nil)))))
	ref := s.spawn("actor", server(wasmtest.Switch(map[byte]wasmtest.Behavior{
		's': wasmtest.Return(encode(state)),
		'e': wasmtest.Refuse("no " + secret),
		'f': wasmtest.Fail("cannot " + secret),
		'r': request("/echo", secret, send("/echo", secret, logs(secret, wasmtest.Reply([]byte(secret))))),
	}, wasmtest.Echo())), "[chain]\nsealed = true\n[supervision]\non_error = \"continue\"")
	s.answers(ref, secret, secret)
	s.answers(ref, "r"+secret, secret)
	s.answers(ref, "s", "")
	if state := last[*chain.Result](t, s.events(ref)).State; !state.Sealed || state.Length == 0 {
		t.Errorf("the state is kept as %+v", state)
	}
	if _, err := s.request(ref, "e"); !strings.Contains(fmt.Sprint(err), secret) {
		t.Errorf("the requester gets %v", err)
	}
	if _, err := s.request(ref, "f"); !strings.Contains(fmt.Sprint(err), secret) {
		t.Errorf("the requester gets %v", err)
	}
	if exit := s.ends(ref); exit.Reason != actors.ReasonTrap {
		t.Errorf("the exit is %v", exit)
	}
	all := s.events(ref)
	if sealed := last[*chain.Call](t, all).Params; sealed.Form != chain.FormSealed {
		t.Errorf("a payload is kept as %v", sealed.Form)
	}
	if kinds := kinds(all); strings.Count(kinds, "intent") != 1 {
		t.Errorf("the chain is %s", kinds)
	}
	for _, r := range records(t, s.log, ref.ID) {
		stored, err := chain.Store(r)
		check(t, err)
		if strings.Contains(string(stored.Append(nil)), secret) {
			t.Errorf("record %d shows it: %s", r.Number, kinds(r.Events))
		}
	}
	// Who has the log can still open what is sealed.
	if p := value(t, s.log, of[*chain.Call](all)[1].Params); !strings.Contains(string(encode(p)), secret) {
		t.Errorf("the payload opens as %s", p)
	}
}

// TestDurabilityMemoryLeavesNothingInTheLog holds guarantees 8, 13.
func TestDurabilityMemoryLeavesNothingInTheLog(t *testing.T) {
	s := open(t)
	ref := s.spawn("actor", server(wasmtest.Echo()), "[chain]\ndurability = \"memory\"")
	s.answers(ref, "x", "x")
	_, err := s.Stop(t.Context(), ref)
	check(t, err)
	if _, err := s.log.Summary(t.Context(), ref.ID); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("the log knows the actor: %v", err)
	}
	if _, err := s.Resume(t.Context(), ref.ID); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("a resume gives %v", err)
	}
}

// TestAManifestMayNotAskForMoreDurabilityThanTheFolderHas holds guarantee 7.
func TestAManifestMayNotAskForMoreDurabilityThanTheFolderHas(t *testing.T) {
	sync := "[chain]\ndurability = \"sync\""
	s := open(t)
	_, err := s.try("actor", server(wasmtest.Echo()), sync)
	var refused *actors.DurabilityError
	if !errors.As(err, &refused) || refused.Wanted != "sync" || refused.Folder != "async" || !strings.Contains(err.Error(), "--durability sync") {
		t.Errorf("the spawn gives %v", err)
	}
	durable := open(t, func(c *actors.Config) { c.Durability = string(manifest.DurabilitySync) })
	durable.answers(durable.spawn("actor", server(wasmtest.Echo()), sync), "x", "x")
	durable.spawn("less", server(wasmtest.Echo()), "[chain]\ndurability = \"async\"")
}

func TestLimitsOfATurnAreHeld(t *testing.T) {
	register := func(times int) wasmtest.Behavior {
		b := wasmtest.Echo()
		for range times {
			b = wasmtest.Do(message.Interface, "register", encode(pack.Unit), b)
		}
		return b
	}
	t.Run("host_calls", func(t *testing.T) {
		s := open(t)
		ok := s.spawn("ok", server(register(10)), "[limits]\nhost_calls = 10")
		s.answers(ok, "x", "x")
		s.answers(ok, "x", "x") // each turn counts anew
		over := s.spawn("over", server(register(11)), "[limits]\nhost_calls = 10")
		s.exceeds(over, "x", "host_calls = 10")
		if hosts := of[*chain.Host](s.events(over)); hosts[len(hosts)-1].Status != chain.CallRefused {
			t.Errorf("the chain has %+v", hosts[len(hosts)-1])
		}
	})
	t.Run("recorded_bytes", func(t *testing.T) {
		s := open(t)
		body := strings.Repeat("x", 6000)
		twice := server(wasmtest.Do(message.Interface, "send", tell("/none", body), wasmtest.Do(message.Interface, "send", tell("/none", body), wasmtest.Reply(nil))))
		ok := s.spawn("ok", twice, "[limits]\nrecorded_bytes = 16384")
		s.answers(ok, "x", "")
		s.exceeds(s.spawn("over", twice, "[limits]\nrecorded_bytes = 8192"), "x", "recorded_bytes = 8192")
		// The message that comes in and the answer that is handed out count too.
		full := s.spawn("full", server(register(1)), "[limits]\nrecorded_bytes = 8192")
		s.exceeds(full, strings.Repeat("x", 8192), "recorded_bytes = 8192")
		echo := s.spawn("echo", server(wasmtest.Echo()), "[limits]\nrecorded_bytes = 8192")
		s.answers(echo, body[:4000], body[:4000])
		s.exceeds(echo, body[:5000], "recorded_bytes = 8192")
	})
	t.Run("memory", func(t *testing.T) {
		s := open(t)
		ref := s.spawn("actor", server(wasmtest.Grow(1)), "[limits]\nmemory = \"1MiB\"")
		s.answers(ref, "", "\x10\x00\x00\x00") // memory.grow answers -1 at 16 pages
		if m := s.info(ref).Memory; m != 1<<20 {
			t.Errorf("it has %d bytes", m)
		}
		_, err := s.try("big", guest(wasmtest.Guest{HandleRequest: wasmtest.Reply(make([]byte, 200_000))}), "[limits]\nmemory = \"64KiB\"")
		if !isTrap(wasm.KindLimit)(err) {
			t.Errorf("a module that needs more gives %v", err)
		}
	})
	t.Run("log_bytes", func(t *testing.T) {
		s := open(t)
		line := strings.Repeat("l", 40)
		ref := s.spawn("actor", server(logs(line, logs(line, logs(line, logs(line, wasmtest.Echo()))))), "[limits]\nlog_bytes = 100")
		for turn := 1; turn <= 2; turn++ {
			s.answers(ref, "x", "x")
			got := s.output()
			if len(got) != 3*turn || got[0] != "log: "+line || !strings.Contains(got[2], "log_bytes") {
				t.Fatalf("after turn %d: %q", turn, got)
			}
		}
		none := s.spawn("none", server(logs("", logs("", logs("", wasmtest.Echo())))), "[limits]\nlog_bytes = 0")
		before := len(s.output())
		s.answers(none, "x", "x")
		if got := s.output()[before:]; len(got) != 1 {
			t.Errorf("with log_bytes = 0 it logs %q", got)
		}
	})
	t.Run("log_bytes for what it writes to stdout and stderr", func(t *testing.T) {
		s := open(t)
		ref := s.spawn("actor", server(wasmtest.Print(1, "out\n", wasmtest.Print(2, strings.Repeat("e", 200)+"\n", wasmtest.Echo()))), "[limits]\nlog_bytes = 100")
		s.answers(ref, "x", "x")
		got := s.output()
		if len(got) != 3 || got[0] != "stdout: out" || got[1] != "stderr: "+strings.Repeat("e", 96) {
			t.Errorf("it writes %q", got)
		}
	})
	t.Run("wait_time of a sleep", func(t *testing.T) {
		s := open(t)
		ref := s.spawn("actor", server(wasmtest.Sleep(time.Second, wasmtest.Echo())), "[limits]\nwait_time = \"10ms\"")
		s.exceeds(ref, "x", "wait_time = 10ms")
	})
}

// exceeds requires that a request ends the actor with a limit, named in the error.
func (s *stage) exceeds(ref actors.Ref, body, limit string) {
	s.t.Helper()
	_, err := s.request(ref, body)
	if !isTrap(wasm.KindLimit)(err) || !strings.Contains(err.Error(), limit) {
		s.t.Errorf("%s: %v, want a limit %s", ref, err, limit)
	}
	if exit := s.ends(ref); exit.Reason != actors.ReasonLimit {
		s.t.Errorf("%s ends with %v", ref, exit)
	}
	if r := last[*chain.Result](s.t, s.events(ref)); r.Status != chain.ResultLimit || r.Trap.Kind != string(wasm.KindLimit) {
		s.t.Errorf("the chain of %s has the result %v", ref, r.Status)
	}
}
