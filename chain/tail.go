package chain

import (
	"context"
	"errors"
	"iter"
)

// Lot is what a tail has come by: one record or more, in the order of the log.
type Lot struct {
	// Records are shared with all who tail the log. They must not be modified, and
	// are valid until the next lot is asked for.
	Records []Stored
	// Behind is how many records the log keeps by now that follow these: how far
	// the reader lags. It is 0 for one that keeps up, until something is written.
	Behind uint64
}

// FarBehind is how many records of a log are more to go through than to look for
// those of one actor: who follows one chain, and is further behind, reads it anew.
const FarBehind = 10_000

// Follow yields the records of an actor from number from on: those that there are,
// as Reader.Records does, and then each once the log keeps it. None is left out and
// none comes twice, however slow the reader is. It ends after the record that says
// that the actor has stopped, which is a chain's last, or with an error: what
// Records and Tail say.
func Follow(ctx context.Context, l Tailer, id ID, from uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		f := follower{log: l, id: id, next: from, yield: yield}
		err := errBehind
		for errors.Is(err, errBehind) {
			err = f.round(ctx)
		}
		if err != nil && !errors.Is(err, errOver) {
			yield(Record{}, err)
		}
	}
}

var (
	errOver   = errors.New("no more is to be followed")
	errBehind = errors.New("the follower is far behind")
)

type follower struct {
	log   Tailer
	id    ID
	next  uint64 // record
	prev  Hash   // of the record before, once it is known
	yield func(Record, error) bool
}

// round reads what the chain holds, and then what the log has taken since it began
// to read. At the seam between the two a record may come up twice, and the number
// tells.
func (f *follower) round(ctx context.Context) error {
	tail := f.log.Tail(ctx)
	sum, err := f.log.Summary(ctx, f.id)
	if err != nil {
		return err
	}
	// The record before the first is read for its hash.
	for r, err := range f.log.Records(ctx, f.id, f.next-min(f.next, 1)) {
		if err == nil {
			err = f.record(r)
		}
		if err != nil {
			return err
		}
	}
	if sum.Status == StatusStopped {
		return errOver
	}
	for lot, err := range tail {
		if err != nil {
			return err
		}
		for i := range lot.Records {
			if err := f.stored(&lot.Records[i]); err != nil {
				return err
			}
		}
		if lot.Behind > FarBehind {
			return errBehind
		}
	}
	return errOver
}

func (f *follower) stored(s *Stored) error {
	if s.Actor != f.id {
		return nil
	}
	r, err := s.Record(f.prev)
	if err != nil {
		return err
	}
	return f.record(r)
}

// record yields a record, unless it is before those that are wanted.
func (f *follower) record(r Record) error {
	f.prev = r.Hash
	if r.Number >= f.next {
		f.next = r.Number + 1
		if !f.yield(r, nil) {
			return errOver
		}
	}
	if r.IsLast() {
		return errOver
	}
	return nil
}

// IsLast reports whether r says that its actor has stopped, so that none follows it.
func (r *Record) IsLast() bool {
	if len(r.Events) == 0 {
		return false
	}
	l, ok := r.Events[len(r.Events)-1].(*Lifecycle)
	return ok && l.What == LifecycleStopped
}
