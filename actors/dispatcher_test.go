package actors

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"
)

func timeout(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// bubble runs a test on a queue whose looks go by a fake clock. It stands still
// while a function runs that does not wait, so that what takes no time took no
// look.
func bubble(t *testing.T, limit, maxIdle int, test func(t *testing.T, q *runQueue)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		q := newRunQueue(limit, maxIdle)
		test(t, q)
		if err := q.close(t.Context()); err != nil {
			t.Error(err)
		}
		expectWorkers(t, q, 0, 0)
	})
}

// expectWorkers checks how many goroutines live and are parked, of a queue
// where the rest waits in functions that the queue knows of.
func expectWorkers(t *testing.T, q *runQueue, workers, idle int) {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.workers != workers || len(q.idle) != idle {
		t.Errorf("%d workers live, %d parked; want %d, %d", q.workers, len(q.idle), workers, idle)
	}
	if q.running != [2]int{} || q.arriving != 0 {
		t.Errorf("%d run and %d arrive", q.running, q.arriving)
	}
}

// expectTime checks how much time went by.
func expectTime(t *testing.T, since time.Time, atMost time.Duration) {
	t.Helper()
	if took := time.Since(since); took > atMost {
		t.Errorf("it took %s, want at most %s", took, atMost)
	}
}

func TestAParkedGoroutineIsUsedAgain(t *testing.T) {
	bubble(t, 2, 4, func(t *testing.T, q *runQueue) {
		ran := 0
		for range 100 {
			q.Schedule(func() { ran++ })
			synctest.Wait()
		}
		if ran != 100 {
			t.Errorf("%d functions ran", ran)
		}
		expectWorkers(t, q, 1, 1)
	})
}

func TestWithOneWorkerFunctionsRunInOrder(t *testing.T) {
	bubble(t, 1, 4, func(t *testing.T, q *runQueue) {
		var ran, want []int
		for i := range 1000 {
			want = append(want, i)
			q.Schedule(func() { ran = append(ran, i) })
		}
		synctest.Wait()
		if !slices.Equal(ran, want) {
			t.Errorf("they ran as %v", ran)
		}
		expectWorkers(t, q, 1, 1)
	})
}

func TestWhatAFunctionSchedulesIsTakenByItsOwnWorker(t *testing.T) {
	bubble(t, 2, 4, func(t *testing.T, q *runQueue) {
		left := 1000
		var first *worker
		var hop func(*worker)
		hop = func(w *worker) {
			if first == nil {
				first = w
			}
			if w != first {
				t.Errorf("another worker took it, %d before the end", left)
			}
			if left--; left > 0 {
				q.schedule(hop)
			}
		}
		q.schedule(hop)
		synctest.Wait()
		expectWorkers(t, q, 1, 1)
	})
}

// expectRunning schedules ten functions that block and checks how many begin.
func expectRunning(t *testing.T, q *runQueue, want int32) {
	t.Helper()
	var begun atomic.Int32
	gate := make(chan struct{})
	for range 10 {
		q.Schedule(func() {
			begun.Add(1)
			<-gate
		})
	}
	synctest.Wait()
	if n := begun.Load(); n != want {
		t.Errorf("%d functions have begun, want %d", n, want)
	}
	close(gate)
	synctest.Wait()
}

func TestAsManyWorkersRunAsMay(t *testing.T) {
	bubble(t, 3, 8, func(t *testing.T, q *runQueue) {
		expectRunning(t, q, 3)
		expectWorkers(t, q, 3, 3)
	})
}

func TestAFunctionThatGoesOnSharesWhatItWoke(t *testing.T) {
	bubble(t, 2, 4, func(t *testing.T, q *runQueue) {
		start, done := time.Now(), make(chan struct{})
		q.schedule(func(w *worker) {
			q.Schedule(func() { close(done) })
			w.share()
			<-done
		})
		<-done
		expectTime(t, start, 0)
		synctest.Wait()
		expectWorkers(t, q, 2, 2)
	})
}

func TestCloseWaitsForBusyGoroutinesUntilItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newRunQueue(2, 4)
		q.Schedule(func() { time.Sleep(5 * time.Second) })
		q.Schedule(func() {})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := q.close(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "wait for 1 actor goroutines") {
			t.Errorf("got %v", err)
		}
		before := time.Now()
		if err := q.close(t.Context()); err != nil || time.Since(before) != 4*time.Second {
			t.Errorf("the second close took %s: %v", time.Since(before), err)
		}
		if err := q.close(t.Context()); err != nil {
			t.Errorf("the third close: %v", err)
		}
	})
}

func TestCloseWaitsForWhatIsInTheQueueAndForTheMonitor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, ran := newRunQueue(1, 4), 0
		for range 10 {
			q.Schedule(func() {
				time.Sleep(time.Microsecond)
				ran++
			})
		}
		if err := q.close(t.Context()); err != nil || ran != 10 || q.monitored {
			t.Errorf("%d functions ran, monitor %t: %v", ran, q.monitored, err)
		}
	})
}

func TestScheduleWorksAfterCloseAndParksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newRunQueue(1, 4)
		if err := q.close(t.Context()); err != nil {
			t.Fatal(err)
		}
		var ran atomic.Int32
		for range 3 {
			q.Schedule(func() {
				time.Sleep(2 * lookEvery)
				ran.Add(1)
			})
		}
		time.Sleep(20 * lookEvery)
		synctest.Wait()
		if ran.Load() != 3 {
			t.Errorf("%d functions ran", ran.Load())
		}
		expectWorkers(t, q, 0, 0)
	})
}

func TestAFunctionThatEndsItsGoroutineIsAccountedFor(t *testing.T) {
	bubble(t, 1, 4, func(t *testing.T, q *runQueue) {
		start, ran := time.Now(), false
		q.Schedule(runtime.Goexit)
		q.schedule(func(w *worker) {
			w.blocking()
			runtime.Goexit()
		})
		q.Schedule(func() { ran = true })
		synctest.Wait()
		expectTime(t, start, 0)
		if !ran {
			t.Error("what came after it did not run")
		}
		expectWorkers(t, q, 1, 1)
	})
}

func TestHammerDispatcherRunsEverythingOnce(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	q := newRunQueue(2, 3)
	var ran atomic.Int64
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for i := range 5000 {
				q.schedule(func(w *worker) {
					ran.Add(1)
					switch i % 100 {
					case 0:
						q.Schedule(func() { ran.Add(1) })
						w.share()
					case 1:
						w.blocking()
						runtime.Gosched()
						w.unblocked()
					case 2:
						runtime.Goexit()
					case 3:
						wait := make(chan struct{})
						q.Schedule(func() { close(wait) })
						if i%200 == 3 { // the other half blocks without saying so
							w.blocking()
							defer w.unblocked()
						}
						<-wait
					}
				})
			}
		})
	}
	senders.Wait()
	if err := q.close(timeout(t)); err != nil {
		t.Fatal(err)
	}
	if n := ran.Load(); n != 8*5050 {
		t.Errorf("%d functions ran", n)
	}
	expectWorkers(t, q, 0, 0)
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
