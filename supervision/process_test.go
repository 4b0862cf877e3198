package supervision_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/supervision"
)

// process is a supervisor's process with channels for what it tells.
type process struct {
	*supervision.Supervisor
	t      *testing.T
	system *actor.ActorSystem
	pid    *actor.PID
	events chan supervision.Event
	ended  chan supervision.Exit
	over   chan struct{} // closed with the process
}

func startProcess(t *testing.T, observe func(supervision.Event)) *process {
	p := &process{t: t, system: newSystem(), events: make(chan supervision.Event, 100), ended: make(chan supervision.Exit, 2), over: make(chan struct{})}
	p.Supervisor = supervision.New(supervision.Config{System: p.system, Clock: supervision.RealClock{}, Chance: func() float64 { return 0 },
		Ended: func(exit supervision.Exit) { p.ended <- exit },
		Observe: func(e supervision.Event) {
			if observe != nil {
				observe(e)
			}
			p.events <- e
		}})
	p.pid = p.system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return root{p.Supervisor, p.over} },
		actor.WithGuardian(supervision.Guardian{})))
	t.Cleanup(func() {
		p.system.Root.Stop(p.pid)
		receive(t, p.over)
	})
	return p
}

// receive waits for a value.
func receive[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("nothing happens")
		panic("unreachable")
	}
}

// wait has a request made and waits for its answer.
func (p *process) wait(request func(done func(error))) error {
	p.t.Helper()
	done := make(chan error, 1)
	request(func(err error) { done <- err })
	return receive(p.t, done)
}

func (p *process) begin(spec supervision.Spec, children ...supervision.ChildSpec) error {
	p.t.Helper()
	return p.wait(func(done func(error)) { p.Begin(spec, children, done) })
}

func (p *process) add(spec supervision.ChildSpec) error {
	p.t.Helper()
	return p.wait(func(done func(error)) { p.Add(spec, done) })
}

// event waits for an event of a kind.
func (p *process) event(kind supervision.EventKind) supervision.Event {
	p.t.Helper()
	for {
		if e := receive(p.t, p.events); e.What == kind {
			return e
		}
	}
}

// goChild is a child whose actor is a function.
func goChild(id string, restart supervision.Restart, f actor.ReceiveFunc) supervision.ChildSpec {
	return supervision.ChildSpec{ID: id, Restart: restart, Shutdown: supervision.Infinity,
		Child: &supervision.Go{Actor: func() actor.Actor { return f }}}
}

func idle(actor.Context) {}

func TestAChildThatFailsRightAfterItWasReadyHasStarted(t *testing.T) {
	busy, gate, gone := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var once atomic.Bool
	p := startProcess(t, func(e supervision.Event) {
		if e.Child == "a" && e.What == supervision.EventStarted && once.CompareAndSwap(false, true) {
			close(busy)
			<-gate // so that both what b says and its end are there when the supervisor looks
		}
	})
	check(t, p.begin(supervision.Spec{MaxRestarts: 1}))
	starts := 0
	b := goChild("b", supervision.Permanent, func(ctx actor.Context) {
		switch ctx.Message().(type) {
		case *actor.Started:
			if starts++; starts == 1 {
				<-busy
				ctx.Send(ctx.Self(), "fail")
			}
		case string:
			panic("a fault")
		case *actor.Stopped:
			if starts == 1 {
				close(gone)
			}
		}
	})
	answers := make(chan error, 2)
	done := func(err error) { answers <- err }
	p.Add(b, done)
	p.Add(goChild("a", supervision.Permanent, idle), done)
	receive(t, gone)
	close(gate)
	check(t, receive(t, answers))
	check(t, receive(t, answers))
	if e := p.event(supervision.EventFailed); e.Child != "b" || e.Directive != supervision.DirectiveRestart {
		t.Errorf("observed %+v", e)
	}
}

