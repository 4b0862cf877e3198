package badgerlog

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/theater-go/theater/chain"
)

const (
	// groupSize is how many bytes one commit takes at most, and one item more.
	groupSize = 1 << 20

	// A commit costs as much as writing ten records, however few it holds. So records gather for
	// gatherTime after one, or until there are gatherBytes, unless someone
	// waits for them.
	gatherTime  = time.Millisecond
	gatherBytes = 128 << 10

	// flushBytes and flushHeads are how much is written between two flushes of
	// the index: they bound replay after a crash, and memory.
	flushBytes = 128 << 20
	flushHeads = 100_000
)

// committer hashes, writes and acknowledges. Its fields belong to the goroutine
// run.
type committer struct {
	w   *writer
	log *Log

	backlog   []item    // taken from the queue; group is its front
	taken     int       // items of backlog that are in group or done
	group     []item    // what the commit at hand writes
	built     int       // items of it, or of the next one, that are built already
	begun     int       // their bytes
	joining   []item    // the memory of a queue that was added to backlog
	heads     []*head   // that the group appends to
	open      *parcel   // the block that records are added to
	parcels   []*parcel // the group's closed blocks
	packing   sync.WaitGroup
	spare     []*parcel
	leaves    []tlog.Hash // of the group's blocks
	next      uint64      // number of the open block
	unflushed int         // bytes written since a flush of the index began
	sweep     sweep       // that flush
	kept      int         // heads that were in memory at its end
	timer     *time.Timer
	ahead     ahead
}

// run commits what the writer enqueues, group by group, until the writer is
// closed and its queue empty, or until a commit is refused.
func (w *writer) run() {
	defer close(w.stopped)
	err := w.committer.loop()
	if err == nil {
		err = w.log.index.flush(w.committer.next)
	}
	w.log.giveBack(w.committer.next, err)
	<-w.closing
	w.closeErr = err
}

func (c *committer) loop() error {
	for {
		select {
		case <-c.w.wake:
			if err := c.drain(); err != nil {
				return err
			}
		case <-c.w.closing:
			return c.drain()
		}
	}
}

// gather lets records come before the next commit.
func (c *committer) gather() {
	if c.taken < len(c.backlog) {
		return
	}
	c.joinFor(c.log.limits.gatherTime, c.w.hurry, func() int {
		if c.begun >= gatherBytes {
			return 0
		}
		return joinAtOnce
	})
}

// drain commits until the queue is empty. An error is final: it was given to
// everything in the queue.
func (c *committer) drain() error {
	for c.take() {
		begun := time.Now()
		err := c.commit()
		if err != nil {
			err = fmt.Errorf("log stopped: %w", err)
			c.w.refuse(err)
			c.log.stop(err)
		}
		took, due := time.Since(begun), len(c.group)+c.w.waiting()
		c.acknowledge(err, took)
		if err != nil {
			for c.take() {
				c.acknowledge(err, 0)
			}
			return err
		}
		c.gather()
		c.rejoin(due, took)
	}
	return nil
}

// awaitRoom has the group wait until the disk has room for it: others may have
// filled it since its turns were admitted. A writer that is closed waits no more, and
// uses what is kept for the end.
func (c *committer) awaitRoom() error {
	size := 0
	for i := range c.group {
		size += c.group[i].size()
	}
	for said, ending := false, false; ; said = true {
		err := c.hasRoom(size)
		if !errors.Is(err, chain.ErrNoSpace) || ending {
			return err
		}
		if !said {
			c.log.logger.Error("records wait until the disk has room for them", "error", err)
		}
		select {
		case <-c.log.limits.after(lookEvery):
		case <-c.w.closing:
			if err := c.log.SpendReserve(); err != nil {
				return fmt.Errorf("let go of disk: %w", err)
			}
			ending = true
		}
	}
}

// hasRoom is nil when so many bytes can be written.
func (c *committer) hasRoom(size int) error {
	if err := c.log.disk.has(c.log.limits.writeFloor + 2*uint64(size)); err != nil {
		return err
	}
	c.log.disk.keepReserve()
	return c.ahead.secure(size, c.log.disk.free.Load())
}

// take makes the next group of what is in the queue.
func (c *committer) take() bool {
	if c.taken == len(c.backlog) {
		clear(c.backlog)
		c.w.mu.Lock()
		c.backlog, c.w.queue, c.w.queued = c.w.queue, c.backlog[:0], 0
		c.w.mu.Unlock()
		c.taken = 0
	}
	from, size := c.taken, 0
	for size < groupSize && c.taken < len(c.backlog) {
		size += c.backlog[c.taken].size()
		c.taken++
	}
	c.group = c.backlog[from:c.taken]
	return len(c.group) > 0
}

// joinAtOnce is how many items are waited for before they are built.
const joinAtOnce = 64

// joinFor builds what comes, as the beginning of the next group, for so long, or until
// enough says that the next items, of which it says how many are waited for at once, are
// not waited for.
func (c *committer) joinFor(time time.Duration, hurry <-chan struct{}, enough func() int) {
	c.timer.Reset(time)
	defer c.timer.Stop()
	for c.join() {
		more := enough()
		if more == 0 {
			return
		}
		if c.w.await(more) {
			continue
		}
		select {
		case <-c.w.back:
		case <-hurry:
			return
		case <-c.timer.C:
			return
		case <-c.w.closing:
			return
		}
	}
}

