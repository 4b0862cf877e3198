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
	doc:  "a recorded C guest passes 64-byte messages from outside on to another, async; baseline: the same of plain protoactor actors",
	open: openSend,
}

var burstRow = row{
	name: "send-burst-async", unit: "messages/s",
	doc:  "8 recorded C guests send 64-byte messages to 8 more, 256 in a turn, async; no baseline",
	open: openBurst,
}

// window is how many messages may be on their way in one relay: no mailbox is
// full, and none is empty while the bench looks away, for a pause may take a
// millisecond.
const window = 8192

// burst is how many messages a turn of send-burst-async sends.
const burst = 256

// relay is a sender and its receiver.
type relay struct {
	send     func() error                         // gives the sender a message to pass on
	received func(context.Context) (int64, error) // how many the receiver has handled, ever
	each     int                                  // messages that the sender sends for one that it is given
}

// openSend readies a relay on both sides. An operation is one message passed on
// and handled: two turns, both recorded.
func openSend(ctx context.Context, _ settings) (*contest, error) {
	g, err := openGuests(ctx, "async", 2)
	if err != nil {
		return nil, err
	}
	p := openPlain(2, receiveParcel)
	ours, plain := g.relay(g.refs[0], g.refs[1]), p.relay(p.pids[0], p.pids[1])
	return &contest{
		ours: func(ctx context.Context, n int) (int, error) {
			if err := feed(ctx, []relay{ours}, n); err != nil {
				return 0, err
			}
			return n, g.settle(ctx)
		},
		baseline: func(ctx context.Context, n int) (int, error) { return n, feed(ctx, []relay{plain}, n) },
		close:    func(ctx context.Context) error { return errors.Join(p.close(), g.close(ctx)) },
	}, nil
}

// openBurst readies relays whose senders send many messages in a turn. An
// operation is one message sent and handled.
func openBurst(ctx context.Context, s settings) (*contest, error) {
	g, err := openGuests(ctx, "async", 2*s.relays)
	if err != nil {
		return nil, err
	}
	relays := make([]relay, s.relays)
	for i := range relays {
		relays[i] = g.bursts(g.refs[i], g.refs[s.relays+i])
	}
	return &contest{
		ours: func(ctx context.Context, n int) (int, error) {
			each := burst * max(1, n/burst/s.relays)
			if err := feed(ctx, relays, each); err != nil {
				return 0, err
			}
			return each * s.relays, g.settle(ctx)
		},
		close: g.close,
	}, nil
}

// feed lets every relay's receiver get n messages, a multiple of each, and waits
// until all are handled.
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
			for ; sent[i] < n && sent[i]+r.each-got <= window; sent[i] += r.each {
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
	return g.sends(from, to, ball(to, 1), 1)
}

func (g *guests) bursts(from, to actors.Ref) relay {
	return g.sends(from, to, append([]byte{0, 'b'}, ball(to, burst)...), burst)
}

// sends is a relay whose sender sends so many messages when it is given message.
func (g *guests) sends(from, to actors.Ref, message []byte, each int) relay {
	return relay{
		each: each,
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
		each: 1,
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
