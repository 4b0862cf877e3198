package actors_test

import (
	"context"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
)

func TestWhoIsCutOffByTheEndOfTheNodeKeepsTheMessagesThatWait(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	a := h.grow(child("a"))
	for _, name := range []string{"from", "busy"} {
		h.grow(child(name))
	}
	opened := make(chan struct{})
	h.keep(func(ctx context.Context, at string) error {
		switch at {
		case "/a g":
			<-ctx.Done()
			return context.Cause(ctx)
		case "/busy g": // it is told to end first, and takes its time
			<-opened
		}
		return nil
	})
	for _, path := range []string{"/a", "/busy"} {
		check(t, h.Send(h.ref(path), "test", []byte("g")))
		h.eventually("it waits", func() bool { return h.waits(path + " g") })
	}
	h.says("/from", "/a", "1")
	h.says("/from", "/a", "2")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	suspended := make(chan error, 1)
	go func() { suspended <- h.Suspend(over) }()
	h.eventually("it is cut off", func() bool {
		results := of[*chain.Result](h.events(a))
		return results[len(results)-1].Status == chain.ResultInterrupted
	})
	close(opened)
	check(t, <-suspended)
	h.close()

	h = rebuild(t, log)
	if got := h.recover(); got.Delivered != 2 || got.Dropped != 0 {
		t.Errorf("it gives %+v", got)
	}
	h.sends("/a", "g", "1", "2")
	if drops := h.drops(a.ID); len(drops) > 0 { // g had come from outside
		t.Errorf("dropped are %q", drops)
	}
}
