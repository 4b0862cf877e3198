package bench

import (
	"log/slog"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// plain is protoactor as a Go program uses it, with mailboxes of its own, and
// with the elastic dispatcher, which is much faster here than the default one.
type plain struct {
	system     *actor.ActorSystem
	dispatcher *elastic
	pids       []*actor.PID
}

// openPlain spawns n actors that handle messages with receive.
func openPlain(n int, receive actor.ReceiveFunc, options ...actor.PropsOption) *plain {
	quiet := slog.New(slog.DiscardHandler)
	p := &plain{
		system:     actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet })),
		dispatcher: &elastic{},
	}
	props := actor.PropsFromFunc(receive, append(options, actor.WithDispatcher(p.dispatcher))...)
	for range n {
		p.pids = append(p.pids, p.system.Root.Spawn(props))
	}
	return p
}

// close stops the actors and waits for the goroutines.
func (p *plain) close() error {
	var err error
	for _, pid := range p.pids {
		if e := p.system.Root.StopFuture(pid).Wait(); e != nil {
			err = e
		}
	}
	p.system.Shutdown()
	p.dispatcher.close()
	return err
}

// elastic is a dispatcher that hands each function to a parked goroutine, and
// starts one where none is parked.
type elastic struct {
	running sync.WaitGroup

	mu     sync.Mutex
	idle   []chan func() // guarded by mu; parked workers, the latest parked last
	closed bool          // guarded by mu; workers end instead of parking
}

// Throughput is how many messages a mailbox handles before it yields.
func (*elastic) Throughput() int { return 300 }

// Schedule runs fn on a parked goroutine, or a new one.
func (e *elastic) Schedule(fn func()) {
	e.mu.Lock()
	if last := len(e.idle) - 1; last >= 0 {
		worker := e.idle[last]
		e.idle = e.idle[:last]
		e.mu.Unlock()
		worker <- fn
		return
	}
	e.mu.Unlock()
	e.running.Go(func() { e.runWorker(fn) })
}

func (e *elastic) runWorker(fn func()) {
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
	if !e.closed {
		e.idle = append(e.idle, inbox)
	}
	return !e.closed
}

// close ends the goroutines, those that are not done yet when they are. What is
// scheduled after it still runs.
func (e *elastic) close() {
	e.mu.Lock()
	e.closed = true
	for _, worker := range e.idle {
		close(worker)
	}
	e.idle = nil
	e.mu.Unlock()
	e.running.Wait()
}
