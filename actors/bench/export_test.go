package bench

import (
	"context"
	"time"
)

// RunSmall is Run with as little work as a row can do.
func RunSmall(ctx context.Context, names ...string) ([]Row, error) {
	small := settings{rounds: 2, round: time.Millisecond, pairs: 2, relays: 2, counters: 1, spawned: 4, machines: 2}
	return small.run(ctx, names, nil)
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

// Median is the middle of the values.
func Median(values ...float64) float64 { return median(values) }

// NewDispatcher is the baseline's dispatcher.
func NewDispatcher() (schedule func(func()), closeIt func()) {
	e := &elastic{}
	return e.Schedule, e.close
}
