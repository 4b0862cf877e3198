package supervision

import (
	"container/list"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Child is what a supervisor starts and ends. Its methods are called on the
// supervisor's goroutine and must not block. A child lives in incarnations: each
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
	// Halt has the incarnation end, once its turn is over; the process waits.
	Halt(ctx actor.Context)
	// Stop has the process end, and the incarnation with it if there is one,
	// once its turn is over.
	Stop(ctx actor.Context, o Order)
	// Cut ends the turn that runs, and so the incarnation: its time is over. A
	// child that is between two turns need do nothing; Halt or Stop comes, or
	// has come.
	Cut()
	// Warn says that the child's supervisor began to end at since, so that the
	// times of those below the child run as well.
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
	// Asked is set when the child was named, and did not go with others.
	Asked bool
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
	StatusWaiting  Status = "waiting"  // has ended, and will start again
	StatusEnded    Status = "ended"    // has ended; its spec is still there
)

// child is a spec and what has become of it.
type child struct {
	ChildSpec
	place *list.Element // among the supervisor's children
	order uint64        // in which they were added

	status   Status
	alive    bool // there is a process
	first    bool // no incarnation has been ready yet
	restarts int
	streak   int       // failures in a row, for the backoff
	since    time.Time // when the incarnation was ready
	exit     Exit      // of the last incarnation that has ended
	last     *Exit     // of the last that failed
	cause    *Exit     // why it was told to end, when that counts as its failure
	final    bool      // its process is to go, see StatusStopping
	overdue  bool      // its shutdown time is over
	alarm    *alarm    // which says so
	repair   *repair   // the group that it starts again with
	pending  bool      // it was in one when the supervisor began to end

	begun func(error) // who waits for its start, nil for nobody
	gone  []func()    // who waits for its end
}

// up reports whether there is an incarnation, or one that is about to end.
func (c *child) up() bool {
	return c.status == StatusStarting || c.status == StatusRunning || c.status == StatusStopping
}

// alarm is a wake-up that can be called off.
type alarm struct {
	off  bool
	stop func() bool
}

func (a *alarm) cancel() {
	if a != nil && !a.off {
		a.off = true
		a.stop()
	}
}
