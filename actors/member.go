package actors

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/supervision"
)

// member is an actor as its supervisor has it. Where its spec outlives the actor,
// another one is made when it is to start once more.
type member struct {
	system *System
	// make makes an actor, with its path, whose first incarnation has that number. It
	// must not wait.
	make  func(number int) (*birth, error)
	actor atomic.Pointer[control] // the actor that was made last

	// Only the supervisor's goroutine uses these:
	birth *birth // of an actor that has not started
	alive bool   // it has a process
}

var _ supervision.Child = (*member)(nil)

// memberOf is the member of an actor that was made already, and is not made twice.
func (s *System) memberOf(b *birth) *member {
	m := &b.control.once
	m.system, m.birth, m.make = s, b, madeOnce
	m.actor.Store(b.control)
	return m
}

func madeOnce(int) (*birth, error) { return nil, errMadeOnce }

var errMadeOnce = errors.New("the actor has ended for good: spawn another one")

// ward is the actor as its supervisor has it, until another one is made in its
// place.
func (c *control) ward() supervision.Ward {
	return c.above.Ward(c.spec.ID, func(child supervision.Child) bool {
		m, ok := child.(*member)
		return ok && m.actor.Load() == c
	})
}

// Start spawns the process of an actor, or has the one that waits begin again.
func (m *member) Start(ctx actor.Context, a supervision.Again) (*actor.PID, error) {
	if m.alive {
		m.again(ctx, a)
		return m.actor.Load().pid, nil
	}
	b := m.birth
	if m.birth = nil; b == nil {
		var err error
		if b, err = m.make(a.Count); err != nil {
			return nil, err
		}
	}
	c := b.control
	m.actor.Store(c)
	if err := m.system.run(ctx, b); err != nil {
		m.system.unborn(b, err)
		return nil, err
	}
	m.alive = true
	return c.pid, nil
}

// again has the process begin again, once the children of the incarnation before
// are gone. It goes on by protoactor's Resume: its Restart would stop them at
// once and in no order.
func (m *member) again(ctx actor.Context, a supervision.Again) {
	c, above := m.actor.Load(), ctx.(actor.Supervisor)
	c.next(a.Count)
	resume := func() {
		c.mailbox.orderFirst(a)
		above.ResumeChildren(c.pid)
	}
	if c.keepsState() {
		resume()
		return
	}
	c.family.empty(supervision.Order{Reason: ReasonShutdown}, resume)
}

// Halt ends the incarnation: its children first, unless it keeps its state and
// with it them.
func (m *member) Halt(_ actor.Context, exit Exit) {
	c := m.actor.Load()
	l := c.current()
	halt := func() { c.halt(l, exit) }
	if c.keepsState() {
		halt()
		return
	}
	c.family.empty(supervision.Order{Reason: ReasonShutdown}, halt)
}

// Stop ends the actor: nothing is let in any more, then its children end, then
// its turn, then the process.
func (m *member) Stop(_ actor.Context, o supervision.Order) {
	c := m.actor.Load()
	c.mu.Lock()
	c.final, c.resumes = o.Exit, o.Resumes
	c.mu.Unlock()
	order := orderStop
	if o.Reason == ReasonSuspended {
		order = orderSuspend
	}
	c.close(order)
	c.family.close()
	c.family.empty(supervision.Order{Reason: o.Reason, Since: o.Since}, func() { m.system.stop(c.pid) })
}

// follows reports whether another incarnation is to follow on one with that end.
func (c *control) follows(exit Exit) bool {
	switch c.spec.Restart {
	case supervision.Temporary:
		return false
	case supervision.Transient:
		return exit.Failed() && !exit.Final()
	}
	return !exit.Final()
}

// Cut ends the turn that runs, and those of all below that end with it.
func (m *member) Cut() {
	c, why := m.actor.Load(), errOverdue
	if m.system.suspends.Load() {
		why = errCutOff
	}
	c.current().cancel(why)
	if !c.keepsState() || c.ordered() != orderNone {
		c.family.cut()
	}
}

// Warn lets the times of the children run: they will be told to end with the
// actor. Those of one that keeps its state may not be, and are told in time if
// they are.
func (m *member) Warn(since time.Time) {
	if c := m.actor.Load(); !c.keepsState() {
		c.family.warn(since)
	}
}

// Fallen is how the last incarnation ended.
func (m *member) Fallen() supervision.Fallen {
	m.alive = false
	c := m.actor.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	return supervision.Fallen{Exit: c.life.exit, Ready: c.life.isReady}
}
