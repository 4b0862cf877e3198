package actors

import (
	"sync"

	"github.com/theater-go/theater/chain"
)

// subscriptionBuffer is how many records a subscriber may be behind.
const subscriptionBuffer = 256

// Subscription is a stream of an actor's records, each sent once the log has
// acknowledged it. A subscriber that falls behind loses records and is told
// how many by Lagged; the actor never waits for it.
type Subscription struct {
	control *control
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
	s.control.mu.Lock()
	defer s.control.mu.Unlock()
	for i, other := range s.control.subs {
		if other == s {
			s.control.subs = append(s.control.subs[:i:i], s.control.subs[i+1:]...)
			break
		}
	}
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
func (c *control) subscribe() *Subscription {
	s := &Subscription{control: c, records: make(chan chain.Record, subscriptionBuffer)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		s.end()
	} else {
		c.subs = append(c.subs, s)
	}
	return s
}

// publish hands a record to the subscribers. It is called by the committer.
func (c *control) publish(r chain.Record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Prev, c.head = c.head, r.Hash
	for _, s := range c.subs {
		s.publish(r)
	}
}
