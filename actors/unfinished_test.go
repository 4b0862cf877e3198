package actors_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/supervision"
)

// comesBack recovers what the log has, and wants the actors of those paths, which
// answer.
func comesBack(t *testing.T, log chain.Log, paths ...string) {
	t.Helper()
	h := rebuild(t, log, recovers)
	got := h.recover()
	if live := h.paths(); !slices.Equal(live, paths) || len(got.Ended)+len(got.Left) > 0 {
		t.Errorf("it gives %+v: there are %v, want %v", got, live, paths)
		return
	}
	for _, path := range paths {
		h.answers(h.ref(path), "o", "o")
	}
	h.close()
}

func TestAnActorThatCameUpWhenItsNodeEndedComesBack(t *testing.T) {
	// begin is the log of a node that died before an init ran.
	begin := func(t *testing.T, p plan) chain.Log {
		h := rebuild(t, memlog.New())
		h.grow(p)
		h.close()
		return h.losing(func(sum chain.Summary) int { return int(sum.Records) - 1 })
	}
	// stops has a node end while an actor waits in its init.
	stops := func(t *testing.T, h *house, at string) {
		h.eventually("its init waits", func() bool { return h.waits(at) })
		over, cancel := context.WithCancel(context.Background())
		cancel()
		check(t, h.Suspend(over))
		h.close()
	}
	t.Run("in its init, which had not run", func(t *testing.T) {
		log := begin(t, child("a"))
		for range 2 { // as often as you like
			h := rebuild(t, log, recovers)
			h.shut("/a init")
			ctx, cancel := context.WithCancel(t.Context())
			recovered := make(chan struct{})
			go func() { defer close(recovered); _, _ = h.Recover(ctx, nil) }()
			h.eventually("its init waits", func() bool { return h.waits("/a init") })
			crashed := h.crashed(nil)
			cancel()
			<-recovered
			stops(t, h, "/a init")
			comesBack(t, crashed, "/a")
		}
		comesBack(t, log, "/a")
	})
	t.Run("in the init of a restart", func(t *testing.T) {
		h := build(t)
		ref := h.grow(parent("", child("a")))
		h.answers(ref, "", first)
		h.shut("/top init")
		restarted := make(chan error, 1)
		go func() { restarted <- h.Restart(context.Background(), ref) }()
		h.eventually("its init waits", func() bool { return h.waits("/top init") })
		crashed := h.crashed(nil)
		stops(t, h, "/top init")
		<-restarted
		comesBack(t, crashed, "/top", "/top/a")
		comesBack(t, h.log, "/top", "/top/a")
	})
}

func TestATreeWhoseResumeIsCutShortCanBeResumedAgain(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	top := h.grow(parent("", plan{id: "a", children: []plan{child("x")}}, child("b")))
	want := h.paths()
	h.close()
	ended := make(chan error, 1)
	for name, cut := range map[string]func(t *testing.T){
		"by who has asked for it": func(t *testing.T) {
			heard, goOn := make(chan struct{}), make(chan struct{})
			h := rebuild(t, log, func(c *actors.Config) {
				c.Observe = func(change actors.Change) {
					if change.Path == "/top/a" && change.What == actors.ChangeStarted {
						close(heard)
						<-goOn
					}
				}
			})
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				_, err := h.Resume(ctx, top.ID)
				ended <- err
			}()
			<-heard
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("it gives %v", err)
			}
			close(goOn)
			h.close()
		},
		"by the end of the system, before it has the actor": func(t *testing.T) {
			h := rebuild(t, log)
			h.EndRoot()
			if _, err := h.Resume(t.Context(), top.ID); !errors.Is(err, supervision.ErrStopping) {
				t.Errorf("it gives %v", err)
			}
			h.close()
		},
		"the recovery of all": func(t *testing.T) {
			h := rebuild(t, log, recovers)
			h.EndRoot()
			if got := h.recover(); got.Resumed != 0 || len(got.Left) != 1 || len(got.Ended) != 0 {
				t.Errorf("it gives %+v", got)
			}
			h.close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			cut(t)
			h := rebuild(t, log)
			_, err := h.Resume(t.Context(), top.ID)
			check(t, err)
			if live := h.paths(); !slices.Equal(live, want) {
				t.Errorf("there are %v, want %v", live, want)
			}
			h.close()
		})
	}
}
