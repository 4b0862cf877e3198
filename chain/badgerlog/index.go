package badgerlog

import (
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/dgraph-io/badger/v4"

	"github.com/theater-go/theater/chain"
)

// head is what is known of the newest end of an actor's chain.
type head struct {
	id      chain.ID
	summary chain.Summary // over the committed records
	first   uint64        // the record that places[0] is of, a multiple of pageSize
	places  []place       // of the records from first on, committed or about to be
	dirty   bool          // not in the database as it is here

	next    uint64     // number of the next record to append; guarded by the writer's mutex
	hash    chain.Hash // of the newest record that was hashed; the committer's own
	touched bool       // in the group that is being committed; the committer's own
}

// index holds the heads of the actors in use; all others are in the database. Only the committer changes what a head says of records.
type index struct {
	log *Log

	mu    sync.RWMutex // guards what follows, and summary, first, places and dirty of the heads
	heads map[chain.ID]*head
}

func newIndex(l *Log) *index { return &index{log: l, heads: map[chain.ID]*head{}} }

// load reads an actor's head from the database.
func (x *index) load(id chain.ID) (*head, error) {
	h := &head{id: id}
	err := x.log.view(func(txn *badger.Txn) error {
		err := get(txn, summaryKey(id), func(b []byte) (err error) {
			h.summary, err = decodeSummary(b)
			return err
		})
		if err != nil {
			return err
		}
		n := h.summary.Records % pageSize
		h.first = h.summary.Records - n
		if n == 0 {
			return nil
		}
		return get(txn, pageKey(id, h.first), func(b []byte) error {
			h.places, err = decodePage(b)
			if err == nil && uint64(len(h.places)) < n {
				err = fmt.Errorf("page is too short: %w", chain.ErrCorrupt)
			}
			if err == nil {
				h.places = h.places[:n] // what follows was never committed
			}
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("actor %s: %w", id, err)
	}
	h.next, h.hash = h.summary.Records, h.summary.Head
	return h, nil
}

// writable returns the head of an actor that is about to be written, from
// memory, from the database, or new.
func (x *index) writable(id chain.ID) (*head, error) {
	x.mu.RLock()
	h := x.heads[id]
	x.mu.RUnlock()
	if h != nil {
		return h, nil
	}
	h, err := x.load(id)
	if errors.Is(err, chain.ErrNotFound) {
		h, err = &head{id: id}, nil
	}
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	x.heads[id] = h
	x.mu.Unlock()
	return h, nil
}

// snapshot returns a copy of an actor's committed head.
func (x *index) snapshot(id chain.ID) (head, error) {
	x.mu.RLock()
	if h := x.heads[id]; h != nil && h.summary.Records > 0 {
		defer x.mu.RUnlock()
		return head{id: id, summary: h.summary, first: h.first, places: append([]place(nil), h.places[:h.summary.Records-h.first]...)}, nil
	}
	x.mu.RUnlock()
	h, err := x.load(id)
	if err != nil {
		return head{}, err
	}
	return *h, nil
}

// setFullPages adds to b the pages of h that are full.
func (h *head) setFullPages(b *batch) {
	for at := 0; at+pageSize <= len(h.places); at += pageSize {
		b.set(pageKey(h.id, h.first+uint64(at)), encodePage(h.places[at:at+pageSize]))
	}
}

// dropFullPages forgets the pages that are written.
func (h *head) dropFullPages() {
	if full := len(h.places) / pageSize * pageSize; full > 0 {
		h.places = append(h.places[:0], h.places[full:]...)
		h.first += uint64(full)
	}
}

// flush writes the dirty heads to the database, then the watermark: blocks before
// it need not be replayed. Only the committer may call it, with all that it
// hashed committed.
func (x *index) flush(watermark uint64) error {
	var dirty []*head
	x.mu.Lock()
	for _, h := range x.heads {
		if h.dirty {
			h.dirty = false
			dirty = append(dirty, h)
		}
	}
	x.mu.Unlock()
	return x.log.write(func(b *batch) {
		for _, h := range dirty {
			h.set(b)
		}
		b.set(watermarkKey, encodeCounter(watermark))
	})
}

// set adds to b all that the database needs to load h again.
func (h *head) set(b *batch) {
	h.setFullPages(b)
	if n := len(h.places) / pageSize * pageSize; n < len(h.places) {
		b.set(pageKey(h.id, h.first+uint64(n)), encodePage(h.places[n:]))
	}
	b.set(summaryKey(h.id), seal(h.summary.Append(nil)))
}

func (x *index) size() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.heads)
}

// forget drops the heads that nothing was appended to since they were flushed,
// and returns how many it kept. The caller holds the writer's mutex.
func (x *index) forget() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	maps.DeleteFunc(x.heads, func(_ chain.ID, h *head) bool { return !h.dirty && h.next == h.summary.Records })
	return len(x.heads)
}

func decodeSummary(b []byte) (chain.Summary, error) {
	b, err := unseal(b)
	if err != nil {
		return chain.Summary{}, err
	}
	return chain.DecodeSummary(b)
}
