package replay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// Run executes a turn again on machine and holds its response, its error and
// the state after it against what was recorded. A difference is a *Divergence.
// A turn that is killed, or takes longer than the machine lets it, is its *Trap.
//
// A turn that was interrupted never reached the instance that the chain goes on
// with, and is left out. One that ended the instance cannot be executed: what
// follows it began anew.
func Run(ctx context.Context, machine *wasm.Machine, reader chain.Reader, t *Turn) error {
	switch t.Result.Status {
	case chain.ResultInterrupted:
		return nil
	case chain.ResultOK, chain.ResultError:
	default:
		return fmt.Errorf("the turn of record %d ended its instance (%s): %w", t.Record, t.Result.Status, ErrEnded)
	}
	input, err := t.Call.Params.Load(ctx, reader)
	if err != nil {
		return err
	}
	params, err := pack.Decode(input)
	if err != nil {
		return fmt.Errorf("parameters of record %d: %w", t.Record, err)
	}
	host := &player{reader: reader, turn: t}
	machine.Attach(host)
	if started := machine.Begin(t.Call.Time); started != t.Call.Time {
		return host.diverged("it starts at %d, the chain has %d", started, t.Call.Time)
	}
	response, failure := machine.Turn(ctx, int(t.Call.Export), params)
	if host.failed != nil {
		return host.failed
	}
	if host.at != len(t.Events) {
		return host.diverged("the chain has %s, which the guest does not do", chain.KindOf(t.Events[host.at]))
	}
	return compare(ctx, host, machine, response, failure)
}

// ErrEnded is returned for a turn that ended its instance.
var ErrEnded = errors.New("it cannot be executed again on the same instance")

func compare(ctx context.Context, host *player, machine *wasm.Machine, response pack.Value, failure error) error {
	recorded := host.turn.Result
	var guest *wasm.GuestError
	var trap *wasm.Trap
	switch {
	case errors.As(failure, &trap) && (trap.Kind == wasm.KindKilled || trap.Kind == wasm.KindDeadline):
		// How long a turn takes is not the guest's doing.
		return fmt.Errorf("execute the turn of record %d again: %w", host.turn.Record, failure)
	case failure == nil && recorded.Status == chain.ResultOK:
		if err := host.equal(ctx, "response", response, recorded.Response); err != nil {
			return err
		}
		return host.equalState(ctx, machine.State(), recorded.State)
	case errors.As(failure, &guest) && recorded.Status == chain.ResultError:
		was, err := recorded.Error.Load(ctx, host.reader)
		if err == nil && !bytes.Equal(was, guest.Value) {
			err = host.diverged("it ends with another error: %s", guest.Message)
		}
		return err
	case failure == nil:
		return host.diverged("it succeeds, the chain has %s", recorded.Status)
	}
	return host.diverged("it ends with %v, the chain has %s", failure, recorded.Status)
}

func (p *player) equal(ctx context.Context, what string, v pack.Value, recorded chain.Payload) error {
	was, err := recorded.Load(ctx, p.reader)
	if err != nil {
		return err
	}
	is, err := pack.Encode(v)
	if err != nil {
		return err
	}
	if !bytes.Equal(is, was) {
		return p.diverged("the %s is another: %s", what, v)
	}
	return nil
}

// equalState compares the state with its bytes, its hash or its opening.
func (p *player) equalState(ctx context.Context, state pack.Value, recorded chain.StateRef) error {
	if recorded.Sealed {
		return p.equal(ctx, "state", state, chain.Payload{Form: chain.FormSealed, Sum: recorded.Sum, Length: recorded.Length})
	}
	is, err := pack.Encode(state)
	if err != nil {
		return err
	}
	if len(recorded.Inline) > 0 && bytes.Equal(is, recorded.Inline) ||
		len(recorded.Inline) == 0 && sha256.Sum256(is) == recorded.Sum {
		return nil
	}
	return p.diverged("the state after it is another: %s", state)
}
