package replay

import (
	"context"
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
// Everything that follows from a turn's inputs is held against what was recorded: the
// calls that the guest makes, and how the turn ends. A difference is a *Divergence. A turn that was interrupted never
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
	return s.run(ctx, &execution{machine: machine, reader: reader, face: faceOf(machine.Module())})
}

// execution runs the steps of a chain on a machine.
type execution struct {
	machine *wasm.Machine
	reader  chain.Reader
	face    face
	rebuilt *chain.Result // of the last turn: what the chain has by what the guest did
}

func (r *Restart) run(ctx context.Context, x *execution) error {
	if err := x.machine.Reset(ctx); err != nil {
		return fmt.Errorf("restart of record %d: %w", r.Record, err)
	}
	if !r.Fresh() {
		return nil
	}
	if err := x.begin(ctx, r.Event.Sum); err != nil {
		return fmt.Errorf("restart of record %d: %w", r.Record, err)
	}
	return nil
}

// begin gives the machine its initial state.
func (x *execution) begin(ctx context.Context, initial chain.Hash) error {
	state, err := chain.LoadBlob(ctx, x.reader, initial)
	if err != nil {
		return fmt.Errorf("initial state: %w", err)
	}
	if view := (pack.View{}); !view.Scan(state) {
		return fmt.Errorf("initial state: %w: no encoded value", chain.ErrCorrupt)
	}
	x.machine.SetState(state)
	return nil
}
