package actors

import (
	"container/list"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm"
)

// Status is what a live actor is doing.
type Status string

// The statuses of an actor.
const (
	StatusStarting   Status = "starting"   // its first init runs, or its children start
	StatusRunning    Status = "running"    // it handles messages, or waits for some
	StatusRestarting Status = "restarting" // it has ended and begins again
	StatusStopping   Status = "stopping"
	StatusEnded      Status = "ended"
)

// ending is what an actor was told to do for good; a greater one overrules.
type ending int32

const (
	orderNone ending = iota
	orderSuspend
	orderStop
)

// control is an actor's control block: all that others may see of it and ask
// of it without going through its mailbox. It outlives the process.
type control struct {
	// What is seen of an actor stands first and together: a list of thousands takes as
	// long as the memory does that it touches.
	once       member // what above has of one that is made once
	id         chain.ID
	name       string
	path       string // set by the registry before anyone else has the block
	created    time.Time
	sum        chain.Hash   // of the module
	turns      atomic.Int64 // closed turns
	failures   atomic.Int64 // of them, failed
	restarts   atomic.Int64
	memory     atomic.Int64 // bytes of linear memory
	fuel       atomic.Int64 // spent by turns that were not replayed
	fuelBefore atomic.Int64 // spent by those that were
	running    running      // the turn that runs
	registered atomic.Bool  // takes messages

	mu     sync.Mutex
	ended  bool   // guarded by mu
	order  ending // guarded by mu
	phase  Status // guarded by mu; of the incarnation
	last   *Exit  // guarded by mu; of the last incarnation that failed
	family family // its own children

	mailbox mailbox

	*Blueprint
	initial chain.Hash // the state that it begins with
	text    string     // id

	// Where it stands in the tree, set before anyone else has the block:
	parent *control                // nil at the root
	depth  int                     // 1 at the root
	above  *supervision.Supervisor // whose child it is
	spec   supervision.ChildSpec   // as above has it
	heard  bool                    // the parent's guest hears of its children's events
	pid    *actor.PID              // of the supervisor's goroutine, and what it has called

	// Set by the registry before anyone else has the block:
	number int           // what the path has beside the name; 1 for nothing
	place  *list.Element // in the registry's order
	listed atomic.Bool   // in the registry: path and id are this actor's and no other's

	born     atomic.Bool   // an init has succeeded, or there is none
	closed   atomic.Int64  // turns that were not replayed
	lastFuel atomic.Int64  // by the last of them
	done     chan struct{} // closed when the actor has ended
	acks     acks          // of the log, for its records
	appended atomic.Uint64 // how many records were, when heard
	machine  atomic.Pointer[wasm.Machine]

	// All guarded by mu:
	life     *life
	final    *Exit      // how the actor is to end, when its supervisor has said so
	resumes  bool       // it was about to start again when the node ended
	closedAt chain.Ref  // the end of the last turn of the last incarnation
	closedBy *marks     // of what ended that incarnation
	owed     *marks     // of the parent's turn that has told it to end or to begin again
	foreign  bool       // somebody else than the parent told it to end
	drained  []delivery // what waited when it was cut off or told to stop
	exit     Exit       // meaningful once done
	again    []Restart  // the newest, oldest first
}

var _ host.Actor = (*control)(nil)

func (s *System) newControl(b *Blueprint, id chain.ID, name string, initial chain.Hash, parent *control) *control {
	c := &control{
		Blueprint: b, id: id, name: name, sum: b.module.Sum, initial: initial, created: s.config.Now(), parent: parent,
		text: id.String(),
		done: make(chan struct{}), life: newLife(s.ctx, 0), phase: StatusStarting,
	}
	c.mailbox.open(b.manifest.Limits.MailboxMessages, b.manifest.Limits.MailboxBytes)
	c.family.of, c.acks.of, c.depth = c, c, 1
	if parent != nil {
		c.depth = parent.depth + 1
		_, c.heard = parent.callbacks[callbackEvent]
	}
	return c
}

// ID is the actor's id as guests know it.
func (c *control) ID() string { return c.text }

// Path is the actor's place in the tree.
func (c *control) Path() string { return c.path }

// current is the incarnation: the one that runs or is about to begin, else the last.
func (c *control) current() *life {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.life
}

// close tells the actor to end for good, and reports whether that is more than it
// was told before. Who waits for a message that is not handled yet is answered
// now, for the turn that runs may take long.
func (c *control) close(o ending) (stronger bool) {
	reason := ErrStopped
	if o == orderSuspend {
		reason = errSuspended
	}
	c.mu.Lock()
	drained := c.mailbox.close(reason)
	c.drained = append(c.drained, drained...)
	if stronger = o > c.order; stronger {
		c.order = o
	}
	c.life.told.give()
	c.mu.Unlock()
	c.decline(drained) // last: who hears of it may look at the actor
	return stronger
}

