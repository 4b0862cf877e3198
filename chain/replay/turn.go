package replay

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// Turn is a recorded turn: its call, the events within it, and its result. It
// may span several records.
type Turn struct {
	Record uint64 // in which the call stands
	Call   *chain.Call
	Events []chain.Event // between call and result
	Result *chain.Result // nil in a turn that was never closed

	places []place // of the call, of each event and of the result
}

// place is where an event stands in its chain.
type place struct {
	record uint64
	index  uint32
}

// Ends reports whether the turn ended its instance. Its result is not nil.
func (t *Turn) Ends() bool { return t.Result.Status.Ends() }

// Released reports whether what a call among its Events had left for later was let
// go: it is on the chain before the end of the turn, or that was good.
func (t *Turn) Released(call int) bool {
	return t.Result == nil || t.Result.Status == chain.ResultOK || t.places[call+1].record != t.places[len(t.places)-1].record
}

// cut reports whether the turn has no end of its own.
func (t *Turn) cut() bool { return t.Result == nil || t.Result.Status == chain.ResultInterrupted }

// diverged is a difference at one of the turn's events: 0 is its call, and the one
// behind all events its result.
func (t *Turn) diverged(at int, is chain.Event, format string, args ...any) *Divergence {
	d := &Divergence{Turn: t.Record, Record: t.Record, Index: uint32(at), What: fmt.Sprintf(format, args...), Replayed: is, Call: t.Call}
	switch {
	case at < len(t.places):
		d.Record, d.Index = t.places[at].record, t.places[at].index
	case len(t.places) > 0: // the turn is open
		last := t.places[len(t.places)-1]
		d.Record, d.Index = last.record, last.index+1
	}
	switch {
	case at == 0:
		d.Recorded = t.Call
	case at <= len(t.Events):
		d.Recorded = t.Events[at-1]
	case t.Result != nil:
		d.Recorded = t.Result
	}
	return d
}

func (t *Turn) run(ctx context.Context, x *execution) error {
	if t.cut() {
		return nil
	}
	return x.turn(ctx, t)
}

// turn executes a turn, or what there is of one that was cut short.
func (x *execution) turn(ctx context.Context, t *Turn) error {
	input, err := x.load(ctx, t.Call.Params)
	if err != nil {
		return err
	}
	if view := (pack.View{}); !view.Scan(input) {
		return fmt.Errorf("parameters of record %d: %w: no encoded value", t.Record, chain.ErrCorrupt)
	}
	export, problem := x.face.export(t.Call.Export)
	if problem != "" {
		return t.diverged(0, nil, "%s", problem)
	}
	if t.cut() || t.Ends() { // whatever the guest had made of it before it ended
		state := bytes.Clone(x.machine.State())
		defer func() { x.machine.SetState(state) }()
	}
	host := &player{execution: x, turn: t}
	fuel, end := t.bound()
	x.machine.Replay(host, fuel, end)
	begun := *t.Call
	if begun.Time = x.machine.Begin(t.Call.Time); begun.Time != t.Call.Time {
		return t.diverged(0, &begun, "it starts at %d, the chain has %d", begun.Time, t.Call.Time)
	}
	if t.cut() && len(t.Events) == 0 {
		return nil
	}
	response, failure := x.machine.Turn(ctx, export, input)
	switch {
	case host.failed != nil:
		return host.failed
	case errors.Is(failure, wasm.ErrNodeMemory), ctx.Err() != nil:
		return fmt.Errorf("execute the turn of record %d again: %w", t.Record, failure)
	}
	is := host.ending(response, failure)
	switch {
	case host.at != len(t.Events):
		return t.diverged(host.at+1, kept(is), "the chain has %s, which the guest does not do", chain.KindOf(t.Events[host.at]))
	case t.cut():
		return nil
	}
	return host.close(ctx, is, failure)
}

// bound is what a turn may spend and what it ends with when it spends more. The
// guest looks at its fuel at fixed places: one that was stopped there had spent
// what is recorded, and at no place before as much. One that a host call stopped
// ends by the answer to that call.
func (t *Turn) bound() (fuel int64, end wasm.Kind) {
	r := t.Result
	if r == nil || !stopped(r.Status) || !r.Trap.Known { // where nothing is known the guest had returned
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
