package actors

import (
	"context"

	"github.com/theater-go/theater/wasm"
)

// life is one incarnation of an actor: from its start, or its start again, to
// its end.
type life struct {
	number int             // as the supervisor counts, 0 for the first
	ctx    context.Context // of all its turns; ends when it is cut off
	cancel context.CancelCauseFunc

	// Guarded by the control block's mu:
	isReady  bool
	told     signal               // to end: waits that ask nobody end
	over     signal               // it has ended
	followed signal               // another one is about to begin
	exit     Exit                 // meaningful once it is over
	monitors map[*func(Exit)]bool // told of the end
}

func newLife(ctx context.Context, number int) *life {
	l := &life{number: number}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	return l
}

// signal is given once. Most have nobody who waits for them, so the channel is made
// for the first who does.
type signal struct {
	given bool
	ch    chan struct{}
}

func (s *signal) give() {
	if !s.given && s.ch != nil {
		close(s.ch)
	}
	s.given = true
}

// wait is closed once the signal is given.
func (s *signal) wait() <-chan struct{} {
	if s.ch == nil {
		s.ch = make(chan struct{})
		if s.given {
			close(s.ch)
		}
	}
	return s.ch
}

// The ends of a turn that is cut off.
var (
	errKilled  = wasm.Trapf(wasm.KindKilled, "killed from outside")
	errOverdue = wasm.Trapf(wasm.KindKilled, "it did not end within its shutdown time")
	errTold    = wasm.Trapf(wasm.KindKilled, "told to end while it slept")
	errHalted  = wasm.Trapf(wasm.KindKilled, "the log takes no more")
	errCutOff  = wasm.Trapf(wasm.KindKilled, "cut off by the end of the node")
)
