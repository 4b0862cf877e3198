package actors

import (
	"context"

	"github.com/theater-go/theater/chain"
)

// spawning is what the log has of how a child came about.
type spawning struct {
	resumed bool // by the guest: it has no init
	settled bool // the parent was told how it went
}

// spawning looks up the parent's event that has brought a child about.
func (s *System) spawning(ctx context.Context, parent *Blueprint, at chain.Ref) (found spawning, err error) {
	if at == (chain.Ref{Actor: at.Actor}) { // the genesis of a parent whose manifest declares the child
		return spawning{settled: true}, nil
	}
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
			if !ok {
				return spawning{settled: true}, nil
			}
			imports := parent.module.Layout.Imports
			found.resumed = int(intent.Import) < len(imports) && imports[intent.Import].String() == importResume
			seen = true
		}
	}
	return found, nil
}
