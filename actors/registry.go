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
	left func(path string) bool // an actor of an earlier system has the path, or one below it

	mu     sync.RWMutex
	live   map[string]*control // guarded by mu; by path and by id as text
	due    map[string]*control // guarded by mu; likewise, of those that are to be resumed and have their paths
	names  names               // guarded by mu
	order  *list.List          // guarded by mu; of *control, as they were added
	closed bool                // guarded by mu
	ended  work                // guarded by mu; of actors that were removed
}

func newRegistry(left func(path string) bool) *registry {
	return &registry{left: left, live: map[string]*control{}, due: map[string]*control{}, names: names{}, order: list.New()}
}

// add gives the actor a path below parent: its name, or name~N among siblings
// that live. One that was expected has its path.
func (r *registry) add(c *control, parent string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.admitLocked(c); err != nil {
		return err
	}
	if !r.forgetLocked(c) { // what an earlier system has left keeps its path below a parent that lives
		r.nameLocked(c, parent, func(path string) bool { return parent != "" && r.left(path) })
	}
	r.live[c.path], r.live[c.text] = c, c
	c.place = r.order.PushBack(c)
	c.listed.Store(true)
	return nil
}

// expect gives the actor its path before it starts. Until then only messages reach
// it.
func (r *registry) expect(c *control, parent string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.admitLocked(c); err != nil {
		return err
	}
	r.nameLocked(c, parent, func(string) bool { return false })
	r.due[c.path], r.due[c.text] = c, c
	return nil
}

// forget takes back what expect has given, and reports whether the actor had not
// been added meanwhile.
func (r *registry) forget(c *control) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	due := r.forgetLocked(c)
	if due {
		r.names.giveBack(c.path, c.number)
	}
	return due
}

// admitLocked says why an actor cannot be added. What is below another one ends with
// it: until that was told to end, it has its children as ever.
func (r *registry) admitLocked(c *control) error {
	switch {
	case r.closed && c.parent == nil:
		return ErrClosed
	case r.live[c.text] != nil:
		return fmt.Errorf("actor %s is already running", c.id)
	}
	return nil
}

// nameLocked gives the actor a path that no other has, and that is not kept.
func (r *registry) nameLocked(c *control, parent string, kept func(path string) bool) {
	c.path, c.number = r.names.take(parent+"/"+c.name, func(path string) bool {
		return r.live[path] == nil && r.due[path] == nil && !kept(path)
	})
}

func (r *registry) forgetLocked(c *control) bool {
	if r.due[c.text] != c {
		return false
	}
	delete(r.due, c.path)
	delete(r.due, c.text)
	return true
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
	return resolved(r.live, target)
}

// receiver is find for who sends a message.
func (r *registry) receiver(target string) (*control, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if c, ok := resolved(r.live, target); ok {
		return c, ok
	}
	return resolved(r.due, target)
}

func resolved(actors map[string]*control, target string) (*control, bool) {
	if c, ok := actors[target]; ok || strings.HasPrefix(target, "/") {
		return c, ok
	}
	id, err := chain.ParseID(target) // its digits may be written in another case
	if err != nil {
		return nil, false
	}
	c, ok := actors[id.String()]
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

// close refuses further actors at the root and lists those that live.
func (r *registry) close() []*control {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	return r.all()
}
