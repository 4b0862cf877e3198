package actors_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm"
)

func TestARestartTypeDecidesOnEachEnd(t *testing.T) {
	for name, c := range map[string]struct {
		message string // "" kills
		tables  string
		reason  actors.Reason
	}{
		"a trap":                   {"x", "", actors.ReasonTrap},
		"an err":                   {"e", "", actors.ReasonError},
		"fuel that is used up":     {"b", "[limits]\nfuel = 1000000", actors.ReasonLimit},
		"a turn that takes long":   {"b", "[limits]\nturn_time = \"50ms\"", actors.ReasonLimit},
		"a kill":                   {"", "", actors.ReasonKilled},
		"an end of its own accord": {"d", "", actors.ReasonNormal},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			h.grow(parent("",
				plan{id: "permanent", tables: c.tables},
				plan{id: "transient", tables: c.tables, as: `restart = "transient"`},
				plan{id: "temporary", tables: c.tables, as: `restart = "temporary"`}))
			for _, id := range []string{"permanent", "transient", "temporary"} {
				ref := h.ref("/top/" + id)
				if c.message == "" {
					if exit, err := h.Kill(t.Context(), ref); err != nil || exit.Reason != actors.ReasonKilled {
						t.Errorf("the kill gives %v, %v", exit, err)
					}
				} else {
					check(t, h.Send(ref, "test", []byte(c.message)))
				}
				failed := c.reason != actors.ReasonNormal
				what, directive := supervision.EventEnded, supervision.DirectiveStop
				if failed {
					what = supervision.EventFailed
				}
				if id == "permanent" || id == "transient" && failed {
					directive = supervision.DirectiveRestart
				}
				change := h.change(ref.Path, what)
				if change.Directive != directive || change.Exit.Reason != c.reason || change.ID != ref.ID {
					t.Errorf("%s: %+v, want %s after %s", id, change, directive, c.reason)
				}
				if directive == supervision.DirectiveRestart {
					h.restarted(ref.Path, 1)
					h.answers(ref, "", first)
					continue
				}
				if exit := h.ends(ref); exit.Reason != c.reason {
					t.Errorf("%s ends with %v", id, exit)
				}
				if end := last[*chain.Lifecycle](t, h.events(ref)); end.What != chain.LifecycleStopped || end.Reason != string(c.reason) {
					t.Errorf("the chain of %s ends with %+v", id, end)
				}
			}
		})
	}
}

func TestAnErrMayFailItsTurnAlone(t *testing.T) {
	h := build(t)
	h.grow(parent("", child("a", "[supervision]\non_error = \"continue\"")))
	a := h.ref("/top/a")
	h.answers(a, "", first)
	if _, err := h.request(a, "e"); !isGuestError(err, "told to") {
		t.Errorf("who asks gets %v", err)
	}
	h.answers(a, "", second)
	if info := h.info(a); info.Restarts != 0 || info.Failed != 1 {
		t.Errorf("it is %+v", info)
	}
}

func TestRequestsThatAnActorHoldsAreAnsweredWhenItBeginsAnew(t *testing.T) {
	for tables, answered := range map[string]bool{"": true, "[supervision]\nrestart_state = \"last\"": false} {
		h := build(t)
		h.grow(parent("", child("a", tables)))
		a := h.ref("/top/a")
		held := h.ask(a, "h")
		h.eventually("it holds the request", func() bool { return h.info(a).Turns == 2 })
		check(t, h.Send(a, "test", []byte("x")))
		h.restarted("/top/a", 1)
		if answered {
			h.eventually("who waits is answered", func() bool { return len(held) == 1 })
		} else if h.answers(a, "o", "o"); len(held) != 0 {
			t.Error("who waits is answered although the actor may still answer")
		}
		_, err := h.Stop(t.Context(), a)
		check(t, err)
		if got := h.gets(held); !errors.Is(got.err, actors.ErrStopped) {
			t.Errorf("who waits gets %q, %v", got.answer, got.err)
		}
		h.close()
	}
}

func TestAnInitThatFailsOnARestartCountsAndIsTriedAgain(t *testing.T) {
	h := build(t)
	h.grow(parent("max_restarts = 3", child("a")))
	a := h.ref("/top/a")
	h.forget()
	h.fails("/top/a init", 2)
	check(t, h.Send(a, "test", []byte("x")))
	h.restarted("/top/a", 3)
	h.answers(a, "", first)
	h.sees("/top", "failed a restart", "failed a restart", "failed a restart", "started a")
	var reasons []string
	for _, l := range of[*chain.Lifecycle](h.events(a)) {
		reasons = append(reasons, l.Reason)
	}
	if got := strings.Join(reasons, " "); got != "trap init-failed init-failed" {
		t.Errorf("its restarts have the reasons %s", got)
	}
}

