package memlog

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/theater-go/theater/chain"
)

// writer appends to its log at once and acknowledges from its own goroutine,
// as a durable log does.
type writer struct {
	log     *Log
	epoch   uint64
	closed  bool     // guarded by log.mu
	acks    []func() // guarded by log.mu
	wake    chan struct{}
	stop    chan struct{} // closed by the first Close
	stopped chan struct{} // closed when run has ended
	once    sync.Once
}

// run calls the acknowledgements in order until the writer is closed.
func (w *writer) run() {
	defer close(w.stopped)
	for {
		w.acknowledge()
		select {
		case <-w.wake:
		case <-w.stop:
			w.acknowledge()
			return
		}
	}
}

func (w *writer) acknowledge() {
	for {
		w.log.mu.Lock()
		acks := w.acks
		w.acks = nil
		w.log.mu.Unlock()
		if len(acks) == 0 {
			return
		}
		for _, ack := range acks {
			ack()
		}
	}
}

// ackLocked enqueues an acknowledgement.
func (w *writer) ackLocked(f func()) {
	w.acks = append(w.acks, f)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// usableLocked tells why the writer cannot be used.
func (w *writer) usableLocked() error {
	switch {
	case w.log.epoch != w.epoch:
		return chain.ErrStaleWriter
	case w.closed:
		return chain.ErrClosed
	}
	return nil
}

// Epoch implements chain.Writer.
func (w *writer) Epoch() uint64 { return w.epoch }

type room struct{}

func (room) Release() {}

// Reserve implements chain.Writer.
func (w *writer) Reserve(ctx context.Context, _ int) (chain.Room, error) {
	w.log.mu.RLock()
	defer w.log.mu.RUnlock()
	if err := w.usableLocked(); err != nil {
		return nil, err
	}
	return room{}, ctx.Err()
}

// Append implements chain.Writer.
func (w *writer) Append(rec chain.Record, _ chain.Room, done func(chain.Hash, error)) error {
	stored, err := chain.Store(rec)
	if err != nil {
		return fmt.Errorf("actor %s record %d: %w", rec.Actor, rec.Number, err)
	}
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	if err := w.usableLocked(); err != nil {
		return err
	}
	a := w.log.actors[rec.Actor]
	if a == nil {
		a = &actor{}
	}
	if rec.Number != a.summary.Records {
		return fmt.Errorf("actor %s record %d, the next one is %d: %w", rec.Actor, rec.Number, a.summary.Records, chain.ErrNumber)
	}
	stored.Epoch = w.epoch
	stored.Hash = stored.Sum(a.summary.Head)
	rec.Hash = stored.Hash
	a.records = append(a.records, stored)
	a.summary.Apply(rec)
	w.log.actors[rec.Actor] = a
	if done != nil {
		w.ackLocked(func() { done(stored.Hash, nil) })
	}
	return nil
}

// PutBlob implements chain.Writer.
func (w *writer) PutBlob(b []byte) chain.Hash {
	sum := chain.Hash(sha256.Sum256(b))
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	if w.usableLocked() == nil {
		w.log.blobs[sum] = b
	}
	return sum
}

// Flush implements chain.Writer.
func (w *writer) Flush(ctx context.Context) error {
	flushed := make(chan struct{})
	w.log.mu.Lock()
	if err := w.usableLocked(); err != nil {
		w.log.mu.Unlock()
		return err
	}
	w.ackLocked(func() { close(flushed) })
	w.log.mu.Unlock()
	select {
	case <-flushed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close implements chain.Writer.
func (w *writer) Close() error {
	w.once.Do(func() {
		w.log.mu.Lock()
		w.closed = true
		w.log.mu.Unlock()
		close(w.stop)
		<-w.stopped
		w.log.mu.Lock()
		w.log.writer = nil
		w.log.mu.Unlock()
	})
	return nil
}
