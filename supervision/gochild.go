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
	count int        // guarded by mu; of the incarnation
	ready bool       // guarded by mu
	exit  Exit       // guarded by mu; of the incarnation
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
	props := actor.PropsFromProducer(func() actor.Actor { return &goProcess{child: g} }, g.Options...)
	g.pid = ctx.Spawn(props)
	g.count, g.ready, g.exit, g.cut = a.Count, false, Exit{Reason: ReasonNormal}, false
	return g.pid, nil
}

// Halt stops the process: it cannot wait.
func (g *Go) Halt(ctx actor.Context, exit Exit) {
	g.mu.Lock()
	pid := g.pid
	if g.exit.Reason == ReasonNormal {
		g.exit = exit
	}
	g.mu.Unlock()
	if pid != nil {
		ctx.Stop(pid)
	}
}

// Stop stops the process.
func (g *Go) Stop(ctx actor.Context, o Order) { g.Halt(ctx, Exit{Reason: o.Reason}) }

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

// failed keeps the first failure. One of an actor that was told to stop counts
// as well.
func (g *Go) failed(exit Exit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.exit.Failed() {
		g.exit = exit
	}
}

func (g *Go) stopped(pid *actor.PID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.pid.Equal(pid) {
		g.pid = nil
	}
}

// goProcess keeps the panics of an actor from protoactor, whose answer to some of
// them is a process that never ends.
type goProcess struct {
	child *Go
	inner actor.Actor // made by Started, where it may panic
}

func (p *goProcess) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		if p.lives(ctx, ReasonInitFailed) {
			ctx.Send(ctx.Parent(), Started{ctx.Self(), p.child.isReady()})
			return
		}
		ctx.Stop(ctx.Self())
	case *actor.Stopped:
		p.lives(ctx, ReasonError)
		p.child.stopped(ctx.Self())
	default:
		if !p.lives(ctx, ReasonError) {
			ctx.Stop(ctx.Self())
		}
	}
}

// lives has the actor handle the message and reports whether it lives on. One
// that panics has failed with reason, unless it says another.
func (p *goProcess) lives(ctx actor.Context, reason Reason) (yes bool) {
	defer func() {
		if yes {
			return
		}
		cause := recover()
		exit, ok := cause.(Exit)
		if !ok {
			exit = Exit{Reason: reason, Err: fmt.Errorf("panic: %v", cause)}
		}
		p.child.failed(exit)
	}()
	if p.inner == nil {
		if _, starts := ctx.Message().(*actor.Started); !starts {
			return true // it was never made
		}
		p.inner = p.child.Actor()
	}
	p.inner.Receive(ctx)
	return true
}
