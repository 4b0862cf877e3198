package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

var recordingRow = row{
	name: "recording", unit: "requests/s",
	doc:  "8 Go counters are asked to increment by 64 callers, async; baseline: the same with a log that neither encodes, hashes nor writes what it is given",
	open: openRecording,
}

// callersEach is how many callers an actor has in recording: each waits for its
// answer, and for the log to acknowledge it, before it asks again.
const callersEach = 8

// openRecording readies the same actors on both sides. An operation is one
// request answered.
func openRecording(ctx context.Context, s settings) (*contest, error) {
	counter, err := s.gopher.guest(ctx)
	if err != nil {
		return nil, err
	}
	on, err := openNode(ctx, "async", counter, s.counters)
	if err != nil {
		return nil, err
	}
	off, err := openForgetful(ctx, counter, s.counters)
	if err != nil {
		return nil, errors.Join(err, on.close(context.WithoutCancel(ctx)))
	}
	return &contest{
		ours:     on.increments,
		baseline: off.increments,
		close:    func(ctx context.Context) error { return errors.Join(off.close(ctx), on.close(ctx)) },
	}, nil
}

// increments lets every caller make its share of about n requests.
func (g *guests) increments(ctx context.Context, n int) (int, error) {
	callers := callersEach * len(g.refs)
	each := max(1, n/callers)
	err := together(callers, func(i int) error {
		ref := g.refs[i%len(g.refs)]
		for range each {
			answer, err := g.system.Request(ctx, ref, sender, []byte("increment"))
			if err != nil {
				return err
			}
			if len(answer) == 0 {
				return fmt.Errorf("actor %s gives no count", ref)
			}
		}
		return nil
	})
	return each * callers, err
}

// together calls f with 0 to n-1, at once, and returns the errors.
func together(n int, f func(int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = f(i) })
	}
	all.Wait()
	return errors.Join(errs...)
}
