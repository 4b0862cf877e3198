package actors

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/theater-go/theater/chain"
)

// spawning is what the log has of how a child came about.
type spawning struct {
	resumed bool // by the guest: it has no init
	settled bool // the parent was told how it went
}

// spawning looks up the parent's event that has brought a child about.
func (s *System) spawning(ctx context.Context, parent *Blueprint, at chain.Ref) (found spawning, err error) {
	seen := false
	for r, err := range s.config.Log.Records(ctx, at.Actor, at.Record) {
		if err != nil {
			return found, err
		}
		for i, event := range r.Events {
			switch {
			case seen:
				_, found.settled = event.(*chain.Outcome)
				return found, nil
			case r.Number != at.Record || i != int(at.Index):
				continue
			}
			intent, ok := event.(*chain.Intent)
			if !ok { // the genesis of a parent whose manifest declares the child
				return spawning{settled: true}, nil
			}
			imports := parent.module.Layout.Imports
			found.resumed = int(intent.Import) < len(imports) && imports[intent.Import].String() == importResume
			seen = true
		}
	}
	return found, nil
}

// orphans ends, on the log, those of a tree that nobody resumes, the deepest first:
// a child whose parent does not know that it has it, for the process died before the
// parent was told, one whose parent has no chain here, and all below them.
func (s *System) orphans(ctx context.Context, kin kin) error {
	for _, path := range slices.Backward(slices.Sorted(maps.Keys(kin.left))) {
		for _, sum := range kin.left[path] {
			if !s.earlier.has(sum.ID, sum.Path) {
				continue // it is resumed
			}
			if err := s.stopOld(ctx, sum.ID, ReasonOrphaned); err != nil {
				return fmt.Errorf("stop the orphan %s: %w", sum.Path, err)
			}
			s.earlier.claim(sum.ID, sum.Path)
		}
	}
	return nil
}
