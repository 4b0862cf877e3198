package bench

import (
	"context"
	"errors"
	"time"

	"github.com/theater-go/theater/chain"
)

// small is as little work as a row can do.
var small = settings{rounds: 2, round: time.Millisecond, pairs: 2, relays: 2, counters: 1, spawned: 4, machines: 2, lines: 4, asked: 2, verified: 60, segment: 1 << 20}

// Side does about n operations and returns how many it did.
type Side func(n int) (done int)

// Part is one contest of a row.
type Part struct {
	Unit           string
	Ours, Baseline Side
	Rival          Side // nil for none
	Most           int
	Tidy           func()
}

// Measure measures a row of that name made of parts.
func Measure(ctx context.Context, name string, parts ...Part) (Row, error) {
	r := row{name: name}
	for _, p := range parts {
		side := func(s Side) work { return func(_ context.Context, n int) (int, error) { return s(n), nil } }
		r.parts = append(r.parts, row{unit: p.Unit, open: func(context.Context, settings) (*contest, error) {
			c := &contest{
				ours: side(p.Ours), baseline: side(p.Baseline), most: p.Most,
				tidy:  func(context.Context) error { p.Tidy(); return nil },
				close: func(context.Context) error { return nil },
			}
			if p.Rival != nil {
				c.rivals = []rival{{"rival", side(p.Rival)}}
			}
			return c, nil
		}})
	}
	return r.measure(ctx, small)
}

// RunSmall is Run with as little work as a row can do.
func RunSmall(ctx context.Context, names ...string) ([]Row, error) {
	return RunSmallTelling(ctx, nil, names...)
}

// RunSmallTelling is RunSmall with progress.
func RunSmallTelling(ctx context.Context, progress func(string), names ...string) ([]Row, error) {
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
	r, err := openRecorders(ctx, machines)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, r.close(context.WithoutCancel(ctx))) }()
	if restarts, err = r.restarts(ctx, n); err != nil {
		return 0, nil, err
	}
	for _, p := range r.all {
		report, err := chain.Verify(ctx, r.log, p.id)
		if err != nil {
			return 0, nil, err
		}
		reports = append(reports, report)
	}
	return restarts, reports, nil
}

// VerifyCrashes has so many children of a supervised parent crash as restart does,
// about n times in all, and verifies the chains that they wrote.
func VerifyCrashes(ctx context.Context, children, n int) (restarts int, reports []chain.Report, err error) {
	g, err := openCrashing(ctx, children)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, g.close(context.WithoutCancel(ctx))) }()
	if restarts, err = g.crash(ctx, n); err != nil {
		return 0, nil, err
	}
	for _, child := range g.children {
		report, err := chain.Verify(ctx, g.log, child.ID)
		if err != nil {
			return 0, nil, err
		}
		reports = append(reports, report)
	}
	return restarts, reports, nil
}

// VerifySegment writes a chain of n events into a segment and verifies it, as it is
// and once a byte is damaged.
func VerifySegment(ctx context.Context, n int) (report chain.Report, damaged, err error) {
	s, err := openSegment("", small.segment, true)
	if err != nil {
		return chain.Report{}, nil, err
	}
	defer func() { err = errors.Join(err, s.close(ctx)) }()
	id, err := writeChain(ctx, s, n)
	if err != nil {
		return chain.Report{}, nil, err
	}
	s.finish()
	if report, err = chain.Verify(ctx, segmentChain{segment: s}, id); err != nil {
		return report, nil, err
	}
	if _, err := s.file.WriteAt([]byte{0xff}, s.at/2); err != nil {
		return report, nil, err
	}
	_, damaged = chain.Verify(ctx, segmentChain{segment: s}, id)
	return report, damaged, nil
}

// OTPRestarts has processes in Erlang crash as restart does, about n times in all.
func OTPRestarts(ctx context.Context, children, n int) (restarts int, err error) {
	o, err := openOTP(ctx, children)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, o.close(context.WithoutCancel(ctx))) }()
	return o.restarts(ctx, n)
}

// Median is the middle of the values.
func Median(values ...float64) float64 { return median(values) }

// NewDispatcher is the baseline's dispatcher.
func NewDispatcher() (schedule func(func()), closeIt func()) {
	e := &elastic{}
	return e.Schedule, e.close
}