// join builds what is in the queue, and reports whether the group takes more.
func (c *committer) join() bool {
	if c.taken == len(c.backlog) {
		c.backlog, c.taken = c.backlog[:0], 0
	}
	c.w.mu.Lock()
	c.joining, c.w.queue, c.w.queued = c.w.queue, c.joining[:0], 0
	c.w.mu.Unlock()
	c.backlog = append(c.backlog, c.joining...)
	clear(c.joining)
	for ; c.built < len(c.backlog) && c.begun < groupSize; c.built++ {
		c.begun += c.backlog[c.built].size()
		c.build(&c.backlog[c.built])
	}
	return c.begun < groupSize
}

// commit writes the group and shows it to readers.
func (c *committer) commit() error {
	if err := c.awaitRoom(); err != nil {
		return err
	}
	for i := range c.group[c.built:] {
		c.build(&c.group[c.built+i])
	}
	c.closeBlock()
	c.packing.Wait()
	err := c.log.write(func(b *batch) {
		for i := range c.group {
			switch blob := c.group[i].blob; {
			case blob == nil:
			case blob.drop:
				b.removeBlob(blob.sum)
			default:
				b.setBlob(blob.sum, blob.bytes)
			}
		}
		for _, h := range c.heads {
			h.setFullPages(b)
		}
		for _, p := range c.parcels {
			b.set(blockKey(p.number), p.block)
		}
	})
	if err != nil {
		return err
	}
	c.publish()
	err = c.sweepOn()
	for _, p := range c.parcels {
		p.empty()
	}
	c.spare = append(c.spare, c.parcels...)
	c.heads, c.parcels, c.built, c.begun = c.heads[:0], c.parcels[:0], 0, 0
	return err
}

// build hashes a record and packs it into the open block.
func (c *committer) build(it *item) {
	if it.draft == nil {
		return
	}
	h := it.head
	if !h.touched {
		h.touched = true
		c.heads = append(c.heads, h)
	}
	stored := it.draft.Seal(c.w.epoch, h.hash)
	h.hash = stored.Hash
	p := c.open
	h.add(place{c.next, uint32(len(p.records))})
	p.records = stored.Append(p.records)
	p.hashes = append(p.hashes, stored.Hash[:]...)
	p.count++
	if len(p.records) >= blockSize {
		c.closeBlock()
	}
}

func (c *committer) closeBlock() {
	p := c.open
	if p.count == 0 {
		return
	}
	p.number = c.next
	c.log.recent.keep(p.number, p.count, p.records)
	c.unflushed += len(p.records)
	c.packing.Go(p.pack)
	c.parcels = append(c.parcels, p)
	c.next++
	if last := len(c.spare) - 1; last >= 0 {
		c.open, c.spare = c.spare[last], c.spare[:last]
	} else {
		c.open = &parcel{}
	}
}

// publish shows the committed group to readers.
func (c *committer) publish() {
	c.leaves = c.leaves[:0]
	for _, p := range c.parcels {
		c.leaves = append(c.leaves, p.leaf)
	}
	c.log.seal.add(c.leaves)
	c.log.index.mu.Lock()
	for i := range c.group {
		if it := &c.group[i]; it.draft != nil {
			it.head.seen.summary.ApplyDraft(it.draft)
		}
	}
	for _, h := range c.heads {
		h.touched, h.dirty, h.idle, h.full = false, true, false, nil
		h.showLocked()
	}
	c.log.index.mu.Unlock()
	c.log.recent.show(c.next)

	for i := range c.group {
		if blob := c.group[i].blob; blob != nil && !blob.drop {
			c.w.mu.Lock()
			delete(c.w.blobs, blob.sum)
			c.w.mu.Unlock()
		}
	}
}

// acknowledge tells the group what became of it, and how long that took.
func (c *committer) acknowledge(err error, took time.Duration) {
	size, records := 0, 0
	for i := range c.group {
		it := &c.group[i]
		size += it.size()
		switch {
		case it.draft != nil:
			records++
			if it.ack != nil {
				it.ack.Acknowledged(it.draft.Stored(), err)
			}
			it.draft.Discard()
		case it.ack != nil:
			it.ack.Acknowledged(nil, err)
		}
	}
	if err == nil {
		c.log.stats.add(records, size, took)
	}
	c.w.gate.free(int64(size + len(c.group)*itemCost))
}

// sweepOn goes on with the flush of the index, begins one when it is time, and lets go
// of heads when it is done.
func (c *committer) sweepOn() error {
	if !c.sweep.running {
		if c.unflushed < c.log.limits.flushBytes && c.log.index.size()-c.kept < c.log.limits.flushHeads {
			return nil
		}
		c.sweep, c.unflushed = c.log.index.begin(c.next), 0
	}
	if err := c.sweep.write(c.log, c.log.limits.sweepHeads+2*len(c.heads)); err != nil {
		return fmt.Errorf("flush index: %w", err)
	}
	if !c.sweep.running {
		c.w.mu.Lock()
		c.kept = c.log.index.forget()
		c.w.mu.Unlock()
	}
	return nil
}
