package memlog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"sync"

	"github.com/theater-go/theater/chain"
)

// ack is a record that is to be acknowledged to who appended it.
type ack struct {
	rec chain.Stored
	to  chain.Acknowledger
}

// writer appends to its log at once and acknowledges from its own goroutine,
// as a durable log does.
type writer struct {
	log     *Log
	epoch   uint64
	closed  bool  // guarded by log.mu
	acks    []ack // guarded by log.mu
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
		for i := range acks {
			acks[i].to.Acknowledged(&acks[i].rec, nil)
		}
	}
}

// ackLocked enqueues an acknowledgement.
func (w *writer) ackLocked(a ack) {
	w.acks = append(w.acks, a)
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

// Reserve implements chain.Writer.
func (w *writer) Reserve(ctx context.Context, _ int) error {
	w.log.mu.RLock()
	defer w.log.mu.RUnlock()
	if err := w.usableLocked(); err != nil {
		return err
	}
	return ctx.Err()
}

// Room implements chain.Writer.
func (w *writer) Room() error {
	w.log.mu.RLock()
	defer w.log.mu.RUnlock()
	return w.usableLocked()
}

// Release implements chain.Writer.
func (w *writer) Release(int) {}

// Append implements chain.Writer.
func (w *writer) Append(d *chain.Draft, to chain.Acknowledger) error {
	defer d.Discard()
	rec := d.Stored()
	if err := d.Err(); err != nil {
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
	kept := *d.Seal(w.epoch, a.summary.Head)
	kept.Events = bytes.Clone(kept.Events)
	a.records = append(a.records, kept)
	a.summary.ApplyDraft(d)
	w.log.actors[rec.Actor] = a
	w.log.order = append(w.log.order, placed{a, rec.Number})
	w.log.more.tell()
	if to != nil {
		w.ackLocked(ack{kept, to})
	}
	return nil
}

// Hurry implements chain.Writer.
func (w *writer) Hurry() {}

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

// DropBlob implements chain.Writer.
func (w *writer) DropBlob(sum chain.Hash) {
	w.log.mu.Lock()
	defer w.log.mu.Unlock()
	if w.usableLocked() == nil {
		delete(w.log.blobs, sum)
	}
}

// flushed is closed when it is acknowledged.
type flushed chan struct{}

func (f flushed) Acknowledged(*chain.Stored, error) { close(f) }

// Flush implements chain.Writer.
func (w *writer) Flush(ctx context.Context) error {
	flushed := make(flushed)
	w.log.mu.Lock()
	if err := w.usableLocked(); err != nil {
		w.log.mu.Unlock()
		return err
	}
	w.ackLocked(ack{to: flushed})
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
