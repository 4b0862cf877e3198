package actors

import (
	"context"
	"math"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/supervision"
)

// LooksBy has the system look for room on its log by another clock than the machine's.
// It comes before the first actor.
func (s *System) LooksBy(after func(time.Duration, func()) (stop func() bool)) { s.room.after = after }

// EndRoot ends the supervisor of the actors at the root, as Close does once it lets
// nobody in any more.
func (s *System) EndRoot() {
	over := make(chan struct{})
	s.root.Stop(supervision.Order{Reason: ReasonSuspended}, func() { close(over) })
	<-over
}

// Waiting are the messages that were sent and neither received nor dropped, as the
// chains of actors tell that are read in this order.
func Waiting(ctx context.Context, log chain.Reader, ids ...chain.ID) ([]chain.Ref, error) {
	var l ledger
	faces := newFaces()
	for _, id := range ids {
		sum, err := log.Summary(ctx, id)
		if err != nil {
			return nil, err
		}
		face, err := faces.of(ctx, log, sum.Module)
		if err != nil {
			return nil, err
		}
		w := &witness{log: log, actor: id, ledger: &l, face: face, history: history{errFails: true}}
		err = w.see(ctx, math.MaxUint64)
		w.tell()
		if err != nil {
			return nil, err
		}
	}
	var refs []chain.Ref
	for _, s := range l.waiting() {
		refs = append(refs, s.at)
	}
	return refs, nil
}
