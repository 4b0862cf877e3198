package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors"
)

var pingpongRow = row{
	name: "pingpong-async", unit: "round trips/s",
	doc:  "256 pairs of recorded C guests send 64 bytes to and fro, async; baseline: the same of plain protoactor actors",
	open: func(ctx context.Context, s settings) (*contest, error) { return openPingpong(ctx, s.pairs) },
}

var pingpongOneRow = row{
	name: "pingpong-async-1", unit: "round trips/s",
	doc:  "1 pair of recorded C guests sends 64 bytes to and fro, async; baseline: the same of plain protoactor actors",
	open: func(ctx context.Context, _ settings) (*contest, error) { return openPingpong(ctx, 1) },
}

// openPingpong readies pairs of actors on both sides. An operation is one round
// trip of a pair; the first half of the actors serve.
func openPingpong(ctx context.Context, pairs int) (*contest, error) {
	g, err := openGuests(ctx, "async", 2*pairs)
	if err != nil {
		return nil, err
	}
	var rallies sync.WaitGroup
	p := openPlain(2*pairs, func(ctx actor.Context) {
		if b, ok := ctx.Message().(*plainBall); ok {
			b.play(ctx, &rallies)
		}
	})
	return &contest{
		ours: func(ctx context.Context, n int) (int, error) {
			each := max(1, n/pairs)
			return each * pairs, g.rally(ctx, pairs, each)
		},
		baseline: func(_ context.Context, n int) (int, error) {
			each := max(1, n/pairs)
			rallies.Add(pairs)
			for i, pid := range p.pids[:pairs] {
				p.system.Root.Send(pid, &plainBall{target: p.pids[pairs+i], hops: 2 * each, payload: make([]byte, payloadBytes)})
			}
			rallies.Wait()
			return each * pairs, nil
		},
		close: func(ctx context.Context) error { return errors.Join(p.close(), g.close(ctx)) },
	}, nil
}

// rally lets every pair play a number of round trips and waits until all have
// and the log has acknowledged them.
func (g *guests) rally(ctx context.Context, pairs, trips int) error {
	due := make([]int64, 2*pairs)
	for i, ref := range g.refs {
		turns, err := g.turns(ctx, ref)
		if err != nil {
			return err
		}
		due[i] = turns + int64(trips)
		if i < pairs {
			due[i]++ // it has the last turn too
		}
	}
	for i, ref := range g.refs[:pairs] {
		if err := g.send(ref, ball(g.refs[pairs+i], 2*trips)); err != nil {
			return err
		}
	}
	for i, ref := range g.refs {
		if err := g.await(ctx, ref, due[i]); err != nil {
			return err
		}
	}
	return g.settle(ctx)
}

// await waits until the actor has closed so many turns, and not one more.
func (g *guests) await(ctx context.Context, ref actors.Ref, due int64) error {
	for {
		turns, err := g.turns(ctx, ref)
		switch {
		case err != nil:
			return err
		case turns > due:
			return fmt.Errorf("actor %s closed %d turns, not %d", ref, turns, due)
		case turns == due:
			return nil
		}
		if err := rest(ctx); err != nil {
			return err
		}
	}
}

// plainBall is the same message between plain actors. Each hop sends a new one,
// as the guests do; the payload is shared, as Go programs do.
type plainBall struct {
	target  *actor.PID
	hops    int
	payload []byte
}

// play passes the ball on, or ends its rally.
func (b *plainBall) play(ctx actor.Context, rallies *sync.WaitGroup) {
	if b.hops == 0 {
		rallies.Done()
		return
	}
	ctx.Send(b.target, &plainBall{target: ctx.Self(), hops: b.hops - 1, payload: b.payload})
}
