package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/theater-go/theater/chain"
)

// earlier knows the actors that earlier systems have left on the log, suspended
// or cut off, for as long as no actor of this system has taken their place.
// Nobody else writes the log, so what was left when the system was opened is
// all that ever will be.
type earlier struct {
	mu    sync.Mutex
	trees map[string]map[chain.ID]string // guarded by mu; by the root's name, the paths
}

func findEarlier(ctx context.Context, log chain.Reader) (*earlier, error) {
	e := &earlier{trees: map[string]map[chain.ID]string{}}
	for sum, err := range log.Actors(ctx) {
		if err != nil {
			return nil, fmt.Errorf("look for earlier actors: %w", err)
		}
		if sum.Status != chain.StatusStopped {
			e.leave(sum.ID, sum.Path)
		}
	}
	return e, nil
}

// leave adds an actor.
func (e *earlier) leave(id chain.ID, path string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	root := rootOf(path)
	if e.trees[root] == nil {
		e.trees[root] = map[chain.ID]string{}
	}
	e.trees[root][id] = path
}

// claim takes an actor out, to be resumed, and reports whether it was there.
func (e *earlier) claim(id chain.ID, path string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, left := e.trees[rootOf(path)][id]
	e.removeLocked(id, path)
	return left
}

// has reports whether an actor is left.
func (e *earlier) has(id chain.ID, path string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, left := e.trees[rootOf(path)][id]
	return left
}

// holds reports whether one is left at the path or below it.
func (e *earlier) holds(path string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range e.trees[rootOf(path)] {
		if p == path || strings.HasPrefix(p, path+"/") {
			return true
		}
	}
	return false
}

// takeTree takes out the actors at path and below it.
func (e *earlier) takeTree(path string) map[chain.ID]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var taken map[chain.ID]string
	for id, p := range e.trees[rootOf(path)] {
		if p != path && !strings.HasPrefix(p, path+"/") {
			continue
		}
		if taken == nil {
			taken = map[chain.ID]string{}
		}
		taken[id] = p
		e.removeLocked(id, p)
	}
	return taken
}

func (e *earlier) removeLocked(id chain.ID, path string) {
	root := rootOf(path)
	delete(e.trees[root], id)
	if len(e.trees[root]) == 0 {
		delete(e.trees, root)
	}
}

// rootOf is the first segment of a path.
func rootOf(path string) string {
	root, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return root
}

// supersede marks the trees of an earlier system at path as stopped, for a new
// actor takes the path.
func (s *System) supersede(ctx context.Context, path string) error {
	var errs []error
	for id, old := range s.earlier.takeTree(path) {
		if err := s.stopOld(ctx, id, ReasonSuperseded); err != nil {
			s.earlier.leave(id, old)
			errs = append(errs, fmt.Errorf("stop the earlier actor %s at %s: %w", id, old, err))
		}
	}
	return errors.Join(errs...)
}

// stopOld appends the end to the chain of an actor that no process runs, and with
// it the messages that nobody will handle.
func (s *System) stopOld(ctx context.Context, id chain.ID, reason Reason, drops ...chain.Ref) error {
	sum, err := s.config.Log.Summary(ctx, id)
	if err != nil || sum.Status == chain.StatusStopped {
		return err
	}
	open, err := s.leftOpen(ctx, sum)
	if err != nil {
		return err
	}
	end := chain.NewDraft(sum.ID, sum.Records)
	if open {
		end.Add(cutShort(processEnded))
	}
	now := s.config.Now().UnixNano()
	for _, at := range drops {
		end.Add(&chain.Lifecycle{What: chain.LifecycleDropped, Time: now, Reason: string(reason), Ref: at})
	}
	end.Add(&chain.Lifecycle{What: chain.LifecycleStopped, Time: now, Reason: string(reason)})
	err = s.config.Writer.Append(end, nil)
	if errors.Is(err, chain.ErrNumber) {
		return nil // a resume has failed a moment ago, and its chain says how
	}
	return err
}

// leftOpen reports whether the chain ends in the middle of a turn: its last
// event, but for dropped messages, belongs to one.
func (s *System) leftOpen(ctx context.Context, sum chain.Summary) (bool, error) {
	for number := sum.Records; number > 0; number-- {
		for r, err := range s.config.Log.Records(ctx, sum.ID, number-1) {
			if err != nil {
				return false, err
			}
			for _, event := range slices.Backward(r.Events) {
				switch e := event.(type) {
				case *chain.Lifecycle:
					if e.What != chain.LifecycleDropped {
						return false, nil
					}
				case *chain.Result, *chain.Genesis:
					return false, nil
				default:
					return true, nil
				}
			}
			break
		}
	}
	return false, nil
}
