package actors_test

import (
	"context"
	"slices"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
)

// early is the log of a node that died with a message waiting for /top/mid, whose
// child low had not run its init: mid handles the message before its children, low and
// last, are up.
func early(t *testing.T, as, body string) (log chain.Log, paths []string, ids map[string]chain.ID) {
	t.Helper()
	h := build(t)
	h.grow(parent("", plan{id: "mid", as: as, children: []plan{{id: "low", as: `shutdown = "10ms"`}, child("last")}}))
	h.grow(child("from"))
	paths, ids = h.paths(), map[string]chain.ID{}
	for _, path := range paths {
		ids[path] = h.ref(path).ID
	}
	open := h.shut("/top/mid g")
	h.says("/from", "/top/mid", "g")
	h.eventually("it waits", func() bool { return h.waits("/top/mid g") })
	h.says("/from", "/top/mid", body)
	log = h.losing(func(sum chain.Summary) int {
		if sum.Path == "/top/mid/low" {
			return int(sum.Records) - 2
		}
		return 0
	})
	open(nil)
	h.close()
	return log, paths, ids
}

func TestWhoFailsBeforeItsChildrenAreUpHadStarted(t *testing.T) {
	for _, body := range []string{"x", "d"} { // a trap, and an end in order
		log, want, ids := early(t, "", body)
		h := rebuild(t, log)
		open := h.shut("/top/mid/low init")
		recovered := make(chan actors.Recovery, 1)
		go func() { recovered <- h.recover() }()
		h.eventually("mid begins again", func() bool {
			all := of[*chain.Lifecycle](events(t, log, ids["/top/mid"]))
			return len(all) > 0 && slices.ContainsFunc(all, func(e *chain.Lifecycle) bool {
				return e.What == chain.LifecycleRestart || e.What == chain.LifecycleStopped
			})
		})
		open(nil)
		if got := <-recovered; len(got.Ended)+len(got.Left) > 0 {
			t.Errorf("%q: it gives %+v", body, got)
		}
		h.eventually("all are up", func() bool { return slices.Equal(h.paths(), want) })
		// The turn of last never came.
		if end := last[*chain.Lifecycle](t, events(t, log, ids["/top/mid/last"])); end.What != chain.LifecycleStopped || end.Reason != string(actors.ReasonShutdown) {
			t.Errorf("%q: the chain of the old last ends with %+v", body, end)
		}
		h.close()
	}
}

func TestAChildWhoseTurnToStartNeverCameEndsWithItsParent(t *testing.T) {
	log, _, ids := early(t, `restart = "temporary"`, "x")
	h := rebuild(t, log)
	h.shut("/top/mid/low init")
	if got := h.recover(); len(got.Left)+len(got.Ended) > 0 { // mid had started
		t.Errorf("it gives %+v", got)
	}
	h.eventually("mid ends", func() bool { return slices.Equal(h.paths(), []string{"/from", "/top"}) })
	if end := last[*chain.Lifecycle](t, events(t, log, ids["/top/mid/last"])); end.What != chain.LifecycleStopped || end.Reason != string(actors.ReasonOrphaned) {
		t.Errorf("the chain of last ends with %+v", end)
	}
	h.close()
}

func TestAChildWhoseTurnToStartHadNotComeWhenItsNodeEndedComesBack(t *testing.T) {
	log, want, ids := early(t, "", "o")
	h := rebuild(t, log, recovers)
	h.shut("/top/mid/low init")
	ctx, cancel := context.WithCancel(t.Context())
	recovered := make(chan struct{})
	go func() { defer close(recovered); _, _ = h.Recover(ctx, nil) }()
	h.eventually("the init of low waits", func() bool { return h.waits("/top/mid/low init") })
	cancel()
	<-recovered
	check(t, h.Suspend(ctx))
	h.close()
	if inUse, _ := h.engine.Memory(); inUse != 0 {
		t.Errorf("%d bytes are left of the guests' memory", inUse)
	}
	if sum, err := log.Summary(t.Context(), ids["/top/mid/last"]); err != nil || sum.Status == chain.StatusStopped {
		t.Errorf("last is %+v, %v", sum, err)
	}
	comesBack(t, log, want...)
}
