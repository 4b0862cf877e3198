package actors

import (
	"slices"
	"sync"
)

// waits is the graph of actors that wait for each other. An actor waits for at
// most one other at a time, for it is blocked while it does.
type waits struct {
	mu     sync.Mutex
	target map[*control]wait // guarded by mu
}

// wait is whom an actor waits for, and until when.
type wait struct {
	of    *control
	until until
}

// until says when a wait is over.
type until uint8

const (
	untilAnswer until = iota // the other has answered
	untilReady               // the other is ready, and all below that it starts with
	untilEnd                 // the other has ended, and all below
)

func newWaits() *waits { return &waits{target: map[*control]wait{}} }

// enter says that one actor waits for another until leave is called. A wait
// that closes a cycle is refused with a *CycleError.
func (w *waits) enter(from, to *control, u until) (leave func(), err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := wait{to, u}
	if way := (&search{from: from, target: w.target}).way(next); way != nil {
		return nil, &CycleError{Paths: append([]string{from.path}, way...)}
	}
	w.target[from] = next
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.target, from)
	}, nil
}

// needs reports whether the wait is over only after something that the actor does.
func (w wait) needs(c *control) bool {
	switch {
	case c == w.of:
		return true
	case w.until == untilAnswer, w.until == untilReady && c.status() != StatusStarting:
		return false
	}
	for c = c.parent; c != nil; c = c.parent {
		if c == w.of {
			return true
		}
	}
	return false
}

// over are the paths by which the wait needs the actor.
func (w wait) over(c *control) []string {
	if c == w.of {
		return []string{c.path}
	}
	return []string{w.of.path, c.path}
}

// search looks for a way by which an actor would wait for itself.
type search struct {
	from   *control
	target map[*control]wait
	seen   []*control
}

// way are the paths from a wait back to the actor, nil where there is no way.
func (s *search) way(w wait) []string {
	if w.needs(s.from) {
		return w.over(s.from)
	}
	if w.until == untilAnswer {
		return s.through(w, w.of)
	}
	for c := range s.target {
		if w.needs(c) {
			if way := s.through(w, c); way != nil {
				return way
			}
		}
	}
	return nil
}

// through is the way over an actor that the wait needs.
func (s *search) through(w wait, c *control) []string {
	next, waits := s.target[c]
	if !waits || slices.Contains(s.seen, c) {
		return nil
	}
	s.seen = append(s.seen, c)
	if way := s.way(next); way != nil {
		return append(w.over(c), way...)
	}
	return nil
}
