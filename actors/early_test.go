package actors_test

import (
	"slices"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
)

func TestWhoFailsBeforeItsChildrenAreUpHadStarted(t *testing.T) {
	for _, body := range []string{"x", "d"} { // a trap, and an end in order
		h := build(t)
		h.grow(parent("", plan{id: "mid", children: []plan{{id: "low", as: `shutdown = "10ms"`}}}))
		h.grow(child("from"))
		want := h.paths()
		mid := h.ref("/top/mid")
		open := h.shut("/top/mid g")
		h.says("/from", "/top/mid", "g")
		h.eventually("it waits", func() bool { return h.waits("/top/mid g") })
		h.says("/from", "/top/mid", body)
		// The child is in its init.
		log := h.losing(func(sum chain.Summary) int {
			if sum.Path == "/top/mid/low" {
				return int(sum.Records) - 2
			}
			return 0
		})
		open(nil)
		h.close()

		h = rebuild(t, log)
		open = h.shut("/top/mid/low init")
		recovered := make(chan actors.Recovery, 1)
		go func() { recovered <- h.recover() }()
		h.eventually("mid begins again", func() bool {
			all := of[*chain.Lifecycle](events(t, log, mid.ID))
			return len(all) > 0 && slices.ContainsFunc(all, func(e *chain.Lifecycle) bool {
				return e.What == chain.LifecycleRestart || e.What == chain.LifecycleStopped
			})
		})
		open(nil)
		if got := <-recovered; len(got.Ended)+len(got.Left) > 0 {
			t.Errorf("%q: it gives %+v", body, got)
		}
		h.eventually("all are up", func() bool { return slices.Equal(h.paths(), want) })
		h.close()
	}
}
