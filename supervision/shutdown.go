package supervision

import "time"

// stop ends the supervisor because it was told to.
func (r *rules) stop(o Order) {
	if r.ending == nil {
		r.end(Exit{Reason: o.Reason}, o)
	}
}

// end begins the end of the supervisor: its children stop, the last one first.
func (r *rules) end(exit Exit, o Order) {
	if r.ending != nil {
		return
	}
	if o.Since.IsZero() {
		o.Since = r.hands.now()
	}
	r.ending, r.order, r.booting = &exit, o, nil
	r.booted(ErrStopping)
	r.warn(o.Since)
	for c := range r.all() {
		if c.repair != nil {
			c.repair.alarm.cancel()
			c.repair, c.pending = nil, true
		}
	}
	r.wind()
}

// warn lets the shutdown times of all children run, here and below.
func (r *rules) warn(since time.Time) {
	for c := range r.all() {
		if c.up() {
			r.watchTime(c, since)
			r.hands.warn(c, since)
		}
	}
}

// cutAll ends the times of all children.
func (r *rules) cutAll() {
	for c := range r.all() {
		c.alarm.cancel()
		if c.overdue = true; c.up() {
			r.hands.cut(c)
		}
	}
}

// wind takes the next step of the end: it stops the last child whose process is
// there, or is done.
func (r *rules) wind() {
	if r.done {
		return
	}
	for e := r.children.Back(); e != nil; {
		c := e.Value.(*child)
		e = e.Prev()
		switch {
		case c.final, c.status == StatusStopping: // it is on its way
			return
		case c.up():
			r.finish(c, Order{Reason: r.order.Reason, Since: r.order.Since})
			r.hurry(c, r.order.Since)
			return
		case c.alive: // it has ended, and its process waits
			o := Order{Reason: r.order.Reason, Since: r.order.Since}
			if exit := c.exit; c.pending && o.Reason == ReasonSuspended {
				o.Resumes = true
			} else {
				o.Exit = &exit
			}
			r.finish(c, o)
			return
		}
		r.remove(c)
		c.leave()
	}
	r.done = true
	r.hands.ended(*r.ending)
}

// finish has the process of a child end.
func (r *rules) finish(c *child, o Order) {
	c.status, c.final = StatusStopping, true
	r.hands.stop(c, o)
}

// release lets go of the process of a child that has ended with exit and is not
// started again. asked says that somebody wanted it.
func (r *rules) release(c *child, exit Exit, asked bool) {
	if c.alive {
		r.finish(c, Order{Reason: ReasonShutdown, Since: r.hands.now(), Exit: &exit, Asked: asked})
		return
	}
	r.settle(c, exit)
}

// settle is the end of a child without a process: its spec goes or stays.
func (r *rules) settle(c *child, exit Exit) {
	c.alarm.cancel()
	wasEnding := r.ending != nil
	c.status, c.final = StatusEnded, false
	r.observe(Event{Child: c.ID, What: EventGone, Exit: exit, Restarts: c.restarts})
	if c.Restart == Temporary || c.Dynamic || wasEnding {
		r.remove(c)
	}
	c.leave()
	if wasEnding {
		r.wind()
	}
}

// leave tells those who wait that the child has ended.
func (c *child) leave() {
	gone := c.gone
	c.gone = nil
	for _, f := range gone {
		f()
	}
	c.answer(ErrStopping)
}

// add starts one more child; done is told when it is ready, or why it is not.
func (r *rules) add(spec ChildSpec, done func(error)) {
	err := r.spec.Check(spec)
	switch {
	case err != nil:
	case r.ending != nil:
		err = ErrStopping
	case r.byID[spec.ID] != nil:
		err = ErrPresent
	}
	if err != nil {
		done(err)
		return
	}
	c := r.append(spec)
	c.begun = done
	if r.booting == nil {
		r.start(c, Again{})
	} // else it is started when its turn comes
}

// terminate stops a child for good, whatever its restart type; its spec stays
// unless it is temporary or dynamic.
func (r *rules) terminate(id string, done func(error)) {
	c := r.byID[id]
	switch {
	case c == nil:
		done(ErrNoChild)
		return
	case c.status == StatusEnded:
		done(nil)
		return
	}
	c.gone = append(c.gone, func() { done(nil) })
	if c.final || r.ending != nil {
		return
	}
	if r.booting == c.place {
		r.boot(c.place.Next())
	}
	r.leave(c)
	now := r.hands.now()
	if !c.up() {
		r.release(c, c.exit, true)
		return
	}
	r.finish(c, Order{Reason: ReasonShutdown, Since: now, Asked: true})
	r.hands.warn(c, now)
	r.hurry(c, now)
}

// restart starts a child again: one that runs is stopped first, which counts
// against no intensity, and none but it is affected.
func (r *rules) restart(id string, done func(error)) {
	c := r.byID[id]
	switch {
	case r.ending != nil:
		done(ErrStopping)
	case c == nil:
		done(ErrNoChild)
	case c.final || c.begun != nil || r.booting != nil:
		done(ErrBusy)
	default:
		c.begun = done
		r.mend(c, nil, 0)
	}
}

// forget removes the spec of a child that has ended.
func (r *rules) forget(id string) error {
	c := r.byID[id]
	switch {
	case c == nil:
		return ErrNoChild
	case c.status != StatusEnded:
		return ErrRunning
	}
	r.remove(c)
	return nil
}
