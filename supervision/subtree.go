package supervision

import (
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Subtree is a Child that is a supervisor itself. It is ready when its children
// are, and fails when it gives up.
type Subtree struct {
	Config   Config // Ended is the Subtree's own
	Spec     Spec
	Children func() []ChildSpec // makes those of an incarnation; nil for none
	Options  []actor.PropsOption

	mu         sync.Mutex
	supervisor *Supervisor // guarded by mu; of the incarnation
	pid        *actor.PID  // guarded by mu; of supervisor
	ready      bool        // guarded by mu
	exit       Exit        // guarded by mu
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
	var children []ChildSpec
	if t.Children != nil {
		children = t.Children()
	}
	config := t.Config
	config.Ended = t.ended
	s := New(config)
	pid := ctx.Spawn(actor.PropsFromProducer(func() actor.Actor { return s }, t.Options...))
	t.mu.Lock()
	t.supervisor, t.pid, t.ready, t.exit = s, pid, false, crashed()
	t.mu.Unlock()
	parent := ctx.Self()
	s.Begin(t.Spec, children, func(err error) {
		if err == nil {
			t.mu.Lock()
			t.ready = true
			t.mu.Unlock()
			config.System.Root.Send(parent, Started{pid, a.Count})
		}
	})
	return pid, nil
}

// Halt stops the supervisor: it cannot wait.
func (t *Subtree) Halt(_ actor.Context, exit Exit) {
	t.Supervisor().Stop(Order{Reason: ReasonShutdown}, func() { t.ended(exit) })
}

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
