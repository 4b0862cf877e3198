package chain

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
)

const (
	// draftSpace is what a draft keeps free before its events, for what is known
	// only later: the rest of the hash's preimage and the count of the events.
	draftSpace = preimageHeader + binary.MaxVarintLen32

	// draftKept is the most memory, in bytes, that a draft keeps for the next.
	draftKept = 64 << 10
)

// Draft is a record that is being written. Its events are encoded as they come,
// into memory that is used again: NewDraft takes a draft from a pool; Append,
// which has it whatever it returns, or Discard gives it back. It belongs to one
// goroutine at a time.
type Draft struct {
	b       []byte // draftSpace bytes, then the events
	encoder encoder
	stored  Stored
	count   int
	problem string  // with the first event that is outside the format
	closed  bool    // there is a result
	updated int64   // the latest time of a call, an outcome or a lifecycle event
	changes []Event // copies of those that change more of a summary
}

var drafts = sync.Pool{New: func() any {
	return &Draft{b: make([]byte, draftSpace, 1024)}
}}

// NewDraft begins a record of an actor.
func NewDraft(actor ID, number uint64) *Draft {
	d := drafts.Get().(*Draft)
	d.stored.Actor, d.stored.Number = actor, number
	return d
}

// Discard gives the draft back. Nobody may use it afterwards.
func (d *Draft) Discard() {
	if cap(d.b) > draftKept {
		return
	}
	clear(d.changes)
	*d = Draft{b: d.b[:draftSpace], changes: d.changes[:0]}
	drafts.Put(d)
}

// Add appends an event. It keeps nothing of e, which may change afterwards. An
// event outside the format makes the draft one that cannot be appended.
func (d *Draft) Add(e Event) {
	d.b = d.encoder.event(d.b, e)
	switch e := e.(type) {
	case *Genesis:
		c := *e
		d.changes = append(d.changes, &c)
		if !d.closed {
			d.stored.Note = e.Folder
		}
	case *Call:
		d.updated = max(d.updated, e.Time)
	case *Outcome:
		d.updated = max(d.updated, e.Time)
	case *Lifecycle:
		d.updated = max(d.updated, e.Time)
		if e.What != LifecycleDropped { // there may be many
			c := *e
			d.changes = append(d.changes, &c)
		}
	case *Result:
		if d.closed {
			d.encoder.fail("a second result")
		}
		d.closed, d.stored.Note = true, e.Text
	}
	if d.encoder.problem != "" && d.problem == "" {
		d.problem = fmt.Sprintf("event %d: %s", d.count, d.encoder.problem)
	}
	d.count++
}

// Count is how many events the draft has.
func (d *Draft) Count() int { return d.count }

// Size is the length of its events in bytes.
func (d *Draft) Size() int { return len(d.b) - draftSpace }

// Stored is the record as the log keeps it. Until Seal it has no epoch, hash or
// events. It is the draft's, and valid as long.
func (d *Draft) Stored() *Stored { return &d.stored }

// Err is ErrEncode with the reason when the draft cannot be written.
func (d *Draft) Err() error {
	switch {
	case d.problem != "":
		return fmt.Errorf("%s: %w", d.problem, ErrEncode)
	case d.count == 0:
		return fmt.Errorf("no events: %w", ErrEncode)
	}
	return nil
}

// Seal completes the record, which the writer of an epoch appends after the one
// whose hash is prev. It is for logs.
func (d *Draft) Seal(epoch uint64, prev Hash) *Stored {
	var count [binary.MaxVarintLen32]byte
	n := binary.PutUvarint(count[:], uint64(d.count))
	events := d.b[draftSpace-n:]
	copy(events, count[:n])
	preimage := d.b[draftSpace-n-preimageHeader:]
	s := &d.stored
	appendPreimage(preimage[:0], s.Actor, s.Number, prev, epoch)
	s.Epoch, s.Hash, s.Events = epoch, sha256.Sum256(preimage), events
	return s
}
