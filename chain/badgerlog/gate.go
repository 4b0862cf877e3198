package badgerlog

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// roomLimit is how many bytes may be reserved, or appended and not committed,
// before a reservation waits.
const roomLimit = 32 << 20

// gateHeld is added to what is used while no one passes the gate unseen: while
// someone waits, and once it is shut.
const gateHeld = 1 << 40

// gate counts the bytes on their way to the disk. Those who reserve wait in
// line; those who append never wait. While no one waits, to pass is one
// addition.
type gate struct {
	used atomic.Int64 // bytes, and gateHeld while held

	mu      sync.Mutex // guards what follows
	held    bool
	waiting []*waiter
	err     error // why nothing is admitted any more
}

type waiter struct {
	bytes    int64
	admitted chan struct{} // closed when it has its room, or the gate is shut
}

// reserve waits for room. More than roomLimit is admitted when nothing else is
// on its way.
func (g *gate) reserve(ctx context.Context, bytes int64) error {
	for used := g.used.Load(); used+bytes <= roomLimit; used = g.used.Load() {
		if g.used.CompareAndSwap(used, used+bytes) {
			return nil
		}
	}
	g.mu.Lock()
	if g.err != nil {
		defer g.mu.Unlock()
		return g.err
	}
	w := &waiter{bytes: bytes, admitted: make(chan struct{})}
	g.waiting = append(g.waiting, w)
	g.holdLocked() // from here on, who gives back looks for who waits
	g.admitLocked()
	g.mu.Unlock()
	select {
	case <-w.admitted:
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.err
	case <-ctx.Done():
		g.leave(w)
		return ctx.Err()
	}
}

// leave takes back a waiter that may have been admitted meanwhile.
func (g *gate) leave(w *waiter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-w.admitted:
		g.used.Add(-w.bytes)
	default:
		g.waiting = slices.DeleteFunc(g.waiting, func(other *waiter) bool { return other == w })
	}
	g.admitLocked()
}

func (g *gate) holdLocked() {
	if !g.held {
		g.held = true
		g.used.Add(gateHeld)
	}
}

// admitLocked lets in those at the front of the line for whom there is room.
func (g *gate) admitLocked() {
	for len(g.waiting) > 0 {
		w := g.waiting[0]
		if used := g.used.Load() - gateHeld; used != 0 && used+w.bytes > roomLimit {
			return
		}
		g.used.Add(w.bytes)
		close(w.admitted)
		g.waiting = g.waiting[1:]
	}
	if g.held && g.err == nil {
		g.held = false
		g.used.Add(-gateHeld)
	}
}

// take counts bytes that are appended.
func (g *gate) take(bytes int64) { g.used.Add(bytes) }

// free gives back bytes that were reserved, or are committed.
func (g *gate) free(bytes int64) {
	if g.used.Add(-bytes) < gateHeld/2 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.admitLocked()
}

// shut refuses those who wait and those who come, with err.
func (g *gate) shut(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		g.err = err
	}
	g.holdLocked()
	for _, w := range g.waiting {
		close(w.admitted)
	}
	g.waiting = nil
}
