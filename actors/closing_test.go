package actors_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain/memlog"
)

func TestATreeThatIsComingUpWhenItsNodeEndsComesBack(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	h.grow(parent("", child("a"), child("b"), child("c")))
	h.grow(child("busy"))
	want := h.paths()
	h.close()

	// The supervisor hears that a is up, and not more before the node ends.
	heard, goOn, decided := make(chan struct{}), make(chan struct{}), make(chan struct{})
	decide := sync.OnceFunc(func() { close(decided) })
	h = rebuild(t, log, recovers, func(c *actors.Config) {
		c.Observe = func(change actors.Change) {
			switch {
			case change.Path == "/top/a" && change.What == actors.ChangeStarted:
				close(heard)
				<-goOn
			case change.Path == "/top/c":
				decide()
			}
		}
	})
	open := h.shut("/busy g")
	ctx, cancel := context.WithCancel(t.Context())
	recovered := make(chan struct{})
	go func() { defer close(recovered); _, _ = h.Recover(ctx, nil) }()
	<-heard
	h.eventually("b is up, and the other is", func() bool {
		b, err := h.Lookup("/top/b")
		busy, other := h.Lookup("/busy")
		return err == nil && other == nil && h.info(b).Status == actors.StatusRunning && h.info(busy).Status == actors.StatusRunning
	})
	cancel()
	<-recovered
	check(t, h.Send(h.ref("/busy"), "test", []byte("g")))
	h.eventually("it waits", func() bool { return h.waits("/busy g") })
	closed := make(chan struct{})
	go func() { defer close(closed); h.close() }()
	h.eventually("it closes", func() bool { return h.info(h.ref("/busy")).Status == actors.StatusStopping })
	close(goOn)
	select {
	case <-decided:
	case <-time.After(time.Second): // the supervisor was told to end before it heard of b, and makes no c
	}
	open(nil)
	<-closed

	h = rebuild(t, log, recovers)
	got := h.recover()
	if live := h.paths(); !slices.Equal(live, want) || got.Resumed != len(want) {
		t.Errorf("it gives %+v: there are %v, want %v", got, live, want)
	}
}
