package actors

import (
	"bytes"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// logbook is a slog handler's writer that a test may read meanwhile.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logbook) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// guarded spawns guarded actors below a parent that tells of its children.
type guarded struct {
	t          *testing.T
	system     *actor.ActorSystem
	dispatcher *runQueue
	log        logbook
	terminated chan string // ids of the parent's children that are gone
	failed     chan any    // reasons of failures that reached the parent
}

func newGuarded(t *testing.T) *guarded {
	system, dispatcher := newTestSystem(t)
	return &guarded{t: t, system: system, dispatcher: dispatcher, terminated: make(chan string, 10), failed: make(chan any, 10)}
}

func (g *guarded) props(inner func() actor.Actor) *actor.Props {
	log := slog.New(slog.NewTextHandler(&g.log, nil))
	return actor.PropsFromProducer(func() actor.Actor { return newGuard(inner(), log) },
		actor.WithDispatcher(g.dispatcher), actor.WithMailbox(func() actor.Mailbox { return newMailbox(100, 1<<20) }))
}

// parent spawns a parent with one guarded child and returns both. A failure of
// the child is reported and stops it.
func (g *guarded) parent(inner func() actor.Actor) (parent, child *actor.PID) {
	g.t.Helper()
	children := make(chan *actor.PID, 1)
	parent = spawn(g.system, g.dispatcher, strategist{func(s actor.Supervisor, who *actor.PID, reason any) {
		g.failed <- reason
		s.StopChildren(who)
	}}, func(ctx actor.Context) {
		switch message := ctx.Message().(type) {
		case *actor.Started:
			children <- ctx.Spawn(g.props(inner))
		case *actor.Terminated:
			g.terminated <- message.Who.Id
		}
	})
	return parent, await(g.t, children)
}

func TestAPanicInTheLifecycleIsLoggedAndTheActorEnds(t *testing.T) {
	cases := []struct {
		name string
		in   any
		stop bool // whether the test has to stop the actor
	}{
		{"a panic in Started stops the actor", &actor.Started{}, false},
		{"a panic in Stopping does not resurrect it", &actor.Stopping{}, true},
		{"a panic in Stopped does not keep its end from the parent", &actor.Stopped{}, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g := newGuarded(t)
			parent, child := g.parent(func() actor.Actor {
				return actor.ReceiveFunc(func(ctx actor.Context) {
					if fmt.Sprintf("%T", ctx.Message()) == fmt.Sprintf("%T", c.in) {
						panic("boom")
					}
				})
			})
			if c.stop {
				g.system.Root.Stop(child)
			}
			if id := await(t, g.terminated); id != child.Id {
				t.Errorf("%s is gone, not %s", id, child.Id)
			}
			stop(t, g.system, parent)
			if text := g.log.text(); strings.Count(text, "reason=boom") != 1 || !strings.Contains(text, fmt.Sprintf("in=%T", c.in)) || !strings.Contains(text, "stack=") {
				t.Errorf("log: %s", text)
			}
			if len(g.failed) != 0 {
				t.Errorf("the parent was asked about %v", <-g.failed)
			}
		})
	}
}

func TestAPanicInRestartingDoesNotKeepTheActorFromRestarting(t *testing.T) {
	g := newGuarded(t)
	answers, made := make(chan int, 1), 0
	pid := g.system.Root.Spawn(g.props(func() actor.Actor {
		made++
		number := made
		return actor.ReceiveFunc(func(ctx actor.Context) {
			switch ctx.Message() {
			case "crash":
				panic("crash")
			case "which":
				answers <- number
			}
			if _, ok := ctx.Message().(*actor.Restarting); ok {
				panic("boom")
			}
		})
	}).Configure(actor.WithSupervisor(actor.NewRestartingStrategy())))
	g.system.Root.Send(pid, "crash") // the root restarts by default
	g.system.Root.Send(pid, "which")
	if n := await(t, answers); n != 2 {
		t.Errorf("instance %d answers", n)
	}
	stop(t, g.system, pid)
	if !strings.Contains(g.log.text(), "reason=boom") {
		t.Errorf("log: %s", g.log.text())
	}
}

