package bench

import (
	"context"
	"errors"
	"time"

	"github.com/theater-go/theater/chain"
)

// RunSmall is Run with as little work as a row can do.
func RunSmall(ctx context.Context, names ...string) ([]Row, error) {
	return RunSmallTelling(ctx, nil, names...)
}

// RunSmallTelling is RunSmall with progress.
func RunSmallTelling(ctx context.Context, progress func(string), names ...string) ([]Row, error) {
	small := settings{rounds: 2, round: time.Millisecond, pairs: 2, relays: 2, counters: 1, spawned: 4, machines: 2}
	return small.run(ctx, names, progress)
}

// OpenEcho spawns one guest on a node, in memory when durability is "", and
// returns what asks it once.
func OpenEcho(ctx context.Context, durability string) (ask func(body []byte) ([]byte, error), done func() error, err error) {
	g, err := openGuests(ctx, durability, 1)
	if err != nil {
		return nil, nil, err
	}
	ask = func(body []byte) ([]byte, error) { return g.system.Request(ctx, g.refs[0], sender, body) }
	return ask, func() error { return g.close(context.WithoutCancel(ctx)) }, nil
}

// VerifyRestarts restarts so many machines as restart-reset does, about n times
// in all, and verifies the chains that they wrote.
func VerifyRestarts(ctx context.Context, machines, n int) (restarts int, reports []chain.Report, err error) {
	w, err := openWard(ctx, machines)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, w.close(context.WithoutCancel(ctx))) }()
	if restarts, err = w.restarts(ctx, n); err != nil {
		return 0, nil, err
	}
	for _, p := range w.patients {
		report, err := chain.Verify(ctx, w.log, p.id)
		if err != nil {
			return 0, nil, err
		}
		reports = append(reports, report)
	}
	return restarts, reports, nil
}

// Median is the middle of the values.
func Median(values ...float64) float64 { return median(values) }

// NewDispatcher is the baseline's dispatcher.
func NewDispatcher() (schedule func(func()), closeIt func()) {
	e := &elastic{}
	return e.Schedule, e.close
}
