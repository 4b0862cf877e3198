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
	for rec, err := range Verified(ctx, r, id) {
		if err != nil {
			return report, err
		}
		report.Records++
		report.Events += uint64(len(rec.Events))
	}
	return report, nil
}

// Verified yields the records of an actor, each once it is checked as Verify does.
// An error is the last thing it yields.
func Verified(ctx context.Context, r Reader, id ID) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		v := verifier{blobs: blobVerifier{r, map[Hash]bool{}}}
		var links links
		for rec, err := range r.Records(ctx, id, 0) {
			if err == nil {
				err = v.record(ctx, &links, id, rec)
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
	verifier
	chains map[ID]*links
}

// NewVerifier makes a verifier that looks for blobs in r.
func NewVerifier(r Reader) *Verifier {
	return &Verifier{verifier{blobVerifier{r, map[Hash]bool{}}}, map[ID]*links{}}
}

// Next checks a record, which must be the next one of its chain, and counts its events.
// It keeps nothing of s. An error leaves the chain where it was.
func (v *Verifier) Next(ctx context.Context, s *Stored) (events int, err error) {
	l := v.chains[s.Actor]
	if l == nil {
		l = &links{}
		v.chains[s.Actor] = l
	}
	if s.Number != l.number {
		return 0, fmt.Errorf("actor %s record %d: record %d follows: %w", s.Actor, l.number, s.Number, ErrInvalid)
	}
	rec, err := s.Record(l.head)
	if err != nil {
		return 0, err
	}
	return len(rec.Events), v.next(ctx, l, s, rec.Events)
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

type verifier struct{ blobs blobVerifier }

func (v *verifier) record(ctx context.Context, l *links, id ID, rec Record) error {
	stored, err := Store(rec)
	switch {
	case err != nil:
		return l.invalid(id, "%w", err)
	case rec.Actor != id:
		return l.invalid(id, "belongs to actor %s", rec.Actor)
	case rec.Number != l.number:
		return l.invalid(id, "has number %d", rec.Number)
	case rec.Prev != l.head:
		return l.invalid(id, "links to %s, the record before is %s", rec.Prev, l.head)
	}
	return v.next(ctx, l, &stored, rec.Events)
}

// next checks the next record of a chain, whose events are those of s, decoded.
func (v *verifier) next(ctx context.Context, l *links, s *Stored, events []Event) error {
	if s.Epoch < l.epoch {
		return l.invalid(s.Actor, "epoch %d follows %d", s.Epoch, l.epoch)
	}
	if sum := s.Sum(l.head); sum != s.Hash {
		return l.invalid(s.Actor, "has hash %s, its content %s", s.Hash, sum)
	}
	for i, e := range events {
		if problem := l.turn.event(e); problem != "" {
			return l.invalid(s.Actor, "event %d (%s): %s", i, KindOf(e), problem)
		}
		if err := v.blobs.of(ctx, e); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			return l.invalid(s.Actor, "event %d (%s): %w", i, KindOf(e), err)
		}
	}
	l.head, l.epoch, l.number = s.Hash, s.Epoch, l.number+1
	return nil
}

// invalid says what is wrong with the next record.
func (l *links) invalid(id ID, format string, args ...any) error {
	args = append(append([]any{id, l.number}, args...), ErrInvalid)
	return fmt.Errorf("actor %s record %d: "+format+": %w", args...)
}

// blobVerifier checks the blobs that events name.
type blobVerifier struct {
	r       Reader
	checked map[Hash]bool // those that are named without their length
}

// of checks the blobs that an event names.
func (v *blobVerifier) of(ctx context.Context, e Event) error {
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

func (v *blobVerifier) payloads(ctx context.Context, payloads ...Payload) error {
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
func (v *blobVerifier) children(ctx context.Context, sum Hash) error {
	if v.checked[sum] {
		return nil
	}
	list, err := LoadChildren(ctx, v.r, sum)
	if err != nil {
		return err
	}
	v.checked[sum] = true
	for _, c := range list {
		if err := errors.Join(v.blob(ctx, c.Manifest), v.blob(ctx, c.Module), v.children(ctx, c.Children)); err != nil {
			return err
		}
	}
	return nil
}

// blob checks a blob that is named without its length. The zero hash names
// none.
func (v *blobVerifier) blob(ctx context.Context, sum Hash) error {
	if sum.IsZero() || v.checked[sum] {
		return nil
	}
	if _, err := LoadBlob(ctx, v.r, sum); err != nil {
		return err
	}
	v.checked[sum] = true
	return nil
}
