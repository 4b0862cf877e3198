package actors

import (
	"bytes"
	"strconv"
	"sync"

	"github.com/theater-go/theater/chain"
)

const (
	// noticesMax is how many notices of one child may wait in its parent's mailbox.
	noticesMax = 256
	// eventLagged is the event's kind in the notice that tells how many were lost.
	eventLagged = "lagged"
)

// notices are what a parent is told of a child's chain: each event since the parent
// subscribed is a message to its handle-child-event, once the log has acknowledged
// it. The child never waits for its parent. Notices that find no
// room are counted, and when half of it is free again their number comes before
// the next one.
type notices struct {
	to, of *control // the parent, the child
	export int
	from   uint64 // the first record that is told of
	era    int    // of the parent's sessions, which the subscription ends with
	refers bool   // the parent's chain can name the events, for they are on the same log

	mu      sync.Mutex
	waiting int       // guarded by mu; in the mailbox
	lost    uint64    // guarded by mu; and not told of
	last    chain.Ref // guarded by mu; the last of them
	marks   *marks    // guarded by mu; of that one
	over    bool      // guarded by mu; the parent wants no more
}

// publish tells of a record's events, except to who has caused them by what it
// did when it was told. The record is valid during the call only.
func (n *notices) publish(rec *chain.Stored, m *marks) {
	if rec.Number < n.from || m.of(n.to) {
		return
	}
	m = m.with(n)
	n.mu.Lock()
	defer n.mu.Unlock()
	for event, err := range rec.All() {
		if err != nil || n.over {
			return // a log acknowledges nothing that does not decode
		}
		at := chain.Ref{Actor: rec.Actor, Record: rec.Number, Index: event.Index}
		if !n.catchUpLocked() || n.waiting >= noticesMax || !n.postLocked(at, m, event.Kind, bytes.Clone(event.Bytes)) {
			n.loseLocked(at, m)
		}
	}
}

func (n *notices) loseLocked(at chain.Ref, m *marks) {
	n.lost++
	n.last, n.marks = at, m
}

// catchUpLocked tells how many were lost, and reports whether none is left to tell
// of. It waits until half of the room is free, so that a parent which stays behind
// hears more of events than of numbers.
func (n *notices) catchUpLocked() bool {
	switch {
	case n.over || n.lost == 0:
		return true
	case n.waiting > noticesMax/2:
		return false
	}
	if !n.postLocked(n.last, n.marks, eventLagged, strconv.AppendUint(nil, n.lost, 10)) {
		return false
	}
	n.lost, n.marks = 0, nil
	return true
}

// postLocked queues a notice unless the mailbox refuses it.
func (n *notices) postLocked(at chain.Ref, m *marks, kind string, event []byte) bool {
	e := &envelope{form: formNotice, export: n.export, body: kind, params: event, marks: m,
		cause: chain.Cause{Kind: chain.CauseEvent, Event: at}}
	if n.to.deliver(e, nil) != nil {
		return false
	}
	n.waiting++
	return true
}

// taken says that the parent is about to handle a notice, and reports whether it
// still wants to.
func (n *notices) taken(e *envelope, era int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.deliveries == 0 {
		n.waiting--
		n.catchUpLocked()
	}
	return !n.over && n.era == era
}

// dropped says that a notice was taken out of the mailbox unhandled.
func (n *notices) dropped(e *envelope) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiting--
	n.loseLocked(e.cause.Event, e.marks)
}

// end drops what waits, and what would follow.
func (n *notices) end() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.over = true
}

// finish says that the child's chain has ended.
func (n *notices) finish() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.catchUpLocked()
}

// notice runs the turn that tells of a child's event.
func (p *process) notice(e *envelope) error {
	n := e.marks.by
	params := chain.NoticeParams(n.of.id, e.body, e.params)
	if params == nil { // no value can hold the event
		n.mu.Lock()
		defer n.mu.Unlock()
		n.loseLocked(e.cause.Event, e.marks)
		return nil
	}
	_, err := p.turn(e, params)
	return err
}

// recorded is how the chain keeps what a message hands the guest.
func (p *process) recorded(e *envelope, params []byte) chain.Payload {
	if e.form == formNotice && e.body != eventLagged && e.marks.by.refers {
		return chain.NoticePayload(e.cause.Event, uint64(len(params)))
	}
	return p.payload(params)
}
