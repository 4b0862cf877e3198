package supervision

import (
	"cmp"
	"slices"
	"time"
)

// repair is a group of children that stop, the last one first, and start again
// after a wait, the first one first. A child is in at most one, until it is ready
// again; groups that meet become one.
type repair struct {
	members []*child // in the order in which they start
	since   time.Time
	until   time.Time // the end of the wait
	wait    time.Duration
	alarm   *alarm // ends the wait; nil without one
	rising  bool   // all have stopped, and the wait is over
}

// gather makes a group of c and those affected with it.
func (r *rules) gather(c *child, affected []string, wait time.Duration) *repair {
	now := r.hands.now()
	p := &repair{since: now, until: now.Add(wait)}
	p.take(c)
	for _, id := range affected {
		if other := r.byID[id]; other != nil && !other.final && !other.coming {
			p.take(other)
		}
	}
	slices.SortFunc(p.members, func(a, b *child) int { return cmp.Compare(a.order, b.order) })
	p.wait = p.until.Sub(now)
	return p
}

// take makes a child a member, and with it the group that it is in.
func (p *repair) take(c *child) {
	switch old := c.repair; old {
	case p:
	case nil:
		if c.repair = p; c.status == StatusEnded {
			c.status = StatusWaiting
		}
		p.members = append(p.members, c)
	default:
		if old.alarm.set() && old.until.After(p.until) {
			p.until = old.until
		}
		old.alarm.cancel()
		for _, m := range old.members {
			m.repair = p
		}
		p.members = append(p.members, old.members...)
		old.members = nil
	}
}

// drop lets go of a member, and of the wait with the last one. Nil has none.
func (p *repair) drop(c *child) {
	if p == nil {
		return
	}
	c.repair = nil
	p.members = slices.DeleteFunc(p.members, func(m *child) bool { return m == c })
	if len(p.members) == 0 {
		p.alarm.cancel()
	}
}

// hasten ends the wait.
func (p *repair) hasten(now time.Time) {
	if p.alarm.set() {
		p.alarm.cancel()
		p.wait = now.Sub(p.since)
	}
}

// mend begins the repair of a group.
func (r *rules) mend(p *repair) {
	if p.wait > 0 {
		p.alarm = r.wake(p.wait, func() { r.advance(p) })
	}
	for _, m := range p.members {
		if m.up() {
			r.watchTime(m, p.since)
			r.hands.warn(m, p.since)
		}
	}
	r.advance(p)
}

// advance takes the next step of a repair, if nothing is to be waited for. One
// that is nil is over.
func (r *rules) advance(p *repair) {
	if p == nil || r.ending != nil || !p.rising && !r.fell(p) || r.warned {
		return
	}
	p.rising = true
	if len(p.members) == 0 {
		return
	}
	if c := p.members[0]; c.status == StatusWaiting {
		c.restarts++
		r.start(c, Again{Exit: c.exit, Count: c.restarts, Wait: p.wait})
	}
}

// fell stops the next member and reports whether all have stopped and the wait
// is over.
func (r *rules) fell(p *repair) bool {
	for i := len(p.members) - 1; i >= 0; i-- {
		m := p.members[i]
		switch {
		case m.status == StatusStopping:
			return false
		case m.up() && m.follows():
			r.tell(m, p.since)
			return false
		case m.up():
			r.finish(m, Order{Reason: ReasonShutdown, Since: p.since})
			r.hurry(m, p.since)
			return false
		case !m.follows():
			r.release(m) // after which the next step is taken
			return false
		}
	}
	return !p.alarm.set()
}

// tell has an incarnation end, within the child's shutdown time.
func (r *rules) tell(c *child, since time.Time) {
	c.status = StatusStopping
	r.hands.halt(c)
	r.hurry(c, since)
}
