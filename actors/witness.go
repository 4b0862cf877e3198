package actors

import (
	"bytes"
	"context"
	"iter"

	"github.com/theater-go/theater/chain"
)

// witness reads the chain of one actor for what has become of messages: those
// that the actor has sent and that were released, and those that it has received
// or dropped. It sees each record once, in order.
type witness struct {
	log    chain.Reader
	actor  chain.ID
	face   face
	ledger *ledger
	history
	next uint64 // the record that it has not seen

	page  page
	sends []sending // of the record, not known to be released
	time  int64     // of the guest, as far as it has come
	init  bool      // the turn is one of init

	// Once it has seen all:
	cut    *chain.Call // the last message, if its turn has failed or was cut short and it was not dropped
	reason Reason      // why
	leaves bool        // the actor has asked for its end in its last turn, and has not ended
}

// pageFull is how many entries a witness gathers before it enters them.
const pageFull = 1024

// watch has the witness see the records that are read, from whatever record on.
func (w *witness) watch(ctx context.Context, records iter.Seq2[chain.Record, error]) iter.Seq2[chain.Record, error] {
	return func(yield func(chain.Record, error) bool) {
		for r, err := range records {
			if err == nil && r.Number > w.next {
				err = w.see(ctx, r.Number)
			}
			if err == nil && r.Number == w.next {
				err = w.record(ctx, r)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// see reads on, up to but not including record end.
func (w *witness) see(ctx context.Context, end uint64) error {
	if w.next >= end {
		return nil
	}
	for r, err := range w.log.Records(ctx, w.actor, w.next) {
		if err == nil {
			err = w.record(ctx, r)
		}
		if err != nil || w.next >= end {
			return err
		}
	}
	return nil
}

// tell enters what the witness has not told yet.
func (w *witness) tell() { w.ledger.enter(&w.page) }

// record takes the next record. What a record without a result sends was released
// with it, for the turn went on to wait for something; else it is released if the
// turn ended well.
func (w *witness) record(ctx context.Context, r chain.Record) error {
	w.next = r.Number + 1
	w.sends = w.sends[:0]
	asked, released := false, true
	for i, event := range r.Events {
		switch e := event.(type) {
		case *chain.Call:
			w.begins(e)
		case *chain.Host:
			if e.Status != chain.CallAnswered {
				break
			}
			switch int(e.Import) {
			case w.face.send:
				sent, err := w.sent(ctx, e)
				if err != nil {
					return err
				}
				if sent {
					w.sends = append(w.sends, sending{chain.Ref{Actor: r.Actor, Record: r.Number, Index: uint32(i)}, w.time})
				}
			case w.face.shutdown:
				asked = true
			}
		case *chain.Outcome:
			w.time = max(w.time, e.Time)
		case *chain.Result:
			w.ends(e)
			released = e.Status == chain.ResultOK
		case *chain.Lifecycle:
			w.changes(e)
		}
	}
	if released {
		w.page.sent = append(w.page.sent, w.sends...)
		w.leaves = w.leaves || asked
	}
	if len(w.page.sent)+len(w.page.settled) > pageFull {
		w.tell()
	}
	return nil
}

// sent reports whether a send was accepted.
func (w *witness) sent(ctx context.Context, e *chain.Host) (bool, error) {
	answer := e.Output.Bytes
	if e.Output.Form != chain.FormInline {
		var err error
		if answer, err = e.Output.Load(ctx, w.log); err != nil {
			return false, err
		}
	}
	return bytes.Equal(answer, okUnit), nil
}

func (w *witness) begins(e *chain.Call) {
	w.time, w.leaves = max(w.time, e.Time), false
	if w.init = e.Cause.Kind == chain.CauseNone; w.init {
		return
	}
	w.cut, w.reason = e, ReasonInterrupted
	if int(e.Export) == w.face.receive && e.Cause.Kind == chain.CauseEvent {
		w.page.settled = append(w.page.settled, e.Cause.Event)
	}
}

func (w *witness) ends(e *chain.Result) {
	w.history.ends(e, w.init)
	switch well := e.Status == chain.ResultOK || e.Status == chain.ResultError && !w.errFails; {
	case !well:
		w.leaves = false
		if !w.init && e.Status != chain.ResultInterrupted {
			w.reason = endOf(e.Status)
		}
	case !w.init:
		w.cut = nil
	}
}

func (w *witness) changes(e *chain.Lifecycle) {
	w.history.changes(e)
	switch e.What {
	case chain.LifecycleRestart:
		w.leaves = false
	case chain.LifecycleDropped:
		// A message that is told of by a notice has the same name as the notice. What
		// is dropped first is what the last turn was about.
		if w.cut != nil && w.cut.Cause.Kind == chain.CauseEvent && w.cut.Cause.Event == e.Ref {
			w.cut = nil
			return
		}
		w.page.settled = append(w.page.settled, e.Ref)
	}
}