func TestWhoIsToldByASupervisorMayAskIt(t *testing.T) {
	p := startProcess(t, nil)
	check(t, p.begin(supervision.Spec{}))
	done := make(chan error, 1)
	p.Add(goChild("a", supervision.Permanent, idle), func(error) {
		if len(p.Children()) != 1 {
			t.Error("there is no child")
		}
		p.Terminate("a", func(err error) { done <- err })
	})
	check(t, receive(t, done))
}

func TestAWardIsNoOtherChildOfItsId(t *testing.T) {
	p := startProcess(t, nil)
	check(t, p.begin(supervision.Spec{MaxRestarts: 9}))
	before, next := goChild("a", supervision.Temporary, idle), goChild("a", supervision.Temporary, idle)
	ward := p.Ward("a", func(c supervision.Child) bool { return c == before.Child })
	none := func(when string) {
		t.Helper()
		for what, ask := range map[string]func(func(error)){"termination": ward.Terminate, "restart": ward.Restart} {
			if err := p.wait(ask); !errors.Is(err, supervision.ErrNoChild) {
				t.Errorf("%s a %s gives %v", when, what, err)
			}
		}
		ward.Failing(0, supervision.Exit{Reason: supervision.ReasonError})
	}
	none("before it is there")
	check(t, p.add(before))
	check(t, p.wait(ward.Restart))
	check(t, p.wait(ward.Terminate))
	check(t, p.add(next))
	none("when another is there")
	if all := p.Children(); len(all) != 1 || all[0].Status != supervision.StatusRunning {
		t.Errorf("the children are %+v", all)
	}
	check(t, p.wait(func(done func(error)) { p.Terminate("a", done) }))
	none("when nobody is there")
}

func TestASupervisorBeginsOnceAndAgainAfterItHasEnded(t *testing.T) {
	p := startProcess(t, nil)
	if err := p.add(goChild("a", supervision.Permanent, idle)); !errors.Is(err, supervision.ErrStopping) {
		t.Errorf("before it begins a child is added: %v", err)
	}
	for range 2 {
		check(t, p.begin(supervision.Spec{}, goChild("a", supervision.Permanent, idle)))
		if err := p.begin(supervision.Spec{}); !errors.Is(err, supervision.ErrRunning) {
			t.Errorf("it begins twice: %v", err)
		}
		over := make(chan struct{})
		p.Stop(supervision.Order{Reason: supervision.ReasonShutdown}, func() { close(over) })
		receive(t, over)
	}
	if len(p.ended) > 0 {
		t.Error("Ended is told of a stop that somebody has asked for")
	}
}

func TestASupervisorWhoseProcessIsStoppedStartsNobodyAndTellsEveryone(t *testing.T) {
	p := startProcess(t, nil)
	starting, gate := make(chan struct{}), make(chan struct{})
	check(t, p.begin(supervision.Spec{MaxRestarts: 9}, goChild("a", supervision.Permanent, idle)))
	answers := make(chan error, 3)
	done := func(err error) { answers <- err }
	p.Boot([]supervision.ChildSpec{goChild("b", supervision.Permanent, func(ctx actor.Context) {
		if _, ok := ctx.Message().(*actor.Started); ok {
			close(starting)
			<-gate
		}
	})}, done)
	receive(t, starting)
	p.system.Root.Stop(p.pid)
	p.Restart("a", done)
	close(gate)
	receive(t, p.over)
	p.Forget("a", done)
	for range 3 {
		if err := receive(t, answers); err == nil {
			t.Error("a request to a supervisor that was stopped succeeds")
		}
	}
	receive(t, p.ended)
	if n := len(p.Children()); n > 0 {
		t.Errorf("%d children are left", n)
	}
}

// crashing is a child that cannot start: its own code panics.
type crashing struct{ supervision.Go }

func (*crashing) Start(actor.Context, supervision.Again) (*actor.PID, error) { panic("no start") }

