package actors

import (
	"slices"
	"sync"

	"github.com/theater-go/theater/chain"
)

// acks is what the log has said of an actor's records, and who waits for it.
// Without anything but its owner it is that of an actor without records.
type acks struct {
	of *control // whose they are

	mu      sync.Mutex
	records uint64     // guarded by mu; how many were acknowledged
	head    chain.Hash // guarded by mu; of the newest of them
	err     error      // guarded by mu; what stopped the log
	waiting []waiting  // guarded by mu; by records
	notices *notices   // guarded by mu; for the parent, nil when it has not subscribed
	closed  bool       // guarded by mu; no record comes any more
}

type waiting struct {
	records uint64
	then    func(error)
}

var _ chain.Acknowledger = (*acks)(nil)

// resume begins with a chain that the log has.
func (a *acks) resume(records uint64, head chain.Hash) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.records, a.head = records, head
}

// marked takes what the log says of a record of a turn that has marks.
type marked struct {
	*acks
	marks *marks
}

// Acknowledged is called by the log, in the order of the records.
func (m marked) Acknowledged(rec *chain.Stored, err error) { m.acknowledged(rec, err, m.marks) }

// Acknowledged is called by the log, in the order of the records.
func (a *acks) Acknowledged(rec *chain.Stored, err error) { a.acknowledged(rec, err, nil) }

// acknowledged tells the parent of a record and lets those go on who wait for it.
func (a *acks) acknowledged(rec *chain.Stored, err error, m *marks) {
	a.mu.Lock()
	if err == nil {
		if a.notices != nil {
			a.notices.publish(rec, m)
		}
		a.head = rec.Hash
	}
	if a.records, a.err = rec.Number+1, err; err != nil {
		defer a.of.system.halt(a.of.writer)
	}
	due := 0
	for due < len(a.waiting) && a.waiting[due].records <= a.records {
		due++
	}
	if due == 0 {
		a.mu.Unlock()
		return
	}
	waiting := slices.Clone(a.waiting[:due])
	a.waiting = slices.Delete(a.waiting, 0, due)
	a.mu.Unlock()
	for _, w := range waiting {
		w.then(err)
	}
}

// then calls f once, when that many records are acknowledged, which are all
// that were appended: now, or later on the goroutine of the log, where it must
// not wait. f is told what stopped the log before it kept the last of them.
func (a *acks) then(records uint64, f func(error)) (later bool) {
	a.mu.Lock()
	if a.records < records {
		a.waiting = append(a.waiting, waiting{records, f})
		a.mu.Unlock()
		return true
	}
	err := a.err
	a.mu.Unlock()
	f(err)
	return false
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

// close says that no record comes any more.
func (a *acks) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	if a.notices != nil {
		a.notices.finish()
		a.notices = nil
	}
}
