package supervision

import "github.com/asynkron/protoactor-go/actor"

// Guardian is what stands above the topmost actors: it stops a process whose
// own code panicked, for nobody is left to decide more. It never restarts one,
// for its guest would go on without its chain, and never escalates, which at
// the top would end the program. Guests cannot make a process panic.
type Guardian struct{}

var _ actor.SupervisorStrategy = Guardian{}

// HandleFailure stops the child.
func (Guardian) HandleFailure(_ *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, _, _ any) {
	supervisor.StopChildren(child)
}
