package actors

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

const (
	// runThroughput is how many messages a mailbox handles before it goes to
	// the end of the queue: so few that an ordinary run is not taken for stuck.
	runThroughput = 32
	// lookEvery is the time between two looks at a queue in which functions
	// wait. A function that lasts from before one look until after the next is
	// stuck.
	lookEvery = 500 * time.Microsecond
	// maxStreak is how many functions in a row a worker may run that the one
	// before has woken, while others wait in the queue.
	maxStreak = 32
)

// runQueue is a protoactor dispatcher: functions wait in one queue, first come
// first run, and a few workers take one after the other, without parking in
// between. A function that wakes an actor appends to the queue and soon ends;
// its worker then goes on with what it woke.
//
// Functions may block, and any number at once. A worker that waits, as its
// function has said, or is stuck in a function, as a look found out, does not
// count as one that runs: others take its place. So the number of goroutines is
// bounded by what blocks at once, not by a number that somebody has to guess.
//
// It owns its goroutines; close waits for them.
type runQueue struct {
	limit   int // workers that run
	maxIdle int

	mu        sync.Mutex // guards what follows and the workers' look
	waiting   queue[func(*worker)]
	looks     uint64        // at the queue, since ever
	running   [2]int        // workers that count, by the parity of their look
	room      int           // how many may: limit, and more when many are stuck at a look
	arriving  int           // of those that count: called, and not there yet
	idle      []*worker     // parked workers, the latest parked last
	workers   int           // goroutines that live, without the monitor
	monitored bool          // the monitor lives
	closed    bool          // workers end instead of parking
	ended     chan struct{} // closed when the last goroutine after close is gone
}

// worker is a goroutine that runs functions.
type worker struct {
	queue *runQueue
	wake  chan struct{} // of one; closed when the worker is to end
	// look is the queue's number of looks when the worker began to count. It
	// counts no more after two looks: it is stuck.
	look uint64

	// next is a function that the one under way has woken. It runs right after
	// it, on what the caches still hold. Only the worker's goroutine uses it.
	next   func(*worker)
	streak int // functions in a row that were next
}

var _ actor.Dispatcher = (*runQueue)(nil)

// newRunQueue makes a dispatcher with so many workers that run at once, which
// keeps at most maxIdle goroutines parked.
func newRunQueue(limit, maxIdle int) *runQueue {
	return &runQueue{limit: limit, room: limit, maxIdle: maxIdle, looks: 2, ended: make(chan struct{})}
}

// Throughput is how many messages a mailbox handles before it lets others go
// first.
func (q *runQueue) Throughput() int { return runThroughput }

// Schedule is schedule for a function that has no use for its worker.
func (q *runQueue) Schedule(fn func()) { q.schedule(func(*worker) { fn() }) }

// schedule appends a function to the queue. It never blocks and works after
// close too, for actors that are told to stop so late.
//
// It leaves the function to a worker that runs, as long as there is one for
// each function that waits: whoever schedules is most often a worker at the end
// of its function, and would wake another for no gain.
func (q *runQueue) schedule(run func(*worker)) {
	q.mu.Lock()
	q.waiting.push(run)
	w := q.callLocked(q.waiting.count)
	if w == nil {
		q.watchLocked()
	}
	q.mu.Unlock()
	w.start()
}

// callLocked calls a worker unless as many run as are wanted or may.
func (q *runQueue) callLocked(wanted int) *worker {
	if q.running[0]+q.running[1] >= min(wanted, q.room) {
		return nil
	}
	var w *worker
	if last := len(q.idle) - 1; last >= 0 {
		w = q.idle[last]
		q.idle[last] = nil
		q.idle = q.idle[:last]
	} else {
		w = &worker{queue: q}
		q.workers++
	}
	q.arriving++
	q.countLocked(w)
	return w
}

// start wakes a worker that was called, if one was.
func (w *worker) start() {
	if w == nil {
		return
	}
	if w.wake == nil {
		w.wake = make(chan struct{}, 1)
		go w.queue.runWorker(w)
	}
	w.wake <- struct{}{}
}

func (q *runQueue) countLocked(w *worker) {
	w.look = q.looks
	q.running[w.look&1]++
}

// discountLocked takes the worker out of the count, if it is in it.
func (q *runQueue) discountLocked(w *worker) {
	if q.looks-w.look < 2 {
		q.running[w.look&1]--
	}
	w.look = 0
}

// runWorker runs functions until it may not park.
func (q *runQueue) runWorker(w *worker) {
	defer q.leave(w) // also when a function ends the goroutine
	for range w.wake {
		q.mu.Lock()
		q.arriving--
		q.mu.Unlock()
		for run := q.next(w); run != nil; run = q.next(w) {
			run(w)
		}
	}
}