func TestAPanicOnTheEndOfAChildStopsTheActor(t *testing.T) {
	for _, stopping := range []bool{false, true} {
		t.Run(fmt.Sprintf("while stopping %v", stopping), func(t *testing.T) {
			g := newGuarded(t)
			grandchildren := make(chan *actor.PID, 1)
			parent, child := g.parent(func() actor.Actor {
				return actor.ReceiveFunc(func(ctx actor.Context) {
					switch ctx.Message().(type) {
					case *actor.Started:
						grandchildren <- ctx.Spawn(actor.PropsFromFunc(func(actor.Context) {}, actor.WithDispatcher(g.dispatcher)))
					case *actor.Terminated:
						panic("boom")
					}
				})
			})
			grandchild := await(t, grandchildren)
			if stopping {
				g.system.Root.Stop(child)
			} else {
				g.system.Root.Stop(grandchild)
			}
			await(t, g.terminated)
			stop(t, g.system, parent)
		})
	}
}

func TestAPanicInAnOrdinaryMessageIsSupervised(t *testing.T) {
	g := newGuarded(t)
	parent, child := g.parent(func() actor.Actor {
		return actor.ReceiveFunc(func(ctx actor.Context) {
			if ctx.Message() == "crash" {
				panic("boom")
			}
		})
	})
	g.system.Root.Send(child, "crash")
	if reason := await(t, g.failed); reason != "boom" {
		t.Errorf("failure %v", reason)
	}
	await(t, g.terminated)
	stop(t, g.system, parent)
	if g.log.text() != "" {
		t.Errorf("log: %s", g.log.text())
	}
}

// overseer is an actor that decides about its children itself.
type overseer struct {
	actor.ReceiveFunc
	strategist
}

func TestAGuardedActorSupervisesItsChildrenItself(t *testing.T) {
	for _, panics := range []bool{false, true} {
		t.Run(fmt.Sprintf("deciding by a panic %v", panics), func(t *testing.T) {
			g := newGuarded(t)
			grandchildren, ends, asked := make(chan *actor.PID, 1), make(chan string, 1), make(chan any, 1)
			parent, _ := g.parent(func() actor.Actor {
				return &overseer{func(ctx actor.Context) {
					switch message := ctx.Message().(type) {
					case *actor.Started:
						grandchildren <- ctx.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
							if ctx.Message() == "crash" {
								panic("inner")
							}
						}, actor.WithDispatcher(g.dispatcher)))
					case *actor.Terminated:
						ends <- message.Who.Id
					}
				}, strategist{func(s actor.Supervisor, who *actor.PID, reason any) {
					asked <- reason
					if panics {
						panic("boom")
					}
					s.StopChildren(who)
				}}}
			})
			grandchild := await(t, grandchildren)
			g.system.Root.Send(grandchild, "crash")
			if reason := await(t, asked); reason != "inner" {
				t.Errorf("asked about %v", reason)
			}
			if id := await(t, ends); id != grandchild.Id {
				t.Errorf("%s is gone, not %s", id, grandchild.Id)
			}
			if logged := strings.Contains(g.log.text(), "reason=boom"); logged != panics || len(g.terminated) != 0 {
				t.Errorf("log: %s", g.log.text())
			}
			stop(t, g.system, parent)
		})
	}
}

// bulky is an actor whose memory a test can see go.
type bulky struct {
	strategist
	_ [1 << 20]byte
}

func (*bulky) Receive(actor.Context) {}

func TestAStoppedActorIsLetGoThoughItsPIDIsKept(t *testing.T) {
	g := newGuarded(t)
	gone := make(chan struct{})
	var guard actor.Actor
	pid := g.system.Root.Spawn(g.props(func() actor.Actor {
		b := &bulky{}
		runtime.AddCleanup(b, func(done chan struct{}) { close(done) }, gone)
		return b
	}).Configure(actor.WithOnInit(func(ctx actor.Context) { guard = ctx.Actor() })))
	g.system.Root.Send(pid, "work")
	stop(t, g.system, pid)
	deadline := time.After(10 * time.Second)
	for held := true; held; {
		runtime.GC()
		select {
		case <-gone:
			held = false
		case <-deadline:
			t.Fatal("the actor is still held")
		default:
			runtime.Gosched()
		}
	}
	// A failure that was under way when the actor stopped is dropped.
	guard.(actor.SupervisorStrategy).HandleFailure(g.system, nil, pid, nil, "late", nil)
	runtime.KeepAlive(pid)
}
