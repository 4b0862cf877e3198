package supervision

import (
	"container/list"
	"fmt"
	"iter"
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
	ended(exit Exit) // no child is left; the rules are done
}

// rules decide for one supervisor, from its begin to its end. They belong to one
// goroutine at a time, and whatever happens to the supervisor is one call.
type rules struct {
	spec     Spec
	hands    hands
	children *list.List // of *child, in the order in which they start
	byID     map[string]*child
	added    uint64
	restarts intensity

	booting *list.Element // the child whose first start the next ones wait for, nil when all are up
	ready   []func(error) // who waits for that
	early   []*child      // that ended while others were still to begin
	ending  *Exit         // why the supervisor ends, nil while it does not
	order   Order         // to the children, while it ends
	done    bool
}

func newRules(spec Spec, h hands) *rules {
	if spec.Strategy == nil {
		spec.Strategy = OneForOne
	}
	return &rules{spec: spec, hands: h, children: list.New(), byID: map[string]*child{},
		restarts: intensity{limit: spec.MaxRestarts, period: spec.Period}}
}

// begin adds the first children and starts them, each once the one before is
// ready. When one does not start, those that have are stopped and the supervisor
// ends. ready is called when all are up, or with what ended the supervisor
// before.
func (r *rules) begin(children []ChildSpec, ready func(error)) {
	if len(children) == 0 {
		ready(nil)
		return
	}
	first := r.append(children[0])
	for _, spec := range children[1:] {
		r.append(spec)
	}
	r.ready = append(r.ready, ready)
	if r.booting == nil { // else they are started when their turn comes
		r.boot(first.place)
	}
}

func (r *rules) append(spec ChildSpec) *child {
	if spec.Restart == "" {
		spec.Restart = Permanent
	}
	r.added++
	c := &child{ChildSpec: spec, order: r.added, status: StatusEnded, first: true}
	c.place = r.children.PushBack(c)
	r.byID[c.ID] = c
	return c
}

func (r *rules) remove(c *child) {
	r.children.Remove(c.place)
	delete(r.byID, c.ID)
}

// boot starts a child for the first time. When none is left, what has ended
// meanwhile is decided on.
func (r *rules) boot(e *list.Element) {
	if r.booting = e; e != nil {
		r.start(e.Value.(*child), Again{})
		return
	}
	early := r.early
	r.early = nil
	r.booted(nil)
	for _, c := range early {
		if r.ending == nil && c.status == StatusWaiting && c.repair == nil {
			r.decide(c, c.exit)
		}
	}
}

// booted tells those who wait for the first children.
func (r *rules) booted(err error) {
	ready := r.ready
	r.ready = nil
	for _, f := range ready {
		f(err)
	}
}

// all yields the children from the first one on. The one that was yielded may be
// removed.
func (r *rules) all() iter.Seq[*child] {
	return func(yield func(*child) bool) {
		for e := r.children.Front(); e != nil; {
			next := e.Next()
			if !yield(e.Value.(*child)) {
				return
			}
			e = next
		}
	}
}

func (r *rules) ids() []string {
	ids := make([]string, 0, r.children.Len())
	for c := range r.all() {
		ids = append(ids, c.ID)
	}
	return ids
}

// start begins an incarnation.
func (r *rules) start(c *child, a Again) {
	c.status, c.alive, c.cause, c.final, c.overdue, c.since = StatusStarting, true, nil, false, false, time.Time{}
	r.hands.start(c, a)
}

// started is told when an incarnation is ready.
func (r *rules) started(c *child) {
	if c.status != StatusStarting {
		return // it was told to end meanwhile
	}
	c.status, c.since = StatusRunning, r.hands.now()
	r.observe(Event{Child: c.ID, What: EventStarted, Restarts: c.restarts})
	c.first = false
	c.answer(nil)
	switch {
	case r.booting == c.place:
		r.boot(c.place.Next())
	case c.repair != nil:
		r.advance(c.repair)
	}
}

