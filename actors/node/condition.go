package node

import "sync"

// State is what a node does.
type State string

// The states of a node, in the order in which it may go through them.
const (
	StateStarting   State = "starting"   // it opens its data folder
	StateRecovering State = "recovering" // its actors come back
	StateReady      State = "ready"
	StateNoSpace    State = "no_space" // it is ready, and the disk too full for turns
	StateDraining   State = "draining" // it takes no more work, and finishes what it has
	StateStopping   State = "stopping" // its actors are being suspended
	StateFailed     State = "failed"   // its log takes no more records
)

var order = map[State]int{StateStarting: 0, StateRecovering: 1, StateReady: 2, StateDraining: 3, StateStopping: 4, StateFailed: 5}

// condition is the state of a node but for its disk, whose room comes and goes. Its
// zero value is starting.
type condition struct {
	mu      sync.Mutex
	now     State    // guarded by mu
	detail  string   // guarded by mu
	recover Recovery // guarded by mu
}

// become goes on to a state, and reports whether it is one that comes later.
func (c *condition) become(s State, detail string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if order[s] <= order[c.now] {
		return false
	}
	c.now, c.detail = s, detail
	return true
}

func (c *condition) state() (s State, detail string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now == "" {
		return StateStarting, ""
	}
	return c.now, c.detail
}

func (c *condition) recovery() Recovery {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.recover
}

// recovery is how far the recovery is now.
func (d *daemon) recovery() Recovery {
	r := d.condition.recovery()
	if !r.begun.IsZero() {
		r.Took = d.Now().Sub(r.begun)
	}
	return r
}

func (c *condition) recovered(r Recovery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recover = r
}
