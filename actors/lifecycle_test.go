package actors_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/host/runtime"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestASpawnWithoutInitIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	s := open(t)
	_, err := s.try("actor", guest(wasmtest.Guest{Without: []string{wasmtest.Init}}))
	if err == nil || !strings.Contains(err.Error(), wasmtest.Init) {
		t.Errorf("the spawn gives %v, want an error that names init", err)
	}
	for sum := range s.log.Actors(t.Context()) {
		t.Errorf("the log has an actor %s", sum.Path)
	}
}

func TestAFailedInitFailsTheSpawnAndIsOnTheChain(t *testing.T) {
	for _, c := range []struct {
		name   string
		init   wasmtest.Behavior
		status chain.ResultStatus
		is     func(error) bool
	}{
		{"it answers err", wasmtest.Refuse("not ready"), chain.ResultError, func(err error) bool {
			var guest *wasm.GuestError
			return errors.As(err, &guest) && guest.Message == "not ready"
		}},
		{"it traps", wasmtest.Trap(), chain.ResultTrap, isTrap(wasm.KindUnreachable)},
		{"it never returns", wasmtest.Spin(), chain.ResultDeadline, isTrap(wasm.KindDeadline)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			ref, err := s.try("actor", guest(wasmtest.Guest{Init: c.init}), "[limits]\nturn_time = \"200ms\"")
			if !c.is(err) || !strings.Contains(err.Error(), "/actor") {
				t.Errorf("the spawn gives %v", err)
			}
			if ref.Path != "" || len(s.List()) != 0 {
				t.Errorf("there is still an actor %s", ref)
			}
			sum := s.only()
			all := events(t, s.log, sum.ID)
			if got := last[*chain.Result](t, all); got.Status != c.status {
				t.Errorf("the chain has result %v, want %v", got.Status, c.status)
			}
			if got := last[*chain.Lifecycle](t, all); got.What != chain.LifecycleStopped || got.Reason != string(actors.ReasonInitFailed) {
				t.Errorf("the chain ends with %+v", got)
			}
		})
	}
}

func isTrap(kind wasm.Kind) func(error) bool {
	return func(err error) bool {
		var trap *wasm.Trap
		return errors.As(err, &trap) && trap.Kind == kind
	}
}

// only is the one actor that the log has.
func (s *stage) only() chain.Summary {
	s.t.Helper()
	var all []chain.Summary
	for sum, err := range s.log.Actors(context.Background()) {
		check(s.t, err)
		all = append(all, sum)
	}
	if len(all) != 1 {
		s.t.Fatalf("the log has %d actors, want 1", len(all))
	}
	return all[0]
}

func TestASpawnThatIsGivenUpKillsTheActor(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	m := toml(t, "actor", grants)
	spawned := make(chan error, 1)
	go func() {
		_, err := s.Spawn(ctx, actors.Spec{Manifest: m, Package: guest(wasmtest.Guest{Init: wasmtest.Spin()})})
		spawned <- err
	}()
	s.eventually("its init runs", func() bool {
		all := s.List()
		return len(all) == 1 && !all[0].Busy.IsZero()
	})
	cancel()
	if err := <-spawned; !isTrap(wasm.KindKilled)(err) {
		t.Errorf("the spawn gives %v", err)
	}
	if got := last[*chain.Result](t, events(t, s.log, s.only().ID)); got.Status != chain.ResultKilled {
		t.Errorf("the chain has result %v", got.Status)
	}
}