// answer tells who waits for the start.
func (c *child) answer(err error) {
	if f := c.begun; f != nil {
		c.begun = nil
		f(err)
	}
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
	c.alarm.cancel()
	switch {
	case r.ending != nil:
		r.down(c, exit)
		if !told && exit.Failed() {
			r.observe(Event{Child: c.ID, What: EventFailed, Exit: exit, Directive: DirectiveStop, Restarts: c.restarts})
		}
		r.wind()
	case told: // by its repair
		r.down(c, exit)
		r.advance(c.repair)
	case c.first:
		r.stillborn(c, exit)
	case r.booting != nil:
		r.down(c, exit)
		r.early = append(r.early, c)
	case c.repair != nil && !c.repair.rising: // it ended before it was told
		r.down(c, exit)
		r.advance(c.repair)
	default:
		r.decide(c, exit)
	}
}

// down puts an ended child where it waits for what comes next.
func (r *rules) down(c *child, exit Exit) {
	c.status, c.cause, c.exit = StatusWaiting, nil, exit
	if exit.Failed() {
		c.last = &exit
	}
}

// stillborn ends a child that has never been ready: a supervisor that begins ends
// with it, and who asked for the child is told.
func (r *rules) stillborn(c *child, exit Exit) {
	r.down(c, exit)
	failure := &ChildError{Child: c.ID, Exit: exit, What: "did not start"}
	if r.booting == nil || c.Dynamic {
		r.observe(Event{Child: c.ID, What: EventFailed, Exit: exit, Directive: DirectiveStop})
		c.Restart = Temporary // it leaves no spec
		c.gone = append(c.gone, func() { c.answer(failure) })
		if r.booting == c.place {
			r.boot(c.place.Next())
		}
		r.release(c, exit, false)
		return
	}
	r.observe(Event{Child: c.ID, What: EventFailed, Exit: exit, Directive: DirectiveEscalate})
	r.end(Exit{Reason: ReasonInitFailed, Err: failure}, Order{Reason: ReasonShutdown})
}

// decide applies the restart type, the restart intensity and the strategy to a
// child that has ended by itself.
func (r *rules) decide(c *child, exit Exit) {
	if reset := r.spec.Backoff.Reset; reset > 0 && !c.since.IsZero() && r.hands.now().Sub(c.since) >= reset {
		c.streak = 0
	}
	r.down(c, exit)
	if c.Restart == Temporary || c.Restart == Transient && !exit.Failed() || exit.Final() {
		r.observe(Event{Child: c.ID, What: ended(exit), Exit: exit, Directive: DirectiveStop, Restarts: c.restarts})
		r.leave(c)
		r.release(c, exit, false)
		r.autoShutdown(c)
		return
	}
	if !r.restarts.add(r.hands.now()) {
		r.observe(Event{Child: c.ID, What: ended(exit), Exit: exit, Directive: DirectiveEscalate, Restarts: c.restarts})
		what := fmt.Sprintf("ended once more than max_restarts = %d within %v", r.spec.MaxRestarts, r.spec.Period)
		r.end(Exit{Reason: ReasonChildren, Err: &ChildError{Child: c.ID, Exit: exit, What: what}}, Order{Reason: ReasonShutdown})
		return
	}
	c.streak++
	wait := r.spec.Backoff.wait(c.streak, r.hands.chance())
	r.observe(Event{Child: c.ID, What: ended(exit), Exit: exit, Directive: DirectiveRestart, Wait: wait, Restarts: c.restarts})
	affected := r.spec.Strategy.Affected(Failure{Child: c.ID, Exit: exit, children: r.ids})
	r.mend(c, affected, wait)
}

// leave takes a child out of the group that it would start again with.
func (r *rules) leave(c *child) {
	if p := c.repair; p != nil {
		p.drop(c)
		r.advance(p)
	}
}

// autoShutdown ends the supervisor when the end of a significant child asks for
// it. Only ends of their own count, and only where no start follows.
func (r *rules) autoShutdown(c *child) {
	if !c.Significant || r.ending != nil {
		return
	}
	if r.spec.AutoShutdown == AllSignificant {
		for other := range r.all() {
			if other != c && other.Significant && (other.up() || other.status == StatusWaiting) && !other.final {
				return
			}
		}
	}
	r.end(Exit{Reason: ReasonShutdown}, Order{Reason: ReasonShutdown})
}

// failing says that a child is to end, and that this is its failure: its own
// supervisor has given up.
func (r *rules) failing(c *child, exit Exit) {
	switch {
	case r.ending != nil || c.status != StatusStarting && c.status != StatusRunning:
		return
	case c.repair != nil && !c.repair.rising:
		return // it is about to be told
	}
	c.cause = &exit
	r.tell(c, r.hands.now())
}
