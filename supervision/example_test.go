package supervision_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/supervision"
)

// counter counts what it is told, and fails at a number that it does not like.
type counter struct{ sum int }

func (c *counter) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		fmt.Println("the counter starts at", c.sum)
	case int:
		if m < 0 {
			panic(supervision.Exit{Reason: supervision.ReasonError, Err: errors.New("a negative number")})
		}
		c.sum += m
		fmt.Println("the sum is", c.sum)
	case *actor.Stopped:
		fmt.Println("the counter has stopped at", c.sum)
	}
}

// A tree in Go: a supervisor with a counter, which starts again when it fails.
func Example() {
	quiet := func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	restarted := make(chan struct{})
	top := supervision.New(supervision.Config{
		System: system,
		Clock:  supervision.RealClock{},
		Chance: rand.Float64,
		Observe: func(e supervision.Event) {
			switch {
			case e.What == supervision.EventFailed:
				fmt.Printf("%s failed with %s: %s in %v\n", e.Child, e.Exit, e.Directive, e.Wait)
			case e.What == supervision.EventStarted && e.Restarts > 0:
				close(restarted)
			}
		},
	})
	process := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return top }, actor.WithGuardian(supervision.Guardian{})))

	// Three restarts within five seconds are allowed; each waits, and longer than
	// the one before.
	spec := supervision.Spec{MaxRestarts: 3, Period: 5 * time.Second,
		Backoff: supervision.Backoff{Initial: time.Millisecond, Factor: 2}}
	child := &supervision.Go{Actor: func() actor.Actor { return &counter{} }}
	ready := make(chan error)
	top.Begin(spec, []supervision.ChildSpec{{ID: "counter", Shutdown: supervision.Shutdown{Time: time.Second}, Child: child}},
		func(err error) { ready <- err })
	if err := <-ready; err != nil {
		fmt.Println(err)
	}

	system.Root.Send(child.PID(), 7)
	system.Root.Send(child.PID(), -1)
	<-restarted

	stopped := make(chan struct{})
	top.Stop(supervision.Order{Reason: supervision.ReasonShutdown}, func() { close(stopped) })
	<-stopped
	system.Root.Stop(process)

	// Output:
	// the counter starts at 0
	// the sum is 7
	// the counter has stopped at 7
	// counter failed with error: a negative number: restart in 1ms
	// the counter starts at 0
	// the counter has stopped at 0
}
