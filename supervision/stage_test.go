package supervision_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"

	"github.com/theater-go/theater/supervision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests; none of them takes as long.
const patience = 20 * time.Second

// newSystem is a protoactor system that says nothing. It has no goroutines while
// nobody does anything.
func newSystem() *actor.ActorSystem {
	return actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }),
		actor.WithDeadLetterRequestLogging(false), actor.WithDeadLetterThrottleInterval(time.Millisecond))
}

// stage runs a tree on processes: Supervisors, Subtrees and Go children.
type stage struct {
	system *actor.ActorSystem
	clock  *fakeClock
	top    *supervision.Supervisor
	pid    *actor.PID
	ended  chan struct{} // closed with the top's process

	mu      sync.Mutex // guards what follows
	bad     map[string]bad
	log     []string
	answers []string
	over    string
	news    chan struct{} // closed with the next change
}

// root is the topmost supervisor's process.
type root struct {
	*supervision.Supervisor
	stopped chan struct{}
}

func (r root) Receive(ctx actor.Context) {
	r.Supervisor.Receive(ctx)
	if _, ok := ctx.Message().(*actor.Stopped); ok {
		close(r.stopped)
	}
}

func newStage() *stage {
	st := &stage{system: newSystem(), clock: &fakeClock{now: epoch}, bad: map[string]bad{},
		ended: make(chan struct{}), news: make(chan struct{})}
	config := st.config()
	config.Ended = func(exit supervision.Exit) { st.change(func() { st.over = verdict(exit) }) }
	st.top = supervision.New(config)
	st.pid = st.system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return root{st.top, st.ended} },
		actor.WithGuardian(supervision.Guardian{})))
	return st
}

func (st *stage) begin(p *plan) { st.top.Begin(p.spec, st.specs("", p.kids), st.answer) }

func (st *stage) config() supervision.Config {
	return supervision.Config{System: st.system, Clock: st.clock, Chance: func() float64 { return 0 },
		Observe: func(supervision.Event) { st.change(func() {}) }}
}

// change does something that the others see, and wakes those who await it.
func (st *stage) change(f func()) {
	st.mu.Lock()
	defer st.mu.Unlock()
	f()
	close(st.news)
	st.news = make(chan struct{})
}

func (st *stage) answer(err error) {
	st.change(func() { st.answers = append(st.answers, answer(err)) })
}

func (st *stage) say(mark, path string) { st.change(func() { st.log = append(st.log, mark+path) }) }

func (st *stage) specs(path string, kids []kid) []supervision.ChildSpec {
	var list []supervision.ChildSpec
	for _, k := range kids {
		path := join(path, k.id)
		if k.under != nil {
			list = append(list, k.spec(&supervision.Subtree{Config: st.config(), Spec: k.under.spec,
				Children: func() []supervision.ChildSpec { return st.specs(path, k.under.kids) }}))
			continue
		}
		c := &cutter{}
		list = append(list, k.spec(&supervision.Go{Interrupt: c.cut,
			Actor: func() actor.Actor { return &worker{stage: st, path: path, deaf: k.deaf, cut: c.again()} }}))
	}
	return list
}

// cutter interrupts a worker.
type cutter struct {
	mu sync.Mutex
	ch chan struct{} // guarded by mu; closed when the incarnation is cut off
}

func (c *cutter) again() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ch = make(chan struct{})
	return c.ch
}

func (c *cutter) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.ch:
	default:
		close(c.ch)
	}
}

// worker is the actor of a Go child.
type worker struct {
	stage *stage
	path  string
	deaf  bool // it does not stop when it is told to
	cut   <-chan struct{}

	falls bool // it stops because it has failed
}

// fall is the order to end.
type fall struct{ exit supervision.Exit }

func (w *worker) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		w.stage.say("+", w.path)
		var b bad
		w.stage.change(func() {
			b = w.stage.bad[w.path]
			w.stage.bad[w.path] = bad{b.times - 1, b.exit}
		})
		if b.times > 0 {
			w.falls = true
			panic(b.exit)
		}
	case fall:
		w.falls = true
		panic(m.exit)
	case *actor.Stopping:
		if w.deaf && !w.falls {
			w.stage.say("~", w.path)
			<-w.cut
		}
	case *actor.Stopped:
		w.stage.say("-", w.path)
	}
}