func TestOneRestartTooManyEndsTheParent(t *testing.T) {
	h := build(t)
	top := h.grow(parent("max_restarts = 3\nperiod = \"1h\"", child("a"), child("b")))
	a, b := h.ref("/top/a"), h.ref("/top/b")
	h.forget()
	h.fails("/top/a init", 3)
	check(t, h.Send(a, "test", []byte("x")))
	exit := h.ends(top)
	var failure *supervision.ChildError
	if exit.Reason != actors.ReasonChildren || !errors.As(exit.Err, &failure) || failure.Child != "a" ||
		failure.Exit.Reason != actors.ReasonInitFailed || !strings.Contains(exit.String(), "the gate is locked") || !strings.Contains(exit.String(), "max_restarts = 3") {
		t.Errorf("the parent ends with %v", exit)
	}
	h.sees("/top", "failed a restart", "failed a restart", "failed a restart", "failed a escalate", "gone b", "gone a")
	h.sees("", "failed top stop", "gone top")
	if exit := h.ends(a); exit.Reason != actors.ReasonInitFailed {
		t.Errorf("the child ends with %v", exit)
	}
	if exit := h.ends(b); exit.Reason != actors.ReasonShutdown {
		t.Errorf("its sibling ends with %v", exit)
	}
	if end := last[*chain.Lifecycle](t, h.events(top)); end.Reason != "children" || !strings.Contains(end.Detail, "child a ") {
		t.Errorf("the parent's chain ends with %+v", end)
	}
}

func TestAFailureGoesUpUntilOneSupervisorHasRestartsLeft(t *testing.T) {
	h := build(t)
	mid := plan{id: "mid", tables: "[supervision]\nmax_restarts = 1", children: []plan{child("a"), child("b")}}
	top := h.grow(parent("max_restarts = 1", mid))
	middle, a, b := h.ref("/top/mid"), h.ref("/top/mid/a"), h.ref("/top/mid/b")
	h.answers(middle, "", first)
	h.forget()
	check(t, h.Send(a, "test", []byte("x")))
	h.restarted("/top/mid/a", 1)
	check(t, h.Send(a, "test", []byte("x")))
	h.sees("/top", "failed mid restart", "started mid")
	h.sees("/top/mid", "failed a restart", "started a", "failed a escalate", "gone b", "gone a", "started a", "started b")
	if got := h.ref("/top/mid"); got.ID != middle.ID {
		t.Error("mid is another actor")
	}
	h.answers(middle, "", first)
	for _, old := range []actors.Ref{a, b} {
		if again := h.ref(old.Path); again.ID == old.ID {
			t.Errorf("%s is the same actor", old)
		}
	}
	restart := last[*chain.Lifecycle](t, h.events(middle))
	if restart.What != chain.LifecycleRestart || restart.Reason != "children" || !strings.Contains(restart.Detail, "child a ") || !strings.Contains(restart.Detail, "unreachable") {
		t.Errorf("mid is restarted with %+v", restart)
	}

	for range 2 {
		before := h.info(h.ref("/top/mid/a")).Restarts
		check(t, h.Send(h.ref("/top/mid/a"), "test", []byte("x")))
		h.eventually("that has an effect", func() bool {
			a, err := h.Lookup("/top/mid/a")
			return err != nil || h.info(a).Restarts > before && h.info(a).Status == actors.StatusRunning
		})
	}
	exit := h.ends(top)
	if exit.Reason != actors.ReasonChildren || !strings.Contains(exit.String(), "child mid ") || !strings.Contains(exit.String(), "child a ") {
		t.Errorf("the root ends with %v", exit)
	}
}

func TestAnActorWhoseInitFailsHasEndedOnceItsChainSaysHow(t *testing.T) {
	g, option := gated()
	h := build(t, option)
	m := h.load(plan{id: "top"})
	open := h.shut("/top init")
	failed := make(chan error, 1)
	go func() {
		_, err := h.Spawn(t.Context(), actors.Spec{Manifest: m})
		failed <- err
	}()
	h.eventually("its init waits", func() bool { return h.waits("/top init") })
	top := h.ref("/top")
	g.set(func(g *gate) { g.hold = true })
	open(errors.New("locked"))
	if err := <-failed; err == nil {
		t.Error("the spawn succeeds")
	}
	if got := h.info(top).Status; got == actors.StatusEnded {
		t.Error("it has ended before its end was acknowledged")
	}
	g.open()
	if exit := h.ends(top); exit.Reason != actors.ReasonInitFailed || !isTrap(wasm.KindHost)(exit.Err) {
		t.Errorf("it ends with %v", exit)
	}
}
