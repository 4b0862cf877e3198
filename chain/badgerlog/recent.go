package badgerlog

import (
	"bytes"
	"sync"

	"github.com/theater-go/theater/chain"
)

// recentSize is how many bytes of blocks, before compression, are kept for who tails
// the log. Who is further behind reads the database.
const recentSize = 4 << 20

// recent are the newest blocks of the log, in memory as long as somebody tails it:
// who keeps up reads nothing from the database, and all read the same bytes.
type recent struct {
	mu      sync.Mutex // guards what follows
	tails   int        // that go along the log
	next    uint64     // number of the block after those that are committed
	records uint64     // in them, since the log was opened
	coming  uint64     // in those that are about to be committed

	kept    [][]chain.Stored // blocks, those that are about to be committed among them
	first   uint64           // number of kept[0]
	sizes   []int            // of kept, before compression
	size    int              // theirs together
	fetched uint64           // blocks that tails have read from the database

	more   chan struct{} // closed by what the tails wait for; nil when none does
	closed bool
}

// mark is a place in the log: how many blocks and records are before it.
type mark struct{ block, records uint64 }

// keep is given each block before it is committed.
func (r *recent) keep(number uint64, count int, records []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.coming += uint64(count)
	if r.tails == 0 {
		return
	}
	if len(r.kept) == 0 {
		r.first = number
	}
	var block []chain.Stored
	if len(records) <= recentSize {
		block, _ = decodeRecords(bytes.Clone(records), uint32(count)) // they were encoded just now
	}
	r.kept, r.sizes = append(r.kept, block), append(r.sizes, len(records))
	for r.size += len(records); r.size > recentSize; r.first++ {
		r.size -= r.sizes[0]
		r.kept[0] = nil
		r.kept, r.sizes = r.kept[1:], r.sizes[1:]
	}
}

// show says that all blocks before next are committed.
func (r *recent) show(next uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next, r.records, r.coming = next, r.records+r.coming, 0
	r.wakeLocked()
}

// close ends the tails.
func (r *recent) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.wakeLocked()
}

func (r *recent) wakeLocked() {
	if r.more != nil {
		close(r.more)
		r.more = nil
	}
}

// end is the mark behind all that is committed.
func (r *recent) end() mark {
	r.mu.Lock()
	defer r.mu.Unlock()
	return mark{r.next, r.records}
}

func (r *recent) enter() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tails++
}

func (r *recent) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tails--; r.tails == 0 {
		r.kept, r.sizes, r.size = nil, nil, 0
	}
}

// look returns the block with that number: nil when it is in the database only, or
// when it is not there yet, and then what is closed once it may be.
func (r *recent) look(number uint64) (block []chain.Stored, more <-chan struct{}, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case number < r.next && r.first <= number && number-r.first < uint64(len(r.kept)):
		return r.kept[number-r.first], nil, nil
	case r.closed:
		return nil, nil, chain.ErrClosed
	case number < r.next:
		r.fetched++
		return nil, nil, nil
	case r.more == nil:
		r.more = make(chan struct{})
	}
	return nil, r.more, nil
}

// decodeRecords reads the records of a block, which alias b.
func decodeRecords(b []byte, count uint32) ([]chain.Stored, error) {
	block := make([]chain.Stored, 0, min(int(count), len(b)/50))
	for range count {
		s, rest, err := chain.DecodeStored(b)
		if err != nil {
			return nil, err
		}
		block, b = append(block, s), rest
	}
	return block, nil
}
