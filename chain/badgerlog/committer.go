package badgerlog

import (
	"errors"
	"fmt"
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

	backlog   []item      // taken from the queue; group is its front
	taken     int         // items of backlog that are in group or done
	group     []item      // what the commit at hand writes
	heads     []*head     // that the group appends to
	records   []byte      // the open block, before compression
	count     int         // records in the open block
	hashes    []byte      // theirs
	blocks    [][]byte    // the group's closed blocks
	leaves    []tlog.Hash // theirs
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
	c.timer.Reset(c.log.limits.gatherTime)
	defer c.timer.Stop()
	select {
	case <-c.timer.C:
	case <-c.w.hurry:
	case <-c.w.closing:
	}
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

// commit writes the group and shows it to readers.
func (c *committer) commit() error {
	if err := c.awaitRoom(); err != nil {
		return err
	}
	first := c.next
	c.build()
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
		for i, block := range c.blocks {
			b.set(blockKey(first+uint64(i)), block)
		}
	})
	if err != nil {
		return err
	}
	c.publish()
	c.tidy()
	return c.sweepOn()
}

// build hashes the records of the group and packs them into blocks.
func (c *committer) build() {
	c.heads, c.blocks, c.leaves = c.heads[:0], c.blocks[:0], c.leaves[:0]
	for i := range c.group {
		it := &c.group[i]
		if it.draft == nil {
			continue
		}
		h := it.head
		if !h.touched {
			h.touched = true
			c.heads = append(c.heads, h)
		}
		stored := it.draft.Seal(c.w.epoch, h.hash)
		h.hash = stored.Hash
		h.add(place{c.next, uint32(len(c.records))})
		c.records = stored.Append(c.records)
		c.hashes = append(c.hashes, stored.Hash[:]...)
		c.count++
		if len(c.records) >= blockSize {
			c.closeBlock()
		}
	}
	c.closeBlock()
}

func (c *committer) closeBlock() {
	if c.count == 0 {
		return
	}
	n := len(c.blocks)
	if n == cap(c.blocks) {
		c.blocks = append(c.blocks, nil)
	}
	c.blocks = c.blocks[:n+1] // with the memory of a block that is written
	c.blocks[n] = encodeBlock(c.blocks[n], c.next, c.count, c.records)
	c.log.recent.keep(c.next, c.count, c.records)
	c.leaves = append(c.leaves, blockLeaf(c.next, c.hashes))
	c.unflushed += len(c.records)
	c.records, c.hashes, c.count = c.records[:0], c.hashes[:0], 0
	c.next++
}

// tidy lets go of the memory of blocks that a large record made large.
func (c *committer) tidy() {
	const kept = 2 * blockSize
	for i, block := range c.blocks {
		if cap(block) > kept {
			c.blocks[i] = nil
		}
	}
	if cap(c.records) > kept {
		c.records = nil
	}
}

// publish shows the committed group to readers.
func (c *committer) publish() {
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
