package supervision

// stop ends the supervisor because it was told to.
func (r *rules) stop(o Order) { r.end(Exit{Reason: o.Reason}, o) }

// end begins the end of the supervisor: its children stop, the last one first.
func (r *rules) end(exit Exit, o Order) {
	if r.ending != nil {
		return
	}
	if o.Since.IsZero() {
		o.Since = r.hands.now()
	}
	r.stood = r.standing()
	r.ending, r.order, r.booting, r.early = &exit, o, nil, nil
	r.disband()
	r.warn(o.Since)
	r.wind()
}

// standing are the children of a supervisor that begins to end. One that has ended
// and was not to start again has ended for good.
func (r *rules) standing() []Info {
	list := r.infos(nil)
	for i, info := range list {
		if c := r.byID[info.ID]; c.status == StatusWaiting && c.repair == nil && !c.coming {
			list[i].Status = StatusEnded
		}
	}
	return list
}

// disband ends all repairs.
func (r *rules) disband() {
	for c := range r.children.all() {
		if c.repair != nil {
			c.repair.alarm.cancel()
			c.repair, c.mending = nil, true
		}
	}
}

// wind takes the next step of the end: it stops the last child whose process is
// there, or is done.
func (r *rules) wind() {
	for c := range r.children.backward() {
		switch {
		case c.status == StatusStopping: // it is on its way
			return
		case c.up():
			r.finish(c, Order{Reason: r.order.Reason, Since: r.order.Since})
			r.hurry(c, r.order.Since)
			return
		case c.alive: // it has ended, and its process waits
			o := Order{Reason: r.order.Reason, Since: r.order.Since}
			if o.Resumes = o.Reason == ReasonSuspended && (c.mending || c.returns()); !o.Resumes {
				exit := c.exit
				o.Exit = &exit
			}
			r.finish(c, o)
			return
		}
		r.bury(c, c.exit)
	}
	if !r.done {
		r.done = true
		r.abort()
		r.hands.ended(*r.ending)
	}
}

// abandon is the end of an end: the supervisor's own process is gone, and all
// children with it.
func (r *rules) abandon() {
	if r.done {
		return
	}
	for c := range r.children.all() {
		c.status, c.alive = StatusWaiting, false
	}
	r.wind()
}

// finish has the process of a child end.
func (r *rules) finish(c *child, o Order) {
	c.status, c.final = StatusStopping, true
	r.hands.stop(c, o)
}

// release lets go of the process of a child that has ended and is not started
// again.
func (r *rules) release(c *child) {
	exit := c.exit
	if c.alive {
		r.finish(c, Order{Reason: ReasonShutdown, Since: r.hands.now(), Exit: &exit})
		return
	}
	r.settle(c, exit)
}

// settle is the end of a child without a process, and what waits for it goes on.
func (r *rules) settle(c *child, exit Exit) {
	p := c.repair
	r.bury(c, exit)
	switch {
	case r.ending != nil:
		r.wind()
	case r.booting == c: // it was terminated before it was ready
		r.boot()
	}
	r.advance(p)
}

// bury ends a child without a process: its spec goes or stays.
func (r *rules) bury(c *child, exit Exit) {
	c.alarm.cancel()
	c.repair.drop(c)
	if c.born {
		r.observe(c, Event{What: EventGone, Exit: exit})
	}
	if c.Restart == Temporary || c.Dynamic || c.fresh || r.ending != nil {
		r.remove(c)
	}
	c.status, c.final, c.exit = StatusEnded, false, exit
	c.coming, c.born, c.fresh, c.trial, c.again = false, false, false, false, false
	for _, f := range c.gone {
		r.hands.later(f)
	}
	c.gone = nil
	if r.ending != nil {
		r.answer(c, ErrStopping)
	} else {
		r.answer(c, ErrEnded)
	}
}
