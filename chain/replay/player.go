package replay

import (
	"bytes"
	"context"
	"errors"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// player answers a guest's imports with what a turn recorded.
type player struct {
	*execution
	turn   *Turn
	at     int   // how many of the turn's events were taken
	failed error // why the guest was not answered; a trap on its way keeps no cause
}

var _ wasm.Host = (*player)(nil)

// errOver ends the execution of a turn that was cut short, with its last event.
var errOver = wasm.Trapf(wasm.KindKilled, "the turn was cut short here")

// next takes the turn's next event, nil when there is none.
func (p *player) next() chain.Event {
	if p.at == len(p.turn.Events) {
		return nil
	}
	p.at++
	return p.turn.Events[p.at-1]
}

// over reports whether the turn was cut short after the event that was taken last.
func (p *player) over() bool { return p.turn.cut() && p.at == len(p.turn.Events) }

// Call gives the recorded answer, when the guest asks what it asked before.
func (p *player) Call(ctx context.Context, imp int, input []byte) (wasm.Reply, error) {
	reply, err := p.answer(ctx, imp, input)
	if trap := (*wasm.Trap)(nil); err != nil && !errors.As(err, &trap) {
		p.failed = err
	}
	return reply, err
}

func (p *player) answer(ctx context.Context, imp int, input []byte) (wasm.Reply, error) {
	switch e := p.next().(type) {
	case *chain.Host:
		if err := p.same(ctx, e, imp, input, e.Import, e.Input); err != nil {
			return wasm.Reply{}, err
		}
		return p.reply(ctx, e.Output, e.Status, 0)
	case *chain.Intent:
		if err := p.same(ctx, e, imp, input, e.Import, e.Input); err != nil {
			return wasm.Reply{}, err
		}
		return p.outcome(ctx, e.Import)
	case *chain.Outcome:
		if err := p.same(ctx, e, imp, input, e.Import, e.Input); err != nil {
			return wasm.Reply{}, err
		}
		return p.reply(ctx, e.Output, e.Status, e.Time)
	case nil:
		return wasm.Reply{}, p.beyond(called(nil, imp, input), "the guest calls %s, which the chain does not have", p.face.name(imp))
	default:
		return wasm.Reply{}, p.diverged(called(nil, imp, input), "the guest calls %s, the chain has %s", p.face.name(imp), chain.KindOf(e))
	}
}

// same holds a call against that of an event.
func (p *player) same(ctx context.Context, e chain.Event, imp int, input []byte, recorded uint32, payload chain.Payload) error {
	is, known := p.face.imported(imp)
	switch {
	case !known:
		return p.diverged(called(e, imp, input), "the guest calls %s, which the recorded module does not import", p.face.name(imp))
	case is != recorded:
		return p.diverged(called(e, imp, input), "the guest calls another function, %s", p.face.name(imp))
	}
	same, err := p.equal(ctx, input, payload)
	if err != nil || same {
		return err
	}
	d := p.diverged(called(e, imp, input), "the guest calls %s with another input", p.face.name(imp))
	d.Is, d.Was = bytes.Clone(input), p.known(ctx, payload)
	return d
}

// called is the event of a call that is not on the chain, of the kind of the one
// that is.
func called(e chain.Event, imp int, input []byte) chain.Event {
	index, value := uint32(imp), chain.Payload{Bytes: bytes.Clone(input)}
	switch e.(type) {
	case *chain.Intent:
		return &chain.Intent{Import: index, Input: value}
	case *chain.Outcome:
		return &chain.Outcome{Import: index, Input: value}
	}
	return &chain.Host{Import: index, Input: value}
}

// outcome gives what became of the intent that was taken last.
func (p *player) outcome(ctx context.Context, imp uint32) (wasm.Reply, error) {
	if p.over() {
		return wasm.Reply{}, errOver
	}
	switch e := p.next().(type) {
	case *chain.Outcome:
		if e.Import != imp || !e.Input.IsZero() {
			return wasm.Reply{}, p.diverged(nil, "the outcome is not that of the intent before it")
		}
		return p.reply(ctx, e.Output, e.Status, e.Time)
	case nil:
		return wasm.Reply{}, p.beyond(nil, "the intent has no outcome")
	default:
		return wasm.Reply{}, p.diverged(nil, "the intent is followed by %s", chain.KindOf(e))
	}
}

// reply hands the guest what it was handed. A call that answered nothing ended
// the turn, as the turn's result says; a sleep that was answered has no output.
func (p *player) reply(ctx context.Context, output chain.Payload, status chain.CallStatus, now int64) (wasm.Reply, error) {
	if p.over() {
		return wasm.Reply{}, errOver
	}
	if output.IsZero() && status != chain.CallAnswered {
		trap, text := chain.TrapInfo{Kind: string(wasm.KindKilled)}, ""
		if r := p.turn.Result; r != nil && r.Trap.Kind != "" {
			trap, text = r.Trap, r.Text
		}
		return wasm.Reply{}, wasm.Trapf(wasm.Kind(trap.Kind), "%s", text)
	}
	b, err := p.load(ctx, output)
	if err != nil {
		return wasm.Reply{}, err
	}
	return wasm.Reply{Output: b, Now: now}, nil
}

// Key gives the turn's recorded key.
func (p *player) Key() ([32]byte, error) {
	switch e := p.next().(type) {
	case *chain.Key:
		if p.over() {
			return [32]byte{}, errOver
		}
		return e.Key, nil
	case nil:
		p.failed = p.beyond(&chain.Key{}, "the guest reads randomness, which the chain does not have")
	default:
		p.failed = p.diverged(&chain.Key{}, "the guest reads randomness, the chain has %s", chain.KindOf(e))
	}
	return [32]byte{}, p.failed
}

// Output drops what the guest writes: it was shown when it happened.
func (*player) Output(wasm.Stream, string) {}

// diverged is a difference at the event that was taken last.
func (p *player) diverged(is chain.Event, format string, args ...any) *Divergence {
	return p.turn.diverged(p.at, is, format, args...)
}

// beyond is a difference where the chain has no more events within the turn.
func (p *player) beyond(is chain.Event, format string, args ...any) *Divergence {
	return p.turn.diverged(len(p.turn.Events)+1, is, format, args...)
}
