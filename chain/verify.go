package chain

import (
	"context"
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
	v, l := newVerifier(r), links{id: id}
	for s, err := range r.Stored(ctx, id, 0) {
		if err != nil {
			return report, err
		}
		events, err := v.stored(ctx, &l, s)
		if err != nil {
			return report, err
		}
		report.Records++
		report.Events += uint64(events)
	}
	return report, nil
}

// Verified yields the records of an actor, each once it is checked as Verify does.
// An error is the last thing it yields.
func Verified(ctx context.Context, r Reader, id ID) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		v, l := newVerifier(r), links{id: id}
		for rec, err := range r.Records(ctx, id, 0) {
			if err == nil {
				err = v.record(ctx, &l, rec)
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
