package actors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// hall is a tree of three levels, 13 actors: a hall with three rooms of three
// guests each, whose times to stop are mixed and at most longest.
func hall() plan {
	const longest = 300
	hall := plan{id: "hall", tables: unhurried, as: fmt.Sprintf("shutdown = \"%dms\"", longest)}
	times := []string{`shutdown = "brutal-kill"`, `shutdown = "100ms"`, `shutdown = "250ms"`}
	for i, id := range []string{"a", "b", "c"} {
		room := plan{id: id, tables: unhurried, as: times[i]}
		for j, id := range []string{"x", "y", "z"} {
			room.children = append(room.children, plan{id: id, tables: unhurried, as: times[(i+j)%3]})
		}
		hall.children = append(hall.children, room)
	}
	return hall
}

// below are the live actors at a path and below it, those that started first
// first.
func (h *house) below(path string) []actors.Ref {
	var refs []actors.Ref
	for _, info := range h.List() {
		if info.Path == path || strings.HasPrefix(info.Path, path+"/") {
			refs = append(refs, info.Ref)
		}
	}
	return refs
}

// ended is the end on an actor's chain.
func (h *house) ended(ref actors.Ref) *chain.Lifecycle {
	h.t.Helper()
	return last[*chain.Lifecycle](h.t, h.events(ref))
}

// endedInOrder requires that the chains end with what and that no actor ended
// before those below it, nor one that started before a sibling.
func (h *house) endedInOrder(refs []actors.Ref, what chain.LifecycleKind) {
	h.t.Helper()
	ends := map[string]*chain.Lifecycle{}
	for _, ref := range refs {
		h.ends(ref)
		end := h.ended(ref)
		if end.What != what {
			h.t.Errorf("the chain of %s ends with %+v", ref, end)
		}
		for path, other := range ends { // of actors that started before
			parent := path[:strings.LastIndex(path, "/")]
			if strings.HasPrefix(ref.Path, path+"/") && other.Time < end.Time {
				h.t.Errorf("%s ended before %s, which is below it", path, ref)
			}
			if parent == ref.Path[:strings.LastIndex(ref.Path, "/")] && other.Time < end.Time {
				h.t.Errorf("%s ended before %s, which started later", path, ref)
			}
		}
		ends[ref.Path] = end
	}
}

func TestATreeInWhichEveryGuestSpinsStopsWithinItsLongestTime(t *testing.T) {
	h := build(t)
	h.grow(parent("", hall()))
	refs := h.below("/top/hall")
	if len(refs) != 13 {
		t.Fatalf("there are %d actors", len(refs))
	}
	for _, ref := range refs {
		check(t, h.Send(ref, "test", []byte("b")))
	}
	h.spins(len(refs))
	began := time.Now()
	exit, err := h.Stop(t.Context(), refs[0])
	took := time.Since(began)
	t.Logf("stopped after %v, of which 300ms are the longest time-out", took)
	if err != nil || exit.Reason != actors.ReasonKilled || took < 300*time.Millisecond || took > 5*time.Second {
		t.Errorf("the stop gives %v, %v after %v", exit, err, took)
	}
	for _, ref := range refs {
		if r := last[*chain.Result](t, h.events(ref)); r.Status != chain.ResultKilled {
			t.Errorf("the turn of %s ends with %v: %s", ref, r.Status, kinds(h.events(ref)))
		}
	}
	h.endedInOrder(refs, chain.LifecycleStopped)
}

func TestAStopOfATreeEndsThoseBelowFirstAndAllInOrder(t *testing.T) {
	h := build(t)
	h.grow(parent("", hall(), child("other")))
	refs := h.below("/top/hall")
	exit, err := h.Stop(t.Context(), refs[0])
	if err != nil || exit.Reason != actors.ReasonShutdown {
		t.Errorf("the stop gives %v, %v", exit, err)
	}
	h.endedInOrder(refs, chain.LifecycleStopped)
	for _, ref := range refs {
		if end := h.ended(ref); end.Reason != "shutdown" {
			t.Errorf("the chain of %s ends with %+v", ref, end)
		}
	}
	h.answers(h.ref("/top/other"), "", first)
}

func TestACloseSuspendsTreesFromBelow(t *testing.T) {
	h := build(t)
	h.grow(parent("", hall(), plan{id: "asleep", tables: unhurried}))
	asleep := h.ref("/top/asleep")
	answer := h.ask(asleep, "s")
	h.asleep(asleep)
	refs := h.below("")
	check(t, h.System.Close(t.Context()))
	if got := h.gets(answer); got.err == nil {
		t.Error("who asks the one that sleeps gets an answer")
	}
	h.endedInOrder(refs, chain.LifecycleSuspended)
}

