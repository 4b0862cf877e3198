package replay

import (
	"bytes"
	"context"
	"fmt"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// Checkpoint is a recorded checkpoint: what comes before it need not be executed
// again.
type Checkpoint struct {
	Actor  chain.ID
	Record uint64
	Event  *chain.Lifecycle

	index uint32 // of the event in its record
}

// Restore makes machine, of the actor's module, what it was at a checkpoint: what
// Run makes of it by all steps before, and the actor's state with it. Tail gives
// the steps that follow. After an error, which says why the checkpoint is of no
// use, machine takes no turns before a Reset, and its state and its clock are what
// they were.
func Restore(ctx context.Context, machine *wasm.Machine, reader chain.Reader, id chain.ID, at chain.Marker) (*chain.Checkpoint, error) {
	kept, snapshot, err := load(ctx, machine, reader, id, at)
	if err == nil {
		err = machine.Restore(ctx, snapshot)
	}
	if err != nil {
		return nil, fmt.Errorf("checkpoint of record %d: %w", at.Record, err)
	}
	machine.SetState(kept.State)
	return kept, nil
}

// load fetches a checkpoint and reads what is in it.
func load(ctx context.Context, machine *wasm.Machine, reader chain.Reader, id chain.ID, at chain.Marker) (*chain.Checkpoint, *wasm.Snapshot, error) {
	kept, err := chain.LoadCheckpoint(ctx, reader, id, at)
	if err != nil {
		return nil, nil, err
	}
	if view := (pack.View{}); !view.Scan(kept.State) {
		return nil, nil, fmt.Errorf("state: %w: no encoded value", chain.ErrCorrupt)
	}
	snapshot, err := machine.Module().DecodeSnapshot(kept.Machine)
	return kept, snapshot, err
}

func (c *Checkpoint) run(ctx context.Context, x *execution) error {
	kept, was, err := load(ctx, x.machine, x.reader, c.Actor, chain.Marker{Record: c.Record, Sum: c.Event.Sum})
	if err != nil { // there is nothing to compare
		return ctx.Err()
	}
	is, err := x.machine.Snapshot()
	if err != nil {
		return fmt.Errorf("compare with the checkpoint of record %d: %w", c.Record, err)
	}
	d := &Divergence{Turn: c.Record, Record: c.Record, Index: c.index, What: is.Difference(was), Recorded: c.Event}
	if !bytes.Equal(x.machine.State(), kept.State) {
		d.What, d.Is, d.Was = "the state is another", bytes.Clone(x.machine.State()), kept.State
	}
	if d.What != "" {
		return d
	}
	return nil
}
