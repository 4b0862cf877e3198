package supervision

import (
	"time"
)

// hands do what the rules decide. They return at once; what comes of it is told
// later, by the methods started, exited and gone.
type hands interface {
	start(c *child, a Again)
	halt(c *child)          // the incarnation, not the process; then exited
	stop(c *child, o Order) // the process; then gone
	cut(c *child)           // the turn that runs
	warn(c *child, since time.Time)
	now() time.Time
	after(d time.Duration, f func()) (stop func() bool) // f is called like all methods of the rules
	chance() float64                                    // from [0, 1)
	observe(e Event)
	later(f func())  // calls f once the rules rest
	ended(exit Exit) // no child is left; the rules are done
}

// rules decide for one supervisor, from its begin to its end. They belong to one
// goroutine at a time, and whatever happens to the supervisor is one call.
type rules struct {
	spec     Spec
	hands    hands
	children siblings
	byID     map[string]*child
	added    uint64
	restarts intensity

	boots   []*boot  // under way, the first one first
	booting *child   // of the first of them; the next ones wait for its start
	early   []*child // that ended while others were still to begin
	warned  bool     // the end is near: nothing starts any more
	ending  *Exit    // why the supervisor ends, nil while it does not
	stood   []Info   // the children when it began to end
	order   Order    // to the children, while it ends
	done    bool
}

func newRules(spec Spec, h hands) *rules {
	if spec.Strategy == nil {
		spec.Strategy = OneForOne
	}
	return &rules{spec: spec, hands: h, byID: map[string]*child{},
		restarts: intensity{limit: spec.MaxRestarts, period: spec.Period}}
}

// add is a further child, which does not start yet.
func (r *rules) add(spec ChildSpec) *child {
	if spec.Restart == "" {
		spec.Restart = Permanent
	}
	r.added++
	c := &child{ChildSpec: spec, order: r.added, status: StatusEnded}
	r.children.add(c)
	r.byID[c.ID] = c
	return c
}

func (r *rules) remove(c *child) {
	r.children.remove(c)
	delete(r.byID, c.ID)
}

func (r *rules) ids() []string {
	ids := make([]string, 0, r.children.len())
	for c := range r.children.all() {
		ids = append(ids, c.ID)
	}
	return ids
}

// start begins an incarnation.
func (r *rules) start(c *child, a Again) {
	c.status, c.alive, c.born = StatusStarting, true, true
	c.cause, c.final, c.overdue, c.since = nil, false, false, time.Time{}
	r.hands.start(c, a)
}

// started is told when an incarnation is ready.
func (r *rules) started(c *child) {
	if c.status != StatusStarting {
		return // it was told to end meanwhile
	}
	c.status, c.since = StatusRunning, r.hands.now()
	c.fresh, c.trial, c.again = false, false, false
	r.observe(c, Event{What: EventStarted})
	r.answer(c, nil)
	p := c.repair
	if p != nil && p.rising { // else its turn to be told to end will come
		p.drop(c)
	}
	if r.booting == c {
		r.boot()
	}
	r.advance(p)
}

// exited is told when an incarnation has ended and its process waits.
func (r *rules) exited(c *child, exit Exit) {
	if !c.up() || c.final {
		return
	}
	r.fall(c, exit)
}

// gone is told when the process of a child has ended. exit is how the
// incarnation did, if it had not ended before.
func (r *rules) gone(c *child, exit Exit) {
	c.alive = false
	switch {
	case c.final:
		r.settle(c, exit)
	case c.up():
		r.fall(c, exit)
	}
}

// fall decides what becomes of a child whose incarnation has ended.
func (r *rules) fall(c *child, exit Exit) {
	told := c.status == StatusStopping
	if told && c.cause != nil {
		exit, told = *c.cause, false
	}
	c.down(exit)
	own := !told || exit.Failed() && exit.Reason != ReasonKilled // it is not what it was told
	switch {
	case r.ending != nil:
		if own && exit.Failed() {
			r.observe(c, Event{What: EventFailed, Exit: exit, Directive: DirectiveStop})
		}
		r.wind()
	case told, c.repair != nil && !c.repair.rising: // with its group, though it may not have been told yet
		if own {
			r.observe(c, Event{What: ended(exit), Exit: exit, Directive: c.directive()})
		}
		r.advance(c.repair)
	case r.booting == c:
		r.observe(c, Event{What: EventFailed, Exit: exit, Directive: DirectiveEscalate})
		r.end(Exit{Reason: ReasonInitFailed, Err: c.stillborn()}, Order{Reason: ReasonShutdown})
	case c.trial:
		r.refused(c)
	case len(r.boots) > 0 && c.repair == nil:
		r.early = append(r.early, c)
	default:
		r.decide(c)
	}
}

// observe tells what has happened to a child.
func (r *rules) observe(c *child, e Event) {
	e.Child, e.Of, e.Restarts = c.ID, c.Child, c.restarts
	r.hands.observe(e)
}

// answer tells who waits for the start of a child.
func (r *rules) answer(c *child, err error) {
	if f := c.begun; f != nil {
		c.begun = nil
		r.hands.later(func() { f(err) })
	}
}