func TestACloseThatTakesTooLongCutsWholeTreesOff(t *testing.T) {
	h := build(t)
	h.grow(parent("", plan{id: "mid", tables: unhurried, children: []plan{{id: "a", tables: unhurried, as: `shutdown = "infinity"`}}}))
	refs := h.below("")
	check(t, h.Send(refs[1], "test", []byte("b")))
	check(t, h.Send(refs[2], "test", []byte("b")))
	h.spins(2)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	check(t, h.System.Close(ctx))
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the close takes %v", took)
	}
	for _, ref := range refs[1:] { // each would start again, and does when it is resumed
		if r := last[*chain.Result](t, h.events(ref)); r.Status != chain.ResultKilled {
			t.Errorf("the turn of %s ends with %v", ref, r.Status)
		}
	}
	h.endedInOrder(refs, chain.LifecycleSuspended)
}

func TestAGuestThatSpinsIsKilledBrutally(t *testing.T) {
	h := build(t)
	h.grow(parent("", plan{id: "a", tables: unhurried, as: `shutdown = "brutal-kill"`}))
	a := h.ref("/top/a")
	answer := h.ask(a, "b")
	h.spins(1)
	if exit, err := h.Stop(t.Context(), a); err != nil || exit.Reason != actors.ReasonKilled {
		t.Errorf("the stop gives %v, %v", exit, err)
	}
	if got := h.gets(answer); !isTrap(wasm.KindKilled)(got.err) {
		t.Errorf("who asked gets %v", got.err)
	}
	h.sees("/top", "started a", "gone a")
}

func TestAStopComesThroughWhateverHappensMeanwhile(t *testing.T) {
	waiting := "[supervision.backoff]\ninitial = \"1h\"\ncap = \"1h\""
	for name, c := range map[string]struct {
		tables string                       // of the parent
		begin  func(h *house) (then func()) // what goes on when the stop comes
		target string                       // of the stop
		reason actors.Reason
	}{
		"a restart, of the child":        {"", atInit, "/top/mid/a", actors.ReasonShutdown},
		"a restart, of its parent":       {"", atInit, "/top/mid", actors.ReasonShutdown},
		"a restart, of its grandparent":  {"", atInit, "/top", actors.ReasonShutdown},
		"a backoff, of the child":        {waiting, backingOff, "/top/mid/a", actors.ReasonTrap},
		"a backoff, of its parent":       {waiting, backingOff, "/top/mid", actors.ReasonShutdown},
		"a restart of the parent":        {"", parentAtInit, "/top/mid", actors.ReasonShutdown},
		"the start of the parent's kids": {"", kidAtInit, "/top/mid", actors.ReasonShutdown},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			h.grow(parent("", plan{id: "mid", tables: c.tables, children: []plan{child("a"), child("b")}}))
			then := c.begin(h)
			ref := h.ref(c.target)
			stopped := make(chan actors.Exit, 1)
			go func() {
				exit, err := h.Stop(context.Background(), ref)
				if err != nil {
					t.Error(err)
				}
				stopped <- exit
			}()
			h.eventually("the order is given", func() bool { s := h.info(ref).Status; return s == actors.StatusStopping || s == actors.StatusEnded })
			then()
			select {
			case exit := <-stopped:
				if exit.Reason != c.reason {
					t.Errorf("the exit is %v", exit)
				}
			case <-time.After(patience):
				t.Fatal("it does not end")
			}
			if left := h.below(c.target); len(left) != 0 {
				t.Errorf("there is left %v", left)
			}
			if c.target != "/top" {
				h.answers(h.ref("/top"), "", first)
			}
		})
	}
}

// atInit has a child restart and waits until its init does.
func atInit(h *house) func() { return h.held("/top/mid/a", "/top/mid/a init") }

func parentAtInit(h *house) func() { return h.held("/top/mid", "/top/mid init") }

func kidAtInit(h *house) func() { return h.held("/top/mid", "/top/mid/b init") }

func (h *house) held(traps, at string) (then func()) {
	open := h.shut(at)
	check(h.t, h.Send(h.ref(traps), "test", []byte("x")))
	h.eventually("somebody waits at "+at, func() bool { return h.waits(at) })
	return func() { open(nil) }
}

func backingOff(h *house) func() {
	check(h.t, h.Send(h.ref("/top/mid/a"), "test", []byte("x")))
	h.eventually("it waits", func() bool { return h.info(h.ref("/top/mid/a")).Status == actors.StatusRestarting })
	return func() {}
}

func TestASpawnWhoseChildrenAreStartingCanBeGivenUp(t *testing.T) {
	h := build(t)
	m := h.load(parent("", child("a"), child("b")))
	h.shut("/top/b init")
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := h.Spawn(ctx, actors.Spec{Manifest: m})
		failed <- err
	}()
	h.eventually("the second child begins", func() bool { return h.waits("/top/b init") })
	cancel()
	select {
	case err := <-failed:
		if err == nil {
			t.Error("the spawn succeeds")
		}
	case <-time.After(patience):
		t.Fatal("the spawn does not end")
	}
	h.eventually("all are gone", func() bool { return len(h.List()) == 0 })
}

