package supervision

import "fmt"

// admit says why a child cannot be added, nil if it can.
func (r *rules) admit(spec ChildSpec) error {
	if err := r.spec.Check(spec); err != nil {
		return err
	}
	switch {
	case r.ending != nil || r.warned:
		return ErrStopping
	case r.byID[spec.ID] != nil:
		return fmt.Errorf("child %s: %w", spec.ID, ErrPresent)
	}
	return nil
}

// join starts one more child; done is told when it is ready, or why it is not.
func (r *rules) join(spec ChildSpec, done func(error)) {
	if err := r.admit(spec); err != nil {
		r.hands.later(func() { done(err) })
		return
	}
	c := r.add(spec)
	c.begun, c.fresh, c.trial = done, true, true
	r.start(c, Again{})
}

// terminate stops a child for good, whatever its restart type; its spec stays
// unless it is temporary or dynamic.
func (r *rules) terminate(id string, done func(error)) {
	c := r.byID[id]
	if c == nil || c.status == StatusEnded {
		r.hands.later(func() {
			if c == nil {
				done(ErrNoChild)
				return
			}
			done(nil)
		})
		return
	}
	c.gone = append(c.gone, func() { done(nil) })
	switch {
	case c.final || r.ending != nil: // it is on its way
	case c.up():
		now := r.hands.now()
		r.finish(c, Order{Reason: ReasonShutdown, Since: now})
		r.hands.warn(c, now)
		r.hurry(c, now)
	default:
		r.release(c)
	}
}

// restart starts a child again: one that runs is stopped first, which counts
// against no intensity, and none but it is affected. One that waits, or is about
// to stop and start again, does so with its fellows, and without further wait.
func (r *rules) restart(id string, done func(error)) {
	c := r.byID[id]
	if err := r.restartable(c); err != nil {
		r.hands.later(func() { done(err) })
		return
	}
	c.begun, c.again = done, true
	if p := c.repair; p != nil {
		p.hasten(r.hands.now())
		r.advance(p)
		return
	}
	c.trial = c.status == StatusEnded
	r.mend(r.gather(c, nil, 0))
}

func (r *rules) restartable(c *child) error {
	switch {
	case r.ending != nil || r.warned:
		return ErrStopping
	case c == nil:
		return ErrNoChild
	case c.coming || c.begun != nil || c.status == StatusStarting || c.status == StatusStopping:
		return ErrBusy
	}
	return nil
}

// forget removes the spec of a child that has ended.
func (r *rules) forget(id string) error {
	switch c := r.byID[id]; {
	case c == nil:
		return ErrNoChild
	case c.status == StatusRunning:
		return ErrRunning
	case c.status != StatusEnded:
		return ErrBusy
	default:
		r.remove(c)
		return nil
	}
}

// failing says that an incarnation is to end, and that this is its failure: its
// own supervisor has given up.
func (r *rules) failing(id string, incarnation int, exit Exit) {
	c := r.byID[id]
	switch {
	case c == nil || c.restarts != incarnation || r.ending != nil || c.status != StatusStarting && c.status != StatusRunning:
		return
	case c.repair != nil && !c.repair.rising:
		return // it is about to be told
	}
	c.cause = &exit
	r.tell(c, r.hands.now())
}
