package wasm

import (
	"sync"
	"sync/atomic"
)

// slots let at most so many guests be inside wasm at once, one for each core:
// guest code cannot be preempted, and what the Go scheduler cannot have back
// while guests run must not be all that it has. A slot is given back at each
// yield and while the host waits for something on the guest's behalf.
//
// Who begins a turn or comes back from a wait goes before those that have spent
// a slice, but for every eighth grant, and each kind in its own order: a guest
// that has little to do is not held up by those that spin.
type slots struct {
	free    atomic.Int64
	waiting atomic.Int64 // guests that wait, or are about to

	mu     sync.Mutex
	fresh  []chan struct{} // guarded by mu; waiters that have not spent a slice
	spent  []chan struct{} // guarded by mu; waiters that have
	grants uint64          // guarded by mu; slots handed from guest to guest
}

// spentShare is how many slots go to waiters that have not spent a slice for
// each that goes to one that has.
const spentShare = 8

func newSlots(n int) *slots {
	s := &slots{}
	s.free.Store(int64(n))
	return s
}

// acquire waits for a slot. wake is the caller's own channel of one.
func (s *slots) acquire(wake chan struct{}, hasSpent bool) {
	if !hasSpent && s.waiting.Load() == 0 && s.take() {
		return
	}
	s.mu.Lock()
	s.waiting.Add(1)
	// A release that came before the count was seen has left its slot free.
	if (!hasSpent || len(s.fresh)+len(s.spent) == 0) && s.take() {
		s.waiting.Add(-1)
		s.mu.Unlock()
		return
	}
	if hasSpent {
		s.spent = append(s.spent, wake)
	} else {
		s.fresh = append(s.fresh, wake)
	}
	s.handOverLocked()
	s.mu.Unlock()
	<-wake
}

// take takes a slot that is free.
func (s *slots) take() bool {
	for {
		n := s.free.Load()
		if n <= 0 {
			return false
		}
		if s.free.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// release gives the slot to who is next.
func (s *slots) release() {
	s.free.Add(1)
	if s.waiting.Load() == 0 {
		return
	}
	s.mu.Lock()
	s.handOverLocked()
	s.mu.Unlock()
}

// handOverLocked gives free slots to those that wait.
func (s *slots) handOverLocked() {
	for len(s.fresh)+len(s.spent) > 0 && s.take() {
		queue := &s.fresh
		if len(s.fresh) == 0 || len(s.spent) > 0 && s.grants%spentShare == spentShare-1 {
			queue = &s.spent
		}
		next := (*queue)[0]
		*queue = (*queue)[1:]
		s.grants++
		s.waiting.Add(-1)
		next <- struct{}{}
	}
}

// contended reports whether anyone waits.
func (s *slots) contended() bool { return s.waiting.Load() > 0 }
