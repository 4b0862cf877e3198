package wasm

import (
	"context"
	"sync"
	"time"
)

// stopwatch cancels a turn when the guest has run for its time. It stands still
// while the host works for the guest.
type stopwatch struct {
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	left    time.Duration // guarded by mu
	started time.Time     // guarded by mu; zero while it stands still
	timer   *time.Timer   // guarded by mu
}

// startStopwatch gives a context that ends with a KindDeadline trap once d of
// guest time is over. stop must be called.
func startStopwatch(ctx context.Context, d time.Duration) (context.Context, *stopwatch) {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &stopwatch{cancel: cancel, left: d}
	w.timer = time.AfterFunc(d, func() { cancel(Trapf(KindDeadline, "the guest ran for more than %v", d)) })
	w.started = time.Now()
	return ctx, w
}

func (w *stopwatch) pause() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
	w.left -= time.Since(w.started)
	w.started = time.Time{}
}

func (w *stopwatch) resume() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.started = time.Now()
	w.timer.Reset(max(w.left, 0))
}

func (w *stopwatch) stop() {
	w.mu.Lock()
	w.timer.Stop()
	w.mu.Unlock()
	w.cancel(nil)
}
