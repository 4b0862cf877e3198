package supervision

import (
	"errors"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Subtree is a Child that is a supervisor itself. It is ready when its children
// are, and fails when it gives up.
type Subtree struct {
	Config   Config // Ended is the Subtree's own
	Spec     Spec
	Children func() []ChildSpec // makes those of an incarnation
	Options  []actor.PropsOption

	mu         sync.Mutex
	supervisor *Supervisor // guarded by mu; of the incarnation
	pid        *actor.PID  // guarded by mu; of supervisor
	exit       Exit        // guarded by mu
	ready      bool        // guarded by mu
}

var _ Child = (*Subtree)(nil)

// Supervisor is that of the incarnation, nil before the first.
func (t *Subtree) Supervisor() *Supervisor {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.supervisor
}

// Start spawns a supervisor and has it begin.
func (t *Subtree) Start(ctx actor.Context, a Again) (*actor.PID, error) {
	config := t.Config
	config.Ended = t.ended
	s := New(config)
	pid := ctx.Spawn(actor.PropsFromProducer(func() actor.Actor { return s }, t.Options...))
	t.mu.Lock()
	t.supervisor, t.pid, t.ready, t.exit = s, pid, false, Exit{Reason: ReasonError, Err: errCrashed}
	t.mu.Unlock()
	parent := ctx.Self()
	s.Begin(t.Spec, t.Children(), func(err error) {
		if err == nil {
			t.mu.Lock()
			t.ready = true
			t.mu.Unlock()
			config.System.Root.Send(parent, Started{pid, a.Count})
		}
	})
	return pid, nil
}

// errCrashed is what a supervisor ends with that has not said why.
var errCrashed = errors.New("the supervisor's own process failed")

// Halt stops the supervisor: it cannot wait.
func (t *Subtree) Halt(ctx actor.Context) { t.Stop(ctx, Order{Reason: ReasonShutdown}) }

// Stop stops the children, and then the supervisor.
func (t *Subtree) Stop(_ actor.Context, o Order) {
	t.Supervisor().Stop(o, func() { t.ended(Exit{Reason: o.Reason}) })
}

// ended has the process of a supervisor without children end.
func (t *Subtree) ended(exit Exit) {
	t.mu.Lock()
	t.exit = exit
	pid := t.pid
	t.mu.Unlock()
	t.Config.System.Root.Stop(pid)
}

// Cut cuts off all that is below.
func (t *Subtree) Cut() { t.Supervisor().Cut() }

// Warn lets the times of all that is below run.
func (t *Subtree) Warn(since time.Time) { t.Supervisor().Warn(since) }

// Fallen is how the supervisor ended.
func (t *Subtree) Fallen() Fallen {
	t.mu.Lock()
	defer t.mu.Unlock()
	return Fallen{t.exit, t.ready}
}
