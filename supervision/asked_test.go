package supervision_test

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/supervision"
)

// asking is a strategy that asks its supervisor for something.
type asking struct{ ask func() }

func (a asking) Affected(f supervision.Failure) []string {
	a.ask()
	return f.Children()
}

func TestWhoIsToldMayLookAtASupervisorAndWhoIsAskedMayAskItForMore(t *testing.T) {
	var p *process
	seen := make(chan int, 100)
	p = startProcess(t, func(supervision.Event) {
		if p.Active() {
			seen <- len(p.Children()) + len(p.Stood())
		}
	})
	crash := goChild("a", supervision.Permanent, func(ctx actor.Context) {
		if _, ok := ctx.Message().(string); ok {
			panic("a fault")
		}
	})
	added := make(chan int, 1)
	strategy := asking{func() {
		p.Add(goChild("b", supervision.Permanent, idle), func(error) { added <- len(p.Children()) })
	}}
	check(t, p.begin(supervision.Spec{MaxRestarts: 1, Strategy: strategy}, crash))
	if n := receive(t, seen); n != 2 {
		t.Errorf("it is told of the first start and sees %d", n)
	}
	p.system.Root.Send(crash.Child.(*supervision.Go).PID(), "go")
	if n := receive(t, added); n != 2 {
		t.Errorf("there are %d children once another is added", n)
	}
}
