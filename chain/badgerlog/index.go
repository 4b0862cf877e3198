package badgerlog

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/dgraph-io/badger/v4"

	"github.com/theater-go/theater/chain"
)

// head is what is known of the newest end of an actor's chain.
type head struct {
	id   chain.ID
	next uint64 // number of the next record to append; guarded by the writer's mutex

	// The committer's own:
	hash    chain.Hash // of the newest record that was hashed
	first   uint64     // the record that places[0] is of, a multiple of pageSize
	places  []place    // of the records from first on, committed or about to be
	touched bool       // in the group that is being committed
	dirty   bool       // not in the database as it is here

	seen tail // guarded by the index's mutex
}

// tail is what readers see of the newest end of a chain.
type tail struct {
	summary chain.Summary // over the committed records
	first   uint64        // the record that places[0] is of
	places  []place       // of the committed records from first on
}

// index holds the heads of the actors in use; all others are in the database.
// Only the committer changes what a head says of records.
type index struct {
	log *Log

	mu sync.RWMutex // guards what follows, and seen of the heads
	// heads changes only while the writer's mutex is held as well, so that one
	// of the two is enough to read it.
	heads map[chain.ID]*head
}

func newIndex(l *Log) *index { return &index{log: l, heads: map[chain.ID]*head{}} }

// load reads the tail of an actor's chain from the database.
func (x *index) load(id chain.ID) (t tail, err error) {
	err = x.log.view(func(txn *badger.Txn) error {
		err := get(txn, summaryKey(id), func(b []byte) (err error) {
			t.summary, err = decodeSummary(b)
			return err
		})
		if err != nil {
			return err
		}
		n := t.summary.Records % pageSize
		t.first = t.summary.Records - n
		if n == 0 {
			return nil
		}
		return get(txn, pageKey(id, t.first), func(b []byte) error {
			t.places, err = decodePage(b)
			if err == nil && uint64(len(t.places)) < n {
				err = fmt.Errorf("page is too short: %w", chain.ErrCorrupt)
			}
			if err == nil {
				t.places = t.places[:n] // what follows was never committed
			}
			return err
		})
	})
	if err != nil {
		return tail{}, fmt.Errorf("actor %s: %w", id, err)
	}
	return t, nil
}

// writable returns the head of an actor that is about to be written, from
// memory, from the database, or new. The caller holds the writer's mutex, or
// there is no writer.
func (x *index) writable(id chain.ID) (*head, error) {
	if h := x.heads[id]; h != nil {
		return h, nil
	}
	t, err := x.load(id)
	if err != nil && !errors.Is(err, chain.ErrNotFound) {
		return nil, err
	}
	h := &head{id: id, next: t.summary.Records, hash: t.summary.Head, first: t.first, places: t.places, seen: t}
	x.mu.Lock()
	x.heads[id] = h
	x.mu.Unlock()
	return h, nil
}

// tail returns the tail of an actor's chain as it is committed.
func (x *index) tail(id chain.ID) (tail, error) {
	x.mu.RLock()
	if h := x.heads[id]; h != nil && h.seen.summary.Records > 0 {
		defer x.mu.RUnlock()
		t := h.seen
		t.places = slices.Clone(t.places)
		return t, nil
	}
	x.mu.RUnlock()
	return x.load(id)
}

// setFullPages adds to b the pages of h that are full.
func (h *head) setFullPages(b *batch) {
	for at := 0; at+pageSize <= len(h.places); at += pageSize {
		b.set(pageKey(h.id, h.first+uint64(at)), encodePage(h.places[at:at+pageSize]))
	}
}

// dropFullPagesLocked forgets the pages that are written.
func (h *head) dropFullPagesLocked() {
	if full := len(h.places) / pageSize * pageSize; full > 0 {
		h.places = append(h.places[:0], h.places[full:]...)
		h.first += uint64(full)
	}
}

// showLocked lets readers see the places of h.
func (h *head) showLocked() { h.seen.first, h.seen.places = h.first, h.places }

// flush writes the dirty heads to the database, then the watermark: blocks before
// it need not be replayed. Only the committer may call it, with all that it
// hashed committed.
func (x *index) flush(watermark uint64) error {
	var dirty []*head
	x.mu.RLock()
	for _, h := range x.heads {
		if h.dirty {
			h.dirty = false
			dirty = append(dirty, h)
		}
	}
	x.mu.RUnlock()
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
	b.set(summaryKey(h.id), seal(h.seen.summary.Append(nil)))
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
	maps.DeleteFunc(x.heads, func(_ chain.ID, h *head) bool { return !h.dirty && h.next == h.seen.summary.Records })
	return len(x.heads)
}

func decodeSummary(b []byte) (chain.Summary, error) {
	b, err := unseal(b)
	if err != nil {
		return chain.Summary{}, err
	}
	return chain.DecodeSummary(b)
}
