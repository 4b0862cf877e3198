package actors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/supervision"
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
	err := p.renew(supervision.Again{Exit: left, Count: p.control.countRestart()}, fresh)
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

// cutShort closes a turn that has no end of its own.
func cutShort(why string) *chain.Result {
	return &chain.Result{Status: chain.ResultInterrupted, Text: why}
}

const processEnded = "the process ended in the middle of the turn"
