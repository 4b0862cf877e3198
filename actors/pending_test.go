package actors_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestAnActorThatWaitedToStartAgainDoesSoWhenItIsResumed(t *testing.T) {
	slow := "[supervision]\nmax_restarts = 5\n[supervision.backoff]\ninitial = \"1h\"\ncap = \"1h\"\njitter = 0"
	for name, end := range map[string]func(h *house){
		"trap":     func(h *house) { check(h.t, h.Send(h.ref("/top/a"), "test", []byte("x"))) },
		"error":    func(h *house) { check(h.t, h.Send(h.ref("/top/a"), "test", []byte("e"))) },
		"normal":   func(h *house) { check(h.t, h.Send(h.ref("/top/a"), "test", []byte("d"))) },
		"children": func(h *house) { check(h.t, h.Send(h.ref("/top/a/kid"), "test", []byte("x"))) },
		"killed": func(h *house) {
			_, err := h.Kill(h.t.Context(), h.ref("/top/a"))
			check(h.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			log := memlog.New()
			h := rebuild(t, log)
			top := h.grow(plan{id: "top", tables: slow, children: []plan{
				{id: "a", tables: "[supervision]\nmax_restarts = 0", children: []plan{child("kid")}}}})
			a := h.ref("/top/a")
			h.answers(a, "", first)
			h.forget()
			end(h)
			h.eventually("a waits", func() bool {
				return slices.ContainsFunc(h.seen("/top"), func(s string) bool { return strings.HasSuffix(s, "a restart") })
			})
			h.close()
			h = rebuild(t, log)
			h.resume(top.ID)
			h.restarted("/top/a", 1)
			h.answers(h.ref("/top/a"), "", first)
			h.answers(h.ref("/top/a/kid"), "", first)
			restart := of[*chain.Lifecycle](h.events(a))
			if i := slices.IndexFunc(restart, func(l *chain.Lifecycle) bool { return l.What == chain.LifecycleRestart }); i < 0 || restart[i].Reason != name {
				t.Errorf("its chain has %s", kinds(h.events(a)))
			}
		})
	}
}

func TestWhatWaitsIsHandledByTheNextIncarnationOfASleeper(t *testing.T) {
	h := build(t)
	h.grow(parent("max_restarts = 1000", child("a", "[limits]\nwait_time = \"2h\"")))
	a := h.ref("/top/a")
	for range 50 {
		check(t, h.Send(a, "test", []byte("s")))
		h.asleep(a)
		got := h.ask(a, "o")
		h.eventually("one waits", func() bool { return h.info(a).Mailbox == 1 })
		check(t, h.System.Restart(t.Context(), a))
		if g := h.gets(got); g.err != nil {
			t.Fatal(g.err)
		}
	}
	h.events(a) // verifies
}

func TestAMonitorAndALinkHearWhyAnActorFailsForItsChildren(t *testing.T) {
	h := build(t)
	h.grow(parent("max_restarts = 10", plan{id: "mid", tables: "[supervision]\nmax_restarts = 0", children: []plan{child("a")}}, child("b"), child("c")))
	mid, b, c := h.ref("/top/mid"), h.ref("/top/b"), h.ref("/top/c")
	down, _ := h.Monitor(mid)
	for _, pair := range [][2]actors.Ref{{mid, b}, {b, c}} {
		_, err := h.Link(pair[0], pair[1])
		check(t, err)
	}
	check(t, h.Send(h.ref("/top/mid/a"), "test", []byte("x")))
	if exit := h.down(down); exit.Reason != actors.ReasonChildren {
		t.Errorf("the monitor gives %v", exit)
	}
	h.restarted("/top/mid", 1)
	h.restarted("/top/b", 1)
	h.restarted("/top/c", 1)
	if l := h.info(mid).Last; l == nil || l.Reason != actors.ReasonChildren {
		t.Errorf("its last failure is %v", l)
	}
}

func TestDeclaredChildrenComeBackAfterTheirSupervisorGaveUp(t *testing.T) {
	h := build(t)
	spawn := encode(pack.Tuple(pack.String("other"), none, none))
	h.grow(parent("", plan{id: "a", tables: "[supervision]\nrestart_state = \"last\"\nmax_restarts = 0", children: []plan{child("kid")},
		code: wasmtest.Guest{Untyped: true,
			Interfaces: append(interfaces(), supervisor.New().Interfaces()[0].Pact, newPorter().Interfaces()[0].Pact),
			Init:       ready,
			HandleSend: pass("g", wasmtest.Do(supervisor.Interface, "spawn", spawn, wasmtest.Keep())),
		}.Bytes(), spawns: []plan{child("other")}}))
	a := h.ref("/top/a")
	h.forget()
	open := h.shut("/top/a g")
	check(t, h.Send(a, "test", nil))
	h.eventually("it waits at the gate", func() bool { return h.waits("/top/a g") })
	check(t, h.Send(h.ref("/top/a/kid"), "test", []byte("x")))
	h.sees("/top/a", "failed kid escalate", "gone kid")
	open(nil) // now it spawns a child, and then is told to end
	h.restarted("/top/a", 1)
	h.eventually("the declared child is back", func() bool { _, err := h.Lookup("/top/a/kid"); return err == nil })
}