func TestShutdownEndsTheActorNormallyWithItsData(t *testing.T) {
	some := func(b string) []byte { return encode(pack.Some(pack.Bytes([]byte(b)))) }
	shutdown := func(data []byte, then wasmtest.Behavior) wasmtest.Behavior {
		return wasmtest.Do(runtime.Interface, "shutdown", data, then)
	}
	s := open(t)
	t.Run("with data, after the turn is answered", func(t *testing.T) {
		ref := s.spawn("actor", server(shutdown(some("the end"), wasmtest.Echo())))
		s.answers(ref, "bye", "bye")
		if exit := s.ends(ref); exit.Reason != actors.ReasonNormal || string(exit.Data) != "the end" || exit.Failed() {
			t.Errorf("the exit is %+v", exit)
		}
		if got := last[*chain.Lifecycle](t, s.events(ref)); got.Reason != string(actors.ReasonNormal) {
			t.Errorf("the chain ends with %+v", got)
		}
		// Who comes late learns the same.
		if exit := s.ends(ref); string(exit.Data) != "the end" {
			t.Errorf("the exit is afterwards %+v", exit)
		}
		if _, err := s.request(ref, "x"); !errors.Is(err, actors.ErrStopped) {
			t.Errorf("a request afterwards gives %v", err)
		}
	})
	t.Run("without data", func(t *testing.T) {
		ref := s.spawn("actor", server(shutdown(encode(pack.None(pack.TypeBytes)), wasmtest.Echo())))
		s.answers(ref, "", "")
		if exit := s.ends(ref); exit.Reason != actors.ReasonNormal || exit.Data != nil {
			t.Errorf("the exit is %+v", exit)
		}
	})
	t.Run("with data that is empty", func(t *testing.T) {
		ref := s.spawn("actor", server(shutdown(some(""), wasmtest.Echo())))
		s.answers(ref, "", "")
		if exit := s.ends(ref); exit.Data == nil || len(exit.Data) != 0 {
			t.Errorf("the exit is %+v", exit)
		}
	})
	t.Run("in init", func(t *testing.T) {
		ref := s.spawn("actor", guest(wasmtest.Guest{Init: shutdown(some("done"), wasmtest.Keep())}))
		if exit := s.ends(ref); exit.Reason != actors.ReasonNormal || string(exit.Data) != "done" {
			t.Errorf("the exit is %+v", exit)
		}
	})
	t.Run("not in a turn that fails", func(t *testing.T) {
		ref := s.spawn("actor", server(wasmtest.Switch(map[byte]wasmtest.Behavior{
			'f': shutdown(some("x"), wasmtest.Refuse("no")),
		}, wasmtest.Echo())), "[supervision]\non_error = \"continue\"")
		if _, err := s.request(ref, "f"); err == nil {
			t.Error("the turn did not fail")
		}
		s.answers(ref, "still here", "still here")
	})
	t.Run("in a turn that fails after an outcall let it act", func(t *testing.T) {
		echo := s.spawn("echo", server(wasmtest.Echo()))
		ref := s.spawn("actor", server(shutdown(some("x"), request(echo.Path, "", wasmtest.Refuse("no")))),
			"[supervision]\non_error = \"continue\"")
		if _, err := s.request(ref, ""); err == nil {
			t.Error("the turn did not fail")
		}
		if exit := s.ends(ref); exit.Reason != actors.ReasonNormal {
			t.Errorf("the exit is %+v", exit)
		}
	})
}

