package replay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// Status is how a turn is recorded that ended with a trap of that kind.
func Status(kind wasm.Kind) chain.ResultStatus {
	switch kind {
	case wasm.KindKilled:
		return chain.ResultKilled
	case wasm.KindDeadline:
		return chain.ResultDeadline
	case wasm.KindLimit:
		return chain.ResultLimit
	}
	return chain.ResultTrap
}

// stopped reports whether a turn with that end was stopped by a limit or from
// outside, so that its result says what it had spent.
func stopped(s chain.ResultStatus) bool {
	return s == chain.ResultLimit || s == chain.ResultKilled || s == chain.ResultDeadline
}

// ending is what closes a turn that has ended so, with its whole values. They are
// valid until the next turn.
func (p *player) ending(response []byte, failure error) *chain.Result {
	was := p.turn.Result
	var guest *wasm.GuestError
	var trap *wasm.Trap
	switch {
	case failure == nil && was != nil && was.Status == chain.ResultLimit && !was.Trap.Known:
		// What it gave was more than its chain may hold.
		return &chain.Result{Status: chain.ResultLimit, Trap: chain.TrapInfo{Kind: string(wasm.KindLimit)}}
	case failure == nil:
		return &chain.Result{Response: chain.Payload{Bytes: response}, State: chain.StateRef{Inline: p.machine.State()}}
	case errors.As(failure, &guest):
		return &chain.Result{Status: chain.ResultError, Error: chain.Payload{Bytes: guest.Value}, Text: guest.Message}
	case !errors.As(failure, &trap):
		trap = wasm.Trapf(wasm.KindHost, "%v", failure)
	}
	function, known := trap.Site()
	is := &chain.Result{
		Status: Status(trap.Kind), Text: trap.Error(),
		Trap: chain.TrapInfo{Kind: string(trap.Kind), Function: function, Known: known},
	}
	if stopped(is.Status) {
		is.Fuel = uint64(max(trap.Fuel, 0))
	}
	return is
}

// close holds the end of a turn against the recorded one and writes it down again.
func (p *player) close(ctx context.Context, is *chain.Result, failure error) error {
	was := p.turn.Result
	trap, fuel := is.Trap, is.Fuel
	if p.face.other != nil && is.Status == was.Status { // another module has other indexes, and another way to where it was stopped
		trap.Function, fuel = p.face.function(trap.Function, was.Trap.Function), was.Fuel
	}
	switch {
	case is.Status != was.Status && failure == nil:
		return p.beyond(kept(is), "it succeeds, the chain has %s", was.Status)
	case is.Status != was.Status:
		return p.beyond(kept(is), "it ends with %v, the chain has %s", failure, was.Status)
	case trap != was.Trap:
		return p.beyond(kept(is), "it ends with %v, the chain has %s %+v", failure, was.Status, was.Trap)
	case stopped(is.Status) && fuel != was.Fuel:
		return p.beyond(kept(is), "it ends after %d of fuel, the chain has %d", fuel, was.Fuel)
	}
	rebuilt := *is
	rebuilt.Trap, rebuilt.Fuel = trap, fuel
	rebuilt.Response, rebuilt.Error, rebuilt.State = was.Response, was.Error, was.State
	for _, v := range []struct {
		what string
		is   []byte
		was  chain.Payload
	}{
		{"the response is another", is.Response.Bytes, was.Response},
		{"it ends with another error", is.Error.Bytes, was.Error},
		{"the state after it is another", is.State.Inline, asPayload(was.State)},
	} {
		same, err := p.equal(ctx, v.is, v.was)
		if err != nil {
			return err
		}
		if !same {
			d := p.beyond(kept(is), "%s", v.what)
			d.Is, d.Was = bytes.Clone(v.is), p.known(ctx, v.was)
			return d
		}
	}
	p.rebuilt = &rebuilt
	return nil
}

// kept is a result whose values stay.
func kept(r *chain.Result) *chain.Result {
	c := *r
	c.Response.Bytes, c.Error.Bytes = bytes.Clone(c.Response.Bytes), bytes.Clone(c.Error.Bytes)
	c.State.Inline = bytes.Clone(c.State.Inline)
	c.State.Length = uint64(len(c.State.Inline))
	return &c
}

// asPayload is a reference to a state as one to a payload.
func asPayload(s chain.StateRef) chain.Payload {
	switch {
	case s.Sealed:
		return chain.Payload{Form: chain.FormSealed, Sum: s.Sum, Length: s.Length}
	case len(s.Inline) > 0 || s.IsZero():
		return chain.Payload{Bytes: s.Inline}
	}
	return chain.Payload{Form: chain.FormBlob, Sum: s.Sum, Length: s.Length}
}

// equal reports whether bytes are those of a recorded value. A sealed one needs its
// opening.
func (x *execution) equal(ctx context.Context, is []byte, was chain.Payload) (bool, error) {
	switch was.Form {
	case chain.FormInline:
		return bytes.Equal(is, was.Bytes), nil
	case chain.FormBlob:
		return uint64(len(is)) == was.Length && sha256.Sum256(is) == was.Sum, nil
	}
	b, err := x.load(ctx, was)
	return err == nil && bytes.Equal(is, b), err
}

// load fetches a recorded value.
func (x *execution) load(ctx context.Context, p chain.Payload) ([]byte, error) {
	b, err := p.Load(ctx, x.reader)
	if p.Form == chain.FormSealed && errors.Is(err, chain.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	return b, err
}

// known is a recorded value where it can be shown, else nil.
func (x *execution) known(ctx context.Context, was chain.Payload) []byte {
	b, err := x.load(ctx, was)
	if err != nil {
		return nil
	}
	return b
}
