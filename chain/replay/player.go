package replay

import (
	"context"
	"errors"
	"fmt"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// player answers a guest's imports with what a turn recorded.
type player struct {
	reader chain.Reader
	turn   *Turn
	at     int
	failed error // why the guest was not answered; a trap on its way keeps no cause
}

var _ wasm.Host = (*player)(nil)

// next takes the turn's next event.
func (p *player) next() (chain.Event, bool) {
	if p.at == len(p.turn.Events) {
		return nil, false
	}
	p.at++
	return p.turn.Events[p.at-1], true
}

// Call gives the recorded answer, when the guest asks what it asked before.
func (p *player) Call(ctx context.Context, imp int, input []byte) (wasm.Reply, error) {
	reply, err := p.answer(ctx, imp, input)
	if trap := (*wasm.Trap)(nil); err != nil && !errors.As(err, &trap) {
		p.failed = err
	}
	return reply, err
}

func (p *player) answer(ctx context.Context, imp int, input []byte) (wasm.Reply, error) {
	event, ok := p.next()
	if intent, isIntent := event.(*chain.Intent); ok && isIntent {
		if err := p.same(ctx, imp, input, intent.Import, intent.Input); err != nil {
			return wasm.Reply{}, err
		}
		if event, ok = p.next(); !ok {
			return wasm.Reply{}, p.diverged("the intent has no outcome")
		}
		outcome, isOutcome := event.(*chain.Outcome)
		if !isOutcome {
			return wasm.Reply{}, p.diverged("the intent is followed by %s", chain.KindOf(event))
		}
		return p.reply(ctx, outcome.Output, outcome.Status, outcome.Time)
	}
	switch e := event.(type) {
	case *chain.Host:
		if err := p.same(ctx, imp, input, e.Import, e.Input); err != nil {
			return wasm.Reply{}, err
		}
		return p.reply(ctx, e.Output, e.Status, 0)
	case *chain.Outcome:
		if err := p.same(ctx, imp, input, e.Import, e.Input); err != nil {
			return wasm.Reply{}, err
		}
		return p.reply(ctx, e.Output, e.Status, e.Time)
	}
	return wasm.Reply{}, p.diverged("the guest calls import %d, which the chain does not have", imp)
}

// same holds a call against the recorded one.
func (p *player) same(ctx context.Context, imp int, input []byte, recorded uint32, payload chain.Payload) error {
	if uint32(imp) != recorded {
		return p.diverged("the guest calls import %d, the chain has import %d", imp, recorded)
	}
	was, err := payload.Load(ctx, p.reader)
	if err != nil {
		return err
	}
	if string(was) != string(input) {
		return p.diverged("the guest calls import %d with another input", imp)
	}
	return nil
}

// reply hands the guest what it was handed. A call that answered nothing ended
// the turn, as the turn's result says; a sleep that was answered has no output.
func (p *player) reply(ctx context.Context, output chain.Payload, status chain.CallStatus, now int64) (wasm.Reply, error) {
	if output.IsZero() && status != chain.CallAnswered {
		trap := p.turn.Result.Trap
		return wasm.Reply{}, wasm.Trapf(wasm.Kind(trap.Kind), "%s", p.turn.Result.Text)
	}
	b, err := output.Load(ctx, p.reader)
	if err != nil {
		return wasm.Reply{}, err
	}
	return wasm.Reply{Output: b, Now: now}, nil
}

// Key gives the turn's recorded key.
func (p *player) Key() ([32]byte, error) {
	if event, ok := p.next(); ok {
		if key, isKey := event.(*chain.Key); isKey {
			return key.Key, nil
		}
	}
	p.failed = p.diverged("the guest reads randomness, which the chain does not have")
	return [32]byte{}, p.failed
}

// Output drops what the guest writes: it was shown when it happened.
func (*player) Output(wasm.Stream, string) {}

func (p *player) diverged(format string, args ...any) error {
	return &Divergence{Record: p.turn.Record, What: fmt.Sprintf(format, args...)}
}

// Divergence says where an execution is not what its chain says.
type Divergence struct {
	Record uint64 // the record in which the turn begins, or in which the checkpoint stands
	What   string

	checkpoint bool // it is one that differs, and no turn before it
}

func (d *Divergence) Error() string {
	step := "turn"
	if d.checkpoint {
		step = "checkpoint"
	}
	return fmt.Sprintf("the %s of record %d diverges from its chain: %s", step, d.Record, d.What)
}