func TestAChildWhosePanicsHasFailed(t *testing.T) {
	exit := supervision.Exit{Reason: supervision.ReasonLimit, Err: errors.New("too much")}
	panics := func(on func(message any) bool, with any) supervision.ChildSpec {
		return goChild("a", supervision.Temporary, func(ctx actor.Context) {
			if on(ctx.Message()) {
				panic(with)
			}
		})
	}
	message := func(m any) bool { _, ok := m.(string); return ok }
	stopping := func(m any) bool { _, ok := m.(*actor.Stopping); return ok }
	stopped := func(m any) bool { _, ok := m.(*actor.Stopped); return ok }
	started := func(m any) bool { _, ok := m.(*actor.Started); return ok }
	for name, c := range map[string]struct {
		spec supervision.ChildSpec
		want supervision.Reason
		text string
	}{
		"in the code that starts it": {supervision.ChildSpec{ID: "a", Child: &crashing{}}, supervision.ReasonInitFailed, "no start"},
		"where its actor is made": {supervision.ChildSpec{ID: "a", Child: &supervision.Go{Actor: func() actor.Actor { panic("no actor") }}},
			supervision.ReasonInitFailed, "no actor"},
		"where the children of a supervisor are made": {supervision.ChildSpec{ID: "a", Child: &supervision.Subtree{
			Children: func() []supervision.ChildSpec { panic("no children") }}}, supervision.ReasonInitFailed, "no children"},
		"when it starts":               {panics(started, "bad luck"), supervision.ReasonInitFailed, "bad luck"},
		"with a message":               {panics(message, "bad luck"), supervision.ReasonError, "bad luck"},
		"with an exit of its own":      {panics(message, exit), supervision.ReasonLimit, "too much"},
		"when it is to stop":           {panics(stopping, "bad luck"), supervision.ReasonError, "bad luck"},
		"with the last thing it hears": {panics(stopped, "bad luck"), supervision.ReasonError, "bad luck"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startProcess(t, nil)
			check(t, p.begin(supervision.Spec{}))
			if err := p.add(c.spec); err != nil {
				var failure *supervision.ChildError
				if !errors.As(err, &failure) || failure.Exit.Reason != c.want || !strings.Contains(err.Error(), c.text) {
					t.Errorf("it did not start: %v", err)
				}
				return
			}
			child := c.spec.Child.(*supervision.Go)
			p.system.Root.Send(child.PID(), "go")
			if name == "when it is to stop" || name == "with the last thing it hears" {
				check(t, p.wait(func(done func(error)) { p.Terminate("a", done) }))
			}
			if e := p.event(supervision.EventGone); e.Exit.Reason != c.want || !strings.Contains(e.Exit.Detail(), c.text) {
				t.Errorf("it ended: %s", e.Exit)
			}
			if child.PID() != nil {
				t.Error("it still has a process")
			}
		})
	}
}

func TestAGoActorThatStopsItselfHasEndedInOrder(t *testing.T) {
	p := startProcess(t, nil)
	spec := goChild("a", supervision.Transient, func(ctx actor.Context) {
		if _, ok := ctx.Message().(string); ok {
			ctx.Stop(ctx.Self())
		}
	})
	check(t, p.begin(supervision.Spec{}, spec))
	p.system.Root.Send(spec.Child.(*supervision.Go).PID(), "go")
	if e := p.event(supervision.EventGone); e.Exit.Reason != supervision.ReasonNormal {
		t.Errorf("it ended: %s", e.Exit)
	}
	if list := p.Children(); len(list) != 1 || list[0].Status != supervision.StatusEnded {
		t.Errorf("children: %+v", list)
	}
}

func TestAGoActorIsKilledWithoutTimeAndSaysSo(t *testing.T) {
	p := startProcess(t, nil)
	gate := make(chan struct{})
	spec := supervision.ChildSpec{ID: "a", Child: &supervision.Go{
		Interrupt: func() { close(gate) },
		Actor: func() actor.Actor {
			return actor.ReceiveFunc(func(ctx actor.Context) {
				if _, ok := ctx.Message().(*actor.Stopping); ok {
					<-gate
				}
			})
		},
	}}
	check(t, p.begin(supervision.Spec{}, spec))
	check(t, p.wait(func(done func(error)) { p.Terminate("a", done) }))
	if e := p.event(supervision.EventGone); e.Exit.Reason != supervision.ReasonKilled {
		t.Errorf("it ended: %s", e.Exit)
	}
}

