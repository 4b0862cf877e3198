package chain

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// Report counts what Verify found in order.
type Report struct{ Records, Events uint64 }

// Verify reads the whole chain of an actor and checks that its records are
// numbered and linked, that their hashes are those of their content, that its
// turns are complete and in order, and that the blobs it names exist with the
// hash they are named by. A sealed payload is checked when its opening is
// kept, and so is the blob of a checkpoint. A chain that ends within a turn is in
// order: the turn is still open.
//
// What is wrong with the chain is ErrInvalid and names actor, record and the
// difference; the report counts what was in order before it.
func Verify(ctx context.Context, r Reader, id ID) (report Report, err error) {
	if s, ok := r.(StoredReader); ok {
		return verifyStored(ctx, s, id)
	}
	for rec, err := range Verified(ctx, r, id) {
		if err != nil {
			return report, err
		}
		report.Records++
		report.Events += uint64(len(rec.Events))
	}
	return report, nil
}

// StoredReader is a Reader that can give its records as it keeps them, which spares
// Verify that it encodes them again.
type StoredReader interface {
	Reader

	// Stored yields what Records does, as it is kept. A record is valid until the next
	// is asked for.
	Stored(ctx context.Context, id ID, from uint64) iter.Seq2[*Stored, error]
}

func verifyStored(ctx context.Context, r StoredReader, id ID) (report Report, err error) {
	v := newVerifier(r)
	for s, err := range r.Stored(ctx, id, 0) {
		if err != nil {
			return report, err
		}
		events, err := v.stored(ctx, id, s)
		if err != nil {
			return report, err
		}
		report.Records++
		report.Events += events
	}
	return report, nil
}

