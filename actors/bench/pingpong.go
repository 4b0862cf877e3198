package bench

import (
	"context"
	"errors"
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

var pingpongRow = row{
	name: "pingpong-async", unit: "round trips/s",
	doc:  "256 pairs of recorded C guests send 64 bytes to and fro, async; baseline: the same of plain protoactor actors",
	open: func(ctx context.Context, s settings) (*contest, error) { return openPingpong(ctx, s.pairs) },
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
	due := make([]int64, pairs)
	for i, ref := range g.refs[:pairs] {
		turns, err := g.turns(ctx, ref)
		if err != nil {
			return err
		}
		due[i] = turns + int64(trips) + 1 // the serve, and each return
	}
	for i, ref := range g.refs[:pairs] {
		if err := g.send(ref, ball(g.refs[pairs+i], 2*trips)); err != nil {
			return err
		}
	}
	for i, ref := range g.refs[:pairs] {
		for {
			turns, err := g.turns(ctx, ref)
			if err != nil {
				return err
			}
			if turns >= due[i] {
				break
			}
			if err := rest(ctx); err != nil {
				return err
			}
		}
	}
	return g.settle(ctx)
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
