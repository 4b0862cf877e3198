package actors_test

import (
	"slices"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestAnActorAboveOneThatIsLeftHasItsPathAsBefore(t *testing.T) {
	h := build(t)
	h.grow(parent("", plan{id: "mid", children: []plan{child("low")}}))
	for _, path := range h.paths() {
		h.answers(h.ref(path), "", first)
	}
	h.close()
	h = rebuild(t, h.damaged("/top/mid/low"))
	if got := h.recover(); len(got.Left) != 1 || got.Resumed != 2 {
		t.Errorf("it gives %+v", got)
	}
	if live := h.paths(); !slices.Equal(live, []string{"/top", "/top/mid"}) {
		t.Errorf("there are %v", live)
	}
}

func TestAllThatIsLeftEndsWithWhatIsAboveIt(t *testing.T) {
	h := build(t)
	top := h.grow(parent("", plan{id: "mid", code: parental(wasmtest.Guest{})}))
	mid := h.ref("/top/mid")
	v, err := h.SpawnChild(t.Context(), mid, actors.Child{Spec: actors.Spec{Manifest: h.load(child("low")), State: &state}})
	check(t, err)
	_, err = h.do(mid, "register")
	check(t, err)
	h.close()
	// The lower of the two is given up first.
	log := h.damaged("/top/mid")
	sum, err := log.Summary(t.Context(), v.ID)
	check(t, err)
	h = rebuild(t, without{log, sum.InitialState})
	if got := h.recover(); len(got.Left) != 2 || got.Resumed != 1 || got.Left[0].ID != v.ID {
		t.Fatalf("it gives %+v", got)
	}
	check(t, h.System.Restart(t.Context(), h.ref(top.Path)))
	if live := h.paths(); !slices.Equal(live, []string{"/top", "/top/mid"}) {
		t.Errorf("there are %v", live)
	}
	for _, id := range []chain.ID{mid.ID, v.ID} {
		if end := last[*chain.Lifecycle](t, events(t, log, id)); end.What != chain.LifecycleStopped || end.Reason != string(actors.ReasonOrphaned) {
			t.Errorf("the chain of %s ends with %+v", id, end)
		}
	}
}

var state = pack.String("its own")
