package supervision

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Child is what a supervisor starts and ends. Its methods are called on the
// supervisor's goroutine and must not block; Children, Stood and Active of that
// supervisor would, for good. A child lives in incarnations: each
// begins with Start and ends with an Exit.
//
// The process that Start spawns answers its parent: with Started once it is
// ready, and with a protoactor failure whose reason is a Fallen when its
// incarnation has ended and it waits, suspended, for what becomes of it. One
// that cannot wait stops instead. Nothing else of it may fail.
type Child interface {
	// Start begins an incarnation: in the process that waits, or in a new one,
	// spawned with ctx, where there is none. It returns the process. An error
	// counts as the exit of the incarnation.
	Start(ctx actor.Context, a Again) (*actor.PID, error)
	// Halt has the incarnation end with exit, once its turn is over; the process
	// waits.
	Halt(ctx actor.Context, exit Exit)
	// Stop has the process end, and the incarnation with it if there is one,
	// once its turn is over.
	Stop(ctx actor.Context, o Order)
	// Cut ends the turn that runs, and so the incarnation: its time is over. A
	// child that is between two turns need do nothing; Halt or Stop comes, or
	// has come.
	Cut()
	// Warn says that the child will be told to end, with others that are told
	// first, and that its time runs from since on: so do those below it. Until then
	// it may go on.
	Warn(since time.Time)
	// Fallen is how the last incarnation ended, once its process has stopped.
	Fallen() Fallen
}

// Fallen is the end of an incarnation.
type Fallen struct {
	Exit
	// Ready is set when it had been ready before, for Started may come after it.
	Ready bool
}

// Again is why an incarnation begins that is not the first.
type Again struct {
	Exit  Exit          // of the one before
	Count int           // which restart of this child it is; 0 for the first incarnation
	Wait  time.Duration // how long the restart waited
}

// Order says why a child is to stop.
type Order struct {
	Reason Reason    // ReasonShutdown or ReasonSuspended
	Since  time.Time // when the stop began
	// Exit is set when the incarnation has ended already and is not followed by
	// another: the end of the child itself.
	Exit *Exit
	// Resumes is set when the incarnation has ended and another one would follow,
	// if the reason were not ReasonSuspended.
	Resumes bool
}

// Started tells a supervisor that an incarnation is ready.
type Started struct {
	Who         *actor.PID
	Incarnation int // Again.Count, with which it began
}

// Status is what a child is doing.
type Status string

// The statuses of a child.
const (
	StatusStarting Status = "starting"
	StatusRunning  Status = "running"
	StatusStopping Status = "stopping" // told to end, for good or to start again
	StatusWaiting  Status = "waiting"  // will start: it has ended, or its turn has not come
	StatusEnded    Status = "ended"    // has ended; its spec is still there
)

// child is a spec and what has become of it.
type child struct {
	// What is seen of it stands together, for lists of thousands:
	status   Status
	restarts int
	last     *Exit // of the last incarnation that failed
	ChildSpec

	place int        // among its siblings
	order uint64     // in which they were added
	pid   *actor.PID // for the hands; of the process, nil where there is none

	alive   bool      // there is a process
	streak  int       // failures in a row, for the backoff
	since   time.Time // when the incarnation was ready, zero before
	exit    Exit      // of the last incarnation that has ended
	cause   *Exit     // why it was told to end, when that counts as its failure
	final   bool      // its process is to go, see StatusStopping
	overdue bool      // its shutdown time is over
	alarm   *alarm    // which says so
	repair  *repair   // the group that it starts again with
	mending bool      // it was in one when the supervisor began to end

	coming bool        // its first start waits for those before it
	born   bool        // there has been a process since it has ended for good
	fresh  bool        // it was added, and has not been ready yet
	trial  bool        // its start was asked for, and is tried once
	again  bool        // somebody wants it to start again, whatever its restart type
	begun  func(error) // who waits for its start, nil for nobody
	gone   []func()    // who waits for its end
}

// up reports whether there is an incarnation, or one that is about to end.
func (c *child) up() bool {
	return c.status == StatusStarting || c.status == StatusRunning || c.status == StatusStopping
}

// ready reports whether the incarnation was ready before it ended.
func (c *child) ready() bool { return !c.since.IsZero() }

// returns reports whether a child that has ended by itself is to start again. A
// restart that has failed is tried again even if it ended in order.
func (c *child) returns() bool {
	switch {
	case c.exit.Final():
		return false
	case c.Restart == Transient:
		return c.exit.Failed() || !c.ready()
	}
	return c.Restart != Temporary
}

// follows reports whether a child starts again with the group that it is in.
func (c *child) follows() bool {
	return c.again || c.Restart != Temporary && (c.up() || !c.exit.Final())
}

// directive says what becomes of a child that has ended with its group.
func (c *child) directive() Directive {
	if c.follows() {
		return DirectiveRestart
	}
	return DirectiveStop
}

// down puts a child whose incarnation has ended where it waits for what follows.
func (c *child) down(exit Exit) {
	c.alarm.cancel()
	c.status, c.cause, c.exit = StatusWaiting, nil, exit
	if exit.Failed() {
		c.last = &exit
	}
}

// stillborn says that the child has ended before it was ready.
func (c *child) stillborn() error {
	return &ChildError{Child: c.ID, Of: c.Child, Exit: c.exit, What: "did not start"}
}
