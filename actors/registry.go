package actors

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/theater-go/theater/chain"
)

// registry finds live actors by path and id.
type registry struct {
	mu     sync.RWMutex
	byPath map[string]*control   // guarded by mu
	byID   map[chain.ID]*control // guarded by mu
	order  []*control            // guarded by mu; as they were added
	closed bool                  // guarded by mu
}

func newRegistry() *registry {
	return &registry{byPath: map[string]*control{}, byID: map[chain.ID]*control{}}
}

// add gives the actor a path below parent: its name, or name~N among siblings
// that live.
func (r *registry) add(c *control, parent string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	if _, live := r.byID[c.id]; live {
		return fmt.Errorf("actor %s is already running", c.id)
	}
	c.path = parent + "/" + c.name
	for n := 2; r.byPath[c.path] != nil; n++ {
		c.path = fmt.Sprintf("%s/%s~%d", parent, c.name, n)
	}
	r.byPath[c.path], r.byID[c.id] = c, c
	r.order = append(r.order, c)
	return nil
}

func (r *registry) remove(c *control) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byPath, c.path)
	delete(r.byID, c.id)
	r.order = slices.DeleteFunc(r.order, func(x *control) bool { return x == c })
}

// find resolves an id or a path.
func (r *registry) find(target string) (*control, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if strings.HasPrefix(target, "/") {
		c, ok := r.byPath[target]
		return c, ok
	}
	id, err := chain.ParseID(target)
	if err != nil {
		return nil, false
	}
	c, ok := r.byID[id]
	return c, ok
}

// all lists the live actors in the order in which they were added.
func (r *registry) all() []*control {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(r.order)
}

// close refuses further actors and lists those that live.
func (r *registry) close() []*control {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	return r.all()
}
