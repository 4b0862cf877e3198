// Package memlog keeps a chain.Log in memory: for tests, for actors whose
// durability is memory, and for runs that leave nothing behind. It never
// touches the disk, and nothing of it survives its process. Its reservations
// have no bound. Anyone may import it.
package memlog

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"sync"

	"github.com/theater-go/theater/chain"
)

// Log is a chain.Log in memory. New makes one.
type Log struct {
	mu     sync.RWMutex // guards what follows
	actors map[chain.ID]*actor
	blobs  map[chain.Hash][]byte
	epoch  uint64
	writer *writer // nil when none is held
	closed bool
	order  []placed // of all records
	more   changed  // than order holds
}

type actor struct {
	summary chain.Summary
	records []chain.Stored
}

var _ chain.Log = (*Log)(nil)

// New makes an empty log.
func New() *Log {
	return &Log{actors: map[chain.ID]*actor{}, blobs: map[chain.Hash][]byte{}}
}

// Writer implements chain.Log. It starts the goroutine that acknowledges,
// which the writer's Close ends.
func (l *Log) Writer(context.Context) (chain.Writer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, chain.ErrClosed
	case l.writer != nil:
		return nil, chain.ErrWriterHeld
	}
	l.epoch++
	w := &writer{log: l, epoch: l.epoch, wake: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{})}
	l.writer = w
	go w.run()
	return w, nil
}

// Close implements chain.Log. What the log holds is gone.
func (l *Log) Close() error {
	l.mu.Lock()
	l.closed = true
	l.more.tell()
	w := l.writer
	l.mu.Unlock()
	if w != nil {
		return w.Close()
	}
	return nil
}

// Actors implements chain.Reader.
func (l *Log) Actors(ctx context.Context) iter.Seq2[chain.Summary, error] {
	return func(yield func(chain.Summary, error) bool) {
		summaries, err := l.summaries()
		if err != nil {
			yield(chain.Summary{}, err)
			return
		}
		for _, s := range summaries {
			if err := ctx.Err(); err != nil {
				yield(chain.Summary{}, err)
				return
			}
			if !yield(s, nil) {
				return
			}
		}
	}
}

func (l *Log) summaries() ([]chain.Summary, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return nil, chain.ErrClosed
	}
	summaries := make([]chain.Summary, 0, len(l.actors))
	for _, a := range l.actors {
		summaries = append(summaries, a.summary)
	}
	slices.SortFunc(summaries, func(a, b chain.Summary) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return summaries, nil
}

// Summary implements chain.Reader.
func (l *Log) Summary(_ context.Context, id chain.ID) (chain.Summary, error) {
	s, _, err := l.read(id)
	return s, err
}

func (l *Log) read(id chain.ID) (chain.Summary, []chain.Stored, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return chain.Summary{}, nil, chain.ErrClosed
	}
	a := l.actors[id]
	if a == nil {
		return chain.Summary{}, nil, chain.ErrNotFound
	}
	return a.summary, a.records, nil
}

// Records implements chain.Reader.
func (l *Log) Records(ctx context.Context, id chain.ID, from uint64) iter.Seq2[chain.Record, error] {
	return func(yield func(chain.Record, error) bool) {
		_, records, err := l.read(id)
		if err != nil {
			yield(chain.Record{}, err)
			return
		}
		for i := from; i < uint64(len(records)); i++ {
			var prev chain.Hash
			if i > 0 {
				prev = records[i-1].Hash
			}
			rec, err := records[i].Record(prev)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(chain.Record{}, err)
				return
			}
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// Blob implements chain.Reader.
func (l *Log) Blob(_ context.Context, sum chain.Hash) ([]byte, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return nil, chain.ErrClosed
	}
	b, ok := l.blobs[sum]
	if !ok {
		return nil, chain.ErrNotFound
	}
	return b, nil
}
