package actors

import (
	"context"
	"fmt"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// elasticThroughput is how many messages a mailbox handles before it lets
// other goroutines run.
const elasticThroughput = 300

// elastic is a protoactor dispatcher that parks its goroutines and uses them
// again, so that a wake-up costs no new goroutine and finds a grown stack. It
// starts another one whenever none is parked: a function that blocks never
// holds up the rest.
//
// It owns its goroutines; close waits for them.
type elastic struct {
	maxIdle int

	mu      sync.Mutex    // guards what follows
	idle    []chan func() // parked workers, the latest parked last
	workers int           // goroutines that live
	closed  bool          // workers end instead of parking
	ended   chan struct{} // closed with the last worker after close
}

var _ actor.Dispatcher = (*elastic)(nil)

// newElastic makes a dispatcher that keeps at most maxIdle goroutines parked.
func newElastic(maxIdle int) *elastic {
	return &elastic{maxIdle: maxIdle, ended: make(chan struct{})}
}

// Throughput is how many messages a mailbox handles before it yields.
func (e *elastic) Throughput() int { return elasticThroughput }

// Schedule runs the function on a goroutine of the dispatcher. It never blocks
// and works after close too, for actors that are told to stop so late.
func (e *elastic) Schedule(fn func()) {
	e.mu.Lock()
	if n := len(e.idle); n > 0 {
		worker := e.idle[n-1]
		e.idle[n-1] = nil
		e.idle = e.idle[:n-1]
		e.mu.Unlock()
		worker <- fn
		return
	}
	e.workers++
	e.mu.Unlock()
	go e.runWorker(fn)
}

// runWorker runs functions until it may not park.
func (e *elastic) runWorker(fn func()) {
	defer e.exit() // also when fn ends the goroutine
	inbox := make(chan func(), 1)
	for ok := true; ok; fn, ok = <-inbox {
		fn()
		if !e.park(inbox) {
			return
		}
	}
}

func (e *elastic) park(inbox chan func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || len(e.idle) >= e.maxIdle {
		return false
	}
	e.idle = append(e.idle, inbox)
	return true
}

func (e *elastic) exit() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.workers--
	e.endedLocked()
}

// endedLocked says so once when the last worker of a closed dispatcher is gone.
func (e *elastic) endedLocked() {
	if !e.closed || e.workers > 0 {
		return
	}
	select {
	case <-e.ended:
	default:
		close(e.ended)
	}
}

// close ends the parked goroutines and waits until the busy ones are done too,
// or until ctx ends: they still end by themselves then. It may be called again.
func (e *elastic) close(ctx context.Context) error {
	e.mu.Lock()
	e.closed = true
	for _, worker := range e.idle {
		close(worker)
	}
	e.idle = nil
	e.endedLocked()
	e.mu.Unlock()
	select {
	case <-e.ended:
		return nil
	case <-ctx.Done():
		e.mu.Lock()
		busy := e.workers
		e.mu.Unlock()
		return fmt.Errorf("wait for %d actor goroutines: %w", busy, context.Cause(ctx))
	}
}
