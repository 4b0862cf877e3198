package supervision

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Go is a Child in Go: an actor of protoactor's. Each incarnation is a process of
// its own, so a PID and what waits in a mailbox do not outlive it. It fails when
// it panics, with the Exit that it panics with if it is one, and ends in order
// when it stops itself.
type Go struct {
	Actor func() actor.Actor // makes the actor of an incarnation
	// Interrupt has the actor return from Receive at once, when its shutdown time
	// is over. Without it one that never returns never ends.
	Interrupt func()
	Options   []actor.PropsOption

	mu    sync.Mutex
	pid   *actor.PID // guarded by mu; of the process, nil where there is none
	exit  Exit       // guarded by mu; of the incarnation
	ready bool       // guarded by mu
	count int        // guarded by mu; of the incarnation
	cut   bool       // guarded by mu; its time was over
}

var _ Child = (*Go)(nil)

// PID is the process of the incarnation, nil where there is none.
func (g *Go) PID() *actor.PID {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.pid
}

// Start spawns a process.
func (g *Go) Start(ctx actor.Context, a Again) (*actor.PID, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	props := actor.PropsFromProducer(func() actor.Actor { return &goProcess{child: g, inner: g.Actor()} }, g.Options...)
	g.pid = ctx.Spawn(props)
	g.exit, g.ready, g.cut, g.count = Exit{Reason: ReasonNormal}, false, false, a.Count
	return g.pid, nil
}

// Halt stops the process: it cannot wait.
func (g *Go) Halt(ctx actor.Context) { g.Stop(ctx, Order{Reason: ReasonShutdown}) }

// Stop stops the process.
func (g *Go) Stop(ctx actor.Context, o Order) {
	g.ended(Exit{Reason: o.Reason})
	if pid := g.PID(); pid != nil {
		ctx.Stop(pid)
	}
}

// Cut interrupts the actor.
func (g *Go) Cut() {
	g.mu.Lock()
	g.cut = true
	g.mu.Unlock()
	if g.Interrupt != nil {
		g.Interrupt()
	}
}

// Warn does nothing: nobody is below.
func (g *Go) Warn(time.Time) {}

// Fallen is how the last incarnation ended.
func (g *Go) Fallen() Fallen {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cut {
		return Fallen{Exit{Reason: ReasonKilled, Err: errOverdue}, g.ready}
	}
	return Fallen{g.exit, g.ready}
}

// isReady notes that the incarnation is ready, and returns its number.
func (g *Go) isReady() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ready = true
	return g.count
}

// errOverdue is what a child is killed for.
var errOverdue = errors.New("it did not end within its shutdown time")

// ended keeps the first that is said of an end which was not in order.
func (g *Go) ended(exit Exit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.exit.Reason == ReasonNormal {
		g.exit = exit
	}
}

// goProcess keeps the panics of an actor from protoactor, whose answer to some of
// them is a process that never ends.
type goProcess struct {
	child *Go
	inner actor.Actor
}

func (p *goProcess) Receive(ctx actor.Context) {
	_, starts := ctx.Message().(*actor.Started)
	defer func() {
		reason := recover()
		switch exit, ok := reason.(Exit); {
		case reason == nil && starts:
			ctx.Send(ctx.Parent(), Started{ctx.Self(), p.child.isReady()})
			return
		case reason == nil:
			return
		case ok:
			p.child.ended(exit)
		case starts:
			p.child.ended(Exit{Reason: ReasonInitFailed, Err: fmt.Errorf("panic: %v", reason)})
		default:
			p.child.ended(Exit{Reason: ReasonError, Err: fmt.Errorf("panic: %v", reason)})
		}
		ctx.Stop(ctx.Self())
	}()
	p.inner.Receive(ctx)
}
