package badgerlog

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/internal/dbfile"
)

// item is something to be written or told, in its place in the log's order: a
// record, a blob or the end of one, or nothing but an acknowledgement.
type item struct {
	draft *chain.Draft
	head  *head // of the draft's actor
	blob  *blob
	ack   chain.Acknowledger // may be nil
}

type blob struct {
	sum   chain.Hash
	bytes []byte
	drop  bool // it is to be forgotten, and has no bytes
}

// itemCost is what an item takes of memory besides what it says, in bytes: the room of
// the log bounds both.
const itemCost = 1 << 10

func (i *item) size() int {
	switch {
	case i.draft != nil:
		return i.draft.Size()
	case i.blob != nil:
		return len(i.blob.bytes)
	}
	return 0
}

// writer is a chain.Writer. What it is given waits in queue for the committer,
// the goroutine run.
type writer struct {
	log   *Log
	epoch uint64
	gate  gate

	mu     sync.Mutex // guards what follows
	queue  []item
	queued int                 // bytes in queue
	due    int                 // items in queue at which back is signalled
	blobs  map[chain.Hash]bool // in queue
	err    error               // why nothing is taken any more

	wake      chan struct{} // has an element when queue is not empty and run may not know
	hurry     chan struct{} // has an element when run is not to wait for more
	back      chan struct{} // has an element when as many items are in queue as run waits for
	closing   chan struct{} // closed by the first Close
	stopped   chan struct{} // closed when run has ended
	closeOnce sync.Once
	closeErr  error // valid once stopped is closed

	committer committer
}

func newWriter(l *Log, epoch uint64) *writer {
	w := &writer{
		log: l, epoch: epoch, blobs: map[chain.Hash]bool{},
		wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), back: make(chan struct{}, 1), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	ahead := dbfile.NewAhead(l.folder.database(), l.sizes.memTable, l.sizes.valueLog, l.sizes.writeFloor(), l.logger)
	w.committer = committer{
		w: w, log: l, open: &parcel{}, written: make(chan error, 1), committed: l.blocks, ahead: ahead, next: l.blocks, unflushed: l.behind,
		timer: time.NewTimer(l.limits.gatherTime),
	}
	return w
}

// Epoch implements chain.Writer.
func (w *writer) Epoch() uint64 { return w.epoch }

// usable tells why the writer cannot be used, given why it was stopped.
func (w *writer) usable(err error) error {
	if err == chain.ErrClosed && !w.log.newest(w.epoch) {
		return chain.ErrStaleWriter
	}
	return err
}

// Reserve implements chain.Writer. Below the floor of free space it is
// chain.ErrNoSpace, and again possible when there is room.
func (w *writer) Reserve(ctx context.Context, bytes int) error {
	if err := w.log.disk.admits(); err != nil {
		return cmp.Or(w.refusal(), err)
	}
	if err := w.gate.reserve(ctx, int64(bytes)); err != nil {
		return w.usable(err)
	}
	return nil
}

// Room implements chain.Writer.
func (w *writer) Room() error {
	if err := w.refusal(); err != nil {
		return err
	}
	return w.log.disk.room()
}

// refusal is why the writer takes nothing any more, nil while it does.
func (w *writer) refusal() error {
	w.mu.Lock()
	err := w.err
	w.mu.Unlock()
	return w.usable(err)
}

// Release implements chain.Writer.
func (w *writer) Release(bytes int) { w.gate.free(int64(bytes)) }

// Append implements chain.Writer.
func (w *writer) Append(d *chain.Draft, ack chain.Acknowledger) error {
	err := d.Err()
	if err == nil && d.Size() > recordMax {
		err = fmt.Errorf("%d bytes: %w", d.Size(), chain.ErrEncode)
	}
	if err == nil {
		err = w.append(d, ack)
	}
	if err != nil {
		rec := d.Stored()
		err = fmt.Errorf("actor %s record %d: %w", rec.Actor, rec.Number, err)
		d.Discard()
	}
	return err
}

func (w *writer) append(d *chain.Draft, ack chain.Acknowledger) error {
	rec := d.Stored()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.usable(w.err)
	}
	head, err := w.log.index.writable(rec.Actor)
	if err != nil {
		return err
	}
	if rec.Number != head.next {
		return fmt.Errorf("the next one is %d: %w", head.next, chain.ErrNumber)
	}
	head.next++
	w.enqueueLocked(item{draft: d, head: head, ack: ack}, d.Size())
	return nil
}

func (w *writer) enqueueLocked(i item, size int) {
	w.gate.take(int64(size + itemCost))
	w.queue = append(w.queue, i)
	if len(w.queue) == w.due {
		signal(w.back)
	}
	if len(w.queue) == 1 { // else run is awake, or about to be
		signal(w.wake)
	}
	before := w.queued
	if w.queued += size; before < gatherBytes && w.queued >= gatherBytes {
		signal(w.hurry)
	}
}

// signal puts an element into a channel that has room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Hurry implements chain.Writer.
func (w *writer) Hurry() { signal(w.hurry) }

// PutBlob implements chain.Writer.
func (w *writer) PutBlob(b []byte) chain.Hash {
	sum := chain.Hash(sha256.Sum256(b))
	if w.log.hasBlob(sum) {
		return sum
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil && !w.blobs[sum] {
		w.blobs[sum] = true
		w.enqueueLocked(item{blob: &blob{sum: sum, bytes: b}}, len(b))
	}
	return sum
}

// DropBlob implements chain.Writer.
func (w *writer) DropBlob(sum chain.Hash) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.enqueueLocked(item{blob: &blob{sum: sum, drop: true}}, 0)
	}
}

// flushed gets what an acknowledgement says.
type flushed chan error

func (f flushed) Acknowledged(_ *chain.Stored, err error) { f <- err }

// Flush implements chain.Writer.
func (w *writer) Flush(ctx context.Context) error {
	flushed := make(flushed, 1)
	w.mu.Lock()
	err := w.err
	if err == nil {
		w.enqueueLocked(item{ack: flushed}, 0)
		w.Hurry()
	}
	w.mu.Unlock()
	if err != nil {
		return w.usable(err)
	}
	select {
	case err := <-flushed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close implements chain.Writer. It returns the error that stopped the log.
func (w *writer) Close() error {
	w.closeOnce.Do(func() {
		w.refuse(chain.ErrClosed)
		close(w.closing)
	})
	<-w.stopped
	return w.closeErr
}

// refuse lets nothing more in. The first reason stays.
func (w *writer) refuse(err error) {
	w.mu.Lock()
	if w.err == nil {
		w.err = err
	}
	w.mu.Unlock()
	w.gate.shut(err)
}