// do gives a command, and waits for nothing.
func (st *stage) do(c command) {
	if c.verb == "bad" {
		st.change(func() { st.bad[c.path] = c.bad() })
		return
	}
	above, id := split(c.path)
	s := st.find(above)
	switch c.verb {
	case "fail", "exit":
		if child, ok := st.child(s, id).(*supervision.Go); ok {
			st.system.Root.Send(child.PID(), fall{c.exit()})
		}
	case "add":
		s.Add(st.specs(above, c.kids)[0], st.answer)
	case "boot":
		s.Boot(st.specs(above, c.kids), st.answer)
	case "terminate":
		s.Terminate(id, st.answer)
	case "restart":
		s.Restart(id, st.answer)
	case "forget":
		s.Forget(id, st.answer)
	case "failing":
		for _, info := range s.Children() {
			if info.ID == id {
				s.Failing(id, info.Restarts, c.exit())
			}
		}
	case "stop":
		s.Stop(supervision.Order{Reason: supervision.ReasonShutdown}, func() { st.change(func() { st.over = "shutdown" }) })
		if c.arg == "cut" {
			s.Cut()
		}
	default:
		panic("no such command: " + c.verb)
	}
}

// find is the supervisor of a path.
func (st *stage) find(path string) *supervision.Supervisor {
	if path == "" {
		return st.top
	}
	above, id := split(path)
	return st.child(st.find(above), id).(*supervision.Subtree).Supervisor()
}

func (st *stage) child(s *supervision.Supervisor, id string) supervision.Child {
	for _, c := range s.Children() {
		if c.ID == id {
			return c.Child
		}
	}
	return nil
}

func tree(s *supervision.Supervisor) string {
	return show(s.Children(), func(c supervision.Info) (string, bool) {
		if sub, ok := c.Child.(*supervision.Subtree); ok {
			return tree(sub.Supervisor()), true
		}
		return "", false
	})
}

// state is all that is compared.
type state struct {
	log, tree, answers, over string
	timers                   int
}

func (st *stage) state() state {
	st.mu.Lock()
	s := state{log: logged(st.log), answers: strings.Join(st.answers, "; "), over: st.over}
	st.mu.Unlock()
	s.tree, s.timers = tree(st.top), st.clock.pending()
	return s
}

// await waits until the stage is as it should be, and returns the state that it
// has instead after all patience.
func (st *stage) await(want state) (state, bool) {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		st.mu.Lock()
		news := st.news
		st.mu.Unlock()
		if got := st.state(); got == want {
			return got, true
		}
		select {
		case <-news:
		case <-time.After(time.Millisecond): // some changes are no news
		case <-deadline.C:
			return st.state(), false
		}
	}
}

// close ends all processes and waits for them.
func (st *stage) close() {
	done := make(chan struct{})
	st.top.Stop(supervision.Order{Reason: supervision.ReasonShutdown}, func() { close(done) })
	st.top.Cut()
	<-done
	st.system.Root.Stop(st.pid)
	<-st.ended
}

func (w *world) state() state {
	return state{log: logged(w.log), tree: w.tree(), answers: strings.Join(w.answers, "; "), over: w.over, timers: w.clock.pending()}
}

func (m *model) state() state {
	return state{log: logged(m.log), tree: m.tree(), answers: strings.Join(m.answers, "; "), over: m.over, timers: len(m.waits)}
}

// The rules on processes: what they do is what they do without.
func TestTheRulesOfOTPOnProcesses(t *testing.T) {
	for _, c := range rules {
		if c.pure {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			p := parsePlan(c.plan)
			w, st := newWorld(p), newStage()
			defer st.close()
			await := func(after string) {
				t.Helper()
				w.run()
				if got, ok := st.await(w.state()); !ok {
					t.Fatalf("%s: after %s it is\n%+v, want\n%+v", c.plan, after, got, w.state())
				}
			}
			for _, b := range parseCommands(c.bad) {
				w.do(b)
				st.do(b)
			}
			st.begin(p)
			await("begin")
			for _, cmd := range parseCommands(c.do) {
				if cmd.verb != "advance" {
					w.do(cmd)
					st.do(cmd)
					await(cmd.String())
					continue
				}
				end := w.clock.Now().Add(must(time.ParseDuration(cmd.arg)))
				for more := true; more; {
					more = w.fire(end)
					st.clock.fire(end)
					await(cmd.String())
				}
			}
		})
	}
}
