package actors

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Stats is what a System has to do at the moment, and what it has done since it was
// opened. What a chain tells of earlier systems does not count.
type Stats struct {
	Actors       map[Status]int // that live
	Busy         int            // of them, that handle a message or are about to
	Mailbox      int            // messages that wait
	MailboxBytes int64          // and their bytes

	Spawned  int64            // new actors
	Resumed  int64            // actors of the log that went on
	Ended    map[Reason]int64 // actors that have ended, suspended ones among them
	Restarts int64
	Turns    int64            // closed, init's among them
	Failed   map[Reason]int64 // of them, by what the failure is to a supervisor
	Fuel     int64            // spent in turns
	// Checkpoints that were taken, and turns of chains that were executed again.
	Checkpoints, Replayed int64

	Dropped int64 // messages that were taken and not handled, or not to a good end
}

// Live is how many actors there are.
func (s Stats) Live() (n int) {
	for _, of := range s.Actors {
		n += of
	}
	return n
}

// Stats counts. It looks at every live actor once, and waits for none of them.
func (s *System) Stats() Stats {
	t := &s.totals
	stats := Stats{
		Actors:  map[Status]int{},
		Spawned: t.spawned.Load(), Resumed: t.resumed.Load(), Ended: t.ended.all(),
		Restarts: t.restarts.Load(), Failed: t.failed.all(), Dropped: t.dropped.Load(),
		Checkpoints: t.checkpoints.Load(), Replayed: t.replayed.Load(),
	}
	live, work := s.registry.tallied()
	for _, c := range live {
		messages, bytes := c.mailbox.len()
		stats.Actors[c.status()]++
		if c.mailbox.busy() {
			stats.Busy++
		}
		stats.Mailbox += messages
		stats.MailboxBytes += bytes
	}
	stats.Turns, stats.Fuel = work.turns, work.fuel
	return stats
}

// Fleeting is how many messages wait or are handled that would be lost if the node
// ended now: those that came from outside. What actors have sent each other is
// delivered again when they are resumed.
func (s *System) Fleeting() (n int) {
	for _, c := range s.registry.all() {
		n += c.mailbox.fleeting()
	}
	return n
}

// totals are counted where something rare happens. What every turn would count is in
// the actor's own control block, so that workers do not meet at one counter.
type totals struct {
	spawned, resumed, restarts, dropped atomic.Int64
	checkpoints, replayed               atomic.Int64
	ended, failed                       byReason
}

// countRestart returns how often the actor has started again.
func (c *control) countRestart() int {
	c.system.totals.restarts.Add(1)
	return int(c.restarts.Add(1))
}

// work is what actors have done in this system.
type work struct{ turns, fuel int64 }

func (w *work) add(c *control) {
	w.turns += c.closed.Load()
	w.fuel += c.fuel.Load()
}

// tallied lists the live actors, and sums their work and that of those which have
// ended.
func (r *registry) tallied() ([]*control, work) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	all, sum := r.allLocked(), r.ended
	for _, c := range all {
		sum.add(c)
	}
	return all, sum
}

// byReason counts by reasons, of which there are few.
type byReason struct {
	mu sync.Mutex
	n  map[Reason]int64 // guarded by mu
}

func (b *byReason) add(reason Reason) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.n == nil {
		b.n = map[Reason]int64{}
	}
	b.n[reason]++
}

func (b *byReason) all() map[Reason]int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.n)
}
