package actors

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"
)

// parked returns how many goroutines of a dispatcher live and are parked.
func (e *runQueue) parked() (workers, idle int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.workers, len(e.idle)
}

func timeout(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func expectWorkers(t *testing.T, e *runQueue, workers, idle int) {
	t.Helper()
	if w, i := e.parked(); w != workers || i != idle {
		t.Errorf("%d workers live, %d parked; want %d, %d", w, i, workers, idle)
	}
}

func TestAParkedGoroutineIsUsedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, ran := newRunQueue(2, 4), 0
		for range 100 {
			e.Schedule(func() { ran++ })
			synctest.Wait()
		}
		if ran != 100 {
			t.Errorf("%d functions ran", ran)
		}
		expectWorkers(t, e, 1, 1)
		if err := e.close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAFunctionThatBlocksHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, gate := newRunQueue(2, 4), make(chan struct{})
		for range 50 {
			e.Schedule(func() { <-gate })
		}
		done := make(chan struct{})
		e.Schedule(func() { close(done) })
		<-done
		synctest.Wait()
		expectWorkers(t, e, 51, 1)
		close(gate)
		synctest.Wait()
		expectWorkers(t, e, 4, 4)
		if err := e.close(t.Context()); err != nil {
			t.Error(err)
		}
		expectWorkers(t, e, 0, 0)
	})
}

func TestCloseWaitsForBusyGoroutinesUntilItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newRunQueue(2, 4)
		e.Schedule(func() { time.Sleep(5 * time.Second) })
		e.Schedule(func() {})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := e.close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "wait for 1 actor goroutines") {
			t.Errorf("got %v", err)
		}
		before := time.Now()
		if err := e.close(t.Context()); err != nil || time.Since(before) != 4*time.Second {
			t.Errorf("the second close took %s: %v", time.Since(before), err)
		}
		if err := e.close(t.Context()); err != nil {
			t.Errorf("the third close: %v", err)
		}
	})
}

func TestScheduleWorksAfterCloseAndParksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, ran := newRunQueue(2, 4), false
		if err := e.close(t.Context()); err != nil {
			t.Fatal(err)
		}
		e.Schedule(func() { ran = true })
		synctest.Wait()
		if !ran {
			t.Error("the function did not run")
		}
		expectWorkers(t, e, 0, 0)
	})
}

func TestAFunctionThatEndsItsGoroutineIsAccountedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newRunQueue(2, 4)
		e.Schedule(runtime.Goexit)
		synctest.Wait()
		expectWorkers(t, e, 0, 0)
		if err := e.close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestHammerDispatcherRunsEverythingOnce(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	e := newRunQueue(2, 3)
	var ran atomic.Int64
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for i := range 5000 {
				e.Schedule(func() {
					if i%100 == 0 {
						e.Schedule(func() { ran.Add(1) })
					}
					ran.Add(1)
				})
			}
		})
	}
	senders.Wait()
	if err := e.close(timeout(t)); err != nil {
		t.Fatal(err)
	}
	if n := ran.Load(); n != 8*5050 {
		t.Errorf("%d functions ran", n)
	}
	goleak.VerifyNone(t, leaks)
}

// quiet keeps protoactor from logging.
var quiet = actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) })

// newTestSystem makes a protoactor system and a dispatcher whose
// goroutines must be gone at the end of the test.
func newTestSystem(t testing.TB) (*actor.ActorSystem, *runQueue) {
	t.Helper()
	system := actor.NewActorSystem(quiet)
	leaks := goleak.IgnoreCurrent()
	dispatcher := newRunQueue(2, 8)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := dispatcher.close(ctx); err != nil {
			t.Error(err)
		}
		goleak.VerifyNone(t, leaks)
	})
	return system, dispatcher
}

// strategist decides about failures by a function.
type strategist struct {
	decide func(supervisor actor.Supervisor, child *actor.PID, reason any)
}

func (s strategist) HandleFailure(_ *actor.ActorSystem, supervisor actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, _ any) {
	s.decide(supervisor, child, reason)
}

// spawn starts a root actor on the dispatcher with our mailbox.
func spawn(system *actor.ActorSystem, dispatcher actor.Dispatcher, strategy actor.SupervisorStrategy, receive actor.ReceiveFunc) *actor.PID {
	return system.Root.Spawn(actor.PropsFromFunc(receive, actor.WithDispatcher(dispatcher),
		actor.WithMailbox(func() actor.Mailbox { return newMailbox(1000, 1<<20) }), actor.WithSupervisor(strategy)))
}

// stop stops an actor and waits until it is gone.
func stop(t testing.TB, system *actor.ActorSystem, pid *actor.PID) {
	t.Helper()
	if err := system.Root.StopFuture(pid).Wait(); err != nil {
		t.Errorf("stop: %v", err)
	}
}
