package actors

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/replay"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// keeping is when an actor's next checkpoint is due, and what that needs to know.
type keeping struct {
	since  tally           // the newest checkpoint: what a resume would execute again
	due    tally           // any of these
	never  string          // why there are none; "" where there are
	newest [2]chain.Marker // the newest first
	began  int64           // when the actor last began with all its declared children, zero for the first time
}

// tally counts turns and what they took.
type tally struct {
	turns int64
	bytes int64 // on the chain
	fuel  int64
}

// keeping is the policy of the blueprint's actors.
func (b *Blueprint) keeping() keeping {
	s := b.manifest.Snapshot
	k := keeping{due: tally{int64(s.Turns), s.Bytes, s.Fuel}, never: b.neverKept()}
	if k.never != "" {
		k.due = tally{s.MaxReplay, math.MaxInt64, math.MaxInt64}
	}
	if b.manifest.Chain.Durability == manifest.DurabilityMemory {
		k.due.turns = math.MaxInt64
	}
	return k
}

// neverKept says why actors of the blueprint have no checkpoints, and is "" where
// they have.
func (b *Blueprint) neverKept() string {
	switch why := b.module.Fixed(); {
	case b.manifest.Chain.Durability == manifest.DurabilityMemory:
		return "nothing of it is kept"
	case !b.manifest.Snapshot.Enabled:
		return "its manifest has snapshot.enabled = false"
	case why != "":
		return "its module cannot be snapshotted: " + why
	}
	return ""
}

// sayNeverKept tells the owner of the node, once for each module, that actors are
// resumed by executing their whole chains.
func (b *Blueprint) sayNeverKept() {
	if why := b.module.Fixed(); why != "" {
		if _, said := b.system.neverKept.LoadOrStore(b.module.Sum, true); !said {
			b.system.config.Logger.Warn("actors of this package have no snapshots, and are resumed by executing their whole chains",
				"manifest", b.manifest.Name, "because", why)
		}
	}
}

// count adds a turn.
func (k *keeping) count(bytes, fuel int64) {
	k.since.turns++
	k.since.bytes += bytes
	k.since.fuel += fuel
}

func (k *keeping) isDue() bool {
	return k.since.turns >= k.due.turns || k.since.bytes >= k.due.bytes || k.since.fuel >= k.due.fuel
}

// checkpoint takes the checkpoint that is due, between two turns.
func (p *process) checkpoint() {
	k := &p.kept
	switch {
	case k.never != "":
		k.due.turns = math.MaxInt64
		p.logger().Warn("the actor can soon not be resumed any more: its chain is longer than snapshot.max_replay",
			"turns", k.since.turns, "because", k.never)
	case p.worthKeeping():
		p.keep()
	}
}

// checkpointOnSuspend takes one when the actor is suspended, so that it is resumed
// without executing anything again.
func (p *process) checkpointOnSuspend() {
	sound := p.up && p.exit == nil && p.haltErr == nil && !p.inTurn && p.door.draft == nil
	if sound && p.kept.never == "" && p.control.manifest.Snapshot.OnSuspend && p.worthKeeping() {
		p.keep()
	}
}

// turnFuel is what a turn costs besides what its guest spends, in fuel.
const turnFuel = 4096

// worthKeeping reports whether to execute what has come since the last checkpoint
// costs more than another one, which looks at all memory: a fuel is an instruction.
func (p *process) worthKeeping() bool {
	since := &p.kept.since
	return since.fuel+turnFuel*since.turns >= p.machine.Memory()
}

