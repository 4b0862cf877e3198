package actors_test

import (
	"errors"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// down waits for what a monitor gives.
func (h *house) down(ch <-chan actors.Exit) actors.Exit {
	h.t.Helper()
	select {
	case exit := <-ch:
		return exit
	case <-time.After(patience):
		h.t.Fatal("the monitor gives nothing")
		panic("unreachable")
	}
}

func TestAMonitorTellsTheEndOfAnIncarnation(t *testing.T) {
	h := build(t)
	h.grow(parent("[supervision.backoff]\ninitial = \"100ms\"", child("a"), plan{id: "b", as: `restart = "transient"`}))
	a, b := h.ref("/top/a"), h.ref("/top/b")
	one, _ := h.Monitor(a)
	two, _ := h.Monitor(a)
	given, cancel := h.Monitor(a)
	cancel()
	cancel()
	check(t, h.Send(a, "test", []byte("x")))
	for _, ch := range []<-chan actors.Exit{one, two} {
		if exit := h.down(ch); exit.Reason != actors.ReasonTrap || !isTrap(wasm.KindUnreachable)(exit.Err) {
			t.Errorf("the monitor gives %v", exit)
		}
	}
	late, _ := h.Monitor(a) // while it waits to start again
	if exit := h.down(late); exit.Reason != actors.ReasonTrap {
		t.Errorf("a late monitor gives %v", exit)
	}
	h.restarted("/top/a", 1)
	next, _ := h.Monitor(a)
	_, err := h.Kill(t.Context(), a)
	check(t, err)
	if exit := h.down(next); exit.Reason != actors.ReasonKilled {
		t.Errorf("the monitor of the next incarnation gives %v", exit)
	}
	if len(one) != 0 || len(given) != 0 {
		t.Error("a monitor gives more than one end, or one after it was given up")
	}

	of, _ := h.Monitor(b)
	check(t, h.Send(b, "test", []byte("d")))
	if exit := h.down(of); exit.Reason != actors.ReasonNormal {
		t.Errorf("the monitor gives %v", exit)
	}
	nobody, _ := h.Monitor(actors.Ref{ID: chain.ID{1}})
	if exit := h.down(nobody); exit.Reason != actors.ReasonNoProc || !errors.Is(exit.Err, actors.ErrNoActor) {
		t.Errorf("the monitor of nobody gives %v", exit)
	}
}

func TestALinkPassesAFailureOnOnce(t *testing.T) {
	h := build(t)
	h.grow(parent("", child("a")))
	other := h.grow(plan{id: "other", children: []plan{child("b")}})
	a, b := h.ref("/top/a"), h.ref("/other/b")
	_, err := h.Link(a, b)
	check(t, err)
	h.forget()
	check(t, h.Send(b, "test", []byte("x")))
	h.sees("/other", "failed b restart", "started b")
	h.sees("/top", "failed a restart", "started a")
	var linked *actors.LinkedError
	if exit := h.change("/top/a", "failed").Exit; exit.Reason != actors.ReasonTrap || !errors.As(exit.Err, &linked) || linked.Path != "/other/b" {
		t.Errorf("the linked actor fails with %v", exit)
	}
	// The link was of these incarnations.
	h.answers(a, "", first)
	check(t, h.Send(b, "test", []byte("x")))
	h.restarted("/other/b", 2)
	h.answers(a, "", second)
	h.answers(other, "", first)
}

func TestAnEndInOrderIsNotPassedOnNorAnythingAfterUnlink(t *testing.T) {
	h := build(t)
	h.grow(parent("", plan{id: "a", as: `restart = "transient"`}, child("b"), child("c")))
	a, b, c := h.ref("/top/a"), h.ref("/top/b"), h.ref("/top/c")
	_, err := h.Link(a, b)
	check(t, err)
	unlink, err := h.Link(b, c)
	check(t, err)
	unlink()
	unlink()
	h.answers(b, "", first)
	h.answers(c, "", first)
	check(t, h.Send(a, "test", []byte("d")))
	h.ends(a)
	h.answers(b, "", second)
	check(t, h.Send(b, "test", []byte("x")))
	h.restarted("/top/b", 1)
	h.answers(c, "", second)
}

func TestALinkToOneThatHasFailedFailsTheOtherAtOnce(t *testing.T) {
	h := build(t)
	h.grow(parent("[supervision.backoff]\ninitial = \"1h\"\ncap = \"1h\"", child("a")))
	other := h.grow(plan{id: "other"})
	a := h.ref("/top/a")
	check(t, h.Send(a, "test", []byte("x")))
	h.eventually("it waits to start again", func() bool { return h.info(a).Status == actors.StatusRestarting })
	_, err := h.Link(other, a)
	check(t, err)
	if exit := h.ends(other); exit.Reason != actors.ReasonTrap {
		t.Errorf("the other ends with %v", exit)
	}
	if _, err := h.Link(other, actors.Ref{ID: chain.ID{1}}); !errors.Is(err, actors.ErrNoActor) {
		t.Errorf("a link to nobody gives %v", err)
	}
}
