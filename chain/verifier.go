package chain

import (
	"context"
	"errors"
	"fmt"
)

// Verifier checks the records of many chains, as Verify does, in the order in which a
// log has them. It belongs to one goroutine.
type Verifier struct {
	verifier
	chains map[ID]*links
}

// NewVerifier makes a verifier that looks for blobs in r.
func NewVerifier(r Reader) *Verifier { return &Verifier{newVerifier(r), map[ID]*links{}} }

// Next checks a record, which must be the next one of its chain, and counts its events.
// It keeps no bytes of s. After an error the same record is next.
func (v *Verifier) Next(ctx context.Context, s *Stored) (events int, err error) {
	l := v.chains[s.Actor]
	if l == nil {
		l = &links{id: s.Actor}
		v.chains[s.Actor] = l
	}
	return v.stored(ctx, l, s)
}

// Chain is how many records of an actor were in order, and the hash of the last one.
func (v *Verifier) Chain(id ID) (records uint64, head Hash) {
	if l := v.chains[id]; l != nil {
		return l.number, l.head
	}
	return 0, Hash{}
}

// links is what a chain's next record must fit to.
type links struct {
	id     ID
	number uint64
	head   Hash
	epoch  uint64
	turn   turn
}

// verifier checks records, whosever they are.
type verifier struct {
	blobs blobVerifier
	again reused
}

func newVerifier(r Reader) verifier { return verifier{blobs: blobVerifier{r, map[Hash]bool{}}} }

// record takes a chain's next record.
func (v *verifier) record(ctx context.Context, l *links, rec Record) error {
	stored, err := Store(rec)
	if err != nil {
		return l.invalid("%w", err)
	}
	if err := l.fits(&stored); err != nil {
		return err
	}
	if rec.Prev != l.head {
		return l.invalid("links to %s, the record before is %s", rec.Prev, l.head)
	}
	if err := l.sum(&stored); err != nil {
		return err
	}
	for i, e := range rec.Events {
		if err := v.event(ctx, l, i, e); err != nil {
			return err
		}
	}
	l.passed(&stored)
	return nil
}

// stored takes a chain's next record as it is kept, and counts its events.
func (v *verifier) stored(ctx context.Context, l *links, s *Stored) (events int, err error) {
	if err := l.fits(s); err != nil {
		return 0, err
	}
	if err := l.sum(s); err != nil {
		return 0, err
	}
	noted := s.Note == ""
	d := decoder{b: s.Events, again: &v.again}
	err = d.events(func(n int) { events = n }, func(i int, e Event) error {
		switch e.(type) {
		case *Result, *Genesis:
			noted = true
		}
		return v.event(ctx, l, i, e)
	})
	switch {
	case errors.Is(err, ErrInvalid), err != nil && ctx.Err() != nil:
		return 0, err
	case err == nil && !noted:
		err = fmt.Errorf("a note without a result or a genesis: %w", ErrCorrupt)
	}
	if err != nil {
		return 0, fmt.Errorf("actor %s record %d: %w", l.id, l.number, err)
	}
	l.passed(s)
	return events, nil
}

func (v *verifier) event(ctx context.Context, l *links, i int, e Event) error {
	if problem := l.turn.event(e); problem != "" {
		return l.invalid("event %d (%s): %s", i, KindOf(e), problem)
	}
	if err := v.blobs.of(ctx, e); ctx.Err() != nil {
		return ctx.Err()
	} else if err != nil {
		return l.invalid("event %d (%s): %w", i, KindOf(e), err)
	}
	return nil
}

// invalid says what is wrong with the next record.
func (l *links) invalid(format string, args ...any) error {
	args = append(append([]any{l.id, l.number}, args...), ErrInvalid)
	return fmt.Errorf("actor %s record %d: "+format+": %w", args...)
}

// fits checks whose record it is and where it belongs.
func (l *links) fits(s *Stored) error {
	switch {
	case s.Actor != l.id:
		return l.invalid("belongs to actor %s", s.Actor)
	case s.Number != l.number:
		return l.invalid("has number %d", s.Number)
	case s.Epoch < l.epoch:
		return l.invalid("epoch %d follows %d", s.Epoch, l.epoch)
	}
	return nil
}

func (l *links) sum(s *Stored) error {
	if sum := s.Sum(l.head); sum != s.Hash {
		return l.invalid("has hash %s, its content %s", s.Hash, sum)
	}
	return nil
}

func (l *links) passed(s *Stored) { l.head, l.epoch, l.number = s.Hash, s.Epoch, l.number+1 }
