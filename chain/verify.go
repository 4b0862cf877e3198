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
		v := verifier{r: r, blobs: map[Hash]bool{}}
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

type verifier struct {
	r      Reader
	number uint64 // of the next record
	head   Hash
	epoch  uint64
	turn   turn
	blobs  map[Hash]bool // already checked
}

func (v *verifier) record(ctx context.Context, id ID, rec Record) error {
	fail := func(format string, args ...any) error {
		args = append(args, ErrInvalid)
		return fmt.Errorf("actor %s record %d: "+format+": %w", append([]any{id, v.number}, args...)...)
	}
	stored, err := Store(rec)
	switch {
	case err != nil:
		return fail("%w", err)
	case rec.Actor != id:
		return fail("belongs to actor %s", rec.Actor)
	case rec.Number != v.number:
		return fail("has number %d", rec.Number)
	case rec.Epoch < v.epoch:
		return fail("epoch %d follows %d", rec.Epoch, v.epoch)
	case rec.Prev != v.head:
		return fail("links to %s, the record before is %s", rec.Prev, v.head)
	}
	if sum := stored.Sum(v.head); sum != rec.Hash {
		return fail("has hash %s, its content %s", rec.Hash, sum)
	}
	for i, e := range rec.Events {
		if problem := v.turn.event(e); problem != "" {
			return fail("event %d (%s): %s", i, KindOf(e), problem)
		}
		if err := v.blobsOf(ctx, e); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			return fail("event %d (%s): %w", i, KindOf(e), err)
		}
	}
	v.head, v.epoch, v.number = rec.Hash, rec.Epoch, v.number+1
	return nil
}

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