func TestStopAndKillEndWhateverTheGuestDoes(t *testing.T) {
	long := "[limits]\nturn_time = \"1h\"\nwait_time = \"1h\""
	t.Run("a stop of an idle actor", func(t *testing.T) {
		s := open(t)
		ref := s.spawn("actor", server(wasmtest.Echo()))
		exit, err := s.Stop(t.Context(), ref)
		if err != nil || exit.Reason != actors.ReasonShutdown || exit.Failed() {
			t.Errorf("the exit is %v, %v", exit, err)
		}
		if exit, err := s.Stop(t.Context(), ref); err != nil || exit.Reason != actors.ReasonShutdown {
			t.Errorf("a second stop gives %v, %v", exit, err)
		}
		if exit, err := s.Kill(t.Context(), ref); err != nil || exit.Reason != actors.ReasonShutdown {
			t.Errorf("a kill afterwards gives %v, %v", exit, err)
		}
		if got := last[*chain.Lifecycle](t, s.events(ref)); got.What != chain.LifecycleStopped || got.Reason != string(actors.ReasonShutdown) {
			t.Errorf("the chain ends with %+v", got)
		}
	})
	t.Run("a kill of one that spins", func(t *testing.T) {
		s := open(t)
		ref := s.spawn("actor", server(spin()), long)
		answer := s.ask(ref, "")
		s.spins(1)
		began := time.Now()
		exit, err := s.Kill(t.Context(), ref)
		if took := time.Since(began); err != nil || exit.Reason != actors.ReasonKilled || took > 5*time.Second {
			t.Errorf("the exit is %v, %v after %v", exit, err, took)
		}
		if a := s.gets(answer); !isTrap(wasm.KindKilled)(a.err) {
			t.Errorf("the requester gets %v", a.err)
		}
		if got := last[*chain.Result](t, s.events(ref)); got.Status != chain.ResultKilled {
			t.Errorf("the chain has result %v", got.Status)
		}
	})
	t.Run("a stop whose context ends becomes a kill", func(t *testing.T) {
		s := open(t)
		ref := s.spawn("actor", server(spin()), long)
		answer := s.ask(ref, "")
		s.spins(1)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if exit, err := s.Stop(ctx, ref); err != nil || exit.Reason != actors.ReasonKilled {
			t.Errorf("the exit is %v, %v", exit, err)
		}
		s.gets(answer)
	})
	t.Run("a stop of one that sleeps", func(t *testing.T) {
		s := open(t)
		ref := s.spawn("actor", server(wasmtest.Sleep(time.Hour, wasmtest.Echo())), long)
		answer := s.ask(ref, "")
		s.asleep(ref)
		began := time.Now()
		exit, err := s.Stop(t.Context(), ref)
		if took := time.Since(began); err != nil || exit.Reason != actors.ReasonShutdown || took > 5*time.Second {
			t.Errorf("the exit is %v, %v after %v", exit, err, took)
		}
		if a := s.gets(answer); a.err == nil {
			t.Error("the requester gets an answer")
		}
		all := s.events(ref)
		if o := last[*chain.Outcome](t, all); o.Status != chain.CallInterrupted {
			t.Errorf("the chain has the outcome %v", o.Status)
		}
		if r := last[*chain.Result](t, all); r.Status != chain.ResultInterrupted {
			t.Errorf("the chain has the result %v", r.Status)
		}
	})
	t.Run("a kill of one that sleeps", func(t *testing.T) {
		s := open(t)
		ref := s.spawn("actor", server(wasmtest.Sleep(time.Hour, wasmtest.Echo())), long)
		answer := s.ask(ref, "")
		s.asleep(ref)
		if exit, err := s.Kill(t.Context(), ref); err != nil || exit.Reason != actors.ReasonKilled {
			t.Errorf("the exit is %v, %v", exit, err)
		}
		s.gets(answer)
		if o := last[*chain.Outcome](t, s.events(ref)); o.Status != chain.CallKilled {
			t.Errorf("the chain has the outcome %v", o.Status)
		}
	})
}

// spins waits until so many guests that spin have begun.
func (s *stage) spins(n int) {
	s.t.Helper()
	s.eventually("they spin", func() bool { return len(s.output()) == n })
}

// spin logs a line and spins.
func spin() wasmtest.Behavior { return logs("spinning", wasmtest.Spin()) }

// asleep waits until the actor's open turn is on the chain, as it is while it
// waits.
func (s *stage) asleep(ref actors.Ref) {
	s.t.Helper()
	s.eventually("it waits", func() bool {
		all := s.events(ref)
		return len(of[*chain.Call](all)) > len(of[*chain.Result](all))
	})
}