func TestNothingIsHandledBetweenAResumeAndTheRestartThatItBringsAbout(t *testing.T) {
	h := build(t)
	top := h.grow(parent("", plan{id: "a", children: []plan{child("x")}}))
	a := h.ref("/top/a")
	h.answers(a, "", first)
	_, _ = h.request(a, "x")
	h.restarted("/top/a", 1)
	h.close()
	all := records(t, h.log, a.ID)
	cut := len(all) - slices.IndexFunc(all, func(r chain.Record) bool {
		l, ok := r.Events[0].(*chain.Lifecycle)
		return ok && l.What == chain.LifecycleRestart
	})
	log := h.crashed(map[string]int{"/top": 1, "/top/a": cut, "/top/a/x": 3}) // a has trapped, and x was in its init
	h = rebuild(t, log)
	open := h.shut("/top/a/x init")
	done := make(chan error, 1)
	go func() { _, err := h.Resume(context.Background(), top.ID); done <- err }()
	h.eventually("x is in its init", func() bool { return h.waits("/top/a/x init") })
	got := h.ask(h.ref("/top/a"), "o")
	open(nil)
	check(t, <-done)
	if g := h.gets(got); g.err != nil {
		t.Error(g.err)
	}
	if k := kinds(h.events(h.ref("/top/a"))); !strings.Contains(k, "resumed restart call") {
		t.Errorf("its chain is %s", k)
	}
}

func TestARestartedActorWithoutChildrenStandsWithoutThem(t *testing.T) {
	h := build(t)
	h.grow(parent("", plan{id: "a", code: spawner(), spawns: []plan{child("kid")}}))
	a := h.ref("/top/a")
	stop := h.ref("/top/a/kid")
	check(t, h.System.Restart(t.Context(), a))
	_, err := h.Stop(t.Context(), h.ref("/top/a/kid"))
	check(t, err)
	h.eventually(stop.Path+" is not there", func() bool { // its supervisor hears of it after it has ended
		stood, err := h.Stood(h.ref("/top"))
		check(t, err)
		return len(stood.Children[0].Children) == 0
	})
}

func TestAChildThatIsCutOffInItsInitByAnOrderedStopHasNotFailed(t *testing.T) {
	h := build(t)
	h.grow(parent("strategy = \"rest-for-one\"\nmax_restarts = 10", child("a"), plan{id: "b", as: `shutdown = "brutal-kill"`}))
	a := h.ref("/top/a")
	h.forget()
	open := h.shut("/top/b init")
	check(t, h.Send(a, "test", []byte("x")))
	h.eventually("b is in its init", func() bool { return h.waits("/top/b init") })
	check(t, h.Send(a, "test", []byte("x"))) // b is started again with a once more
	h.restarted("/top/a", 2)
	h.eventually("b begins once more", func() bool { return h.info(h.ref("/top/b")).Restarts == 2 })
	open(nil)
	h.restarted("/top/b", 2)
	if seen := h.seen("/top"); slices.ContainsFunc(seen, func(s string) bool { return strings.HasPrefix(s, "failed b") }) {
		t.Errorf("the parent's supervisor has seen %q", seen)
	}
}

func TestAnInitThatIsTriedAgainHasNewSessionsAndNotTheOldChildren(t *testing.T) {
	h := build(t)
	spawn := encode(pack.Tuple(pack.String("kid"), none, none))
	code := wasmtest.Guest{Untyped: true,
		Interfaces: append(interfaces(), supervisor.New().Interfaces()[0].Pact, newPorter().Interfaces()[0].Pact),
		Init:       wasmtest.Do(supervisor.Interface, "spawn", spawn, pass("init", ready)),
	}.Bytes()
	top := h.grow(parent("", plan{id: "a", code: code, tables: "[supervision]\nrestart_state = \"last\"", spawns: []plan{child("kid")}}))
	kid := h.ref("/top/a/kid")
	h.close()

	// It had not ended its init, so there is no state to go on with.
	log := h.crashed(map[string]int{"/top": 1, "/top/a": 2, "/top/a/kid": 1})
	h = rebuild(t, log)
	h.porter.sessions()
	h.resume(top.ID)
	h.restarted("/top/a", 1)
	did := h.porter.sessions()
	opened, closed := 0, 0
	for _, d := range did {
		switch d {
		case "open /top/a":
			opened++
		case "close /top/a":
			closed++
		}
	}
	if opened != closed+1 {
		t.Errorf("its sessions: %q", did)
	}
	// The child that the first try had spawned is gone with it.
	if kin := h.below("/top/a"); len(kin) != 2 || kin[1].ID == kid.ID {
		t.Errorf("there are %v", kin)
	}
}
