package badgerlog

import (
	"context"
	"sync"
)

// roomLimit is how many bytes may be reserved, or appended and not committed,
// before a reservation waits.
const roomLimit = 32 << 20

// gate counts the bytes on their way to the disk. Those who reserve wait in
// line; those who append never wait.
type gate struct {
	mu      sync.Mutex // guards what follows, and the rooms' fields
	used    int
	waiting []*waiter
	err     error // why nothing is admitted any more
}

type waiter struct {
	bytes    int
	admitted chan struct{} // closed when it has its room, or the gate is shut
}

// room is a chain.Room.
type room struct {
	gate *gate
	left int
}

// reserve waits for room. More than roomLimit is admitted when nothing else is
// on its way.
func (g *gate) reserve(ctx context.Context, bytes int) (*room, error) {
	g.mu.Lock()
	if g.err != nil {
		defer g.mu.Unlock()
		return nil, g.err
	}
	r := &room{gate: g, left: bytes}
	if len(g.waiting) == 0 && g.fits(bytes) {
		g.used += bytes
		g.mu.Unlock()
		return r, nil
	}
	w := &waiter{bytes: bytes, admitted: make(chan struct{})}
	g.waiting = append(g.waiting, w)
	g.mu.Unlock()
	select {
	case <-w.admitted:
		g.mu.Lock()
		defer g.mu.Unlock()
		return r, g.err
	case <-ctx.Done():
		g.leave(w)
		return nil, ctx.Err()
	}
}

func (g *gate) fits(bytes int) bool { return g.used == 0 || g.used+bytes <= roomLimit }

// leave takes back a waiter that may have been admitted meanwhile.
func (g *gate) leave(w *waiter) {
	g.mu.Lock()
	defer g.mu.Unlock()
	select {
	case <-w.admitted:
		g.used -= w.bytes
	default:
		for i, other := range g.waiting {
			if other == w {
				g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
				break
			}
		}
	}
	g.admitLocked()
}

func (g *gate) admitLocked() {
	for len(g.waiting) > 0 && g.fits(g.waiting[0].bytes) {
		g.used += g.waiting[0].bytes
		close(g.waiting[0].admitted)
		g.waiting = g.waiting[1:]
	}
}

// take moves bytes that are appended out of r, which may be nil, and beyond it.
func (g *gate) take(r *room, bytes int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.used += bytes
	if r != nil {
		own := min(r.left, bytes)
		r.left -= own
		g.used -= own
	}
}

// free gives back bytes that are committed.
func (g *gate) free(bytes int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.used -= bytes
	g.admitLocked()
}

// Release implements chain.Room.
func (r *room) Release() {
	r.gate.mu.Lock()
	defer r.gate.mu.Unlock()
	r.gate.used -= r.left
	r.left = 0
	r.gate.admitLocked()
}

// shut refuses those who wait and those who come, with err.
func (g *gate) shut(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err == nil {
		g.err = err
	}
	for _, w := range g.waiting {
		close(w.admitted)
	}
	g.waiting = nil
}
