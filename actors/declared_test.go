package actors_test

import (
	"context"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

const inMemory = "[chain]\ndurability = \"memory\""

// without is a copy of the log without the chain of an actor, as a process leaves
// it that ended before the actor began.
func (h *house) without(id chain.ID) chain.Log {
	h.t.Helper()
	return h.losing(func(sum chain.Summary) int {
		if sum.ID == id {
			return int(sum.Records)
		}
		return 0
	})
}

func TestADeclaredChildInMemoryComesBackWithItsParent(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	top := h.grow(parent("", child("a"), plan{id: "m", tables: inMemory, children: []plan{child("below")}}, child("z")))
	paths := []string{"/top/a", "/top/m", "/top/m/below", "/top/z"}
	for _, path := range paths {
		h.answers(h.ref(path), "", first)
	}
	below := h.ref("/top/m/below")
	h.close()
	h = rebuild(t, log)
	h.resume(top.ID)
	for i, want := range []string{second, first, first, second} { // what is in memory begins anew
		h.answers(h.ref(paths[i]), "", want)
	}
	end := last[*chain.Lifecycle](t, events(t, log, below.ID))
	if end.What != chain.LifecycleStopped || end.Reason != string(actors.ReasonOrphaned) {
		t.Errorf("the chain of the one whose parent is gone ends with %+v", end)
	}
	check(t, h.System.Restart(t.Context(), h.ref("/top")))
	for _, path := range paths {
		h.answers(h.ref(path), "", first)
	}
}

func TestATreeThatIsClosedWhileItStartsIsWholeAfterAResume(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	open := h.shut("/top/k1 init")
	spawned := make(chan error, 1)
	m := h.load(parent("", plan{id: "k1", as: `shutdown = "10ms"`}, plan{id: "k2", children: []plan{child("below")}}))
	go func() {
		_, err := h.Spawn(context.Background(), actors.Spec{Manifest: m})
		spawned <- err
	}()
	h.eventually("k1 is in its init", func() bool { return h.waits("/top/k1 init") })
	top := h.ref("/top")
	killed := h.crashed(nil) // as a process leaves it that is killed now
	h.close()
	open(nil)
	if err := <-spawned; err == nil {
		t.Error("the spawn succeeds")
	}
	for name, log := range map[string]chain.Log{"closed": log, "killed": killed} {
		t.Run(name, func(t *testing.T) {
			h := rebuild(t, log)
			h.resume(top.ID)
			h.eventually("k1 runs", func() bool {
				ref, err := h.Lookup("/top/k1")
				return err == nil && h.info(ref).Status == actors.StatusRunning
			})
			h.eventually("k2 is there", func() bool { _, err := h.Lookup("/top/k2/below"); return err == nil })
			for _, path := range []string{"/top/k1", "/top/k2", "/top/k2/below"} {
				h.answers(h.ref(path), "", first)
			}
		})
	}
}

func TestChildrenThatAProcessDidNotComeToStartAgainAreStartedWhenTheTreeIsResumed(t *testing.T) {
	h := build(t)
	top := h.grow(parent("", plan{id: "a", children: []plan{child("x"), child("y")}}))
	old := []actors.Ref{h.ref("/top/a/x"), h.ref("/top/a/y")}
	h.answers(h.ref("/top/a"), "", first)
	check(t, h.Send(h.ref("/top/a"), "test", []byte("x")))
	h.restarted("/top/a", 1)
	x, y := h.ref("/top/a/x"), h.ref("/top/a/y")
	h.close()
	h = rebuild(t, h.without(y.ID))
	h.resume(top.ID)
	if ref := h.ref("/top/a/x"); ref.ID != x.ID || ref.ID == old[0].ID {
		t.Error("x is another actor")
	}
	h.answers(h.ref("/top/a/y"), "", first)
	if ref := h.ref("/top/a/y"); ref.ID == old[1].ID {
		t.Error("the first y is back")
	}
}

func TestATemporaryChildOfWhichNothingIsKnownIsNotStartedAgain(t *testing.T) {
	h := build(t)
	once := `restart = "temporary"`
	top := h.grow(parent("", plan{id: "forgotten", as: once, tables: inMemory}, plan{id: "known", as: once}))
	known := h.ref("/top/known")
	h.close()
	for name, c := range map[string]struct {
		log  chain.Log
		same bool
	}{"one that has a chain goes on": {h.crashed(nil), true}, "one that had not begun begins": {h.without(known.ID), false}} {
		t.Run(name, func(t *testing.T) {
			h := rebuild(t, c.log)
			h.resume(top.ID)
			got := h.below("/top")
			if len(got) != 2 || got[1].Path != "/top/known" || (got[1].ID == known.ID) != c.same {
				t.Errorf("there are %v", got)
			}
		})
	}
}

func TestATemplateIsKnownAfterAResumeThoughNoChildWasMadeFromIt(t *testing.T) {
	log := memlog.New()
	s := reopen(t, log)
	h := family("[supervision]\nstrategy = \"simple-one-for-one\"\n[[child]]\nid = \"team\"\nmanifest = \"team.toml\"\n")
	h["team"] = someone{kid(), grants + "[[child]]\nid = \"counter\"\nmanifest = \"counter.toml\"\n"}
	ref := s.settle(h, "parent")
	s.close()

	s = reopen(t, log)
	ref = s.resume(ref.ID)
	other := pack.Some(pack.Bytes(server(wasmtest.Reply([]byte("another")))))
	for _, c := range []struct {
		code pack.Value
		want string
	}{{none, "hello"}, {other, "another"}} {
		_, team := s.spawns(ref, "spawn", pack.String("team"), none, c.code)
		s.answers(team, "hello", c.want)
		s.answers(s.lookup(team.Path+"/counter"), "", second)
		s.replays(team)
	}
}

func TestAFamilyThatGaveUpIsWholeAfterAResumeAlsoWhereItsActorKeepsItsState(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	top := h.grow(parent("max_restarts = 5\n[supervision.backoff]\ninitial = \"1h\"\ncap = \"1h\"\njitter = 0",
		plan{id: "a", tables: "[supervision]\nrestart_state = \"last\"\nmax_restarts = 0", children: []plan{child("x"), child("y")}}))
	h.answers(h.ref("/top/a"), "", first)
	check(t, h.Send(h.ref("/top/a/y"), "test", []byte("x")))
	h.change("/top/a", supervision.EventFailed)
	h.close()
	for _, want := range [][]string{{second, first, first}, {third, second, second}} {
		h = rebuild(t, log)
		h.resume(top.ID)
		h.restarted("/top/a", 1)
		for i, path := range []string{"/top/a", "/top/a/x", "/top/a/y"} {
			h.answers(h.ref(path), "", want[i])
		}
		h.close()
	}
}
