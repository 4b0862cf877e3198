package bench

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

var restartRow = row{
	name: "restart-reset", unit: "restarts/s",
	doc:  "64 C guests trap, are reset in place and run init, recorded, async, without a supervisor; baseline: 64 plain protoactor actors panic and are restarted by their parent",
	open: openRestarts,
}

// openRestarts readies both sides. An operation is one restart.
func openRestarts(ctx context.Context, s settings) (*contest, error) {
	r, err := openRecorders(ctx, s.machines)
	if err != nil {
		return nil, err
	}
	p := openPlainPanics(s.machines)
	return &contest{
		ours:     r.restarts,
		baseline: p.restarts,
		close:    func(ctx context.Context) error { return errors.Join(p.close(), r.close(ctx)) },
	}, nil
}

// restarts restarts every machine a number of times, about n in all, on as many
// goroutines as the program has processors, and waits until the log has
// acknowledged it.
func (r *recorders) restarts(ctx context.Context, n int) (int, error) {
	each := max(1, n/len(r.all))
	workers := min(runtime.GOMAXPROCS(0), len(r.all))
	err := together(workers, func(first int) error {
		for range each {
			for i := first; i < len(r.all); i += workers {
				if err := r.all[i].restart(ctx); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return each * len(r.all), r.writer.Flush(ctx)
}

// plainPanics is one plain actor with children that panic.
type plainPanics struct {
	*plain
	children []*actor.PID
	rounds   sync.WaitGroup // of children that are not spawned, or have restarts ahead of them
}

// again tells a child to panic, and after its restart again, so often.
type again struct{ times int }

// openPlainPanics spawns the children under protoactor's default strategy, which
// restarts the one that fails, with no bound on how often.
func openPlainPanics(n int) *plainPanics {
	p := &plainPanics{}
	p.plain = openPlain(1, p.receiveAsParent, actor.WithSupervisor(actor.NewOneForOneStrategy(math.MaxInt, 0, actor.DefaultDecider)))
	p.rounds.Add(n)
	p.system.Root.Send(p.pids[0], brood{n})
	p.rounds.Wait()
	return p
}

func (p *plainPanics) receiveAsParent(ctx actor.Context) {
	if b, ok := ctx.Message().(brood); ok {
		children := actor.PropsFromFunc(p.receive, actor.WithDispatcher(p.dispatcher))
		for range b.size {
			p.children = append(p.children, ctx.Spawn(children))
			p.rounds.Done()
		}
	}
}

func (p *plainPanics) receive(ctx actor.Context) {
	m, ok := ctx.Message().(again)
	switch {
	case !ok:
	case m.times == 0:
		p.rounds.Done()
	default:
		ctx.Send(ctx.Self(), again{m.times - 1})
		panic("told to")
	}
}

// restarts lets the children panic about n times in all and waits until each is
// restarted.
func (p *plainPanics) restarts(_ context.Context, n int) (int, error) {
	each := max(1, n/len(p.children))
	p.rounds.Add(len(p.children))
	for _, child := range p.children {
		p.system.Root.Send(child, again{each})
	}
	p.rounds.Wait()
	return each * len(p.children), nil
}
