package actors_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// crashed is a copy of the log with the chains of some actors cut: without the
// last records, as a process leaves it that ended at that moment.
func (h *house) crashed(cut map[string]int) chain.Log {
	h.t.Helper()
	return h.losing(func(sum chain.Summary) int { return cut[sum.Path] })
}

// losing is a copy of the log in which each chain lacks so many of its last records.
func (h *house) losing(lost func(chain.Summary) int) chain.Log {
	h.t.Helper()
	log := memlog.New()
	w, err := log.Writer(context.Background())
	check(h.t, err)
	for sum, err := range h.log.Actors(context.Background()) {
		check(h.t, err)
		chain := records(h.t, h.log, sum.ID)
		for i, r := range chain[:len(chain)-lost(sum)] {
			for _, sum := range blobs(h.t, h.log, r) {
				if b, err := h.log.Blob(context.Background(), sum); err == nil {
					w.PutBlob(b)
				}
			}
			r.Number = uint64(i)
			check(h.t, w.Append(chaintest.Draft(r), nil))
		}
	}
	check(h.t, w.Close())
	return log
}

// spawner is a guest whose init spawns the manifest kid, and that traps when it is
// sent a message.
func spawner() []byte {
	none := pack.None(pack.TypeBytes)
	spawn := encode(pack.Tuple(pack.String("kid"), none, none))
	return wasmtest.Guest{
		Interfaces: append(interfaces(), supervisor.New().Interfaces()[0].Pact),
		Init:       wasmtest.Do(supervisor.Interface, "spawn", spawn, ready),
		HandleSend: wasmtest.Trap(),
	}.Bytes()
}

func TestAWholeTreeIsResumedAsItWas(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	top := h.grow(plan{id: "top", children: []plan{
		{id: "a", children: []plan{child("x"), child("y")}},
		{id: "b", code: spawner(), spawns: []plan{child("kid")}},
	}})
	paths := []string{"/top", "/top/a", "/top/a/x", "/top/a/y", "/top/b/kid"}
	ids := map[string]chain.ID{}
	for _, path := range paths {
		h.answers(h.ref(path), "", first)
		ids[path] = h.ref(path).ID
	}
	check(t, h.Send(h.ref("/top/a/y"), "test", []byte("x")))
	h.restarted("/top/a/y", 1)
	h.answers(h.ref("/top/a/y"), "", first)
	h.close()
	for _, want := range []string{second, third} {
		h = rebuild(t, log)
		if ref := h.resume(top.ID); ref.Path != "/top" {
			t.Errorf("the root is resumed as %s", ref)
		}
		for _, path := range paths {
			ref := h.ref(path)
			if ref.ID != ids[path] {
				t.Errorf("%s is another actor", path)
			}
			h.answers(ref, "", want)
		}
		if n := len(h.List()); n != 6 {
			t.Errorf("%d actors live", n)
		}
		if info := h.info(h.ref("/top/a/y")); info.Restarts != 1 {
			t.Errorf("the one that was restarted once says it was %d times", info.Restarts)
		}
		refs := h.below("")
		h.close()
		h.endedInOrder(refs, chain.LifecycleSuspended)
	}

	// They are supervised as before: what is made anew is made from the log.
	h = rebuild(t, log)
	h.resume(top.ID)
	check(t, h.Send(h.ref("/top/a"), "test", []byte("x")))
	h.restarted("/top/a", 1)
	h.answers(h.ref("/top/a"), "", first)
	for _, path := range []string{"/top/a/x", "/top/a/y"} {
		if ref := h.ref(path); ref.ID == ids[path] {
			t.Errorf("%s outlived its parent", path)
		}
		h.answers(h.ref(path), "", first)
	}
	for range 2 {
		check(t, h.Send(h.ref("/top/a/x"), "test", []byte("x")))
	}
	h.restarted("/top/a/x", 2)
	check(t, h.System.Restart(t.Context(), h.ref("/top")))
	for _, path := range paths[:4] { // the manifest that b names is not on the log under that name
		h.answers(h.ref(path), "", first)
	}
}

