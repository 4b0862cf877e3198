package actors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/replay"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm/pack"
)

// Resume continues an actor of the log from its chain: its closed turns are
// executed again on a fresh instance with no handler running, a turn that was
// cut short is closed as interrupted, and the actor goes on under its old id
// and path. What it runs comes from the log, not from the manifest's file.
func (s *System) Resume(ctx context.Context, id chain.ID) (Ref, error) {
	sum, err := s.config.Log.Summary(ctx, id)
	if err != nil {
		return Ref{}, fmt.Errorf("resume %s: %w", id, err)
	}
	if sum.Status == chain.StatusStopped {
		return Ref{}, fmt.Errorf("resume %s: %w (%s); its chain is complete", sum.Path, ErrStopped, sum.Reason)
	}
	kin, err := s.kin(ctx, sum.Path)
	if err != nil {
		return Ref{}, fmt.Errorf("resume %s: %w", sum.Path, err)
	}
	b, err := s.rebirth(ctx, sum, nil, kin)
	if err != nil {
		return Ref{}, fmt.Errorf("resume %s: %w", sum.Path, err)
	}
	claimed := s.claim(b)
	var ref Ref
	if err = s.orphans(ctx, kin); err == nil {
		ref, err = s.launch(ctx, b)
	}
	if err != nil {
		for _, sum := range claimed {
			s.earlier.leave(sum.id, sum.path)
		}
	}
	return ref, err
}

// resume executes the chain again and gives the sessions their past.
func (p *process) resume(ctx context.Context) error {
	sum, err := p.system.config.Log.Summary(ctx, p.control.id)
	if err != nil {
		return err
	}
	past, err := p.replay()
	if err != nil {
		return err
	}
	p.machine.Attach(&p.door)
	// From here on the chain is written; a failure before leaves it as it is.
	p.next, p.inTurn = sum.Records, past.open
	p.control.acks.resume(sum.Records, sum.Head)
	p.control.born.Store(past.started)
	p.control.restarts.Store(int64(past.restarts))
	p.control.memory.Store(p.machine.Memory())
	left := past.left(sum)
	again := false
	switch {
	case left == nil:
	case p.control.parent == nil: // nobody would start it again
		if past.ended != nil && past.started {
			return fmt.Errorf("%w: %w", errEnded, past.ended)
		}
		return cmp.Or(left.Err, errEnded)
	case p.control.spec.Restart == supervision.Temporary:
		p.left = left
	default:
		again = true
	}
	if again {
		return p.resumeAgain(ctx, *left, past)
	}
	if err := p.restore(past.crossings); err != nil {
		return err
	}
	if err := p.recordResumed(); err != nil {
		return err
	}
	switch {
	case past.turns == 0 && !past.goesOn:
		p.anew = true
		return p.init()
	case p.left != nil: // it ends
		return nil
	}
	return p.awaited(past.began)
}

// awaited adds to the children that are resumed those declared ones that have not
// been started since the actor began: the process had ended before, or they are
// not on the log. A temporary child of which nothing is known may have ended.
func (p *process) awaited(began int64) error {
	c, b := p.control, p.birth
	for _, d := range c.declared {
		at, known := b.born[role{name: d.spec.ID}]
		lost := d.spec.Restart == supervision.Temporary && d.blueprint.writer != p.writer
		if known && at >= began || lost || c.template() {
			continue
		}
		child, err := d.conceive(c)
		if err != nil {
			return err
		}
		b.past = append(b.past, child)
	}
	return nil
}

// resumeAgain begins an incarnation in place of one that had ended before the actor
// is resumed, which nobody has counted or waited for.
func (p *process) resumeAgain(ctx context.Context, left Exit, past past) error {
	fresh := !p.control.keepsState()
	if fresh {
		p.anew = true
		p.closeSessions(left.Reason)
		for _, child := range p.birth.past {
			if err := p.system.discard(ctx, child); err != nil {
				return err
			}
		}
	} else if err := p.restore(past.crossings); err != nil {
		return err
	}
	if err := p.recordResumed(); err != nil {
		return err
	}
	err := p.renew(supervision.Again{Exit: left, Count: int(p.control.restarts.Add(1))}, fresh)
	if err != nil || fresh {
		return err
	}
	if left.Reason == ReasonChildren {
		past.began = lasts // those that have ended too
	}
	return p.awaited(past.began)
}

