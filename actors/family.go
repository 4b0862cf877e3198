package actors

import (
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/supervision"
)

// family are the children of an actor, and the process that supervises them. It
// is made with the first of them.
type family struct {
	of *control

	mu         sync.Mutex
	supervisor *supervision.Supervisor // guarded by mu; nil before the first child
	life       *life                   // guarded by mu; of the actor, when it was raised last
	over       bool                    // guarded by mu; the supervisor has given up
	closed     bool                    // guarded by mu; no child is let in any more
}

// head is the supervisor, nil where there has been no child.
func (f *family) head() *supervision.Supervisor {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.supervisor
}

// size is how many children there are.
func (f *family) size() int {
	if s := f.head(); s != nil {
		return s.Count()
	}
	return 0
}

// raise is the supervisor, ready for children unless the actor stops for good. ctx
// is that of the actor's own process, of which it is the only child.
func (f *family) raise(ctx actor.Context) *supervision.Supervisor {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := f.of
	if f.supervisor == nil {
		f.supervisor = c.system.newSupervisor(c.observe, f.gaveUp)
		ctx.Spawn(c.system.supervisorProps(f.supervisor))
	}
	f.life = c.current()
	if !f.closed { // one that has begun, and has not ended since, stays as it is
		f.supervisor.Begin(c.supervises, nil, func(error) {})
	}
	return f.supervisor
}

// close lets no child in any more, whatever the turn does that runs.
func (f *family) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
}

// raise is the order to have a supervisor ready for children.
type raise struct {
	done chan<- *supervision.Supervisor
}

// renew readies the family, if there has been one, for the actor's next incarnation.
// It reports whether the supervisor had given up: the children are gone then.
func (f *family) renew(ctx actor.Context) (over bool) {
	f.mu.Lock()
	over, f.over = f.over, false
	raised := f.supervisor != nil
	f.mu.Unlock()
	if raised {
		f.raise(ctx)
	}
	return over
}

// gaveUp is told when the supervisor has ended by itself: so the actor is to end.
func (f *family) gaveUp(exit Exit) {
	f.mu.Lock()
	l := f.life
	f.over = true
	f.mu.Unlock()
	if f.of.keepsState() { // they outlive an incarnation
		l = f.of.current()
	}
	exit.Err = inherited(exit.Err)
	f.of.ward().Failing(l.number, exit)
}

// empty has all children end, the last one first, and then calls then.
func (f *family) empty(o supervision.Order, then func()) {
	if s := f.head(); s != nil {
		s.Stop(o, then)
		return
	}
	then()
}

// cut ends all children without giving them time.
func (f *family) cut() {
	if s := f.head(); s != nil {
		s.Cut()
	}
}

// warn lets the shutdown times of the children run.
func (f *family) warn(since time.Time) {
	if s := f.head(); s != nil {
		s.Warn(since)
	}
}