// shut refuses further messages. Who waits for one that is not handled yet is
// answered; they are returned.
func (c *control) shut(reason error) []delivery {
	drained := c.mailbox.close(reason)
	c.decline(drained)
	return drained
}

// decline answers who waits for messages that nobody will handle.
func (c *control) decline(drained []delivery) {
	for _, d := range drained {
		if r := d.(*envelope).reply; r != nil {
			r.deliver(c.gone(r))
		}
	}
}

// gone is the answer to a message that nobody will handle. Who is outside hears what
// the actor has failed with.
func (c *control) gone(r *reply) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	var exit Exit
	switch {
	case c.final != nil:
		exit = *c.final
	case c.life.over.given:
		exit = c.life.exit
	}
	why := ErrStopped
	if r != nil && r.external && exit.Failed() && exit.Err != nil {
		why = fmt.Errorf("%w: %w", ErrStopped, exit.Err)
	}
	return answer{err: &FailedError{Path: c.path, Err: why}}
}

// quit is the order to end an incarnation before the next message.
type quit struct {
	of   *life
	exit Exit
}

// halt tells an incarnation to end once its turn is over. The order is there before
// a sleep ends, so that no message comes between.
func (c *control) halt(l *life, exit Exit) {
	c.mailbox.order(quit{l, exit})
	c.tell(l)
}

func (c *control) tell(l *life) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l.told.give()
}

// kill ends the incarnation in the middle of its turn; what becomes of the actor
// is its supervisor's to say. It returns the incarnation.
func (c *control) kill() *life {
	l := c.current()
	c.mailbox.order(quit{l, Exit{Reason: ReasonKilled, Err: errKilled}})
	l.cancel(errKilled) // before it is told to end: who sleeps is killed then, and not woken
	c.tell(l)
	return l
}

// killAll is kill for the actor and all below it, which end with it.
func (c *control) killAll() {
	c.kill()
	c.family.empty(supervision.Order{Reason: ReasonShutdown}, func() {})
	c.family.cut()
}

func (c *control) ordered() ending {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order
}

// putBack has a message wait that is not handled before the end.
func (c *control) putBack(d delivery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drained = append(c.drained, d)
}

// takeDrained returns what waited when the actor was cut off or told to stop.
func (c *control) takeDrained() []delivery {
	c.mu.Lock()
	defer c.mu.Unlock()
	drained := c.drained
	c.drained = nil
	return drained
}

func (c *control) status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended:
		return StatusEnded
	case c.order != orderNone:
		return StatusStopping
	}
	return c.phase
}

// told is closed once the incarnation is told to end, over once it has ended.
func (c *control) told(l *life) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return l.told.wait()
}

func (c *control) over(l *life) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return l.over.wait()
}

// followed is closed when another incarnation is about to begin.
func (c *control) followed(l *life) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return l.followed.wait()
}

// isReady says that an incarnation handles messages and all below it has started.
func (c *control) isReady(l *life) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.isReady = true; !l.over.given {
		c.phase = StatusRunning
	}
}

// next makes the next incarnation, which is about to begin: what it is told from
// here on holds for it.
func (c *control) next(number int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.life.followed.give()
	c.life, c.phase = newLife(c.system.ctx, number), StatusRestarting
	if c.order != orderNone {
		c.life.told.give()
	}
}

// fell says that the incarnation has ended, and reports whether it had been ready.
func (c *control) fell(exit Exit, at chain.Ref, by *marks) (ready bool) {
	c.mu.Lock()
	ready = c.life.isReady
	if c.life.over.given {
		c.mu.Unlock()
		return ready
	}
	c.life.exit, c.closedAt, c.closedBy = exit, at, by
	c.phase = StatusRestarting
	if exit.Failed() {
		c.last = &exit
	}
	monitors := c.life.monitors
	c.life.monitors = nil
	c.life.cancel(nil)
	c.life.over.give()
	c.mu.Unlock()
	for told := range monitors {
		(*told)(exit)
	}
	return ready
}

// failed notes how the incarnation ended that failed last, before this system had the
// actor; nil is that none did.
func (c *control) failed(last *Exit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = last
}

// end publishes how the actor ended.
func (c *control) end(exit Exit) {
	c.fell(exit, chain.Ref{Actor: c.id}, nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	c.ended, c.exit = true, exit
	c.system.totals.ended.add(exit.Reason)
	c.acks.close()
	close(c.done)
}

// outside notes that somebody else than its parent tells the actor to end.
func (c *control) outside() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.foreign = true
}

func (c *control) exited() Exit {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.exit
}

// stopped reports whether the actor has ended for good.
func (c *control) stopped() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended && c.exit.Reason != ReasonSuspended
}
