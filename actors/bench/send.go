package bench

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors"
)

var sendRow = row{
	name: "send-async", unit: "messages/s",
	doc:  "8 recorded C guests pass 64-byte messages from outside on to 8 more, async; baseline: the same of plain protoactor actors",
	open: func(ctx context.Context, s settings) (*contest, error) { return openSend(ctx, s.relays) },
}

// window is how many messages may be on their way in one relay, so that queues
// stay short and no mailbox is full.
const window = 256

// relay is a sender and its receiver.
type relay struct {
	send     func() error                         // gives the sender a message to pass on
	received func(context.Context) (int64, error) // how many the receiver has handled, ever
}

// openSend readies relays on both sides. An operation is one message passed on
// and handled: two turns, both recorded.
func openSend(ctx context.Context, relays int) (*contest, error) {
	g, err := openGuests(ctx, "async", 2*relays)
	if err != nil {
		return nil, err
	}
	p := openPlain(2*relays, receiveParcel)
	ours, plain := make([]relay, relays), make([]relay, relays)
	for i := range relays {
		ours[i] = g.relay(g.refs[i], g.refs[relays+i])
		plain[i] = p.relay(p.pids[i], p.pids[relays+i])
	}
	return &contest{
		ours: func(ctx context.Context, n int) (int, error) {
			each := max(1, n/relays)
			if err := feed(ctx, ours, each); err != nil {
				return 0, err
			}
			return each * relays, g.settle(ctx)
		},
		baseline: func(ctx context.Context, n int) (int, error) {
			each := max(1, n/relays)
			return each * relays, feed(ctx, plain, each)
		},
		close: func(ctx context.Context) error { return errors.Join(p.close(), g.close(ctx)) },
	}, nil
}

// feed gives every relay n messages and waits until all are handled.
func feed(ctx context.Context, relays []relay, n int) error {
	first, sent := make([]int64, len(relays)), make([]int, len(relays))
	for i, r := range relays {
		var err error
		if first[i], err = r.received(ctx); err != nil {
			return err
		}
	}
	for {
		handled, full := true, true
		for i, r := range relays {
			now, err := r.received(ctx)
			if err != nil {
				return err
			}
			got := int(now - first[i])
			handled = handled && got >= n
			for ; sent[i] < n && sent[i]-got < window; sent[i]++ {
				if err := r.send(); err != nil {
					return err
				}
				full = false
			}
		}
		if handled {
			return nil
		}
		if full {
			if err := rest(ctx); err != nil {
				return err
			}
		}
	}
}

func (g *guests) relay(from, to actors.Ref) relay {
	message := ball(to, 1)
	return relay{
		send: func() error { return g.send(from, message) },
		received: func(ctx context.Context) (int64, error) {
			if _, err := g.turns(ctx, from); err != nil {
				return 0, err
			}
			return g.turns(ctx, to)
		},
	}
}

func (p *plain) relay(from, to *actor.PID) relay {
	count, payload := &atomic.Int64{}, make([]byte, payloadBytes)
	return relay{
		send: func() error {
			p.system.Root.Send(from, &plainParcel{to: to, count: count, payload: payload})
			return nil
		},
		received: func(context.Context) (int64, error) { return count.Load(), nil },
	}
}

// plainParcel is the same message between plain actors. The sender passes on a
// new one, as the guests do; the payload is shared, as Go programs do.
type plainParcel struct {
	to      *actor.PID    // nil for the receiver
	count   *atomic.Int64 // of those received
	payload []byte
}

func receiveParcel(ctx actor.Context) {
	m, ok := ctx.Message().(*plainParcel)
	switch {
	case !ok:
	case m.to == nil:
		m.count.Add(1)
	default:
		ctx.Send(m.to, &plainParcel{count: m.count, payload: m.payload})
	}
}
