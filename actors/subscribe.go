package actors

import (
	"slices"
	"sync"

	"github.com/theater-go/theater/chain"
)

// subscriptionBuffer is how many records a subscriber may be behind.
const subscriptionBuffer = 256

// Subscription is a stream of an actor's records, each sent once the log has
// acknowledged it. A subscriber that falls behind loses records and is told
// how many by Lagged; the actor never waits for it.
type Subscription struct {
	acks    *acks
	records chan chain.Record

	mu     sync.Mutex
	lagged uint64 // guarded by mu
	ended  bool   // guarded by mu
}

// Records is closed when the actor has ended or Close was called.
func (s *Subscription) Records() <-chan chain.Record { return s.records }

// Lagged is how many records were lost so far.
func (s *Subscription) Lagged() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lagged
}

// Close ends the subscription. It may be called twice.
func (s *Subscription) Close() {
	a := s.acks
	a.mu.Lock()
	defer a.mu.Unlock()
	a.subs = slices.DeleteFunc(a.subs, func(other *Subscription) bool { return other == s })
	s.end()
}

func (s *Subscription) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		close(s.records)
	}
}

func (s *Subscription) publish(r chain.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	select {
	case s.records <- r:
	default:
		s.lagged++
	}
}

// subscribe starts a subscription; that of an actor that has ended is closed.
func (a *acks) subscribe() *Subscription {
	s := &Subscription{acks: a, records: make(chan chain.Record, subscriptionBuffer)}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		s.end()
	} else {
		a.subs = append(a.subs, s)
	}
	return s
}

// follow has a parent told of what comes from now on. One that is told already
// stays so.
func (a *acks) follow(n *notices) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed && (a.notices == nil || a.notices.era != n.era) {
		a.notices = n
	}
}

// unfollow ends that.
func (a *acks) unfollow() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.notices != nil {
		a.notices.end()
		a.notices = nil
	}
}

// publishLocked hands a record to the subscribers, and tells the parent.
func (a *acks) publishLocked(rec *chain.Stored, m *marks) {
	if a.notices != nil {
		a.notices.publish(rec, m)
	}
	if len(a.subs) == 0 {
		return
	}
	r, err := rec.Record(a.head)
	if err != nil {
		return // a log acknowledges nothing that does not decode
	}
	for _, s := range a.subs {
		s.publish(r)
	}
}

// close ends the subscriptions.
func (a *acks) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	a.of.system.tails.tell(a.of, a.records, true)
	if a.notices != nil {
		a.notices.finish()
		a.notices = nil
	}
	for _, s := range a.subs {
		s.end()
	}
	a.subs = nil
}
