package supervision

import "time"

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
	if c.alarm.set() || c.Shutdown.Infinite || c.Shutdown.Time <= 0 || c.overdue {
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

// warn lets the shutdown times of all children run, here and below. The end is
// near: nothing starts any more.
func (r *rules) warn(since time.Time) {
	r.warned = true
	for c := range r.children.all() {
		if c.up() {
			r.watchTime(c, since)
			r.hands.warn(c, since)
		}
	}
}

// cut ends the times of all children, here and below.
func (r *rules) cut() {
	for c := range r.children.all() {
		c.alarm.cancel()
		if c.overdue = true; c.up() {
			r.hands.cut(c)
		}
	}
}

// alarm is a wake-up that can be called off.
type alarm struct {
	off  bool
	stop func() bool
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

// set reports whether the alarm is still to come.
func (a *alarm) set() bool { return a != nil && !a.off }

func (a *alarm) cancel() {
	if a.set() {
		a.off = true
		a.stop()
	}
}
