package actors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/supervision"
)

// Resume continues an actor of the log from its chain, and those below it: their
// closed turns are executed again on fresh instances with no handler running, a turn
// that was cut short is closed as interrupted, messages that waited wait again, and
// the actors go on under their old ids and paths. What they run comes from the log,
// not from the manifest's file. When one of them cannot go on none does, and nothing
// has changed. When ctx ends first that is the error: nothing has changed, or they
// come up without being waited for.
func (s *System) Resume(ctx context.Context, id chain.ID) (Ref, error) {
	if _, err := s.recovery.admit(); err != nil {
		return Ref{}, fmt.Errorf("resume %s: %w", id, err)
	}
	sum, err := s.config.Log.Summary(ctx, id)
	if err != nil {
		return Ref{}, fmt.Errorf("resume %s: %w", id, err)
	}
	if sum.Status == chain.StatusStopped {
		return Ref{}, fmt.Errorf("resume %s: %w (%s); its chain is complete", sum.Path, ErrStopped, sum.Reason)
	}
	if _, live := s.registry.find(id.String()); live {
		return Ref{}, fmt.Errorf("resume %s: it is already running", sum.Path)
	}
	kin, err := s.kin(ctx, sum.Path)
	if err != nil {
		return Ref{}, fmt.Errorf("resume %s: %w", sum.Path, err)
	}
	r := s.newRevival(kin)
	r.strict, r.roots = true, []chain.Summary{sum}
	if err := r.run(ctx); err != nil {
		return Ref{}, fmt.Errorf("resume %s: %w", sum.Path, err)
	}
	return r.of[id].control.ref(), nil
}

// rehearse makes the actor's instance and executes its chain again. It writes
// nothing.
func (b *birth) rehearse(ctx context.Context, r *revival) (err error) {
	b.process = newProcess(r.system, b)
	b.witness = &witness{
		log: r.system.config.Log, actor: b.sum.ID, ledger: &r.ledger, face: faceOf(b.control.module.Layout),
		history: history{layout: b.control.module.Layout, errFails: b.control.manifest.Supervision.OnError == manifest.OnErrorFail},
	}
	defer func() {
		if reason := recover(); reason != nil { // our own code must not cost the others
			r.system.config.Logger.Error("the execution of a chain panicked", "actor", b.sum.Path, "reason", fmt.Sprint(reason), "stack", string(debug.Stack()))
			err = errCrashed
		}
	}()
	err = b.process.rehearse(ctx)
	if seen := b.witness.see(ctx, b.sum.Records); err == nil { // also of an actor that is left: others know what it sent
		err = seen
	}
	b.witness.tell()
	if err == nil {
		err = b.process.prepare(ctx)
	}
	return err
}

// rehearse executes the chain again.
func (p *process) rehearse(ctx context.Context) (err error) {
	p.life, p.initial = p.control.current(), p.birth.state
	stop := context.AfterFunc(ctx, func() { p.life.cancel(errKilled) })
	defer stop()
	if err := p.begin(); err != nil {
		return err
	}
	if p.birth.story, err = p.replay(); err != nil {
		return err
	}
	p.machine.Attach(&p.door)
	return nil
}

// prepare readies an actor whose chain was executed again for what follows, and
// gives the sessions their past.
func (p *process) prepare(ctx context.Context) error {
	b, c := p.birth, p.control
	p.next, p.inTurn = b.sum.Records, b.story.open
	c.acks.resume(b.sum.Records, b.sum.Head)
	c.born.Store(b.story.started)
	c.restarts.Store(int64(b.story.restarts))
	c.failures.Store(b.witness.failed)
	c.failed(b.witness.last)
	c.memory.Store(p.machine.Memory())
	b.left = b.story.left(b.sum, b.witness.resumed)
	if b.left == nil && b.witness.leaves {
		b.left = &Exit{Reason: ReasonNormal}
	}
	p.takeUp(ctx)
	if b.left != nil { // what it begins again with is not known yet
		return nil
	}
	return p.restore(b.story.crossings)
}

