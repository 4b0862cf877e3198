package badgerlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"github.com/theater-go/theater/chain"
)

// Summary implements chain.Reader.
func (l *Log) Summary(_ context.Context, id chain.ID) (chain.Summary, error) {
	t, err := l.tail(id)
	return t.summary, err
}

// tail is the tail of an actor's chain, or chain.ErrClosed once the log is closed.
func (l *Log) tail(id chain.ID) (tail, error) {
	if err := l.open(); err != nil {
		return tail{}, err
	}
	return l.index.tail(id)
}

// open is chain.ErrClosed once the log is closed.
func (l *Log) open() error { return l.view(func(*badger.Txn) error { return nil }) }

// Records implements chain.Reader. It looks at the database only between the
// records it yields.
func (l *Log) Records(ctx context.Context, id chain.ID, from uint64) iter.Seq2[chain.Record, error] {
	return func(yield func(chain.Record, error) bool) {
		t, err := l.tail(id)
		if err != nil {
			yield(chain.Record{}, err)
			return
		}
		r := newRecordReader(l, t)
		if 0 < from && from < t.summary.Records {
			before, err := r.stored(from - 1)
			if err != nil {
				yield(chain.Record{}, err)
				return
			}
			r.prev = before.Hash
		}
		for n := from; n < t.summary.Records; n++ {
			rec, err := r.record(ctx, n)
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

var _ chain.StoredReader = (*Log)(nil)

// Stored implements chain.StoredReader.
func (l *Log) Stored(ctx context.Context, id chain.ID, from uint64) iter.Seq2[*chain.Stored, error] {
	return func(yield func(*chain.Stored, error) bool) {
		t, err := l.tail(id)
		if err != nil {
			yield(nil, err)
			return
		}
		r := newRecordReader(l, t)
		var s chain.Stored
		for n := from; n < t.summary.Records; n++ {
			if err = ctx.Err(); err == nil {
				s, err = r.stored(n)
			}
			if !yield(&s, err) || err != nil {
				return
			}
		}
	}
}

const noBlock = 1<<64 - 1

// recordReader reads the records of one actor, remembering the page and the
// block that it read last.
type recordReader struct {
	log     *Log
	tail    tail
	prev    chain.Hash
	first   uint64 // record that page[0] is of
	page    []place
	block   uint64
	records []byte
}

func newRecordReader(l *Log, t tail) *recordReader {
	return &recordReader{log: l, tail: t, block: noBlock}
}

func (r *recordReader) record(ctx context.Context, n uint64) (chain.Record, error) {
	if err := ctx.Err(); err != nil {
		return chain.Record{}, err
	}
	stored, err := r.stored(n)
	if err != nil {
		return chain.Record{}, err
	}
	rec, err := stored.Record(r.prev)
	r.prev = stored.Hash
	return rec, err
}

// stored reads record n and checks that it is that.
func (r *recordReader) stored(n uint64) (s chain.Stored, err error) {
	at, err := r.place(n)
	if err == nil && at.block != r.block {
		err = r.load(at.block)
	}
	if err == nil && uint64(at.offset) > uint64(len(r.records)) {
		err = fmt.Errorf("block %d is too short: %w", at.block, chain.ErrCorrupt)
	}
	if err == nil {
		s, _, err = chain.DecodeStored(r.records[at.offset:])
	}
	if err == nil && (s.Actor != r.tail.summary.ID || s.Number != n) {
		err = fmt.Errorf("block %d holds record %d of actor %s in its place: %w", at.block, s.Number, s.Actor, chain.ErrCorrupt)
	}
	if err != nil {
		return s, fmt.Errorf("actor %s record %d: %w", r.tail.summary.ID, n, err)
	}
	return s, nil
}

func (r *recordReader) place(n uint64) (place, error) {
	first := n - n%pageSize
	if r.page == nil || r.first != first {
		if err := r.turnTo(first); err != nil {
			return place{}, err
		}
	}
	if n-first >= uint64(len(r.page)) {
		return place{}, fmt.Errorf("index page is too short: %w", chain.ErrCorrupt)
	}
	return r.page[n-first], nil
}

// turnTo reads the page whose first record is that.
func (r *recordReader) turnTo(first uint64) (err error) {
	r.page = nil
	if first == r.tail.open.first {
		r.page, err = decodePlaces(r.tail.open.bytes)
	} else {
		err = damaged(r.log.view(func(txn *badger.Txn) error {
			return get(txn, pageKey(r.tail.summary.ID, first), func(b []byte) (err error) {
				r.page, err = decodePage(b)
				return err
			})
		}))
	}
	r.first = first
	if err != nil {
		return fmt.Errorf("index page: %w", err)
	}
	return nil
}

func (r *recordReader) load(block uint64) (err error) {
	r.block = noBlock
	if r.records, _, err = r.log.block(block, r.records); err == nil {
		r.block = block
	}
	return err
}

// damaged makes an absence that cannot be into damage.
func damaged(err error) error {
	if errors.Is(err, chain.ErrNotFound) {
		return fmt.Errorf("%v: %w", err, chain.ErrCorrupt)
	}
	return err
}

// Actors implements chain.Reader.
func (l *Log) Actors(ctx context.Context) iter.Seq2[chain.Summary, error] {
	return func(yield func(chain.Summary, error) bool) {
		fresh := l.index.summaries()
		from := summaryKey(chain.ID{})
		for more := true; more; {
			err := ctx.Err()
			var kept []chain.Summary
			if err == nil {
				kept, from, err = l.summaries(from)
			}
			if err != nil {
				yield(chain.Summary{}, err)
				return
			}
			more = from != nil
			for _, s := range kept {
				for len(fresh) > 0 && bytes.Compare(fresh[0].ID[:], s.ID[:]) <= 0 {
					next := fresh[0]
					fresh = fresh[1:]
					if next.ID == s.ID {
						if next.Records > s.Records {
							s = next
						}
						break
					}
					if !yield(next, nil) {
						return
					}
				}
				if !yield(s, nil) {
					return
				}
			}
		}
		for _, s := range fresh {
			if !yield(s, nil) {
				return
			}
		}
	}
}

// summaries returns those in memory, ordered by id.
func (x *index) summaries() []chain.Summary {
	x.mu.RLock()
	defer x.mu.RUnlock()
	all := make([]chain.Summary, 0, len(x.heads))
	for _, h := range x.heads {
		if h.seen.summary.Records > 0 {
			all = append(all, h.seen.summary)
		}
	}
	slices.SortFunc(all, func(a, b chain.Summary) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return all
}

// summaries returns some of those in the database, from a key on, and the key
// to go on with, nil at the end.
func (l *Log) summaries(from []byte) (some []chain.Summary, next []byte, err error) {
	const most = 500
	err = l.view(func(txn *badger.Txn) error {
		opts := badger.DefaultIteratorOptions
		opts.Prefix = summaryPrefix
		it := txn.NewIterator(opts)
		defer it.Close()
		for it.Seek(from); it.Valid(); it.Next() {
			if len(some) == most {
				next = it.Item().KeyCopy(nil)
				return nil
			}
			err := it.Item().Value(func(b []byte) error {
				s, err := decodeSummary(b)
				some = append(some, s)
				return err
			})
			if err != nil {
				return fmt.Errorf("summary at key %x: %w", it.Item().Key(), err)
			}
		}
		return nil
	})
	return some, next, err
}