// Verified yields the records of an actor, each once it is checked as Verify does.
// An error is the last thing it yields.
func Verified(ctx context.Context, r Reader, id ID) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		v := newVerifier(r)
		for rec, err := range r.Records(ctx, id, 0) {
			if err == nil {
				err = v.record(ctx, id, rec)
			}
			if err != nil {
				yield(Record{}, err)
				return
			}
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// Verifier checks the records of many chains, as Verify does, in the order in which a
// log has them. It belongs to one goroutine.
type Verifier struct {
	v      *verifier
	chains map[ID]*links
}

// NewVerifier makes a verifier that looks for blobs in r.
func NewVerifier(r Reader) *Verifier {
	return &Verifier{newVerifier(r), map[ID]*links{}}
}

// Next checks a record, which must be the next one of its chain, and counts its events.
// It keeps no bytes of s. Nothing more can be said of a chain after an error.
func (v *Verifier) Next(ctx context.Context, s *Stored) (events uint64, err error) {
	l := v.chains[s.Actor]
	if l == nil {
		l = &links{}
		v.chains[s.Actor] = l
	}
	v.v.links = *l
	events, err = v.v.stored(ctx, s.Actor, s)
	*l = v.v.links
	return events, err
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
	number uint64 // of the next record
	head   Hash
	epoch  uint64
	turn   turn
}

type verifier struct {
	links
	r     Reader
	blobs map[Hash]bool // already checked
	again reused
}

func newVerifier(r Reader) *verifier { return &verifier{r: r, blobs: map[Hash]bool{}} }

// record takes the chain's next record.
func (v *verifier) record(ctx context.Context, id ID, rec Record) error {
	stored, err := Store(rec)
	if err != nil {
		return v.fail(id, err)
	}
	if err := v.place(id, &stored); err != nil {
		return err
	}
	if rec.Prev != v.head {
		return v.fail(id, fmt.Errorf("links to %s, the record before is %s", rec.Prev, v.head))
	}
	if err := v.sum(id, &stored); err != nil {
		return err
	}
	for i, e := range rec.Events {
		if err := v.event(ctx, id, i, e); err != nil {
			return err
		}
	}
	v.passed(&stored)
	return nil
}

// stored takes the chain's next record as it is kept, and counts its events.
func (v *verifier) stored(ctx context.Context, id ID, s *Stored) (events uint64, err error) {
	if err := v.place(id, s); err != nil {
		return 0, err
	}
	if err := v.sum(id, s); err != nil {
		return 0, err
	}
	noted := s.Note == ""
	d := decoder{b: s.Events, again: &v.again}
	err = d.events(func(n int) { events = uint64(n) }, func(i int, e Event) error {
		switch e.(type) {
		case *Result, *Genesis:
			noted = true
		}
		return v.event(ctx, id, i, e)
	})
	switch {
	case errors.Is(err, ErrInvalid), err != nil && ctx.Err() != nil:
		return 0, err
	case err == nil && !noted:
		err = fmt.Errorf("a note without a result or a genesis: %w", ErrCorrupt)
	}
	if err != nil {
		return 0, fmt.Errorf("actor %s record %d: %w", id, v.number, err)
	}
	v.passed(s)
	return events, nil
}

// fail says what is wrong with the record at hand.
func (v *verifier) fail(id ID, problem error) error {
	return fmt.Errorf("actor %s record %d: %w: %w", id, v.number, problem, ErrInvalid)
}

// place checks whose record it is and where it belongs.
func (v *verifier) place(id ID, s *Stored) error {
	switch {
	case s.Actor != id:
		return v.fail(id, fmt.Errorf("belongs to actor %s", s.Actor))
	case s.Number != v.number:
		return v.fail(id, fmt.Errorf("has number %d", s.Number))
	case s.Epoch < v.epoch:
		return v.fail(id, fmt.Errorf("epoch %d follows %d", s.Epoch, v.epoch))
	}
	return nil
}

func (v *verifier) sum(id ID, s *Stored) error {
	if sum := s.Sum(v.head); sum != s.Hash {
		return v.fail(id, fmt.Errorf("has hash %s, its content %s", s.Hash, sum))
	}
	return nil
}

func (v *verifier) event(ctx context.Context, id ID, i int, e Event) error {
	if problem := v.turn.event(e); problem != "" {
		return v.fail(id, fmt.Errorf("event %d (%s): %s", i, KindOf(e), problem))
	}
	if err := v.blobsOf(ctx, e); ctx.Err() != nil {
		return ctx.Err()
	} else if err != nil {
		return v.fail(id, fmt.Errorf("event %d (%s): %w", i, KindOf(e), err))
	}
	return nil
}

func (v *verifier) passed(s *Stored) { v.head, v.epoch, v.number = s.Hash, s.Epoch, v.number+1 }

func (v *verifier) blobsOf(ctx context.Context, e Event) error {
	switch e := e.(type) {
	case *Genesis:
		return errors.Join(v.blob(ctx, e.Module), v.blob(ctx, e.Manifest), v.blob(ctx, e.InitialState), v.children(ctx, e.Children))
	case *Call:
		return v.payloads(ctx, e.Params)
	case *Host:
		return v.payloads(ctx, e.Input, e.Output)
	case *Intent:
		return v.payloads(ctx, e.Input)
	case *Outcome:
		return v.payloads(ctx, e.Input, e.Output)
	case *Result:
		return v.payloads(ctx, e.Response, e.Error)
	case *Lifecycle:
		switch e.What {
		case LifecycleUpgrade:
			return errors.Join(v.blob(ctx, e.Sum), v.blob(ctx, e.Manifest))
		case LifecycleCheckpoint: // older ones are dropped
			if err := v.blob(ctx, e.Sum); !errors.Is(err, ErrNotFound) {
				return err
			}
		}
	}
	return nil
}

func (v *verifier) payloads(ctx context.Context, payloads ...Payload) error {
	for _, p := range payloads {
		if p.Form == FormInline {
			continue
		}
		_, err := p.Load(ctx, v.r)
		if p.Form == FormSealed && errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// children checks a list of what children are made from, and what it names.
func (v *verifier) children(ctx context.Context, sum Hash) error {
	if v.blobs[sum] {
		return nil
	}
	list, err := LoadChildren(ctx, v.r, sum)
	if err != nil {
		return err
	}
	v.blobs[sum] = true
	for _, c := range list {
		if err := errors.Join(v.blob(ctx, c.Manifest), v.blob(ctx, c.Module), v.children(ctx, c.Children)); err != nil {
			return err
		}
	}
	return nil
}

// blob checks a blob that is named without its length. The zero hash names
// none.
func (v *verifier) blob(ctx context.Context, sum Hash) error {
	if sum.IsZero() || v.blobs[sum] {
		return nil
	}
	if _, err := LoadBlob(ctx, v.r, sum); err != nil {
		return err
	}
	v.blobs[sum] = true
	return nil
}
