package wasm

import (
	"sync"
	"sync/atomic"
)

// slots let at most so many guests be inside wasm at once, one for each core:
// guest code cannot be preempted, and what the Go scheduler cannot have back
// while guests run must not be all that it has. A slot is given back at each
// yield and while the host works for the guest.
//
// Who begins a turn or comes back from a host call goes before those that have
// spent a slice, but for every eighth grant, and each kind in its own order: a
// guest that has little to do is not held up by those that spin.
type slots struct {
	waiting atomic.Int64 // guests that wait

	mu     sync.Mutex
	free   int             // guarded by mu
	fresh  []chan struct{} // guarded by mu; waiters that have not spent a slice
	spent  []chan struct{} // guarded by mu; waiters that have
	grants uint64          // guarded by mu; slots handed from guest to guest
}

// spentShare is how many slots go to waiters that have not spent a slice for
// each that goes to one that has.
const spentShare = 8

func newSlots(n int) *slots { return &slots{free: n} }

// acquire waits for a slot. wake is the caller's own channel of one.
func (s *slots) acquire(wake chan struct{}, hasSpent bool) {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return
	}
	if hasSpent {
		s.spent = append(s.spent, wake)
	} else {
		s.fresh = append(s.fresh, wake)
	}
	s.waiting.Add(1)
	s.mu.Unlock()
	<-wake
}

// release gives the slot to who is next.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	queue := &s.fresh
	if len(s.fresh) == 0 || len(s.spent) > 0 && s.grants%spentShare == spentShare-1 {
		queue = &s.spent
	}
	if len(*queue) == 0 {
		s.free++
		return
	}
	next := (*queue)[0]
	*queue = (*queue)[1:]
	s.grants++
	s.waiting.Add(-1)
	next <- struct{}{}
}

// contended reports whether anyone waits.
func (s *slots) contended() bool { return s.waiting.Load() > 0 }
