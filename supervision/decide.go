package supervision

import (
	"fmt"
	"time"
)

// decide applies the restart type, the restart intensity and the strategy to a
// child that has ended by itself, or whose restart has failed.
func (r *rules) decide(c *child) {
	exit := c.exit
	if reset := r.spec.Backoff.Reset; reset > 0 && c.ready() && r.hands.now().Sub(c.since) >= reset {
		c.streak = 0
	}
	if !c.ready() { // who wanted it need not wait for another try
		r.answer(c, c.stillborn())
	}
	switch {
	case !c.returns():
		r.observe(c, Event{What: ended(exit), Exit: exit, Directive: DirectiveStop})
		if r.closes(c) {
			r.end(Exit{Reason: ReasonShutdown}, Order{Reason: ReasonShutdown})
			return
		}
		r.release(c)
	case r.warned: // it waits for the end, which is near
		r.observe(c, Event{What: ended(exit), Exit: exit, Directive: DirectiveStop})
	case !r.restarts.add(r.hands.now()):
		r.observe(c, Event{What: ended(exit), Exit: exit, Directive: DirectiveEscalate})
		err := &ChildError{Child: c.ID, Of: c.Child, Exit: exit, What: r.spec.excess()}
		r.end(Exit{Reason: ReasonChildren, Err: err}, Order{Reason: ReasonShutdown})
	default:
		c.streak++
		wait := r.spec.Backoff.wait(c.streak, r.hands.chance())
		affected := r.spec.Strategy.Affected(Failure{Child: c.ID, Exit: exit, children: r.ids})
		p := r.gather(c, affected, wait)
		r.observe(c, Event{What: ended(exit), Exit: exit, Directive: DirectiveRestart, Wait: p.wait})
		r.mend(p)
	}
}

// excess says what a supervisor has had enough of.
func (s Spec) excess() string {
	what := fmt.Sprintf("ended once more than max_restarts = %d", s.MaxRestarts)
	if s.Period > 0 {
		what += fmt.Sprintf(" within %v", s.Period.Round(time.Millisecond))
	}
	return what
}

// refused ends a child whose start somebody has asked for and which did not
// become ready. Nobody else is concerned. A child that was added leaves no spec.
func (r *rules) refused(c *child) {
	r.observe(c, Event{What: EventFailed, Exit: c.exit, Directive: DirectiveStop})
	done, failure := c.begun, c.stillborn()
	c.begun = nil
	c.gone = append(c.gone, func() { done(failure) })
	r.release(c)
}

// closes reports whether the end of a child is that of the supervisor. Only ends
// of their own count, and only where no start follows.
func (r *rules) closes(c *child) bool {
	if !c.Significant {
		return false
	}
	if r.spec.AutoShutdown == AllSignificant {
		for other := range r.children.all() {
			if other != c && other.Significant && (other.up() || other.status == StatusWaiting) && !other.final {
				return false
			}
		}
	}
	return true
}
