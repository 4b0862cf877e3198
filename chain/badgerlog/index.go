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
	id   chain.ID
	next uint64 // number of the next record to append; guarded by the writer's mutex

	// The committer's own:
	hash    chain.Hash // of the newest record that was hashed
	full    []page     // that the next commit or flush writes
	open    page       // of the newest records, committed or about to be; never full
	touched bool       // in the group that is being committed
	dirty   bool       // not in the database as it is here
	idle    bool       // nothing was appended to it since the last flush

	seen tail // guarded by the index's mutex
}

// tail is what readers see of the newest end of a chain.
type tail struct {
	summary chain.Summary // over the committed records
	open    page          // of the newest of them; all other pages are in the database
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
		t.open.first = t.summary.Records - n
		if n == 0 {
			return nil
		}
		return damaged(get(txn, pageKey(id, t.open.first), func(b []byte) error {
			places, err := decodePage(b)
			if err == nil && uint64(len(places)) < n {
				err = fmt.Errorf("page is too short: %w", chain.ErrCorrupt)
			}
			if err != nil {
				return err
			}
			for _, at := range places[:n] { // what follows was never committed
				t.open.add(at)
			}
			return nil
		}))
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
	h := &head{id: id, next: t.summary.Records, hash: t.summary.Head, open: t.open, seen: t}
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
		return h.seen, nil
	}
	x.mu.RUnlock()
	return x.load(id)
}

// add says where the actor's next record will be.
func (h *head) add(at place) {
	h.open.add(at)
	if h.open.count == pageSize {
		h.full = append(h.full, h.open)
		h.open = page{first: h.open.first + pageSize}
	}
}

// setFullPages adds to b the pages of h that have become full.
func (h *head) setFullPages(b *batch) {
	for i := range h.full {
		b.set(pageKey(h.id, h.full[i].first), h.full[i].sealed())
	}
}

// showLocked lets readers see what is committed of h, which is all.
func (h *head) showLocked() { h.seen.open = h.open }

// flush writes the dirty heads to the database, then the watermark: blocks before
// it need not be replayed.
func (x *index) flush(watermark uint64) error {
	s := x.begin(watermark)
	return s.write(x.log, len(s.heads))
}

// set adds to b all that the database needs to load h again. The caller writes it, or
// goes on with h no more.
func (h *head) set(b *batch) {
	h.setFullPages(b)
	if h.open.count > 0 {
		b.set(pageKey(h.id, h.open.first), h.open.sealed())
	}
	b.set(summaryKey(h.id), seal(h.seen.summary.Append(nil)))
	h.full, h.dirty = nil, false
}

func (x *index) size() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.heads)
}

// forget drops the heads that nothing was appended to between two flushes, and returns
// how many it kept. The caller holds the writer's mutex.
func (x *index) forget() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	maps.DeleteFunc(x.heads, func(_ chain.ID, h *head) bool {
		if h.dirty || h.next != h.seen.summary.Records {
			return false
		}
		idle := h.idle
		h.idle = true
		return idle
	})
	return len(x.heads)
}

func decodeSummary(b []byte) (chain.Summary, error) {
	b, err := unseal(b)
	if err != nil {
		return chain.Summary{}, err
	}
	return chain.DecodeSummary(b)
}