// discard ends, on the log, an actor that was to be resumed and those below it.
func (s *System) discard(ctx context.Context, b *birth) error {
	for _, child := range slices.Backward(b.past) {
		if err := s.discard(ctx, child); err != nil {
			return err
		}
	}
	return s.stopOld(ctx, b.control.id, ReasonShutdown)
}

// past is what a chain tells of its actor.
type past struct {
	crossings []host.Crossing
	restarts  int    // of the actor, ever
	began     int64  // when it last began with all its declared children, zero for the first time
	turns     int    // since the actor last began with its initial state
	started   bool   // the first of them, that of init, ended well, or there is no init
	goesOn    bool   // there is none
	open      bool   // the last turn was cut short
	ended     error  // the last turn ended the instance, and nothing restarted it
	reason    Reason // of that end
}

// left is how the incarnation has ended, nil where it goes on.
func (p *past) left(sum chain.Summary) *Exit {
	switch pending := sum.Status == chain.StatusSuspended && sum.Reason != string(ReasonSuspended); {
	case pending && p.ended == nil: // its process was told that it ends, and not that it begins again
		return &Exit{Reason: Reason(sum.Reason)}
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
		p.started = t.Result.Status == chain.ResultOK
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
	past.goesOn, past.started = p.birth.goesOn, p.birth.goesOn
	for step, err := range replay.Steps(log.Records(ctx, p.control.id, 0)) {
		if err != nil {
			return past, err
		}
		if t, ok := step.(*replay.Turn); ok && t.Result == nil {
			past.open = true
			past.turns++
			break
		}
		if err := replay.Run(ctx, p.machine, log, step); err != nil {
			return past, err
		}
		switch s := step.(type) {
		case *replay.Restart:
			past.restarted(s)
		case *replay.Turn:
			past.closed(s, p.control.manifest.Supervision.OnError == manifest.OnErrorFail)
			p.control.turns.Add(1)
			if past.crossings, err = p.remember(ctx, past.crossings, s); err != nil {
				return past, err
			}
		}
	}
	return past, nil
}

// errEnded is returned for an actor whose instance a turn has ended, though its
// process did not come to say so.
var errEnded = errors.New("the actor has failed")

// errNeverStarted is returned for an actor whose process ended during its init,
// which is not run twice on one instance.
var errNeverStarted = errors.New("its init did not succeed")

// recordResumed closes a turn that was cut short and says that the actor goes on.
func (p *process) recordResumed() error {
	var events []chain.Event
	if p.inTurn {
		events = append(events, cutShort(processEnded))
		p.inTurn = false
	}
	events = append(events, &chain.Lifecycle{What: chain.LifecycleResumed, Time: p.now()})
	return p.record(events...)
}

// restore gives the sessions that outlive a process their past.
func (p *process) restore(crossings []host.Crossing) error {
	for i, session := range p.sessions {
		if r, ok := session.(host.Restorer); ok {
			if err := r.Restore(ofSession(crossings, p.control.functions, i)); err != nil {
				return fmt.Errorf("restore %s: %w", p.control.manifest.Handlers[i].Type, err)
			}
		}
	}
	return nil
}

// remember adds the crossings of a turn that had their effect: of a turn that
// failed, not the deferred calls that were never released.
func (p *process) remember(ctx context.Context, past []host.Crossing, t *replay.Turn) ([]host.Crossing, error) {
	for i, event := range t.Events {
		call, ok := event.(*chain.Host)
		if !ok || call.Status != chain.CallAnswered {
			continue
		}
		f := p.control.functions[call.Import]
		if f.Kind == host.Deferred && t.Result.Status != chain.ResultOK && !leavesAfter(t.Events[i:]) {
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

// leavesAfter reports whether a call that leaves or waits is among the events.
func leavesAfter(events []chain.Event) bool {
	return slices.ContainsFunc(events, func(e chain.Event) bool { _, ok := e.(*chain.Outcome); return ok })
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

// cutShort closes a turn that has no end of its own.
func cutShort(why string) *chain.Result {
	return &chain.Result{Status: chain.ResultInterrupted, Text: why}
}

const processEnded = "the process ended in the middle of the turn"