func TestASupervisorThatGivesUpNamesTheChildAndItsLastFailure(t *testing.T) {
	p := startProcess(t, nil)
	cause := supervision.Exit{Reason: supervision.ReasonTrap, Err: errors.New("unreachable")}
	worker := goChild("worker", supervision.Permanent, func(ctx actor.Context) {
		if _, ok := ctx.Message().(string); ok {
			panic(cause)
		}
	})
	sub := &supervision.Subtree{Config: supervision.Config{System: p.system, Clock: supervision.RealClock{}, Chance: func() float64 { return 0 }},
		Children: func() []supervision.ChildSpec { return []supervision.ChildSpec{worker} }}
	check(t, p.begin(supervision.Spec{Period: 5 * time.Second}, supervision.ChildSpec{ID: "team", Child: sub, Shutdown: supervision.Infinity}))
	p.system.Root.Send(worker.Child.(*supervision.Go).PID(), "go")
	exit := receive(t, p.ended)
	want := "children: child team ended once more than max_restarts = 0 within 5s: " +
		"children: child worker ended once more than max_restarts = 0: trap: unreachable"
	if exit.String() != want {
		t.Errorf("it ended with\n%s, want\n%s", exit, want)
	}
	if !errors.Is(exit.Err, cause.Err) {
		t.Error("what failed is not among the errors")
	}
}

// broken is a strategy that panics.
type broken struct{}

func (broken) Affected(supervision.Failure) []string { panic("no idea") }

func TestASupervisorWhoseOwnCodeFailsHasFailed(t *testing.T) {
	p := startProcess(t, nil)
	worker := goChild("worker", supervision.Permanent, func(ctx actor.Context) {
		if _, ok := ctx.Message().(string); ok {
			panic("a fault")
		}
	})
	sub := &supervision.Subtree{Config: supervision.Config{System: p.system, Clock: supervision.RealClock{}, Chance: func() float64 { return 0 }},
		Spec: supervision.Spec{MaxRestarts: 1, Strategy: broken{}},
		Children: func() []supervision.ChildSpec {
			return []supervision.ChildSpec{worker, goChild("fellow", supervision.Permanent, idle)}
		}}
	check(t, p.begin(supervision.Spec{MaxRestarts: 1}, supervision.ChildSpec{ID: "team", Restart: supervision.Transient, Child: sub, Shutdown: supervision.Infinity}))
	p.system.Root.Send(worker.Child.(*supervision.Go).PID(), "go")
	if e := p.event(supervision.EventFailed); e.Exit.Reason != supervision.ReasonError || e.Directive != supervision.DirectiveRestart {
		t.Errorf("observed %+v", e)
	}
	p.event(supervision.EventStarted)
	if n := len(sub.Supervisor().Children()); n != 2 {
		t.Errorf("it has %d children", n)
	}
}

func TestTheLastFailureOfAChildIsShown(t *testing.T) {
	p := startProcess(t, nil)
	spec := goChild("a", supervision.Permanent, func(ctx actor.Context) {
		if _, ok := ctx.Message().(string); ok {
			panic("a fault")
		}
	})
	check(t, p.begin(supervision.Spec{MaxRestarts: 1}, spec))
	p.event(supervision.EventStarted)
	p.system.Root.Send(spec.Child.(*supervision.Go).PID(), "go")
	p.event(supervision.EventStarted)
	a := p.Children()[0]
	if a.Status != supervision.StatusRunning || a.Restarts != 1 || a.Last == nil || a.Last.Reason != supervision.ReasonError {
		t.Errorf("child: %+v", a)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
