package supervision_test

import (
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/supervision"
)

// failing panics on its first message and says what becomes of it.
type failing struct{ events chan string }

func (f *failing) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		f.events <- "started"
	case *actor.Stopped:
		f.events <- "stopped"
	case string:
		panic("a fault of our own")
	}
}

func TestAProcessThatPanicsIsStoppedAndNotStartedAgain(t *testing.T) {
	quiet := func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }
	system := actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	f := &failing{events: make(chan string, 8)}
	pid := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return f }, actor.WithGuardian(supervision.Guardian{})))
	system.Root.Send(pid, "fail")
	for _, want := range []string{"started", "stopped"} {
		select {
		case got := <-f.events:
			if got != want {
				t.Fatalf("it %s, want %s", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("it never %s", want)
		}
	}
	if len(f.events) != 0 {
		t.Errorf("it goes on: %s", <-f.events)
	}
}
