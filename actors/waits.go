package actors

import "sync"

// waits is the graph of actors that wait for each other. An actor waits for at
// most one other at a time, for it is blocked while it does.
type waits struct {
	mu     sync.Mutex
	target map[*control]*control // guarded by mu
}

func newWaits() *waits { return &waits{target: map[*control]*control{}} }

// enter says that one actor waits for another until leave is called. A wait
// that closes a cycle is refused with a *CycleError.
func (w *waits) enter(from, to *control) (leave func(), err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	paths := []string{from.path}
	for next := to; next != nil; next = w.target[next] {
		paths = append(paths, next.path)
		if next == from {
			return nil, &CycleError{Paths: paths}
		}
	}
	w.target[from] = to
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.target, from)
	}, nil
}
