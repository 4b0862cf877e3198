package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// Config says which chain is executed again, and on what.
type Config struct {
	Reader  chain.Reader
	Actor   chain.ID
	Module  *wasm.Module // that of the chain, or another one in its place
	Options wasm.Options // that the actor's instances had

	// Records is how many records are executed; 0 is all.
	Records uint64
	// Patience is how long a turn may run; 0 is for ever. One that does not end
	// diverges, for all turns of a chain have ended.
	Patience time.Duration
	// Confirmed is told of each record once all of it was found to be the same; nil
	// tells nobody. An error ends the execution.
	Confirmed func(chain.Record, Report) error
}

// Report counts what was found to be the same.
type Report struct {
	Records  uint64
	Events   uint64
	Turns    uint64 // with those that were cut short
	Restarts uint64
	// Skipped are turns that were cut short and are not executed, because
	// instances of the module cannot be put back to what they were before.
	Skipped uint64
	Open    bool       // the last turn has no result
	Head    chain.Hash // of the newest of the records
	State   []byte     // after the last turn that succeeded, as CGRF
}

var (
	// ErrUnsupported is returned for a chain that holds what cannot be executed again.
	ErrUnsupported = errors.New("cannot be executed again")
	// ErrSealed is returned where the opening of a sealed value is not kept.
	ErrSealed = errors.New("a sealed value cannot be opened")
)

// Verify executes the chain of an actor again from its beginning, with no handler
// running, and recomputes its hashes. It verifies the chain on the way: what is
// wrong with it by itself is chain.ErrInvalid. The first difference between the
// execution and the chain is a *Divergence; the report is of what comes before.
//
// What a replay cannot compute it copies: what FORMAT.md marks as input, and where a
// turn is cut into records. So two chains that differ in their inputs alone may both
// be what a module did; they have different heads.
//
// A turn that was cut short is executed as far as it is recorded. A sealed chain
// needs the openings of its values: one that is not kept is ErrSealed.
//
// Another module than the chain's is given the same inputs. Its imports and exports are
// found by their names, and so are the functions in which it traps; where a turn was
// stopped from outside or by its fuel it may be stopped elsewhere, and checkpoints
// are not compared.
func Verify(ctx context.Context, c Config) (Report, error) {
	v := verification{config: c}
	defer v.close(ctx)
	for r, err := range chain.Verified(ctx, c.Reader, c.Actor) {
		if err == nil {
			err = v.record(ctx, r)
		}
		if err != nil {
			return v.report, err
		}
		if r.Number+1 == c.Records {
			break
		}
	}
	err := v.end(ctx)
	return v.report, err
}

// verification is a chain that is being executed again.
type verification struct {
	config  Config
	x       execution
	steps   folding
	pending []chain.Record  // that wait for the end of a turn
	results []*chain.Result // of the turns that have ended in them, as they were executed
	report  Report
}

func (v *verification) close(ctx context.Context) {
	if v.x.machine != nil {
		v.x.machine.Close(context.WithoutCancel(ctx))
	}
}

// record takes the next record.
func (v *verification) record(ctx context.Context, r chain.Record) error {
	v.pending = append(v.pending, r)
	for i, event := range r.Events {
		if g, ok := event.(*chain.Genesis); ok {
			if err := v.genesis(ctx, g); err != nil {
				return err
			}
		}
		if l, ok := event.(*chain.Lifecycle); ok && (l.What == chain.LifecycleUpgrade || l.What == chain.LifecycleFork) {
			return fmt.Errorf("record %d: %s: %w", r.Number, l.What, ErrUnsupported)
		}
		step, problem := v.steps.event(r, uint32(i), event)
		if problem != "" {
			return fmt.Errorf("record %d: %s: %w", r.Number, problem, chain.ErrInvalid)
		}
		if step != nil {
			if err := v.step(ctx, step); err != nil {
				return err
			}
		}
	}
	if v.steps.open != nil {
		return nil
	}
	return v.confirm()
}

