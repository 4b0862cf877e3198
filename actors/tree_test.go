package actors_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/supervision"
)

// lines are a tree's actors: path, status, restarts and the reason of the last
// failure.
func lines(t actors.Tree) []string {
	reason := actors.Reason("-")
	if t.Last != nil {
		reason = t.Last.Reason
	}
	all := []string{fmt.Sprintf("%s %s %d %s", t.Path, t.Status, t.Restarts, reason)}
	for _, child := range t.Children {
		all = append(all, lines(child)...)
	}
	return all
}

// stands requires a tree.
func (h *house) stands(ref actors.Ref, want ...string) {
	h.t.Helper()
	tree, err := h.Tree(ref)
	check(h.t, err)
	if got := lines(tree); !slices.Equal(got, want) {
		h.t.Errorf("the tree is\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestATreeShowsWhatEachActorIsDoing(t *testing.T) {
	h := build(t)
	top := h.grow(plan{id: "top", children: []plan{
		{id: "mid", tables: "[supervision]\n[supervision.backoff]\ninitial = \"1h\"\ncap = \"1h\"", children: []plan{child("waits"), child("idle")}},
		{id: "done", as: `restart = "transient"`},
		{id: "gone", as: `restart = "temporary"`},
		child("failed"),
		child("begins"),
	}})
	h.stands(top, "/top running 0 -", "/top/mid running 0 -", "/top/mid/waits running 0 -", "/top/mid/idle running 0 -",
		"/top/done running 0 -", "/top/gone running 0 -", "/top/failed running 0 -", "/top/begins running 0 -")

	check(t, h.Send(h.ref("/top/mid/waits"), "test", []byte("x")))
	check(t, h.Send(h.ref("/top/done"), "test", []byte("d")))
	check(t, h.Send(h.ref("/top/gone"), "test", []byte("x")))
	check(t, h.Send(h.ref("/top/failed"), "test", []byte("e")))
	h.restarted("/top/failed", 1)
	_, err := h.SpawnChild(t.Context(), top, actors.Child{Spec: actors.Spec{Name: "go"}, Go: &supervision.Go{Actor: func() actor.Actor { return idle{} }}})
	check(t, err)
	open := h.shut("/top/begins init")
	check(t, h.Send(h.ref("/top/begins"), "test", []byte("x")))
	h.eventually("its init waits", func() bool { return h.waits("/top/begins init") })
	h.eventually("the rest is settled", func() bool { return len(h.below("/top")) == 6 })
	h.change("/top/gone", "gone")
	h.change("/top/done", "gone")
	h.change("/top/mid/waits", "failed")
	h.stands(top, "/top running 0 -", "/top/mid running 0 -", "/top/mid/waits restarting 0 trap", "/top/mid/idle running 0 -",
		"/top/done ended 0 -", "/top/failed running 1 error", "/top/begins restarting 1 trap", "/top/go running 0 -")
	open(nil)
	h.restarted("/top/begins", 1)
	h.stands(h.ref("/top/begins"), "/top/begins running 1 trap")

	opened := h.shut("/top/mid/idle g")
	check(t, h.Send(h.ref("/top/mid/idle"), "test", []byte("g")))
	h.eventually("it waits at the gate", func() bool { return h.waits("/top/mid/idle g") })
	mid := h.ref("/top/mid")
	go func() { _, _ = h.Stop(t.Context(), mid) }()
	h.eventually("it is told to stop", func() bool { return h.info(mid).Status == actors.StatusStopping })
	h.eventually("its child is", func() bool { return h.info(h.ref("/top/mid/idle")).Status == actors.StatusStopping })
	h.stands(mid, "/top/mid stopping 0 -", "/top/mid/waits restarting 0 trap", "/top/mid/idle stopping 0 -")
	opened(nil)
	h.ends(mid)
	h.change("/top/mid", "gone")
	h.stands(mid, "/top/mid ended 0 -")
	if _, err := h.Tree(actors.Ref{}); err == nil {
		t.Error("nobody has a tree")
	}
}

type idle struct{}

func (idle) Receive(actor.Context) {}

func TestChangesAreToldInOrderAndWithWhatIsDoneAboutThem(t *testing.T) {
	h := build(t)
	top := h.grow(parent("[supervision.backoff]\ninitial = \"20ms\"\njitter = 0", child("a"), child("b")))
	a := h.ref("/top/a")
	check(t, h.Send(a, "test", []byte("x")))
	h.restarted("/top/a", 1)
	_, err := h.Stop(t.Context(), top)
	check(t, err)
	h.sees("/top", "started a", "started b", "failed a restart", "started a", "gone b", "gone a")
	h.sees("", "started top", "gone top")
	failed := h.change("/top/a", "failed")
	if failed.Exit.Reason != actors.ReasonTrap || failed.Wait.Milliseconds() != 20 || failed.ID != a.ID {
		t.Errorf("the failure is told as %+v", failed)
	}
	if started := h.change("/top/a", "started"); started.Restarts != 1 {
		t.Errorf("the restart is told as %+v", started)
	}
	if gone := h.change("/top/a", "gone"); gone.Exit.Reason != actors.ReasonShutdown {
		t.Errorf("the end is told as %+v", gone)
	}
}
