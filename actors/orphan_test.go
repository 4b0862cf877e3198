package actors_test

import (
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestAChildThatItsParentWasNotToldOfIsStoppedAsAnOrphan(t *testing.T) {
	h := &house{stage: open(t)}
	top := h.settle(home{
		"top": someone{code: parental(wasmtest.Guest{})},
		"kid": someone{code: parental(wasmtest.Guest{})},
	}, "top")
	known := h.bears(top, "kid.toml")
	lost := h.bears(top, "kid.toml")
	below := h.bears(lost, "kid.toml")
	log := h.crashed(map[string]int{"/top": 1}) // the intent of the second spawn is the last

	again := reopen(t, log)
	again.resume(top.ID)
	var left []string
	for _, info := range again.List() {
		left = append(left, info.Path)
	}
	if len(left) != 2 || left[1] != known.Path {
		t.Errorf("resumed are %q", left)
	}
	for _, ref := range []actors.Ref{lost, below} {
		if end := last[*chain.Lifecycle](t, events(t, log, ref.ID)); end.What != chain.LifecycleStopped || end.Reason != string(actors.ReasonOrphaned) {
			t.Errorf("%s ends with %+v", ref, end)
		}
	}
	if r := last[*chain.Result](t, events(t, log, top.ID)); r.Status != chain.ResultInterrupted {
		t.Errorf("the turn that spawned it ends with %s", r.Status)
	}
}
