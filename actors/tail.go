package actors

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Head is how far the log has come with an actor.
type Head struct {
	Ref
	Records uint64 // that the log keeps: the newest is Records-1
	Ended   bool   // no record comes any more
}

// Tail tells which actors the log has new records of. It holds names and numbers
// and no records, so that who reads slowly misses nothing: they are on the log.
type Tail struct {
	tails   *tails
	of      *control // with below, it and all below it; nil is all
	below   bool
	changed chan struct{} // of one

	mu    sync.Mutex
	heads map[*control]*Head // guarded by mu; since the last Take
	order []*control         // guarded by mu; as they came
}

// Tail begins with the heads of the actors in question as they stand. A zero ref is
// all actors; with below those below ref are meant as well, also those that are yet
// to come. The caller closes it.
func (s *System) Tail(ref Ref, below bool) (*Tail, []Head, error) {
	t := &Tail{tails: &s.tails, below: below, changed: make(chan struct{}, 1), heads: map[*control]*Head{}}
	if ref != (Ref{}) {
		c, err := s.resolve(ref)
		if err != nil {
			return nil, nil, err
		}
		t.of = c
	}
	s.tails.add(t)
	var heads []Head
	if t.of != nil {
		heads = append(heads, t.of.head())
	}
	for _, c := range s.registry.all() {
		if c != t.of && t.means(c) {
			heads = append(heads, c.head())
		}
	}
	return t, heads, nil
}

func (c *control) head() Head {
	records, _, ended := c.acks.newest()
	return Head{Ref: c.ref(), Records: records, Ended: ended}
}

// Changed has something once Take has.
func (t *Tail) Changed() <-chan struct{} { return t.changed }

// Take returns the actors with new records since the last call, those first that
// had some first.
func (t *Tail) Take() []Head {
	t.mu.Lock()
	defer t.mu.Unlock()
	heads := make([]Head, 0, len(t.order))
	for _, c := range t.order {
		heads = append(heads, *t.heads[c])
	}
	clear(t.heads)
	t.order = t.order[:0]
	return heads
}

// Close ends it. It may be called twice.
func (t *Tail) Close() { t.tails.remove(t) }

func (t *Tail) means(c *control) bool {
	return t.of == nil || c == t.of || t.below && strings.HasPrefix(c.path, t.of.path+"/")
}

// tell is told of a record that the log keeps, or of the end.
func (t *Tail) tell(c *control, records uint64, ended bool) {
	if !t.means(c) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.heads[c]
	if h == nil {
		h = &Head{Ref: c.ref()}
		t.heads[c] = h
		t.order = append(t.order, c)
	}
	h.Records, h.Ended = records, ended
	select {
	case t.changed <- struct{}{}:
	default:
	}
}

// tails are those of a system. Where there are none, a record costs one load.
type tails struct {
	mu  sync.Mutex // held while the list is replaced
	all atomic.Pointer[[]*Tail]
}

func (t *tails) add(tail *Tail) {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := append(slices.Clone(t.list()), tail)
	t.all.Store(&list)
}

func (t *tails) remove(tail *Tail) {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(t.list()), func(other *Tail) bool { return other == tail })
	t.all.Store(&list)
}

func (t *tails) list() []*Tail {
	if list := t.all.Load(); list != nil {
		return *list
	}
	return nil
}

func (t *tails) tell(c *control, records uint64, ended bool) {
	for _, tail := range t.list() {
		tail.tell(c, records, ended)
	}
}