// follow makes a function the one that the worker runs next, unless there is
// one, and returns whether it did. The function under way calls it, and ends
// soon or calls pass.
func (w *worker) follow(run func(*worker)) bool {
	if w == nil || w.next != nil {
		return false
	}
	w.next = run
	return true
}

// pass leaves what was to be run next to others, for the function under way goes
// on.
func (w *worker) pass() {
	if w.next != nil {
		run := w.next
		w.next = nil
		w.queue.schedule(run)
	}
}

func (q *runQueue) passLocked(w *worker) {
	if w.next != nil {
		q.waiting.push(w.next)
		w.next = nil
	}
}

// next takes what the last function has woken, or the oldest function. It parks
// the worker where there is none and where enough others run.
func (q *runQueue) next(w *worker) (run func(*worker)) {
	if w.next != nil && w.streak < maxStreak {
		run, w.next = w.next, nil
		w.streak++
		return run
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	w.streak = 0
	q.passLocked(w)
	q.discountLocked(w)
	if q.waiting.count > 0 && q.running[0]+q.running[1] < q.room {
		q.countLocked(w)
		run = q.waiting.pop()
	} else {
		q.parkLocked(w)
	}
	q.watchLocked()
	return run
}

func (q *runQueue) parkLocked(w *worker) {
	if q.closed || len(q.idle) >= q.maxIdle {
		close(w.wake)
		return
	}
	q.idle = append(q.idle, w)
}

func (q *runQueue) leave(w *worker) {
	q.mu.Lock()
	q.workers--
	next := q.replaceLocked(w)
	q.endedLocked()
	q.mu.Unlock()
	next.start()
}

// replaceLocked takes the worker out of the count and returns who is to be
// started in its place, nil for nobody.
func (q *runQueue) replaceLocked(w *worker) *worker {
	q.passLocked(w)
	q.discountLocked(w)
	next := q.callLocked(q.waiting.count)
	q.watchLocked()
	return next
}

// blocking says that the worker's function begins to wait: another worker takes
// its place. The function itself calls it, and unblocked after the wait.
func (w *worker) blocking() {
	q := w.queue
	q.mu.Lock()
	next := q.replaceLocked(w)
	q.mu.Unlock()
	next.start()
}

// unblocked says that the wait is over. The function goes on at once; if that
// makes too many, the next worker that is done with its function parks.
func (w *worker) unblocked() {
	q := w.queue
	q.mu.Lock()
	q.discountLocked(w)
	q.countLocked(w)
	q.mu.Unlock()
}

// share says that the worker's function goes on although it may have woken
// others, which schedule left to this worker.
func (w *worker) share() {
	q := w.queue
	q.mu.Lock()
	var next *worker
	if q.waiting.count > 0 {
		next = q.callLocked(q.running[0] + q.running[1] + 1)
	}
	q.mu.Unlock()
	next.start()
}

// watchLocked sees to it that the monitor lives while functions wait.
func (q *runQueue) watchLocked() {
	if q.waiting.count > 0 && !q.monitored {
		q.monitored = true
		go q.runMonitor()
	}
}

// runMonitor looks at the queue until nothing waits in it.
func (q *runQueue) runMonitor() {
	for again := true; again; again = q.look() {
		time.Sleep(lookEvery)
	}
}

// look takes the workers that are stuck out of the count and calls others
// instead: two for each, so that many functions that block are all begun soon.
// It returns whether to look again.
func (q *runQueue) look() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.waiting.count == 0:
		q.room = q.limit
		q.monitored = false
		q.endedLocked()
		return false
	case q.arriving > 0: // the machine is busy, and more workers are no help
		return true
	}
	q.looks++
	stuck := &q.running[q.looks&1]
	q.room = max(q.limit, 2**stuck)
	*stuck = 0
	for w := q.callLocked(q.waiting.count); w != nil; w = q.callLocked(q.waiting.count) {
		w.start()
	}
	return true
}

// endedLocked says so once when the last goroutine of a closed dispatcher is
// gone.
func (q *runQueue) endedLocked() {
	if !q.closed || q.workers > 0 || q.monitored {
		return
	}
	select {
	case <-q.ended:
	default:
		close(q.ended)
	}
}

// close ends the parked goroutines and waits until the busy ones are done too,
// or until ctx ends: they still end by themselves then. It may be called again.
func (q *runQueue) close(ctx context.Context) error {
	q.mu.Lock()
	q.closed = true
	for _, w := range q.idle {
		close(w.wake)
	}
	q.idle = nil
	q.endedLocked()
	q.mu.Unlock()
	select {
	case <-q.ended:
		return nil
	case <-ctx.Done():
		q.mu.Lock()
		busy := q.workers
		q.mu.Unlock()
		return fmt.Errorf("wait for %d actor goroutines: %w", busy, context.Cause(ctx))
	}
}
