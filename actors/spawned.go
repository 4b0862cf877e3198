package actors

import (
	"context"

	"github.com/theater-go/theater/chain"
)

// goesOn reports whether the child that a parent's event has brought about was
// resumed by the guest, and so has no init.
func (s *System) goesOn(ctx context.Context, parent *Blueprint, at chain.Ref) (bool, error) {
	for r, err := range s.config.Log.Records(ctx, at.Actor, at.Record) {
		if err != nil {
			return false, err
		}
		if int(at.Index) >= len(r.Events) {
			break
		}
		intent, ok := r.Events[at.Index].(*chain.Intent)
		if !ok {
			break // the genesis of a parent whose manifest declares the child
		}
		imports := parent.module.Layout.Imports
		return int(intent.Import) < len(imports) && imports[intent.Import].String() == importResume, nil
	}
	return false, nil
}
