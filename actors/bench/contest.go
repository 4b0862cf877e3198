package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

// contest is two ways to do the same work, ready to be measured.
type contest struct {
	ours     work
	baseline work    // nil where there is none
	rivals   []rival // further baselines; the fastest of all is the row's
	most     int     // operations of a round at most; 0 is no bound
	// tidy, which may be nil, clears away what a round left. It is not timed.
	tidy  func(context.Context) error
	close func(context.Context) error
}

// rival is a baseline with a name.
type rival struct {
	name string
	work work
}

// work does about n operations, one at least, and returns how many it did.
type work func(ctx context.Context, n int) (done int, err error)

// growth bounds how much longer the next round of a warm-up is.
const growth = 100

// measure takes the row's contest, or the lowest ratio of those of its parts.
func (r row) measure(ctx context.Context, s settings) (Row, error) {
	if r.parts == nil {
		return r.settle(ctx, s)
	}
	var lowest Row
	for i, part := range r.parts {
		measured, err := part.settle(ctx, s)
		if err != nil {
			return Row{}, err
		}
		if i == 0 || *measured.Ratio < *lowest.Ratio {
			lowest = measured
		}
	}
	lowest.Name = r.name
	return lowest, nil
}

// settle opens the row's contest and takes the median of its rounds.
func (r row) settle(ctx context.Context, s settings) (_ Row, err error) {
	c, err := r.open(ctx, s)
	if err != nil {
		return Row{}, err
	}
	defer func() { err = errors.Join(err, c.close(context.WithoutCancel(ctx))) }()
	sides := []work{c.ours}
	if c.baseline != nil {
		sides = append(sides, c.baseline)
	}
	for _, rival := range c.rivals {
		sides = append(sides, rival.work)
	}
	medians, err := s.alternate(ctx, c, sides)
	if err != nil {
		return Row{}, err
	}
	for i, rival := range c.rivals {
		s.say(fmt.Sprintf("%s: %s makes %.0f %s", r.name, rival.name, medians[2+i], r.unit))
	}
	measured := Row{Name: r.name, Value: medians[0], Unit: r.unit}
	if c.baseline != nil {
		fastest := slices.Max(medians[1:])
		ratio := medians[0] / fastest
		measured.Baseline, measured.Ratio = &fastest, &ratio
	}
	return measured, nil
}

// alternate warms every side up, runs them in turn, and returns the median of
// the operations per second of each.
func (s settings) alternate(ctx context.Context, c *contest, sides []work) ([]float64, error) {
	sizes := make([]int, len(sides))
	for i, side := range sides {
		var err error
		if sizes[i], err = s.warm(ctx, c, side); err != nil {
			return nil, err
		}
	}
	rates := make([][]float64, len(sides))
	for range s.rounds {
		for i, side := range sides {
			done, took, err := c.timed(ctx, side, sizes[i])
			if err != nil {
				return nil, err
			}
			rates[i] = append(rates[i], float64(done)/took.Seconds())
		}
	}
	var medians []float64
	for _, r := range rates {
		medians = append(medians, median(r))
	}
	return medians, nil
}

// warm runs longer and longer rounds until one takes half of what it should, or
// is as large as may be, and returns how many operations a whole one is.
func (s settings) warm(ctx context.Context, c *contest, side work) (int, error) {
	most := cmp.Or(c.most, math.MaxInt)
	for n := 1; ; {
		done, took, err := c.timed(ctx, side, n)
		if err != nil {
			return 0, err
		}
		whole := float64(done) * float64(s.round) / float64(max(took, 1))
		if took >= s.round/2 {
			return min(max(1, int(whole)), most), nil
		}
		if n == most {
			return most, nil
		}
		n = min(int(min(whole, float64(done)*growth))+1, most)
	}
}

// timed runs one round. Garbage of the round before is not on its bill.
func (c *contest) timed(ctx context.Context, side work, n int) (done int, took time.Duration, err error) {
	if err := ctx.Err(); err != nil {
		return 0, 0, context.Cause(ctx)
	}
	runtime.GC()
	start := time.Now()
	done, err = side(ctx, n)
	took = time.Since(start)
	if err == nil && c.tidy != nil {
		err = c.tidy(ctx)
	}
	return done, took, err
}

// median returns the middle of values, of which there is at least one.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}
