package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/theater-go/theater/chain"
)

// errOrphan is why an orphan ends.
var errOrphan = errors.New("it has no parent any more that knows of it")

// errAsked is why an actor ends that had asked for it.
var errAsked = errors.New("it had asked for its end")

// orphans ends, on the log, those that nobody resumes, the deepest first: a child
// whose parent does not know that it has it, for the process died before the parent
// was told, one whose parent has ended or has no chain here, and all below them.
func (r *revival) orphans(ctx context.Context) error {
	var orphans []chain.Summary
	known := map[chain.ID]bool{}
	for _, sum := range r.kin.left {
		if r.orphaned(sum, known) {
			orphans = append(orphans, sum)
		}
	}
	slices.SortFunc(orphans, func(a, b chain.Summary) int { return strings.Compare(b.Path, a.Path) })
	for _, sum := range orphans {
		if err := r.end(ctx, sum, r.drops[sum.ID]); err != nil {
			return err
		}
		r.system.earlier.claim(sum.ID, sum.Path)
		r.done(1)
	}
	return nil
}

// orphaned reports whether an actor is an orphan. known holds what was found before.
func (r *revival) orphaned(sum chain.Summary, known map[chain.ID]bool) bool {
	if r.of[sum.ID] != nil || r.left[sum.ID] || sum.Parent.IsZero() {
		return false
	}
	if found, ok := known[sum.ID]; ok {
		return found
	}
	known[sum.ID] = true // while its parents are asked, which may be a cycle
	by := sum.Parent.Actor
	path, _ := splitPath(sum.Path)
	if r.of[by] == nil && r.system.earlier.has(by, path) {
		i := slices.IndexFunc(r.kin.at[path], func(p chain.Summary) bool { return p.ID == by })
		known[sum.ID] = i >= 0 && r.orphaned(r.kin.at[path][i], known)
	}
	return known[sum.ID]
}

// end writes the end of an orphan.
func (r *revival) end(ctx context.Context, sum chain.Summary, drops []chain.Ref) error {
	if err := r.system.stopOld(ctx, sum.ID, ReasonOrphaned, drops...); err != nil {
		return fmt.Errorf("stop the orphan %s: %w", sum.Path, err)
	}
	r.now.Dropped += len(drops)
	r.now.Ended = append(r.now.Ended, NotResumed{sum.ID, sum.Path, errOrphan})
	return nil
}

// raise has all trees come up. Their paths are theirs before the first of them does
// anything: whoever sends to one that is not up yet finds its mailbox.
func (r *revival) raise(ctx context.Context) error {
	s := r.system
	for _, b := range r.births {
		path := ""
		if b.parent != nil {
			path = b.parent.control.path
		}
		if err := s.registry.expect(b.control, path); err != nil {
			return fmt.Errorf("%s: %w", b.sum.Path, err)
		}
	}
	r.raised = true
	var roots []*birth
	var ready []<-chan error
	for _, b := range r.births {
		if b.parent == nil {
			s.plant(b.control)
			if err := s.enter(b, ""); err != nil {
				return err
			}
			roots, ready = append(roots, b), append(ready, s.enlist(b))
		}
	}
	for i, b := range roots {
		if err := r.await(ctx, b, ready[i]); err != nil {
			return err
		}
	}
	return nil
}

// await waits for a tree. In the recovery of all, one that does not come up has
// ended, as its chain says. One that is not waited for any more comes up, unless the
// system is closed: then it can be resumed again.
func (r *revival) await(ctx context.Context, b *birth, ready <-chan error) error {
	s, c := r.system, b.control
	select {
	case err := <-ready:
		switch {
		case r.strict:
			if _, err = s.outcome(b, err); err != nil {
				<-c.done
			}
			return err
		case err != nil:
			_, err = s.outcome(b, err)
		case b.left == nil, b.begins():
			return nil
		default: // it has come up to end in order
			err = errAsked
		}
		select {
		case <-c.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if c.stopped() {
			r.now.Ended = append(r.now.Ended, NotResumed{b.sum.ID, b.sum.Path, err})
		} else { // the system ends
			r.now.Left = append(r.now.Left, NotResumed{b.sum.ID, b.sum.Path, err})
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// settle counts who goes on and who has ended, and takes back what did not come up.
// Who waits for its turn to start below an actor that lives is that one's to start,
// or to end.
func (r *revival) settle(ctx context.Context) {
	if r.raised && ctx.Err() != nil {
		return // it may come up yet
	}
	lost := map[*birth]bool{}
	for _, b := range r.births {
		waits := r.raised && b.parent != nil && !lost[b.parent] && b.parent.control.status() != StatusEnded
		lost[b] = !r.raised || !waits && r.system.registry.forget(b.control)
		switch exit := b.control.exited(); {
		case lost[b]:
			r.system.leave(b)
		case exit.Reason == "": // it goes on
			r.now.Resumed++
		case exit.Reason == ReasonOrphaned:
			r.now.Dropped += b.dropped
			r.now.Ended = append(r.now.Ended, NotResumed{b.sum.ID, b.sum.Path, errOrphan})
		}
	}
}

// drops lets nothing more reach an actor that does not go on, and names the messages
// that nobody will handle: first what its last turn was about.
func (b *birth) drops() (refs []chain.Ref) {
	if p := b.process; p != nil {
		if e := p.failing; e != nil {
			refs = references([]delivery{e})
		}
		for _, lost := range p.lost {
			refs = append(refs, lost.Ref)
		}
	}
	return append(refs, references(b.control.shut(ErrStopped))...)
}

// references name the messages that have a name on the log.
func references(messages []delivery) []chain.Ref {
	var refs []chain.Ref
	for _, d := range messages {
		if e := d.(*envelope); e.cause.Kind == chain.CauseEvent && !e.lossy() {
			refs = append(refs, e.cause.Event)
		}
	}
	return refs
}