func TestAnActorThatIsToldToEndWhileItIsSpawnedEnds(t *testing.T) {
	// The log is asked for the earlier actor of a path when the new one has the
	// path and no process yet.
	log := memlog.New()
	earlier := reopen(t, log)
	earlier.spawn("actor", server(wasmtest.Echo()))
	earlier.close()
	hooked := &prompted{Log: log}
	s := reopen(t, hooked)
	told := make(chan actors.Exit, 1)
	hooked.f = func() {
		ref, err := s.Lookup("/actor")
		check(t, err)
		go func() {
			exit, err := s.Stop(context.Background(), ref)
			if err != nil {
				t.Error(err)
			}
			told <- exit
		}()
		s.eventually("the order is given", func() bool { return s.info(ref).Status == actors.StatusStopping })
	}
	_, _ = s.try("actor", server(wasmtest.Echo()))
	select {
	case exit := <-told:
		if exit.Reason != actors.ReasonShutdown {
			t.Errorf("the exit is %v", exit)
		}
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
}

// prompted is a log that runs f when it is asked for a summary, and answers
// with fail unless that is nil.
type prompted struct {
	chain.Log
	f    func()
	fail error
}

func (p *prompted) Summary(ctx context.Context, id chain.ID) (chain.Summary, error) {
	p.f()
	if p.fail != nil {
		return chain.Summary{}, p.fail
	}
	return p.Log.Summary(ctx, id)
}

func TestASessionIsOpenedForEachActorAndClosedWithTheReason(t *testing.T) {
	p := &probe{}
	handlers, err := host.NewRegistry(p)
	check(t, err)
	s := open(t, func(c *actors.Config) { c.Handlers = handlers })
	m, err := manifest.Parse([]byte("name = \"actor\"\nversion = \"1\"\npackage = \"actor.wasm\"\n[[handler]]\ntype = \"probe\""), "manifest.toml", handlers)
	check(t, err)
	spawn := func(init wasmtest.Behavior) (actors.Ref, error) {
		return s.Spawn(t.Context(), actors.Spec{Manifest: m, Package: wasmtest.Guest{Init: init}.Bytes()})
	}
	ref, err := spawn(wasmtest.Keep())
	check(t, err)
	_, err = s.Stop(t.Context(), ref)
	check(t, err)
	if _, err := spawn(wasmtest.Trap()); err == nil {
		t.Fatal("the spawn succeeds")
	}
	ref, err = spawn(wasmtest.Keep())
	check(t, err)
	_, err = s.Kill(t.Context(), ref)
	check(t, err)
	s.close()
	if want := []string{"open /actor", "close shutdown", "open /actor", "close init-failed", "open /actor", "close killed"}; !slices.Equal(p.did, want) {
		t.Errorf("its sessions are %q, want %q", p.did, want)
	}
}

// probe is a handler that notes its sessions.
type probe struct{ did []string }

func (*probe) Type() string                 { return "probe" }
func (*probe) Interfaces() []host.Interface { return nil }
func (*probe) NewConfig() any               { return &struct{}{} }
func (*probe) NewPolicy() any               { return nil }
func (p *probe) Open(a host.Actor, _ host.Grant) (host.Session, error) {
	p.did = append(p.did, "open "+a.Path())
	return p, nil
}
func (*probe) Call(context.Context, *host.Call) (pack.Value, error) { return pack.Unit, nil }
func (*probe) Release(any, host.Event)                              {}
func (p *probe) Close(reason string)                                { p.did = append(p.did, "close "+reason) }

func TestCloseSuspendsEveryActorAndMayBeCalledTwice(t *testing.T) {
	s := open(t)
	idle := s.spawn("idle", server(wasmtest.Echo()))
	asleep := s.spawn("asleep", server(wasmtest.Sleep(time.Hour, wasmtest.Echo())), "[limits]\nwait_time = \"1h\"")
	answer := s.ask(asleep, "")
	s.asleep(asleep)
	check(t, s.System.Close(t.Context()))
	check(t, s.System.Close(t.Context()))
	s.gets(answer)
	for _, ref := range []actors.Ref{idle, asleep} {
		if exit := s.ends(ref); exit.Reason != actors.ReasonSuspended || exit.Failed() {
			t.Errorf("%s ends with %v", ref, exit)
		}
		if got := last[*chain.Lifecycle](t, s.events(ref)); got.What != chain.LifecycleSuspended {
			t.Errorf("the chain of %s ends with %+v", ref, got)
		}
	}
	if _, err := s.try("idle", server(wasmtest.Echo())); !errors.Is(err, actors.ErrClosed) {
		t.Errorf("a spawn afterwards gives %v", err)
	}
	sum, err := s.log.Summary(t.Context(), idle.ID)
	check(t, err)
	if sum.Status != chain.StatusSuspended {
		t.Errorf("the refused spawn left %s %s", idle, sum.Status)
	}
}

func TestCloseKillsWhatDoesNotEndInTime(t *testing.T) {
	s := open(t)
	ref := s.spawn("actor", server(spin()), "[limits]\nturn_time = \"1h\"")
	answer := s.ask(ref, "")
	s.spins(1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	check(t, s.System.Close(ctx))
	if a := s.gets(answer); !isTrap(wasm.KindKilled)(a.err) {
		t.Errorf("the requester gets %v", a.err)
	}
	if exit := s.ends(ref); exit.Reason != actors.ReasonKilled {
		t.Errorf("the exit is %v", exit)
	}
}

func TestALiveSiblingsNameGetsTheLowestNumberThatIsFree(t *testing.T) {
	s := open(t)
	actor := func() string { return s.spawn("actor", server(wasmtest.Echo())).Path }
	stop := func(paths ...string) {
		for _, path := range paths {
			ref, err := s.Lookup(path)
			check(t, err)
			_, err = s.Stop(t.Context(), ref)
			check(t, err)
		}
	}
	for _, c := range []struct{ stopped, spawned []string }{
		{nil, []string{"/actor", "/actor~2", "/actor~3", "/actor~4", "/actor~5"}},
		{[]string{"/actor~4", "/actor~2", "/actor~3"}, []string{"/actor~2", "/actor~3", "/actor~4", "/actor~6"}},
		{[]string{"/actor", "/actor~6"}, []string{"/actor", "/actor~6"}},
		{[]string{"/actor~2", "/actor~3", "/actor~4", "/actor~5", "/actor~6"}, []string{"/actor~2"}},
		{[]string{"/actor", "/actor~2"}, []string{"/actor"}},
	} {
		stop(c.stopped...)
		for _, want := range c.spawned {
			if got := actor(); got != want {
				t.Errorf("after %q ended, one is %s, want %s", c.stopped, got, want)
			}
		}
	}
}

func TestActorsAreListedAsTheyWereSpawned(t *testing.T) {
	s := open(t)
	var refs []actors.Ref
	for _, name := range []string{"c", "a", "b", "a"} {
		refs = append(refs, s.spawn(name, server(wasmtest.Echo())))
	}
	for _, gone := range []int{1, 3} {
		_, err := s.Stop(t.Context(), refs[gone])
		check(t, err)
	}
	s.spawn("a", server(wasmtest.Echo()))
	var paths []string
	for _, info := range s.List() {
		paths = append(paths, info.Path)
	}
	if want := []string{"/c", "/b", "/a"}; !slices.Equal(paths, want) {
		t.Errorf("there are %q, want %q", paths, want)
	}
}

func TestASpawnMarksTheEarlierActorsOfItsPathAsSuperseded(t *testing.T) {
	log := memlog.New()
	first := reopen(t, log)
	old := first.spawn("actor", server(wasmtest.Echo()))
	twin := first.spawn("actor", server(wasmtest.Echo())) // /actor~2
	stays := first.spawn("actors", server(wasmtest.Echo()))
	first.close()

	second := reopen(t, log)
	second.spawn("actor", server(wasmtest.Echo()))
	for _, c := range []struct {
		ref    actors.Ref
		status chain.Status
	}{{old, chain.StatusStopped}, {twin, chain.StatusSuspended}, {stays, chain.StatusSuspended}} {
		sum, err := log.Summary(t.Context(), c.ref.ID)
		check(t, err)
		if sum.Status != c.status {
			t.Errorf("%s is %s, want %s", c.ref, sum.Status, c.status)
		}
	}
	if got := last[*chain.Lifecycle](t, second.events(old)); got.Reason != string(actors.ReasonSuperseded) {
		t.Errorf("the old chain ends with %+v", got)
	}
	second.spawn("actor", server(wasmtest.Echo())) // takes /actor~2
	if sum, err := log.Summary(t.Context(), twin.ID); err != nil || sum.Status != chain.StatusStopped {
		t.Errorf("%s is %s, %v, and another has its path", twin, sum.Status, err)
	}
}

func TestTheControlPlaneAnswersWhileGuestsSpin(t *testing.T) {
	s := open(t)
	const spinners = 6
	var answers []<-chan asked
	var refs []actors.Ref
	for range spinners {
		ref := s.spawn("spinner", server(spin()), "[limits]\nturn_time = \"1h\"")
		refs = append(refs, ref)
		answers = append(answers, s.ask(ref, ""))
	}
	s.spins(spinners)
	var worst time.Duration
	for range 50 {
		began := time.Now()
		if list := s.List(); len(list) != spinners {
			t.Fatalf("%d actors", len(list))
		}
		if info := s.info(refs[0]); info.Status != actors.StatusRunning || info.Memory == 0 {
			t.Fatalf("the first is %+v", info)
		}
		worst = max(worst, time.Since(began))
	}
	if worst > time.Second {
		t.Errorf("a look took %v", worst)
	}
	for i, ref := range refs {
		_, err := s.Kill(t.Context(), ref)
		check(t, err)
		s.gets(answers[i])
	}
}

func TestWhatNobodyHasIsNotFound(t *testing.T) {
	s := open(t)
	for _, target := range []string{"/nobody", "nobody", "", "0199b6a0-0000-7000-8000-000000000000"} {
		if _, err := s.Lookup(target); !errors.Is(err, actors.ErrNoActor) {
			t.Errorf("Lookup(%q) gives %v", target, err)
		}
	}
	made := actors.Ref{Path: "/made up"}
	if _, err := s.Watch(made); !errors.Is(err, actors.ErrNoActor) {
		t.Errorf("Watch gives %v", err)
	}
	if _, err := s.Stop(t.Context(), made); !errors.Is(err, actors.ErrNoActor) {
		t.Errorf("Stop gives %v", err)
	}
	ref := s.spawn("actor", server(wasmtest.Echo()))
	for _, target := range []string{ref.Path, ref.ID.String()} {
		if found, err := s.Lookup(target); err != nil || found.ID != ref.ID {
			t.Errorf("Lookup(%q) gives %v, %v", target, found, err)
		}
	}
	// A Ref from elsewhere, with the id alone, serves as well.
	s.answers(actors.Ref{ID: ref.ID}, "x", "x")
}

func TestASpawnIsRefusedWhatItsManifestDoesNotGrant(t *testing.T) {
	s := open(t)
	channel := guest(wasmtest.Guest{HandleRequest: wasmtest.Do(message.Interface, "open-channel", tell("/x", ""), wasmtest.Keep())})
	for _, c := range []struct{ name, tables, says string }{
		{"no handler", "", "manifest.toml: the actor imports theater:simple/message-server-host"},
		{"the table to add", "[[handler]]\ntype = \"runtime\"", "[[handler]] table with type = \"message-server\""},
		{"a channel", grants, "message-server-host.open-channel, a function that handler \"message-server\" does not offer"},
		{"a capability that its own policy disallows", grants + "[permission_policy.message_server]\ntype = \"disallow\"", "disallowed by [permission_policy]"},
	} {
		_, err := s.Spawn(t.Context(), actors.Spec{Manifest: toml(t, "actor", c.tables), Package: channel})
		var refused *host.LinkError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: the spawn gives %v", c.name, err)
		}
	}
	for sum := range s.log.Actors(t.Context()) {
		t.Errorf("the log has an actor %s", sum.Path)
	}
}
