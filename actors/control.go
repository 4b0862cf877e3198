package actors

import (
	"container/list"
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm"
)

// Status is what a live actor is doing.
type Status string

// The statuses of an actor.
const (
	StatusStarting Status = "starting"
	StatusRunning  Status = "running"
	StatusStopping Status = "stopping"
	StatusEnded    Status = "ended"
)

// ending is what an actor was told to do; a greater one overrules.
type ending int32

const (
	orderNone ending = iota
	orderSuspend
	orderStop
	orderKill
)

// control is an actor's control block: all that others may see of it and ask
// of it without going through its mailbox. It outlives the process.
type control struct {
	*Blueprint
	id      chain.ID
	name    string
	created time.Time
	mailbox *mailbox
	pid     *actor.PID
	text    string          // id
	ctx     context.Context // of all the actor's turns; a kill ends it
	cancel  context.CancelCauseFunc

	// Set by the registry before anyone else has the block:
	path   string
	number int           // what the path has beside the name; 1 for nothing
	place  *list.Element // in the registry's order
	listed atomic.Bool   // in the registry: path and id are this actor's and no other's

	registered atomic.Bool   // takes messages
	turns      atomic.Int64  // closed turns
	failures   atomic.Int64  // of them, failed
	memory     atomic.Int64  // bytes of linear memory
	stopping   chan struct{} // closed with the first order: waits end
	ready      chan struct{} // closed when init is over
	done       chan struct{} // closed when the actor has ended
	acks       acks          // of the log, for its records

	mu      sync.Mutex
	order   ending     // guarded by mu
	ended   bool       // guarded by mu
	drained []delivery // guarded by mu; what waited when it was told to stop
	initErr error      // guarded by mu
	exit    Exit       // guarded by mu, meaningful once done
}

var _ host.Actor = (*control)(nil)

func (s *System) newControl(b *Blueprint, id chain.ID, name string) *control {
	c := &control{
		Blueprint: b, id: id, name: name, created: s.config.Now(),
		mailbox:  newMailbox(b.manifest.Limits.MailboxMessages, b.manifest.Limits.MailboxBytes),
		text:     id.String(),
		pid:      s.proto.NewLocalPID(strconv.FormatUint(s.processes.Add(1), 36)),
		stopping: make(chan struct{}), ready: make(chan struct{}), done: make(chan struct{}),
	}
	c.ctx, c.cancel = context.WithCancelCause(s.ctx)
	return c
}

// ID is the actor's id as guests know it.
func (c *control) ID() string { return c.text }

// Path is the actor's place in the tree.
func (c *control) Path() string { return c.path }

// give tells the actor to end; stop passes the news to its process. Who waits
// for a message that is not handled yet is answered now, for the turn that runs
// may take long. An order that is no stronger than one before changes nothing.
func (c *control) give(o ending, stop func(*actor.PID)) {
	drained := c.shut()
	c.mu.Lock()
	c.drained = append(c.drained, drained...)
	if c.order == orderNone {
		close(c.stopping)
	}
	stronger := o > c.order
	if stronger {
		c.order = o
	}
	c.mu.Unlock()
	if stronger && o == orderKill {
		c.cancel(errKilled)
	}
	if stronger {
		stop(c.pid)
	}
}

// shut refuses further messages. Who waits for one that is not handled yet is
// answered; they are returned.
func (c *control) shut() []delivery {
	drained := c.mailbox.close(ErrStopped)
	for _, d := range drained {
		if r := d.(*envelope).reply; r != nil {
			r.deliver(c.gone())
		}
	}
	return drained
}

// gone is the answer to a message that nobody will handle.
func (c *control) gone() answer {
	return answer{err: &FailedError{Path: c.path, Err: ErrStopped}}
}

// errKilled ends the turn of an actor that is killed.
var errKilled = wasm.Trapf(wasm.KindKilled, "killed from outside")

func (c *control) ordered() ending {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order
}

// takeDrained returns what waited when the actor was told to stop.
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
	select {
	case <-c.ready:
		return StatusRunning
	default:
		return StatusStarting
	}
}

// started tells who spawned the actor how init went.
func (c *control) started(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.ready:
	default:
		c.initErr = err
		close(c.ready)
	}
}

// end publishes how the actor ended.
func (c *control) end(exit Exit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	c.ended, c.exit = true, exit
	c.cancel(nil)
	c.acks.close()
	close(c.done)
}

func (c *control) exited() Exit {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.exit
}
