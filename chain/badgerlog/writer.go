package badgerlog

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/theater-go/theater/chain"
)

// spaceFloor is how much free space the database must have to be safe: twice
// what it may map at once. Badger dies when a mapped page finds no disk.
const spaceFloor = 2 * (numMemtables*memTableSize + valueLogFileSize)

// readFloor is how much free space the database must have to be opened at all:
// it maps files that it fills as it goes, and a full disk would kill the process.
const readFloor = 4 * memTableSize

// spaceStride is how many bytes are reserved between two looks at the disk.
const spaceStride = 8 << 20

// item is something to be written, in its place in the log's order.
type item struct {
	rec     chain.Record
	head    *head
	encoded *[]byte // the events of rec; nil for a blob or a flush
	blob    []byte
	sum     chain.Hash // of blob; zero when it is none
	done    func(chain.Hash, error)
}

func (i *item) size() int {
	if i.encoded != nil {
		return len(*i.encoded)
	}
	return len(i.blob)
}

// buffers holds the memory of encoded events between records.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

// writer is a chain.Writer. What it is given waits in queue for the committer,
// the goroutine run.
type writer struct {
	log   *Log
	epoch uint64
	gate  gate

	mu    sync.Mutex // guards what follows
	queue []item
	blobs map[chain.Hash]bool // in queue
	err   error               // why nothing is taken any more

	wake      chan struct{} // has an element when queue may have
	closing   chan struct{} // closed by the first Close
	stopped   chan struct{} // closed when run has ended
	closeOnce sync.Once
	closeErr  error // valid once stopped is closed

	unchecked atomic.Int64 // bytes that may be reserved until the disk is looked at
	committer committer
}

func newWriter(l *Log, epoch uint64) *writer {
	w := &writer{
		log: l, epoch: epoch, blobs: map[chain.Hash]bool{},
		wake: make(chan struct{}, 1), closing: make(chan struct{}), stopped: make(chan struct{}),
	}
	w.committer = committer{w: w, log: l, next: l.blocks}
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
func (w *writer) Reserve(ctx context.Context, bytes int) (chain.Room, error) {
	if w.unchecked.Add(-int64(bytes)) < 0 {
		free, err := freeSpace(w.log.folder.dir)
		if err != nil {
			return nil, fmt.Errorf("look for free space: %w", err)
		}
		if free < w.log.limits.freeSpace {
			return nil, spaceError(w.log.folder.dir, free, w.log.limits.freeSpace)
		}
		w.unchecked.Store(spaceStride)
	}
	r, err := w.gate.reserve(ctx, bytes)
	if err != nil {
		return nil, w.usable(err)
	}
	return r, nil
}

// Append implements chain.Writer.
func (w *writer) Append(rec chain.Record, into chain.Room, done func(chain.Hash, error)) error {
	buf := buffers.Get().(*[]byte)
	encoded, err := chain.AppendEvents((*buf)[:0], rec.Events)
	if err == nil && len(encoded) > recordMax {
		err = fmt.Errorf("%d bytes: %w", len(encoded), chain.ErrEncode)
	}
	if err == nil {
		*buf = encoded
		err = w.append(item{rec: rec, encoded: buf, done: done}, into)
	}
	if err != nil {
		buffers.Put(buf)
		return fmt.Errorf("actor %s record %d: %w", rec.Actor, rec.Number, err)
	}
	return nil
}

func (w *writer) append(i item, into chain.Room) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.usable(w.err)
	}
	head, err := w.log.index.writable(i.rec.Actor)
	if err != nil {
		return err
	}
	if i.rec.Number != head.next {
		return fmt.Errorf("the next one is %d: %w", head.next, chain.ErrNumber)
	}
	head.next++
	i.head = head
	r, _ := into.(*room)
	w.enqueueLocked(i, r)
	return nil
}

func (w *writer) enqueueLocked(i item, r *room) {
	w.gate.take(r, i.size())
	w.queue = append(w.queue, i)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

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
		w.enqueueLocked(item{blob: b, sum: sum}, nil)
	}
	return sum
}

// Flush implements chain.Writer.
func (w *writer) Flush(ctx context.Context) error {
	flushed := make(chan error, 1)
	w.mu.Lock()
	err := w.err
	if err == nil {
		w.enqueueLocked(item{done: func(_ chain.Hash, err error) { flushed <- err }}, nil)
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
