package badgerlog

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/internal/dbfile"
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

	group   []item // what the commit at hand writes
	heads   []*head
	parcels []*parcel   // its blocks
	leaves  []tlog.Hash // theirs
	written chan error  // what became of it

	backlog []item    // taken from the queue, from front on; the next group is its front
	front   int       // items that are in a group already
	left    bool      // the group had no room for all that had come
	spent   []item    // the memory of a queue that was added to backlog
	built   int       // items of the next group that are hashed and in parcels
	size    int       // their bytes
	places  []place   // of the records among them
	open    *parcel   // the block that records are added to
	closed  []*parcel // those before it, of the next group
	packing sync.WaitGroup
	spare   []*parcel
	next    uint64 // number of the open block

	committed uint64 // blocks before it are in the database
	unflushed int    // bytes written since a flush of the index began
	sweep     sweep  // that flush
	kept      int    // heads that were in memory at its end
	timer     *time.Timer
	ahead     dbfile.Ahead
}

// run commits what the writer enqueues, group by group, until the writer is
// closed and its queue empty, or until a commit is refused.
func (w *writer) run() {
	defer close(w.stopped)
	err := w.committer.loop()
	w.committer.packing.Wait() // what was built ahead of a refused commit
	if err == nil {
		err = w.log.index.flush(w.committer.committed)
	}
	w.log.giveBack(w.committer.committed, err)
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
		took, due := time.Since(begun), len(c.group)+c.waiting()+c.w.waiting()
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
	return c.ahead.Secure(size, c.log.disk.free.Load())
}

// take makes the next group: of all that came before it was hurried, if it has room for
// that.
func (c *committer) take() bool {
	c.fetch()
	n, size := 0, 0
	for ; size < groupSize && n < c.waiting(); n++ {
		size += c.backlog[c.front+n].size()
	}
	clear(c.group) // or it keeps blobs in memory when there is no next
	c.group = append(c.group[:0], c.backlog[c.front:c.front+n]...)
	c.front += n
	c.left = c.waiting() > 0
	return n > 0
}

// commit writes the group and shows it to readers. Meanwhile the next group is built.
func (c *committer) commit() error {
	if err := c.awaitRoom(); err != nil {
		return err
	}
	c.finish()
	go func() {
		c.written <- c.log.write(func(b *batch) {
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
	}()
	if err := c.joinUntil(c.written); err != nil {
		return err
	}
	c.publish()
	for _, p := range c.parcels {
		p.empty()
	}
	err := c.sweepOn()
	c.spare, c.parcels, c.heads = append(c.spare, c.parcels...), c.parcels[:0], c.heads[:0]
	return err
}

// finish builds what is left to build of the group and has the heads know where its
// records are. What is built from now on is of the next group.
func (c *committer) finish() {
	for i := range c.group[c.built:] {
		c.build(&c.group[c.built+i])
	}
	c.closeBlock()
	places := c.places
	for i := range c.group {
		if c.group[i].draft == nil {
			continue
		}
		h := c.group[i].head
		if !h.touched {
			h.touched = true
			c.heads = append(c.heads, h)
		}
		h.add(places[0])
		places = places[1:]
	}
	c.parcels, c.closed = c.closed, c.parcels
	c.built, c.size, c.places = 0, 0, c.places[:0]
	c.packing.Wait()
	for _, p := range c.parcels {
		c.unflushed += len(p.records)
		c.log.recent.keep(p.number, p.count, p.records)
	}
}

// build hashes a record and packs it into the open block.
func (c *committer) build(it *item) {
	if it.draft == nil {
		return
	}
	stored := it.draft.Seal(c.w.epoch, it.head.hash)
	it.head.hash = stored.Hash
	p := c.open
	c.places = append(c.places, place{c.next, uint32(len(p.records))})
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
	c.packing.Go(p.pack)
	c.closed = append(c.closed, p)
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
		c.committed = p.number + 1
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
	c.log.recent.show(c.committed)

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
		size += c.group[i].size()
		if c.group[i].draft != nil {
			records++
		}
	}
	// Before anybody is told, who may look at once.
	if err == nil {
		c.log.stats.add(records, size, took)
	}
	c.w.gate.free(int64(size + len(c.group)*itemCost))
	for i := range c.group {
		it := &c.group[i]
		switch {
		case it.draft != nil:
			if it.ack != nil {
				it.ack.Acknowledged(it.draft.Stored(), err)
			}
			it.draft.Discard()
		case it.ack != nil:
			it.ack.Acknowledged(nil, err)
		}
	}
}

// sweepOn goes on with the flush of the index, begins one when it is time, and lets go
// of heads when it is done.
func (c *committer) sweepOn() error {
	if !c.sweep.running {
		if c.unflushed < c.log.limits.flushBytes && c.log.index.size()-c.kept < c.log.limits.flushHeads {
			return nil
		}
		c.sweep, c.unflushed = c.log.index.begin(c.committed), 0
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