func TestAChildThatDoesNotStartFailsTheSpawnOfItsTree(t *testing.T) {
	h := build(t)
	h.fails("/top/b init", 1)
	_, err := h.Spawn(t.Context(), actors.Spec{Manifest: h.load(parent("", child("a"), child("b"), child("c")))})
	if err == nil || !strings.HasPrefix(err.Error(), "spawn /top: child b did not start: ") || !strings.Contains(err.Error(), "the gate is locked") {
		t.Errorf("the spawn gives %v", err)
	}
	h.eventually("all are gone", func() bool { return len(h.List()) == 0 })
	want := []string{"started a", "failed b escalate", "gone b", "gone a"}
	if got := h.seen("/top"); !slices.Equal(got, want) {
		t.Errorf("there is seen %q", got)
	}
}

func TestAKillOfAnActorThatRestartsFailsItOnceMore(t *testing.T) {
	h := build(t)
	h.grow(parent("", child("a")))
	a := h.ref("/top/a")
	h.shut("/top/a init")
	h.forget()
	check(t, h.Send(a, "test", []byte("x")))
	h.eventually("its init waits", func() bool { return h.waits("/top/a init") })
	h.keep(nil) // for the next one
	exit, err := h.Kill(t.Context(), a)
	if err != nil || exit.Reason != actors.ReasonKilled || !isTrap(wasm.KindKilled)(exit.Err) {
		t.Errorf("the kill gives %v, %v", exit, err)
	}
	h.restarted("/top/a", 2)
	h.answers(a, "", first)
	h.sees("/top", "failed a restart", "failed a restart", "started a")
}

func TestAKillOfAnActorThatWaitsToStartAgainChangesNothing(t *testing.T) {
	h := build(t)
	h.grow(parent("[supervision.backoff]\ninitial = \"200ms\"", child("a")))
	a := h.ref("/top/a")
	if _, err := h.request(a, "x"); err == nil {
		t.Fatal("x does not trap")
	}
	h.eventually("it waits", func() bool { return h.info(a).Status == actors.StatusRestarting })
	if exit, err := h.Kill(t.Context(), a); err != nil || exit.Reason != actors.ReasonTrap {
		t.Errorf("the kill gives %v, %v", exit, err)
	}
	h.restarted("/top/a", 1)
	h.answers(a, "", first)
	if _, err := h.Kill(t.Context(), a); err != nil {
		t.Error(err)
	}
	h.restarted("/top/a", 2)
	if errors.Is(h.info(a).Last.Err, actors.ErrStopped) {
		t.Error("its last failure is no kill")
	}
}

func TestAKillOfARootThatIsToldToRestartReturns(t *testing.T) {
	h := build(t)
	top := h.grow(parent("", child("a")))
	a := h.ref("/top/a")
	open := h.shut("/top/a g")
	check(t, h.Send(a, "test", []byte("g")))
	h.eventually("its child waits at the gate", func() bool { return h.waits("/top/a g") })
	restarted := make(chan error, 1)
	go func() { restarted <- h.System.Restart(context.Background(), top) }()
	h.eventually("its child is told to end", func() bool { return h.info(a).Status == actors.StatusStopping })
	if exit, err := h.Kill(t.Context(), top); err != nil || exit.Reason != actors.ReasonKilled {
		t.Errorf("the kill gives %v, %v", exit, err)
	}
	open(nil)
	if err := <-restarted; err != nil {
		t.Errorf("the restart gives %v", err)
	}
	h.answers(top, "", first)
}

func TestATurnThatRunsWhileItsActorStopsHasNoMoreChildren(t *testing.T) {
	h := build(t)
	none := pack.None(pack.TypeBytes)
	spawns := wasmtest.Do(supervisor.Interface, "spawn", encode(pack.Tuple(pack.String("kid"), none, none)), wasmtest.Keep())
	code := wasmtest.Guest{
		Interfaces: append(interfaces(), supervisor.New().Interfaces()[0].Pact, newPorter().Interfaces()[0].Pact),
		Init:       ready, HandleSend: pass("g", spawns),
	}.Bytes()
	h.grow(parent("", plan{id: "a", code: code, children: []plan{child("b")}, spawns: []plan{child("kid")}}))
	a := h.ref("/top/a")
	open := h.shut("/top/a g")
	check(t, h.Send(a, "test", nil))
	h.eventually("it waits at the gate", func() bool { return h.waits("/top/a g") })
	stopped := make(chan actors.Exit, 1)
	go func() {
		exit, err := h.Stop(context.Background(), a)
		if err != nil {
			t.Error(err)
		}
		stopped <- exit
	}()
	h.eventually("its child has ended", func() bool { return len(h.below("/top/a")) == 1 })
	open(nil)
	if exit := <-stopped; exit.Reason != actors.ReasonShutdown {
		t.Errorf("it ends with %v", exit)
	}
	if got := h.seen("/top/a"); !slices.Equal(got, []string{"started b", "gone b"}) {
		t.Errorf("its children were %q", got)
	}
}