// keep takes a checkpoint and lets go of the one before the last. What it puts on
// the log waits for room there, as a turn does.
func (p *process) keep() {
	k, c := &p.kept, p.control
	snapshot, err := p.machine.Snapshot()
	if err != nil {
		return // the last turn has ended the instance
	}
	k.since = tally{} // also when this one fails: it is tried again later
	kept := chain.Checkpoint{
		Actor: c.id, Record: p.next, Turns: uint64(c.turns.Load()), Fuel: uint64(c.allFuel()), Restarts: uint64(c.restarts.Load()), Began: k.began,
		State: p.machine.State(), Machine: snapshot.Encode(),
	}
	if kept.Crossings, err = p.standing(); err != nil {
		p.logger().Error("a checkpoint cannot be taken", "error", err)
		return
	}
	if c.manifest.Chain.Sealed {
		kept.Salt = p.salt()
	}
	blob := kept.Append(nil)
	if err := p.writer.Reserve(p.life.ctx, len(blob)); err != nil {
		p.logger().Warn("a checkpoint was not taken", "error", err)
		return
	}
	defer p.writer.Release(len(blob))
	at := chain.Marker{Record: p.next, Sum: p.writer.PutBlob(blob)}
	if p.record(&chain.Lifecycle{What: chain.LifecycleCheckpoint, Time: p.now(), Sum: at.Sum}) != nil {
		return // the log has said so
	}
	if old := k.newest[1]; !old.IsZero() {
		p.writer.DropBlob(old.Sum)
	}
	k.newest = [2]chain.Marker{at, k.newest[0]}
	p.system.totals.checkpoints.Add(1)
}

// standing is what the sessions that outlive a process must be given again.
func (p *process) standing() (all []chain.Crossing, err error) {
	for _, session := range p.sessions {
		r, ok := session.(host.Restorer)
		if !ok {
			continue
		}
		for _, c := range r.Standing() {
			kept := chain.Crossing{Interface: c.Interface, Function: c.Function}
			if kept.Input, err = pack.Encode(c.Input); err == nil {
				kept.Output, err = pack.Encode(c.Output)
			}
			if err != nil {
				return nil, fmt.Errorf("%s.%s: %w", c.Interface, c.Function, err)
			}
			all = append(all, kept)
		}
	}
	return all, nil
}

// recall puts the machine of an actor that is resumed to the newest checkpoint that
// can be used. It returns what that tells, and the first record to execute: 0, the
// beginning, where there is none.
func (p *process) recall(ctx context.Context) (past, uint64, error) {
	whole := past{goesOn: p.birth.goesOn, started: p.birth.goesOn}
	sum := p.birth.sum
	p.kept.newest = sum.Checkpoints
	for _, at := range sum.Checkpoints {
		if at.IsZero() {
			break
		}
		kept, crossings, err := p.recallFrom(ctx, at)
		switch {
		case err == nil:
			p.control.turns.Store(int64(kept.Turns))
			p.control.fuelBefore.Store(int64(kept.Fuel))
			return past{
				goesOn: whole.goesOn, started: true, turns: 1, // that of init
				restarts: int(kept.Restarts), began: kept.Began, crossings: crossings,
			}, at.Record + 1, nil
		case ctx.Err() != nil, errors.Is(err, wasm.ErrNodeMemory):
			return whole, 0, err
		}
		p.logger().Warn("a checkpoint is of no use, and more of the chain is executed", "record", at.Record, "error", err)
		if err := p.machine.Reset(ctx); err != nil {
			return whole, 0, err
		}
	}
	if limit := p.control.manifest.Snapshot.MaxReplay; p.kept.never != "" && sum.Records > uint64(limit) {
		return whole, 0, fmt.Errorf("%w: it has %d records, snapshot.max_replay is %d, and there is no snapshot: %s", ErrLongReplay, sum.Records, limit, p.kept.never)
	}
	return whole, 0, nil
}

// recallFrom puts the machine to a checkpoint. After an error it has to be reset.
func (p *process) recallFrom(ctx context.Context, at chain.Marker) (*replay.Start, []host.Crossing, error) {
	kept, err := replay.Load(ctx, p.control.module, p.system.config.Log, p.control.id, at)
	if err != nil {
		return nil, nil, err
	}
	var crossings []host.Crossing
	for _, c := range kept.Crossings {
		x := host.Crossing{Interface: c.Interface, Function: c.Function}
		if x.Input, err = pack.Decode(c.Input); err == nil {
			x.Output, err = pack.Decode(c.Output)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s.%s: %w", c.Interface, c.Function, err)
		}
		crossings = append(crossings, x)
	}
	return kept, crossings, kept.Restore(ctx, p.machine)
}
