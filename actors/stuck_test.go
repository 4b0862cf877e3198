package actors

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestAsManyWorkersRunAsMayAfterMoreWereNeeded(t *testing.T) {
	bubble(t, 3, 8, func(t *testing.T, q *runQueue) {
		gate := make(chan struct{})
		for range 100 {
			q.Schedule(func() { <-gate })
		}
		time.Sleep(20 * time.Millisecond)
		close(gate)
		synctest.Wait()
		expectRunning(t, q, 3)
	})
}

func TestFunctionsThatBlockHoldUpNoOther(t *testing.T) {
	const blocked = 10_000
	bubble(t, 2, 4, func(t *testing.T, q *runQueue) {
		gate, done := make(chan struct{}), make(chan struct{})
		start := time.Now()
		for range blocked {
			q.Schedule(func() { <-gate })
		}
		q.Schedule(func() { close(done) })
		<-done
		expectTime(t, start, 20*time.Millisecond)
		synctest.Wait()
		q.mu.Lock()
		if q.workers > 2*blocked {
			t.Errorf("%d goroutines live", q.workers)
		}
		q.mu.Unlock()
		close(gate)
		synctest.Wait()
		expectWorkers(t, q, 4, 4)
	})
}

func TestAFunctionThatSaysItWaitsLeavesItsPlaceAtOnce(t *testing.T) {
	const blocked = 10_000
	bubble(t, 1, 4, func(t *testing.T, q *runQueue) {
		gate, done := make(chan struct{}), make(chan struct{})
		start := time.Now()
		for range blocked {
			q.schedule(func(w *worker) {
				w.blocking()
				<-gate
				w.unblocked()
			})
		}
		q.Schedule(func() { close(done) })
		<-done
		expectTime(t, start, 0)
		close(gate)
		synctest.Wait()
		expectWorkers(t, q, 4, 4)
	})
}

func TestAFunctionThatGoesOnAfterAWaitIsCountedAgain(t *testing.T) {
	bubble(t, 1, 4, func(t *testing.T, q *runQueue) {
		answer, first, second := make(chan struct{}), make(chan struct{}), make(chan struct{})
		begun := false
		q.schedule(func(w *worker) {
			w.blocking()
			<-answer
			w.unblocked()
			<-first
		})
		q.Schedule(func() { <-second })
		q.Schedule(func() { begun = true })
		synctest.Wait()
		close(answer)
		synctest.Wait()
		close(second)
		synctest.Wait()
		if begun {
			t.Error("a worker went on although another runs")
		}
		close(first)
		synctest.Wait()
		if !begun {
			t.Error("nobody went on")
		}
		expectWorkers(t, q, 2, 2)
	})
}

func TestWhatAWorkerLeavesBecauseOthersRunIsLookedAfter(t *testing.T) {
	bubble(t, 1, 4, func(t *testing.T, q *runQueue) {
		start, done := time.Now(), make(chan struct{})
		q.schedule(func(w *worker) {
			w.blocking()
			q.Schedule(func() { close(done) }) // a worker is called, and this one
			w.unblocked()                      // is back before it has come
			<-done
		})
		<-done
		expectTime(t, start, 2*lookEvery)
	})
}

func TestALookCallsNobodyWhileAWorkerIsOnItsWay(t *testing.T) {
	q := newRunQueue(1, 4)
	q.waiting.push(func(*worker) {})
	q.monitored = true
	w := q.callLocked(1)
	for range 4 {
		if !q.look() {
			t.Fatal("the monitor ended although a function waits")
		}
	}
	if q.workers != 1 {
		t.Errorf("%d workers were called", q.workers)
	}
	w.start()
	for q.look() {
		runtime.Gosched()
	}
	if err := q.close(timeout(t)); err != nil {
		t.Error(err)
	}
}

func TestBesideStuckFunctionsOthersBeginAtOnce(t *testing.T) {
	const stuck = 50
	bubble(t, 2, 4, func(t *testing.T, q *runQueue) {
		gate := make(chan struct{})
		for range stuck {
			q.Schedule(func() { <-gate })
		}
		time.Sleep(20 * time.Millisecond)
		limit := 2 * lookEvery // nobody looked after the last of them began
		for range 10 {
			start, done := time.Now(), make(chan struct{})
			q.Schedule(func() { close(done) })
			<-done
			expectTime(t, start, limit)
			limit = 0
		}
		close(gate)
		synctest.Wait()
		expectWorkers(t, q, 4, 4)
	})
}

func TestAStuckFunctionIsReplacedAlthoughOthersGoOn(t *testing.T) {
	bubble(t, 2, 4, func(t *testing.T, q *runQueue) {
		gate, done := make(chan struct{}), make(chan struct{})
		q.Schedule(func() { <-gate })
		start := time.Now()
		for range 100 {
			q.Schedule(func() { time.Sleep(lookEvery / 4) })
		}
		q.Schedule(func() { close(done) })
		<-done
		expectTime(t, start, 15*lookEvery) // 25 for one worker
		close(gate)
		synctest.Wait()
	})
}

func TestShortFunctionsAreNotTakenForStuck(t *testing.T) {
	bubble(t, 1, 4, func(t *testing.T, q *runQueue) {
		for range 100 {
			q.Schedule(func() { time.Sleep(lookEvery - 1) })
		}
		time.Sleep(100 * lookEvery)
		synctest.Wait()
		expectWorkers(t, q, 1, 1)
	})
}

func TestThereIsAMonitorOnlyWhileSomethingWaits(t *testing.T) {
	bubble(t, 1, 4, func(t *testing.T, q *runQueue) {
		expect := func(want bool) {
			t.Helper()
			synctest.Wait()
			q.mu.Lock()
			defer q.mu.Unlock()
			if q.monitored != want {
				t.Errorf("a monitor lives: %t", q.monitored)
			}
		}
		gate := make(chan struct{})
		q.Schedule(func() { <-gate })
		expect(false)
		q.Schedule(func() {})
		expect(true)
		time.Sleep(4 * lookEvery) // the first is stuck by now, the second has run
		expect(false)
		close(gate)
	})
}
