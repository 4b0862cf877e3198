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

// Run executes a step, no open turn, again on machine, which has run all steps before it, and
// the actor's initial state before those. When ctx ends, so does the execution,
// with the trap that is its cause. It also ends where this node has no memory
// left for it; what the chain has is then neither confirmed nor refuted.
//
// The response, the error and the state of a turn are held against what was
// recorded. A difference is a *Divergence. A turn that was interrupted never
// reached the instance that the chain goes on with, and is left out. One that
// was cut short by its fuel, its time or a kill ends where it ended, by the fuel
// that it had spent. After that, as after any trap, machine takes no more turns
// until the restart that follows on the chain.
//
// A restart gives machine a fresh guest, which begins with the actor's initial
// state or goes on with that of the last turn that succeeded.
//
// A checkpoint is held against machine and changes nothing. One that the log has
// no more, or that is damaged or of another version, confirms and refutes nothing.
func Run(ctx context.Context, machine *wasm.Machine, reader chain.Reader, s Step) error {
	return s.run(ctx, machine, reader)
}

func (r *Restart) run(ctx context.Context, machine *wasm.Machine, reader chain.Reader) error {
	if err := machine.Reset(ctx); err != nil {
		return fmt.Errorf("restart of record %d: %w", r.Record, err)
	}
	if !r.Fresh() {
		return nil
	}
	state, err := chain.LoadBlob(ctx, reader, r.Event.Sum)
	if err != nil {
		return fmt.Errorf("initial state for the restart of record %d: %w", r.Record, err)
	}
	if view := (pack.View{}); !view.Scan(state) {
		return fmt.Errorf("initial state for the restart of record %d: %w: no encoded value", r.Record, chain.ErrCorrupt)
	}
	machine.SetState(state)
	return nil
}

func (t *Turn) run(ctx context.Context, machine *wasm.Machine, reader chain.Reader) error {
	if t.Result.Status == chain.ResultInterrupted {
		return nil
	}
	input, err := t.Call.Params.Load(ctx, reader)
	if err != nil {
		return err
	}
	if view := (pack.View{}); !view.Scan(input) {
		return fmt.Errorf("parameters of record %d: %w: no encoded value", t.Record, chain.ErrCorrupt)
	}
	if t.Ends() { // whatever the guest had made of it before it ended
		state := bytes.Clone(machine.State())
		defer func() { machine.SetState(state) }()
	}
	host := &player{reader: reader, turn: t}
	fuel, end := t.bound()
	machine.Replay(host, fuel, end)
	if started := machine.Begin(t.Call.Time); started != t.Call.Time {
		return host.diverged("it starts at %d, the chain has %d", started, t.Call.Time)
	}
	response, failure := machine.Turn(ctx, int(t.Call.Export), input)
	if host.failed != nil {
		return host.failed
	}
	if errors.Is(failure, wasm.ErrNodeMemory) {
		return fmt.Errorf("execute the turn of record %d again: %w", t.Record, failure)
	}
	if host.at != len(t.Events) {
		return host.diverged("the chain has %s, which the guest does not do", chain.KindOf(t.Events[host.at]))
	}
	return compare(ctx, host, machine, response, failure)
}

// bound is what a turn may spend and what it ends with when it spends more. The
// guest looks at its fuel at fixed places: one that was stopped there had spent
// what is recorded, and at no place before as much. One that a host call stopped
// ends by the answer to that call.
func (t *Turn) bound() (fuel int64, end wasm.Kind) {
	r := t.Result
	cut := r.Status == chain.ResultLimit || r.Status == chain.ResultKilled || r.Status == chain.ResultDeadline
	if !cut || !r.Trap.Known { // where nothing is known the guest had returned
		return wasm.Unbounded, wasm.KindLimit
	}
	if len(t.Events) > 0 {
		switch last := t.Events[len(t.Events)-1].(type) {
		case *chain.Host:
			if last.Status != chain.CallAnswered && last.Output.IsZero() {
				return wasm.Unbounded, wasm.KindLimit
			}
		case *chain.Outcome:
			if last.Status != chain.CallAnswered && last.Output.IsZero() {
				return wasm.Unbounded, wasm.KindLimit
			}
		}
	}
	return int64(r.Fuel) - 1, wasm.Kind(r.Trap.Kind)
}

// Ends reports whether the turn ended its instance. Its result is not nil.
func (t *Turn) Ends() bool { return t.Result.Status.Ends() }

func compare(ctx context.Context, host *player, machine *wasm.Machine, response []byte, failure error) error {
	recorded := host.turn.Result
	var guest *wasm.GuestError
	var trap *wasm.Trap
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("execute the turn of record %d again: %w", host.turn.Record, failure)
	case errors.As(failure, &trap) && host.turn.Ends():
		return host.equalTrap(trap)
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
	case failure == nil && recorded.Status == chain.ResultLimit && !recorded.Trap.Known:
		return nil // what it gave was more than its chain may hold
	case failure == nil:
		return host.diverged("it succeeds, the chain has %s", recorded.Status)
	}
	return host.diverged("it ends with %v, the chain has %s", failure, recorded.Status)
}

// equalTrap compares what is hashed of a trap.
func (p *player) equalTrap(trap *wasm.Trap) error {
	was := p.turn.Result
	function, known := trap.Site()
	is := chain.TrapInfo{Kind: string(trap.Kind), Function: function, Known: known}
	if is != was.Trap {
		return p.diverged("it ends with %v, the chain has %s %+v", trap, was.Status, was.Trap)
	}
	switch was.Status {
	case chain.ResultLimit, chain.ResultKilled, chain.ResultDeadline:
		if uint64(trap.Fuel) != was.Fuel {
			return p.diverged("it ends after %d of fuel, the chain has %d", trap.Fuel, was.Fuel)
		}
	}
	return nil
}

func (p *player) equal(ctx context.Context, what string, is []byte, recorded chain.Payload) error {
	was, err := recorded.Load(ctx, p.reader)
	if err == nil && !bytes.Equal(is, was) {
		err = p.diverged("the %s is another: %s", what, literal(is))
	}
	return err
}

// equalState compares the state with its bytes, its hash or its opening.
func (p *player) equalState(ctx context.Context, state []byte, recorded chain.StateRef) error {
	if recorded.Sealed {
		return p.equal(ctx, "state", state, chain.Payload{Form: chain.FormSealed, Sum: recorded.Sum, Length: recorded.Length})
	}
	if len(recorded.Inline) > 0 && bytes.Equal(state, recorded.Inline) ||
		len(recorded.Inline) == 0 && sha256.Sum256(state) == recorded.Sum {
		return nil
	}
	return p.diverged("the state after it is another: %s", literal(state))
}

// literal is a value for people.
func literal(encoded []byte) string {
	v, err := pack.Decode(encoded)
	if err != nil {
		return err.Error()
	}
	return v.String()
}