// genesis makes the instance.
func (v *verification) genesis(ctx context.Context, g *chain.Genesis) error {
	if g.Convention != wasm.Convention || g.Rewriter != wasm.Rewriter || g.FuelSchedule != wasm.FuelSchedule {
		return fmt.Errorf("the chain is of convention %d, rewriter %d and fuel schedule %d, which this program does not have: %w",
			g.Convention, g.Rewriter, g.FuelSchedule, chain.ErrVersion)
	}
	m := v.config.Module
	f := faceOf(m)
	if g.Module != m.Sum {
		code, err := chain.LoadBlob(ctx, v.config.Reader, g.Module)
		if err != nil {
			return fmt.Errorf("the recorded module, whose names another one needs: %w", err)
		}
		recorded, err := wasm.ReadLayout(code)
		if err != nil {
			return fmt.Errorf("the recorded module, whose names another one needs: %w", err)
		}
		f = faceFor(m, recorded)
	}
	machine, err := m.Start(ctx, v.config.Options)
	if err != nil {
		return fmt.Errorf("start the module: %w", err)
	}
	v.x = execution{machine: machine, reader: v.config.Reader, face: f}
	if g.InitialState.IsZero() {
		return nil
	}
	return v.x.begin(ctx, g.InitialState)
}

// errEndless ends a turn that has run for too long.
var errEndless = wasm.Trapf(wasm.KindKilled, "the turn does not end")

// step executes a step, also one that has no end of its own.
func (v *verification) step(ctx context.Context, s Step) error {
	if v.config.Patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, v.config.Patience, errEndless)
		defer cancel()
	}
	t, isTurn := s.(*Turn)
	if !isTurn {
		return s.run(ctx, &v.x)
	}
	err := v.turn(ctx, t)
	var trap *wasm.Trap
	if errors.As(err, &trap) && trap.Message == errEndless.Message {
		return t.diverged(len(t.Events)+1, nil, "it has not ended after %v", v.config.Patience)
	}
	return err
}

func (v *verification) turn(ctx context.Context, t *Turn) error {
	if !t.cut() {
		err := v.x.turn(ctx, t)
		v.results = append(v.results, v.x.rebuilt)
		return err
	}
	if t.Result != nil {
		v.results = append(v.results, t.Result)
	}
	was, err := v.x.machine.Snapshot()
	switch {
	case errors.Is(err, wasm.ErrFixed):
		v.report.Skipped++
		return nil
	case err != nil:
		return fmt.Errorf("before the turn of record %d: %w", t.Record, err)
	}
	if err := v.x.turn(ctx, t); err != nil {
		return err
	}
	return v.x.machine.Restore(context.WithoutCancel(ctx), was)
}

// end takes the end of the records, which may lie within a turn.
func (v *verification) end(ctx context.Context) error {
	if v.x.machine == nil {
		return nil
	}
	if t := v.steps.open; t != nil {
		if err := v.step(ctx, t); err != nil {
			return err
		}
		v.report.Open = true
	}
	v.report.State = bytes.Clone(v.x.machine.State())
	return v.confirm()
}

// confirm recomputes the records that are pending, each from the hash of the one
// before, and tells of them.
func (v *verification) confirm() error {
	for _, r := range v.pending {
		again := r
		again.Events = slices.Clone(r.Events)
		report := v.report
		for i, e := range r.Events {
			switch e := e.(type) {
			case *chain.Result:
				again.Events[i] = v.results[0]
				v.results = v.results[1:]
				report.Turns++
			case *chain.Lifecycle:
				if e.What == chain.LifecycleRestart {
					report.Restarts++
				}
			}
		}
		stored, err := chain.Store(again)
		if err != nil {
			return err
		}
		if report.Head = stored.Sum(v.report.Head); report.Head != r.Hash {
			return otherHash(r, again, report.Head)
		}
		report.Records++
		report.Events += uint64(len(r.Events))
		v.report = report
		if v.config.Confirmed != nil {
			if err := v.config.Confirmed(r, report); err != nil {
				return err
			}
		}
	}
	v.pending, v.results = v.pending[:0], v.results[:0]
	return nil
}

// otherHash is a record that is another when it is written down again.
func otherHash(was, is chain.Record, sum chain.Hash) error {
	d := &Divergence{Turn: was.Number, Record: was.Number, Call: &chain.Call{}, What: fmt.Sprintf("the record's hash is %s, the chain has %s", sum, was.Hash)}
	for i := range was.Events {
		recorded, _ := chain.AppendEvent(nil, was.Events[i])
		replayed, _ := chain.AppendEvent(nil, is.Events[i])
		if !bytes.Equal(recorded, replayed) {
			d.Index, d.Recorded, d.Replayed = uint32(i), was.Events[i], is.Events[i]
			break
		}
	}
	return d
}
