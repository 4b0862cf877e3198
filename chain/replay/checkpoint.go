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

// Start is a checkpoint to go on from.
type Start struct {
	*chain.Checkpoint
	snapshot *wasm.Snapshot
}

// Load fetches a checkpoint of an actor of a module, and says why it is of no use.
func Load(ctx context.Context, module *wasm.Module, reader chain.Reader, id chain.ID, at chain.Marker) (*Start, error) {
	s, err := load(ctx, module, reader, id, at)
	if err != nil {
		return nil, fmt.Errorf("checkpoint of record %d: %w", at.Record, err)
	}
	return s, nil
}

func load(ctx context.Context, module *wasm.Module, reader chain.Reader, id chain.ID, at chain.Marker) (*Start, error) {
	kept, err := chain.LoadCheckpoint(ctx, reader, id, at)
	if err != nil {
		return nil, err
	}
	if view := (pack.View{}); !view.Scan(kept.State) {
		return nil, fmt.Errorf("state: %w: no encoded value", chain.ErrCorrupt)
	}
	snapshot, err := module.DecodeSnapshot(kept.Machine)
	return &Start{kept, snapshot}, err
}

// Restore makes machine, of that module, what Run makes of it by all steps before
// the checkpoint, and sets the actor's state. Tail gives the steps that follow.
// After an error machine takes no turns before a Reset, and its state and its clock
// are what they were.
func (s *Start) Restore(ctx context.Context, machine *wasm.Machine) error {
	if err := machine.Restore(ctx, s.snapshot); err != nil {
		return fmt.Errorf("checkpoint of record %d: %w", s.Record, err)
	}
	machine.SetState(s.State)
	return nil
}

func (c *Checkpoint) run(ctx context.Context, x *execution) error {
	was, err := load(ctx, x.machine.Module(), x.reader, c.Actor, chain.Marker{Record: c.Record, Sum: c.Event.Sum})
	if err != nil { // there is nothing to compare
		return ctx.Err()
	}
	is, err := x.machine.Snapshot()
	if err != nil {
		return fmt.Errorf("compare with the checkpoint of record %d: %w", c.Record, err)
	}
	d := &Divergence{Turn: c.Record, Record: c.Record, Index: c.index, What: is.Difference(was.snapshot), Recorded: c.Event}
	if !bytes.Equal(x.machine.State(), was.State) {
		d.What, d.Is, d.Was = "the state is another", bytes.Clone(x.machine.State()), was.State
	}
	if d.What != "" {
		return d
	}
	return nil
}
