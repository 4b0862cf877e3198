package actors

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/asynkron/protoactor-go/actor"
)

// newGuard wraps an actor so that a panic in its lifecycle cannot break
// protoactor's: left alone, one in Stopping restarts the actor and hangs its
// parent, one in Stopped or Terminated leaves watchers and parent waiting for
// good. The guard recovers and logs it, and the lifecycle goes on; a panic in
// Started or Terminated also stops the actor, which could not go on. A panic
// in any other message passes, to be supervised.
//
// An actor that is its children's SupervisorStrategy stays so; a child whose
// failure it panics on is stopped. After Stopped the guard lets go of the
// actor, since a PID that somebody keeps would hold it in memory.
func newGuard(inner actor.Actor, log *slog.Logger) actor.Actor {
	g := &guard{inner: inner, log: log}
	if _, ok := inner.(actor.SupervisorStrategy); ok {
		return supervisingGuard{g}
	}
	return g
}

type guard struct {
	inner actor.Actor
	log   *slog.Logger
}

// Receive hands the actor its message.
func (g *guard) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started, *actor.Terminated:
		if !g.survives(ctx) {
			ctx.Stop(ctx.Self())
		}
	case *actor.Stopping, *actor.Restarting:
		g.survives(ctx)
	case *actor.Stopped:
		g.survives(ctx)
		g.inner = nil
	default:
		g.inner.Receive(ctx)
	}
}

// survives hands over a lifecycle message and returns false after a panic.
func (g *guard) survives(ctx actor.Context) (survived bool) {
	defer func() {
		if survived {
			return
		}
		g.report(ctx.Self(), fmt.Sprintf("%T", ctx.Message()), recover())
	}()
	g.inner.Receive(ctx)
	return true
}

// report logs a panic; a nil reason is a runtime.Goexit, which nothing can
// recover.
func (g *guard) report(self *actor.PID, in string, reason any) {
	if reason == nil {
		reason = errGoexit
	}
	g.log.Error("actor lifecycle panicked", "actor", self.GetId(), "in", in,
		"reason", fmt.Sprint(reason), "stack", string(debug.Stack()))
}

// supervisingGuard is the guard of an actor that supervises its children.
type supervisingGuard struct{ *guard }

// HandleFailure asks the actor what to do about a child's failure. A failure
// that arrives after Stopped has no child any more and is dropped.
func (g supervisingGuard) HandleFailure(system *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID,
	stats *actor.RestartStatistics, reason, message any) {
	strategy, ok := g.inner.(actor.SupervisorStrategy)
	if !ok {
		return
	}
	decided := false
	defer func() {
		if decided {
			return
		}
		g.report(child, "HandleFailure", recover())
		supervisor.StopChildren(child)
	}()
	strategy.HandleFailure(system, supervisor, child, stats, reason, message)
	decided = true
}
