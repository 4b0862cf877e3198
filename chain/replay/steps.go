package replay

import (
	"context"
	"fmt"
	"iter"

	"github.com/theater-go/theater/chain"
)

// Step is what a chain says was done with its actor's instance. The set is
// closed: *Turn, *Restart, *Checkpoint.
type Step interface {
	run(context.Context, *execution) error
}

// Restart is a recorded restart: the actor has a fresh instance from there on.
type Restart struct {
	Record uint64
	Event  *chain.Lifecycle
}

// Fresh reports whether the actor began anew, with its initial state, so that
// the next turn is init. Else it went on with the state of the last turn that
// succeeded.
func (r *Restart) Fresh() bool { return !r.Event.Sum.IsZero() }

// Steps groups the events of a chain, from its genesis on, into turns, restarts
// and checkpoints, leaving out what lies between them. Only the last turn can be
// open. A chain whose steps cannot follow each other is chain.ErrCorrupt; an error
// is the last thing that Steps yields.
func Steps(records iter.Seq2[chain.Record, error]) iter.Seq2[Step, error] {
	return steps(folding{}, records)
}

// Tail is Steps of the records that follow that of a checkpoint, of an actor whose
// genesis names the initial state.
func Tail(initial chain.Hash, records iter.Seq2[chain.Record, error]) iter.Seq2[Step, error] {
	return steps(folding{initial: initial}, records)
}

func steps(f folding, records iter.Seq2[chain.Record, error]) iter.Seq2[Step, error] {
	return func(yield func(Step, error) bool) {
		f := f // of this pass
		for r, err := range records {
			if err != nil {
				yield(nil, err)
				return
			}
			for i, event := range r.Events {
				step, problem := f.event(r, uint32(i), event)
				if problem != "" {
					yield(nil, fmt.Errorf("record %d: %s: %w", r.Number, problem, chain.ErrCorrupt))
					return
				}
				if step != nil && !yield(step, nil) {
					return
				}
			}
		}
		if f.open != nil {
			yield(f.open, nil)
		}
	}
}

// folding is how far the events of a chain are folded into steps.
type folding struct {
	initial chain.Hash // the actor's initial state, as its genesis has it
	open    *Turn      // not closed yet
	ended   *Turn      // ended the instance, and no restart gave another
}

// event takes the next event, which stands in r at index. It returns the step that it completes, or what is
// wrong with it.
func (f *folding) event(r chain.Record, index uint32, event chain.Event) (step Step, problem string) {
	switch e := event.(type) {
	case *chain.Genesis:
		f.initial = e.InitialState
	case *chain.Call:
		if f.ended != nil {
			return nil, fmt.Sprintf("a turn begins after that of record %d (%s) ended the instance, and nothing restarted it",
				f.ended.Record, f.ended.Result.Status)
		}
		f.open = &Turn{Record: r.Number, Call: e, places: []place{{r.Number, index}}}
	case *chain.Host, *chain.Intent, *chain.Outcome, *chain.Key:
		if f.open != nil {
			f.open.Events = append(f.open.Events, e)
			f.open.places = append(f.open.places, place{r.Number, index})
		}
	case *chain.Result:
		return f.close(place{r.Number, index}, e), ""
	case *chain.Lifecycle:
		switch e.What {
		case chain.LifecycleRestart:
			return f.restart(r.Number, e)
		case chain.LifecycleCheckpoint:
			return f.checkpoint(r, index, e)
		}
	}
	return nil, ""
}

// close takes the end of the open turn.
func (f *folding) close(at place, e *chain.Result) Step {
	t := f.open
	if t == nil {
		return nil
	}
	f.open, t.Result, t.places = nil, e, append(t.places, at)
	if t.Ends() {
		f.ended = t
	}
	return t
}

func (f *folding) restart(record uint64, e *chain.Lifecycle) (step Step, problem string) {
	switch {
	case f.open != nil:
		return nil, fmt.Sprintf("a restart within the turn of record %d", f.open.Record)
	case !e.Sum.IsZero() && e.Sum != f.initial:
		return nil, fmt.Sprintf("a restart with the state %s, though the actor's initial state is %s", e.Sum, f.initial)
	}
	f.ended = nil
	return &Restart{Record: record, Event: e}, ""
}

func (f *folding) checkpoint(r chain.Record, index uint32, e *chain.Lifecycle) (step Step, problem string) {
	switch {
	case f.open != nil:
		return nil, fmt.Sprintf("a checkpoint within the turn of record %d", f.open.Record)
	case f.ended != nil:
		return nil, fmt.Sprintf("a checkpoint of the instance that the turn of record %d has ended", f.ended.Record)
	}
	return &Checkpoint{Actor: r.Actor, Record: r.Number, Event: e, index: index}, ""
}
