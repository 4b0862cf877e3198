package actors_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/memlog"
)

var full = flag.Bool("full", false, "run the crash storm and the random trees at full size")

// tireless lets children fail as often as they want.
const tireless = "[supervision]\nmax_restarts = 1000000\nperiod = \"1ms\"\n"

// brood is a plan of many children of one manifest.
func brood(n int, of plan) plan {
	p := plan{id: "top", tables: tireless, spawns: []plan{of}}
	for i := range n {
		p.tables += fmt.Sprintf("[[child]]\nid = \"%s-%d\"\nmanifest = %q\n%s\n", of.id, i, of.id, of.as)
	}
	return p
}

// numbered is a message of the C guest that makes it trap, or nothing.
func numbered(traps bool, n int) []byte {
	command := byte('n')
	if traps {
		command = 't'
	}
	return binary.LittleEndian.AppendUint32([]byte{0, command}, uint32(n))
}

func TestACrashStormLosesNothingButWhatCrashes(t *testing.T) {
	children, crashes := 200, 20
	var log chain.Log = memlog.New()
	if *full {
		children, crashes = 1000, 100
		kept, err := badgerlog.Open(t.TempDir(), badgerlog.Options{Durability: badgerlog.Async})
		check(t, err)
		t.Cleanup(func() { check(t, kept.Close()) })
		log = kept
	}
	h := rebuild(t, log, func(c *actors.Config) { c.Observe = nil })
	top := h.grow(brood(children, plan{id: "kid", code: fromSource(t, "c-echo", "echo.wasm")}))
	kids := h.below("/top")[1:]
	if len(kids) != children {
		t.Fatalf("there are %d children", len(kids))
	}
	memory, heap := h.memory()
	stop := h.keepListing(top)
	began := time.Now()
	messages := 2 * crashes
	send := func(from, n int) {
		for i := from; i < len(kids); i += 2 {
			if err := h.Send(kids[i], "test", numbered(n%2 == 1, n)); err != nil {
				t.Errorf("message %d for %s: %v", n, kids[i], err)
			}
		}
	}
	var senders sync.WaitGroup
	for from := range 2 {
		senders.Go(func() {
			for n := range messages {
				send(from, n)
			}
		})
	}
	senders.Wait()
	for _, kid := range kids {
		h.restarted(kid.Path, int64(crashes))
	}
	took := time.Since(began)
	listed := stop()
	after, heapAfter := h.memory()
	t.Logf("%d restarts in %v, %.0f/s; %d listings, p99 %v; heap %d MB, before %d MB", children*crashes, took,
		float64(children*crashes)/took.Seconds(), len(listed), percentile(listed, 99), heapAfter>>20, heap>>20)
	if after != memory {
		t.Errorf("guests have %d bytes of memory, and had %d", after, memory)
	}
	if p99 := percentile(listed, 99); *full && p99 > 10*time.Millisecond {
		t.Errorf("the slowest hundredth of the listings takes %v and more", p99)
	}
	for _, kid := range kids {
		h.handledAll(kid, messages)
	}
	_, err := h.Stop(t.Context(), top)
	check(t, err)
	if inUse, _ := h.engine.Memory(); inUse != 0 {
		t.Errorf("%d bytes are left of the guests' memory", inUse)
	}
}

// memory is what all guests have, and what is in use of the heap.
func (h *house) memory() (guests int64, heap uint64) {
	guests, _ = h.engine.Memory()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return guests, stats.HeapAlloc
}

// keepListing lists all actors, and shows a tree, until the returned function is
// called, which gives how long each took.
func (h *house) keepListing(top actors.Ref) (stop func() []time.Duration) {
	quit := make(chan struct{})
	var took []time.Duration
	var listing sync.WaitGroup
	listing.Go(func() {
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case <-quit:
				tick.Stop()
				return
			case <-tick.C:
			}
			began := time.Now()
			n := len(h.List())
			listed := time.Since(began)
			tree, err := h.Tree(top)
			took = append(took, listed, time.Since(began)-listed)
			if err != nil || len(tree.Children) != n-1 {
				h.t.Errorf("%d actors are listed, and %d children shown, %v", n, len(tree.Children), err)
			}
		}
	})
	return func() []time.Duration {
		close(quit)
		listing.Wait()
		return took
	}
}

func percentile(of []time.Duration, n int) time.Duration {
	if len(of) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(of))[len(of)*n/100]
}

// handledAll requires that an actor has handled so many numbered messages, each
// once and in order, and has restarted after each that made it trap.
func (h *house) handledAll(kid actors.Ref, messages int) {
	h.t.Helper()
	all := h.events(kid)
	bodies := h.handled(kid)
	for n := range messages {
		if n >= len(bodies) || bodies[n] != string(numbered(n%2 == 1, n)) {
			h.t.Errorf("%s has not handled message %d in its turn", kid, n)
			return
		}
	}
	var restarts, traps, oks int
	for _, e := range all {
		switch e := e.(type) {
		case *chain.Lifecycle:
			restarts++
		case *chain.Result:
			switch e.Status {
			case chain.ResultTrap:
				traps++
			case chain.ResultOK:
				oks++
			}
		}
	}
	if want := messages / 2; len(bodies) != messages || restarts != want || traps != want || oks != want+1+want {
		h.t.Errorf("%s: %d messages, %d restarts, %d traps, %d turns that went well", kid, len(bodies), restarts, traps, oks)
	}
}
