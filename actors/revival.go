package actors

import (
	"context"
	"fmt"
	"sync"

	"github.com/theater-go/theater/chain"
)

// revival brings actors of the log back: those of one tree, or of all.
type revival struct {
	system *System
	strict bool            // none goes on unless all do
	kin    kin             // the actors in question
	roots  []chain.Summary // to go on with, and those below them
	births []*birth        // those that do: parents before children, those of one parent oldest first
	of     map[chain.ID]*birth
	left   map[chain.ID]bool // given up

	ledger ledger
	drops  map[chain.ID][]chain.Ref // messages to actors that are not resumed, by the receiver
	raised bool                     // the supervisors have the births

	mu   sync.Mutex
	now  Recovery       // guarded by mu while goroutines run
	tell func(Recovery) // of each step; called with mu
}

func (s *System) newRevival(kin kin) *revival {
	return &revival{
		system: s, kin: kin,
		of: map[chain.ID]*birth{}, left: map[chain.ID]bool{}, drops: map[chain.ID][]chain.Ref{},
	}
}

// run takes the steps. Before all were executed again nothing is written.
func (r *revival) run(ctx context.Context) error {
	r.now.Total = len(r.kin.left)
	r.done(0)
	defer r.settle(ctx)
	for _, step := range []func(context.Context) error{r.conceive, r.rehearse, r.deliver, r.orphans, r.raise} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// done says that so many more actors were executed again or given up.
func (r *revival) done(actors int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now.Done += actors; r.tell != nil {
		r.tell(r.now)
	}
}

// conceive reads from the log what the actors were started with, those above
// before those below. A child that its parent was not told of is left out.
func (r *revival) conceive(ctx context.Context) error {
	type one struct {
		sum    chain.Summary
		parent *birth
	}
	var level []one
	for _, sum := range r.roots {
		level = append(level, one{sum, nil})
	}
	for len(level) > 0 {
		born, errs := make([]*birth, len(level)), make([]error, len(level))
		err := spread(ctx, len(level), func(i int) {
			born[i], errs[i] = r.system.rebirth(ctx, level[i].sum, level[i].parent, r.kin.born)
		})
		if err != nil {
			return err
		}
		var next []one
		for i, b := range born {
			if errs[i] != nil {
				if err := r.leave(level[i].sum, level[i].parent, errs[i]); err != nil {
					return err
				}
				continue
			}
			if b == nil {
				continue
			}
			r.bear(b)
			for _, child := range r.kin.below[b.sum.ID] {
				next = append(next, one{child, b})
			}
		}
		level = next
	}
	return nil
}

// bear takes in an actor that is to be tried.
func (r *revival) bear(b *birth) {
	r.births = append(r.births, b)
	r.of[b.sum.ID] = b
	b.claimed = r.system.earlier.claim(b.sum.ID, b.sum.Path)
	if b.parent != nil {
		b.parent.past = append(b.parent.past, b)
	}
}

// leave gives up an actor and those below it.
func (r *revival) leave(sum chain.Summary, parent *birth, why error) error {
	if r.left[sum.ID] {
		return nil
	}
	if r.strict {
		if parent != nil {
			why = fmt.Errorf("child %s: %w", sum.Path, why)
		}
		return why
	}
	r.left[sum.ID] = true
	r.now.Left = append(r.now.Left, NotResumed{sum.ID, sum.Path, why})
	absent := []NotResumed{{ID: sum.ID, Path: sum.Path}}
	if b := r.of[sum.ID]; b != nil {
		r.system.leave(b)
		absent = append(absent, b.absent...)
	} else {
		r.done(1)
	}
	if parent != nil {
		parent.absent = append(parent.absent, absent...)
	}
	for _, child := range r.kin.below[sum.ID] {
		_ = r.leave(child, parent, fmt.Errorf("%w: %s", ErrParentLeft, sum.Path))
	}
	return nil
}

// rehearse executes all chains again. Who cannot go on is given up.
func (r *revival) rehearse(ctx context.Context) error {
	errs := make([]error, len(r.births))
	err := spread(ctx, len(r.births), func(i int) {
		errs[i] = r.births[i].rehearse(ctx, r)
		r.done(1)
	})
	if err != nil {
		return err
	}
	for i, b := range r.births {
		if errs[i] != nil {
			if err := r.leave(b.sum, b.parent, errs[i]); err != nil {
				return err
			}
		}
	}
	goOn := r.births[:0]
	for _, b := range r.births {
		if r.left[b.sum.ID] {
			continue
		}
		goOn = append(goOn, b)
		b.past = b.past[:0]
		if b.parent != nil {
			b.parent.past = append(b.parent.past, b)
		}
	}
	r.births = goOn
	return nil
}
