package supervision

import (
	"cmp"
	"slices"
	"time"
)

// repair is a group of children that stop, the last one first, and start again,
// the first one first. A child is in at most one: those that meet become one.
type repair struct {
	members []*child // in the order in which they start
	rising  bool     // all have stopped, and the wait is over
	since   time.Time
	wait    time.Duration
	alarm   *alarm // ends the wait
	waiting bool
}

// mend begins the repair of c and those affected with it, after a wait.
func (r *rules) mend(c *child, affected []string, wait time.Duration) {
	p := c.repair
	if p == nil {
		p = &repair{members: []*child{c}}
		c.repair = p
	}
	if p.rising { // those that are up again stay so, unless they are affected once more
		for _, m := range slices.Clone(p.members) {
			if m != c && m.status == StatusRunning {
				p.drop(m)
			}
		}
	}
	for _, id := range affected {
		if other := r.byID[id]; other != nil && other != c && !other.final {
			p.take(other)
		}
	}
	slices.SortFunc(p.members, func(a, b *child) int { return cmp.Compare(a.order, b.order) })
	p.rising, p.since = false, r.hands.now()
	p.alarm.cancel()
	p.wait, p.waiting = wait, wait > 0
	if p.waiting {
		p.alarm = r.wake(wait, func() {
			p.waiting = false
			r.advance(p)
		})
	}
	for _, m := range p.members {
		if m.up() {
			r.watchTime(m, p.since)
			r.hands.warn(m, p.since)
		}
	}
	r.advance(p)
}

// take makes a child a member, and with it the group that it is in.
func (p *repair) take(c *child) {
	switch old := c.repair; old {
	case p:
	case nil:
		c.repair = p
		p.members = append(p.members, c)
	default:
		old.alarm.cancel()
		for _, m := range old.members {
			m.repair = p
		}
		p.members = append(p.members, old.members...)
		old.members = nil
	}
}

func (p *repair) drop(c *child) {
	c.repair = nil
	p.members = slices.DeleteFunc(p.members, func(m *child) bool { return m == c })
}

// advance takes the next step of a repair, if nothing is to be waited for.
func (r *rules) advance(p *repair) {
	if p == nil || r.ending != nil {
		return
	}
	if !p.rising && !r.fell(p) {
		return
	}
	p.rising = true
	for _, m := range p.members {
		switch m.status {
		case StatusWaiting, StatusEnded:
			r.startAgain(m, p)
			return
		case StatusStarting, StatusStopping:
			return
		}
	}
	for _, m := range p.members {
		m.repair = nil
	}
	p.members = nil
}

// fell stops the next member and reports whether all have stopped and the wait
// is over. A temporary one does not start again, unless that was asked for.
func (r *rules) fell(p *repair) bool {
	for i := len(p.members) - 1; i >= 0; i-- {
		m := p.members[i]
		switch {
		case m.status == StatusStarting || m.status == StatusRunning:
			r.tell(m, p.since)
			return false
		case m.status == StatusStopping:
			return false
		case m.Restart == Temporary && m.begun == nil:
			p.drop(m)
			r.release(m, Exit{Reason: ReasonShutdown}, false)
		}
	}
	return !p.waiting
}

func (r *rules) startAgain(c *child, p *repair) {
	c.restarts++
	r.start(c, Again{Exit: c.exit, Count: c.restarts, Wait: p.wait})
}

// tell has an incarnation end, within the child's shutdown time.
func (r *rules) tell(c *child, since time.Time) {
	c.status = StatusStopping
	r.hands.halt(c)
	r.hurry(c, since)
}

// hurry has a child that was told to end cut off when its time is over.
func (r *rules) hurry(c *child, since time.Time) {
	r.watchTime(c, since)
	if c.overdue || !c.Shutdown.Infinite && c.Shutdown.Time <= 0 {
		r.hands.cut(c)
	}
}

// watchTime lets a child's shutdown time run. At its end the turn that runs is
// cut off, even where the child's own turn to stop has not come, so that all
// that hang together end within the longest time.
func (r *rules) watchTime(c *child, since time.Time) {
	if c.alarm != nil && !c.alarm.off || c.Shutdown.Infinite || c.Shutdown.Time <= 0 || c.overdue {
		return
	}
	left := c.Shutdown.Time - r.hands.now().Sub(since)
	c.alarm = r.wake(max(left, 0), func() {
		c.overdue = true
		if c.up() {
			r.hands.cut(c)
		}
	})
}

// wake calls f after d, unless the alarm is called off.
func (r *rules) wake(d time.Duration, f func()) *alarm {
	a := &alarm{}
	a.stop = r.hands.after(d, func() {
		if !a.off {
			a.off = true
			f()
		}
	})
	return a
}
