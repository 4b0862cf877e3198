package actors

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// elastic is the dispatcher to compare with: it hands each function over to a
// parked goroutine, and starts one where none is parked.
type elastic struct {
	running sync.WaitGroup
	mu      sync.Mutex // guards what follows
	idle    []chan func(*worker)
	closed  bool
}

func (e *elastic) Throughput() int    { return 300 }
func (e *elastic) Schedule(fn func()) { e.schedule(func(*worker) { fn() }) }

func (e *elastic) schedule(run func(*worker)) {
	e.mu.Lock()
	if last := len(e.idle) - 1; last >= 0 {
		inbox := e.idle[last]
		e.idle = e.idle[:last]
		e.mu.Unlock()
		inbox <- run
		return
	}
	e.mu.Unlock()
	e.running.Go(func() {
		w, inbox := &worker{queue: newRunQueue(1, 1)}, make(chan func(*worker), 1)
		for ok := true; ok; run, ok = <-inbox {
			if run(w); !e.park(inbox) {
				return
			}
		}
	})
}

func (e *elastic) park(inbox chan func(*worker)) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.idle = append(e.idle, inbox)
	return !e.closed
}

// close ends the goroutines.
func (e *elastic) close() {
	e.mu.Lock()
	e.closed = true
	for _, inbox := range e.idle {
		close(inbox)
	}
	e.idle = nil
	e.mu.Unlock()
	e.running.Wait()
}

// BenchmarkPingPong measures a round trip between two actors, of so many pairs
// at once. As in the program, there is a processor more than workers.
func BenchmarkPingPong(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.NumCPU() + 1))
	own := actor.WithMailbox(func() actor.Mailbox { return newMailbox(1000, 1<<20) })
	for _, pairs := range []int{1, 256} {
		b.Run(fmt.Sprintf("protoactor/%d", pairs), func(b *testing.B) {
			e := &elastic{}
			pingPong(b, pairs, actor.WithDispatcher(e))
			e.close()
		})
		b.Run(fmt.Sprintf("elastic/%d", pairs), func(b *testing.B) {
			e := &elastic{}
			pingPong(b, pairs, actor.WithDispatcher(e), own)
			e.close()
		})
		b.Run(fmt.Sprintf("run queue/%d", pairs), func(b *testing.B) {
			q := newRunQueue(runtime.GOMAXPROCS(0)-1, 8)
			pingPong(b, pairs, actor.WithDispatcher(q), own)
			if err := q.close(timeout(b)); err != nil {
				b.Error(err)
			}
		})
	}
}

// ball is a delivery that flies between the two of a pair.
type ball struct {
	left int
	from *actor.PID
}

func (*ball) size() int      { return 64 }
func (*ball) refuse(error)   {}
func (*ball) fleeting() bool { return true }
func (*ball) awaited() bool  { return false }

func pingPong(b *testing.B, pairs int, options ...actor.PropsOption) {
	system := actor.NewActorSystem(quiet)
	var playing sync.WaitGroup
	playing.Add(pairs)
	player := actor.PropsFromFunc(func(ctx actor.Context) {
		ball, ok := ctx.Message().(*ball)
		switch {
		case !ok:
		case ball.left <= 0:
			playing.Done()
		default:
			to := ball.from
			ball.left, ball.from = ball.left-1, ctx.Self()
			ctx.Send(to, ball)
		}
	}, options...)
	players := make([]*actor.PID, 2*pairs)
	for i := range players {
		players[i] = system.Root.Spawn(player)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range pairs {
		system.Root.Send(players[2*i], &ball{left: 2 * b.N / pairs, from: players[2*i+1]})
	}
	playing.Wait()
	b.StopTimer()
	for _, p := range players {
		stop(b, system, p)
	}
}

// BenchmarkSchedule measures a function on its way through the queue, with one
// worker that finds it at once.
func BenchmarkSchedule(b *testing.B) {
	q := newRunQueue(1, 1)
	var left atomic.Int64
	left.Store(int64(b.N))
	done := make(chan struct{})
	var again func(*worker)
	again = func(*worker) {
		if left.Add(-1) < 0 {
			close(done)
			return
		}
		q.schedule(again)
	}
	b.ReportAllocs()
	b.ResetTimer()
	q.schedule(again)
	<-done
	if err := q.close(timeout(b)); err != nil {
		b.Error(err)
	}
}
