package actors

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/replay"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm/pack"
)

// past is what a chain tells of its actor.
type past struct {
	crossings []host.Crossing
	restarts  int    // of the actor, ever
	began     int64  // when it last began with all its declared children, zero for the first time
	turns     int    // since the actor last began with its initial state
	started   bool   // the first of them, that of init, ended well, or there is no init
	unended   bool   // that of init was cut short
	goesOn    bool   // there is none
	open      bool   // the last turn was cut short
	ended     error  // the last turn ended the instance, and nothing restarted it
	reason    Reason // of that end
}

// left is how the incarnation has ended, nil where it goes on. An init that was cut
// short has not failed where the actor was there before: it begins again. known says
// that it was brought back once.
func (p *past) left(sum chain.Summary, known bool) *Exit {
	switch pending := sum.Status == chain.StatusSuspended && sum.Reason != string(ReasonSuspended); {
	case pending && p.ended == nil: // its process was told that it ends, and not that it begins again
		return &Exit{Reason: Reason(sum.Reason)}
	case p.unended && (known || p.restarts > 0):
		return &Exit{Reason: ReasonInterrupted, Err: errInitCut}
	case p.turns > 0 && !p.started:
		return &Exit{Reason: ReasonInitFailed, Err: errNeverStarted}
	case p.ended != nil:
		return &Exit{Reason: p.reason, Err: p.ended}
	}
	return nil
}

// closed takes a turn that was executed again. An err fails the actor where its
// manifest does not say otherwise.
func (p *past) closed(t *replay.Turn, errFails bool) {
	if p.turns++; p.turns == 1 && !p.goesOn {
		p.started, p.unended = t.Result.Status == chain.ResultOK, t.Result.Status == chain.ResultInterrupted
	}
	p.ended = nil
	if t.Ends() || errFails && t.Result.Status == chain.ResultError {
		p.ended = &leftError{t}
		p.reason = endOf(t.Result.Status)
	}
}

// leftError is how a turn ended after which nothing is on the chain.
type leftError struct{ turn *replay.Turn }

func (e *leftError) Error() string {
	if text := e.turn.Result.Text; text != "" {
		return text
	}
	return fmt.Sprintf("the turn of record %d (%s)", e.turn.Record, e.turn.Result.Status)
}

func (*leftError) Unwrap() error { return errEnded }

// restarted takes a restart. What the handlers did for an actor that began anew
// they do again when it asks.
func (p *past) restarted(r *replay.Restart) {
	p.restarts++
	if p.ended = nil; r.Fresh() {
		*p = past{restarts: p.restarts}
	}
	if r.Fresh() || r.Event.Reason == string(ReasonChildren) {
		p.began = r.Event.Time
	}
}

// replay executes the closed turns and the restarts again. A kill ends it.
func (p *process) replay() (past past, err error) {
	ctx := p.life.ctx
	defer func() { err = cmp.Or(context.Cause(ctx), err) }()
	log := p.system.config.Log
	past, from, err := p.recall(ctx)
	if err != nil {
		return past, err
	}
	defer func() {
		p.kept.began = past.began
		p.system.totals.replayed.Add(p.kept.since.turns)
	}()
	steps := replay.Steps(p.records(ctx, 0))
	if from > 0 {
		steps = replay.Tail(p.control.initial, p.records(ctx, from))
	}
	for step, err := range steps {
		if err != nil {
			return past, err
		}
		if t, ok := step.(*replay.Turn); ok && t.Result == nil {
			past.open = true
			past.turns++
			past.unended = past.turns == 1 && !past.goesOn
			past.crossings, err = p.remember(ctx, past.crossings, t)
			return past, err
		}
		if err := replay.Run(ctx, p.machine, log, step); err != nil {
			return past, err
		}
		switch s := step.(type) {
		case *replay.Restart:
			past.restarted(s)
		case *replay.Turn:
			if s.Result.Status != chain.ResultInterrupted { // that is not executed again
				p.kept.count(0, p.machine.Spent())
				p.control.fuelBefore.Add(p.machine.Spent())
			}
			past.closed(s, p.control.manifest.Supervision.OnError == manifest.OnErrorFail)
			p.control.turns.Add(1)
			if past.crossings, err = p.remember(ctx, past.crossings, s); err != nil {
				return past, err
			}
		}
	}
	return past, nil
}

// remember adds the crossings of a turn that had their effect: not the deferred calls
// that were never released.
func (p *process) remember(ctx context.Context, past []host.Crossing, t *replay.Turn) ([]host.Crossing, error) {
	for i, event := range t.Events {
		call, ok := event.(*chain.Host)
		if !ok || call.Status != chain.CallAnswered {
			continue
		}
		if int64(call.Import) >= int64(len(p.control.functions)) { // a turn that was cut short is not held against the module
			return nil, fmt.Errorf("the turn of record %d calls import %d: %w", t.Record, call.Import, chain.ErrCorrupt)
		}
		f := p.control.functions[call.Import]
		if f.Kind == host.Deferred && !t.Released(i) {
			continue
		}
		c := host.Crossing{Interface: f.Interface, Function: f.Signature.Name}
		for _, side := range []struct {
			payload chain.Payload
			value   *pack.Value
		}{{call.Input, &c.Input}, {call.Output, &c.Output}} {
			raw, err := side.payload.Load(ctx, p.system.config.Log)
			if err != nil {
				return nil, err
			}
			if *side.value, err = pack.Decode(raw); err != nil {
				return nil, err
			}
		}
		past = append(past, c)
	}
	return past, nil
}

// ofSession yields the crossings that a session answered.
func ofSession(past []host.Crossing, functions []host.Function, session int) iter.Seq[host.Crossing] {
	served := map[string]bool{}
	for _, f := range functions {
		if f.Session == session {
			served[f.Interface] = true
		}
	}
	return func(yield func(host.Crossing) bool) {
		for _, c := range past {
			if served[c.Interface] && !yield(c) {
				return
			}
		}
	}
}