func TestAChildThatHadFailedIsStartedAgainWhenItsTreeIsResumed(t *testing.T) {
	slow := "[supervision]\n[supervision.backoff]\ninitial = \"300ms\"\njitter = 0"
	for name, c := range map[string]struct {
		top   plan
		path  string
		cut   int // records of the child's chain that are lost
		again bool
	}{
		"a declared one, which waited to start again": {
			plan{id: "top", tables: slow, children: []plan{child("a")}}, "/top/a", 0, true},
		"a declared one, whose end was lost": {
			plan{id: "top", tables: slow, children: []plan{child("a")}}, "/top/a", 1, true},
		"a temporary one, whose end was lost": {
			plan{id: "top", tables: slow, children: []plan{{id: "a", as: `restart = "temporary"`}}}, "/top/a", 1, false},
		"one of a template": {
			plan{id: "top", code: spawner(), tables: "[supervision]\nstrategy = \"simple-one-for-one\"\n[supervision.backoff]\ninitial = \"300ms\"",
				children: []plan{child("kid")}}, "/top/kid", 1, true},
		"one that was spawned": {
			plan{id: "top", code: spawner(), spawns: []plan{child("kid")}}, "/top/kid", 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			top := h.grow(c.top)
			failed := h.ref(c.path)
			h.answers(failed, "", first)
			if _, err := h.request(failed, "x"); err == nil {
				t.Fatal("x does not trap")
			}
			h.close()
			log := h.crashed(map[string]int{c.path: c.cut, "/top": c.cut})

			h = rebuild(t, log)
			h.resume(top.ID)
			if !c.again {
				h.eventually("it has ended", func() bool { _, err := h.Lookup(c.path); return err != nil })
				if end := last[*chain.Lifecycle](t, events(t, log, failed.ID)); end.What != chain.LifecycleStopped || end.Reason != "trap" {
					t.Errorf("its chain ends with %+v", end)
				}
				return
			}
			h.restarted(c.path, 1)
			if ref := h.ref(c.path); ref.ID != failed.ID {
				t.Error("it is another actor")
			}
			h.answers(h.ref(c.path), "", first)
			restart := last[*chain.Lifecycle](t, events(t, log, failed.ID))
			if restart.What != chain.LifecycleRestart || restart.Reason != "trap" || restart.Count != 1 {
				t.Errorf("it is restarted with %+v", restart)
			}
			h.close()
			h = rebuild(t, log)
			h.resume(top.ID)
			h.answers(h.ref(c.path), "", second)
		})
	}
}

func TestAChildWhoseInitWasCutShortIsStartedAgain(t *testing.T) {
	h := build(t)
	top := h.grow(parent("", child("a")))
	a := h.ref("/top/a")
	h.close()
	// The genesis is left, and the call of init until it waited at the gate.
	log := h.crashed(map[string]int{"/top": 1, "/top/a": 2})
	if got := kinds(events(t, log, a.ID)); got != "genesis call" && got != "genesis" {
		t.Fatalf("its chain is %s", got)
	}
	h = rebuild(t, log)
	h.resume(top.ID)
	h.eventually("it runs", func() bool { return h.info(h.ref("/top/a")).Status == actors.StatusRunning })
	h.answers(h.ref("/top/a"), "", first)
	if h.ref("/top/a").ID != a.ID {
		t.Error("it is another actor")
	}
}

func TestATreeOfAProcessThatWasKilledGoesOn(t *testing.T) {
	h := build(t)
	top := h.grow(parent("", child("a")))
	a := h.ref("/top/a")
	h.answers(top, "", first)
	h.answers(a, "", first)
	open := h.shut("/top/a g")
	check(t, h.Send(a, "test", []byte("g")))
	h.eventually("it waits at the gate", func() bool { return h.waits("/top/a g") })
	h.asleep(a)
	log := h.crashed(nil) // as it is now: a turn is open, and nothing has ended
	open(nil)

	again := rebuild(t, log)
	again.resume(top.ID)
	again.answers(again.ref("/top"), "", second)
	again.answers(again.ref("/top/a"), "", second)
	if r := of[*chain.Result](events(t, log, a.ID)); r[len(r)-2].Status != chain.ResultInterrupted {
		t.Errorf("the open turn is closed with %v", r[len(r)-2].Status)
	}
}

func TestChildrenWhoseRootCannotBeResumedGiveWayToANewTree(t *testing.T) {
	h := build(t)
	top := h.grow(parent("", child("a")))
	a := h.ref("/top/a")
	if _, err := h.request(top, "x"); err == nil {
		t.Fatal("x does not trap")
	}
	h.ends(top)
	h.close()
	log := h.crashed(map[string]int{"/top": 1, "/top/a": 1})
	h = rebuild(t, log)
	if _, err := h.Resume(t.Context(), top.ID); err == nil || !strings.Contains(err.Error(), "failed") {
		t.Errorf("the resume gives %v", err)
	}
	if _, err := h.Resume(t.Context(), top.ID); !errors.Is(err, actors.ErrStopped) {
		t.Errorf("a second one gives %v", err)
	}
	h.grow(parent("", child("a")))
	if end := last[*chain.Lifecycle](t, events(t, log, a.ID)); end.What != chain.LifecycleStopped || end.Reason != "orphaned" {
		t.Errorf("the chain of the child that was left ends with %+v", end)
	}
	if h.ref("/top/a").ID == a.ID {
		t.Error("the new tree has the old child")
	}
}

func TestWhoHadEndedBeforeTheTreeIsResumedStaysSo(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	top := h.grow(parent("",
		plan{id: "done", as: `restart = "transient"`}, child("told"), child("a")))
	done := h.ref("/top/done")
	check(t, h.Send(done, "test", []byte("d")))
	h.ends(done)
	_, err := h.Stop(t.Context(), h.ref("/top/told"))
	check(t, err)
	h.close()

	h = rebuild(t, log)
	h.resume(top.ID)
	if got := h.below("/top"); len(got) != 2 || got[1].Path != "/top/a" {
		t.Errorf("there are %v", got)
	}
	// A parent that begins anew has all that its manifest declares.
	h.close()
	h = rebuild(t, log)
	hall := h.resume(top.ID)
	check(t, h.System.Restart(t.Context(), hall))
	for _, path := range []string{"/top/done", "/top/told", "/top/a"} {
		h.answers(h.ref(path), "", first)
	}
}
