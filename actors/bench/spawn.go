package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors"
)

var spawnRow = row{
	name: "spawn", unit: "spawns/s",
	doc:  "16 callers spawn C guests, genesis and init recorded, async; baseline: 16 plain protoactor actors spawn children, each of which has started",
	open: openSpawn,
}

// spawners is how many spawn at a time.
const spawners = 16

// openSpawn readies both sides. An operation is one actor spawned. What a round
// has spawned ends after it.
func openSpawn(ctx context.Context, s settings) (*contest, error) {
	g, err := openGuests(ctx, "async", 1)
	if err != nil {
		return nil, err
	}
	n, p := &nursery{guests: g}, openPlainParents(spawners)
	return &contest{
		ours:     n.spawn,
		baseline: p.spawn,
		most:     s.spawned,
		tidy:     func(ctx context.Context) error { p.stop(); return n.stop(ctx) },
		close:    func(ctx context.Context) error { return errors.Join(p.close(), g.close(ctx)) },
	}, nil
}

// nursery spawns actors beside one that stays.
type nursery struct {
	guests  *guests
	number  atomic.Int64 // in names
	spawned []actors.Ref // that live
}

// spawn spawns n actors and waits until the log has acknowledged their inits.
func (s *nursery) spawn(ctx context.Context, n int) (int, error) {
	s.spawned = make([]actors.Ref, n)
	err := together(min(n, spawners), func(i int) error {
		for ; i < n; i += spawners {
			ref, err := s.guests.spawnOne(ctx, fmt.Sprintf("spawned-%d", s.number.Add(1)))
			if err != nil {
				return err
			}
			s.spawned[i] = ref
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, s.guests.settle(ctx)
}

// stop ends what the round spawned.
func (s *nursery) stop(ctx context.Context) error {
	live := s.spawned
	s.spawned = nil
	return together(min(len(live), spawners), func(i int) error {
		for ; i < len(live); i += spawners {
			if _, err := s.guests.system.Stop(ctx, live[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// plainParents are plain actors that spawn children.
type plainParents struct {
	*plain
	children *actor.Props
	waiting  sync.WaitGroup // for children to have started, or to have stopped
	live     int            // children
}

// brood tells a parent to spawn so many children. Of 0, a parent of spawn stops
// all that it has.
type brood struct{ size int }

func openPlainParents(n int) *plainParents {
	p := &plainParents{}
	p.plain = openPlain(n, p.receive)
	p.children = actor.PropsFromFunc(p.receiveAsChild, actor.WithDispatcher(p.dispatcher))
	return p
}

func (p *plainParents) receive(ctx actor.Context) {
	b, ok := ctx.Message().(brood)
	switch {
	case !ok:
	case b.size == 0:
		for _, child := range ctx.Children() {
			ctx.Stop(child)
		}
	default:
		for range b.size {
			ctx.Spawn(p.children)
		}
	}
}

func (p *plainParents) receiveAsChild(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started, *actor.Stopped:
		p.waiting.Done()
	}
}

// spawn lets the parents spawn about n children and waits until they have
// started.
func (p *plainParents) spawn(_ context.Context, n int) (int, error) {
	each := max(1, n/len(p.pids))
	p.live = each * len(p.pids)
	p.tell(brood{size: each})
	return p.live, nil
}

// stop ends what the round spawned.
func (p *plainParents) stop() {
	p.tell(brood{})
	p.live = 0
}

// tell waits until all live children have done what follows from b.
func (p *plainParents) tell(b brood) {
	p.waiting.Add(p.live)
	for _, pid := range p.pids {
		p.system.Root.Send(pid, b)
	}
	p.waiting.Wait()
}
