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
	told   chan struct{} // closed when it is told to end: waits that ask nobody end
	over   chan struct{} // closed when it has ended

	// Guarded by the control block's mu:
	isReady  bool
	isTold   bool
	isOver   bool
	exit     Exit                 // meaningful once it is over
	monitors map[*func(Exit)]bool // told of the end
}

func newLife(ctx context.Context, number int) *life {
	l := &life{number: number, told: make(chan struct{}), over: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	return l
}

func (l *life) tellLocked() {
	if !l.isTold {
		l.isTold = true
		close(l.told)
	}
}

// The ends of a turn that is cut off.
var (
	errKilled  = wasm.Trapf(wasm.KindKilled, "killed from outside")
	errOverdue = wasm.Trapf(wasm.KindKilled, "it did not end within its shutdown time")
	errTold    = wasm.Trapf(wasm.KindKilled, "told to end while it slept")
)
