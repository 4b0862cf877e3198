package actors

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/theater-go/theater/chain"
)

// Recovery is how far a recovery has come, and in the end what has come of it.
type Recovery struct {
	Total     int          // actors to bring back
	Done      int          // of them, executed again or given up
	Resumed   int          // of them, up
	Left      []NotResumed // their chains are as they were, and they can be resumed
	Ended     []NotResumed // they had ended, or have no parent any more, as their chains say now
	Delivered int          // messages that waited, and wait again
	Dropped   int          // messages that are recorded as dropped
}

// NotResumed is an actor that was not brought back.
type NotResumed struct {
	ID   chain.ID
	Path string
	Err  error // why
}

// Recover brings back every actor that earlier systems have left, suspended or cut
// off: it goes on as [System.Resume] says, and those below it. What keeps one from
// that keeps only those below it: they are left as they are, and the others go on.
// A child that was left ends as an orphan when its parent begins anew or ends for
// good.
//
// Recover is called once, before anything is spawned or resumed. progress is told
// of each step, one at a time; it must not wait, and may be nil. When ctx ends
// first that is the error: nothing has been written, or the actors come up without
// being waited for, and the system is to be closed.
func (s *System) Recover(ctx context.Context, progress func(Recovery)) (Recovery, error) {
	if !s.recovery.begin() {
		return Recovery{}, errors.New("recover: it was called before")
	}
	defer s.recovery.end()
	kin, err := s.kin(ctx, "")
	if err != nil {
		return Recovery{}, fmt.Errorf("recover: %w", err)
	}
	r := s.newRevival(kin)
	for _, sum := range kin.left {
		if sum.Parent.IsZero() {
			r.roots = append(r.roots, sum)
		}
	}
	r.tell = func(now Recovery) {
		s.recovery.tell(now)
		if progress != nil {
			progress(now)
		}
	}
	if err := r.run(ctx); err != nil {
		return r.now, fmt.Errorf("recover: %w", err)
	}
	s.recovery.tell(r.now)
	return r.now, nil
}

// Recovering is how far Recover has come, and whether it is under way or still to
// come.
func (s *System) Recovering() (Recovery, bool) {
	r := &s.recovery
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now, r.phase == recoveryAwaited || r.phase == recoveryRuns
}

// recovery says what a system does about the actors of earlier ones.
type recovery struct {
	mu    sync.Mutex
	phase recoveryPhase // guarded by mu
	now   Recovery      // guarded by mu
}

type recoveryPhase uint8

const (
	recoveryNone    recoveryPhase = iota // a spawn supersedes those at its path
	recoveryAwaited                      // nothing is spawned before Recover
	recoveryRuns
	recoveryOver // a spawn leaves them alone, unless it says otherwise
)

func (r *recovery) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.phase == recoveryRuns || r.phase == recoveryOver {
		return false
	}
	r.phase = recoveryRuns
	return true
}

func (r *recovery) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.phase = recoveryOver
}

func (r *recovery) tell(now Recovery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = now
}

// admit says why nothing can be spawned or resumed now, and otherwise whether a
// spawn leaves the actors of earlier systems alone.
func (r *recovery) admit() (leaves bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.phase {
	case recoveryAwaited, recoveryRuns:
		return false, ErrRecovering
	}
	return r.phase == recoveryOver, nil
}