// resume goes on where the chain ends. From here on it is written.
func (p *process) resume(ctx context.Context) error {
	b, story := p.birth, &p.birth.story
	p.absent, p.past = b.absent, b.past
	switch {
	case b.left == nil:
	case b.begins():
		return p.resumeAgain(ctx)
	case p.control.parent == nil && b.left.Failed(): // nobody would start it again
		if story.ended != nil && story.started {
			return fmt.Errorf("%w: %w", errEnded, story.ended)
		}
		return cmp.Or(b.left.Err, errEnded)
	case p.control.spec.Restart == supervision.Temporary,
		p.control.spec.Restart == supervision.Transient && !b.left.Failed():
		p.left = b.left
		if err := p.restore(story.crossings); err != nil {
			return err
		}
	default:
		return p.resumeAgain(ctx)
	}
	p.noteResumed()
	if err := p.door.flush(false); err != nil {
		return err
	}
	switch {
	case story.turns == 0 && !story.goesOn:
		p.anew = true
		return p.init()
	case p.left != nil: // it ends
		return nil
	}
	return p.awaited(story.began)
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

// begins reports whether an actor that is resumed begins again because it was just
// about to when the node ended.
func (b *birth) begins() bool { return b.left != nil && b.left.Reason == ReasonInterrupted }

// resumeAgain begins an incarnation in place of one that had ended before the actor
// is resumed, which nobody has counted or waited for.
func (p *process) resumeAgain(ctx context.Context) error {
	left, began := *p.birth.left, p.birth.story.began
	fresh := !p.control.keepsState()
	if fresh {
		p.anew = true
		p.closeSessions(left.Reason)
		p.disown(ReasonShutdown)
	} else if err := p.restore(p.birth.story.crossings); err != nil {
		return err
	}
	p.noteResumed() // with the restart, so that no process ends in between
	err := p.renew(supervision.Again{Exit: left, Count: p.control.countRestart()}, fresh)
	if err != nil || fresh {
		return err
	}
	if left.Reason == ReasonChildren {
		began = lasts // those that have ended too
	}
	return p.awaited(began)
}

// disown ends, on the log, the children that do not go on with the actor: those that
// could not be resumed, and those that were to be and whose turn to start never came.
func (p *process) disown(reason Reason) {
	p.system.discard(p.past, reason)
	p.system.forsake(p.absent)
	p.past, p.absent = nil, nil
}

// discard ends, on the log, actors that were to be resumed and those below them.
// Those that have started are left out.
func (s *System) discard(past []*birth, reason Reason) {
	for _, b := range slices.Backward(past) {
		if !s.registry.forget(b.control) {
			continue
		}
		s.discard(b.past, reason)
		s.forsake(b.absent)
		drops := b.drops()
		b.letGo()
		b.dropped = len(drops)
		err := s.stopLeft(b.sum.ID, b.sum.Path, reason, drops...)
		b.control.end(Exit{Reason: reason, Err: err})
	}
}

// release lets go of actors that were to be resumed, and of those below them, as the
// system ends. Those that have started are left out.
func (s *System) release(past []*birth) {
	for _, b := range past {
		if s.registry.forget(b.control) {
			s.release(b.past)
			s.leave(b)
			b.control.end(Exit{Reason: ReasonSuspended})
		}
	}
}

// leave lets go of an actor that does not go on; it can be resumed again.
func (s *System) leave(b *birth) {
	b.letGo()
	if b.claimed {
		s.earlier.leave(b.sum.ID, b.sum.Path)
		b.claimed = false
	}
}

// forsake ends, on the log, actors that could not be resumed, for what they have
// above them ends or begins anew.
func (s *System) forsake(absent []NotResumed) {
	for _, a := range slices.Backward(absent) {
		if s.earlier.claim(a.ID, a.Path) {
			_ = s.stopLeft(a.ID, a.Path, ReasonOrphaned)
		}
	}
}

// stopLeft is stopOld for an actor that nobody waits for: where it fails, that is logged
// and the actor is left.
func (s *System) stopLeft(id chain.ID, path string, reason Reason, drops ...chain.Ref) error {
	err := s.stopOld(s.ctx, id, reason, drops...)
	if err != nil {
		s.config.Logger.Error("an actor without a parent is left", "actor", path, "error", err)
		s.earlier.leave(id, path)
	}
	return err
}

// errEnded is returned for an actor whose instance a turn has ended, though its
// process did not come to say so.
var errEnded = errors.New("the actor has failed")

// errNeverStarted is returned for an actor whose init has failed, or was cut short
// before anybody was told that there is such an actor.
var errNeverStarted = errors.New("its init did not succeed")

// errInitCut is why an actor begins again that was brought back, or restarted, when
// the node ended.
var errInitCut = errors.New("its init was cut short by the end of the node")

// noteResumed closes a turn that was cut short, says which messages are not
// delivered again, and that the actor goes on.
func (p *process) noteResumed() {
	if p.inTurn {
		p.door.event(cutShort(processEnded))
		p.inTurn = false
		p.control.turns.Add(1)
		p.control.failures.Add(1)
	}
	for _, lost := range p.lost {
		p.door.event(lost)
	}
	p.lost = nil
	p.door.event(&chain.Lifecycle{What: chain.LifecycleResumed, Time: p.now()})
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

// cutShort closes a turn that has no end of its own.
func cutShort(why string) *chain.Result {
	return &chain.Result{Status: chain.ResultInterrupted, Text: why}
}

const processEnded = "the process ended in the middle of the turn"
