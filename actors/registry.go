package actors

import (
	"container/list"
	"fmt"
	"strings"
	"sync"

	"github.com/theater-go/theater/chain"
)

// registry finds live actors by path and id.
type registry struct {
	mu     sync.RWMutex
	live   map[string]*control // guarded by mu; by path and by id as text
	names  names               // guarded by mu
	order  *list.List          // guarded by mu; of *control, as they were added
	closed bool                // guarded by mu
	ended  work                // guarded by mu; of actors that were removed
}

func newRegistry() *registry {
	return &registry{live: map[string]*control{}, names: names{}, order: list.New()}
}

// add gives the actor a path below parent: its name, or name~N among siblings
// that live.
func (r *registry) add(c *control, parent string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	if r.live[c.text] != nil {
		return fmt.Errorf("actor %s is already running", c.id)
	}
	c.path, c.number = r.names.take(parent+"/"+c.name, func(path string) bool { return r.live[path] == nil })
	r.live[c.path], r.live[c.text] = c, c
	c.place = r.order.PushBack(c)
	c.listed.Store(true)
	return nil
}

func (r *registry) remove(c *control) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !c.listed.CompareAndSwap(true, false) {
		return
	}
	delete(r.live, c.path)
	delete(r.live, c.text)
	r.names.giveBack(c.path, c.number)
	r.order.Remove(c.place)
	r.ended.add(c)
}

// find resolves an id or a path.
func (r *registry) find(target string) (*control, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if c, ok := r.live[target]; ok || strings.HasPrefix(target, "/") {
		return c, ok
	}
	id, err := chain.ParseID(target) // its digits may be written in another case
	if err != nil {
		return nil, false
	}
	c, ok := r.live[id.String()]
	return c, ok
}

// all lists the live actors in the order in which they were added.
func (r *registry) all() []*control {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.allLocked()
}

func (r *registry) allLocked() []*control {
	all := make([]*control, 0, r.order.Len())
	for e := r.order.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*control))
	}
	return all
}

// count is how many actors live.
func (r *registry) count() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.order.Len()
}

// close refuses further actors and lists those that live.
func (r *registry) close() []*control {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	return r.all()
}
