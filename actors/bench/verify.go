package bench

import (
	"context"
	"fmt"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
)

var verifyRow = row{
	name: "chain-verify", unit: "events/s",
	doc:  "a chain of 60000 events is verified by one goroutine; baseline: segment-file, the same chain verified the same out of a plain file",
	open: openVerify,
}

// openVerify readies the same chain in a log and in a segment. An operation is one
// event verified.
func openVerify(ctx context.Context, s settings) (*contest, error) {
	c := &closers{}
	var log, plain chain.Reader
	var ours, other chain.ID
	err := c.opened(ctx, func() error {
		folder, err := c.folder()
		if err != nil {
			return err
		}
		l, w, err := c.log(ctx, folder, badgerlog.Async)
		if err != nil {
			return err
		}
		seg, err := c.segment(folder, s.segment, badgerlog.Async)
		if err != nil {
			return err
		}
		log, plain = l, segmentChain{segment: seg}
		if ours, err = writeChain(ctx, w, s.verified); err != nil {
			return err
		}
		if other, err = writeChain(ctx, seg, s.verified); err != nil {
			return err
		}
		seg.finish()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &contest{
		ours:     func(ctx context.Context, n int) (int, error) { return verifyChain(ctx, log, ours, n) },
		baseline: func(ctx context.Context, n int) (int, error) { return verifyChain(ctx, plain, other, n) },
		close:    c.close,
	}, nil
}

// writeChain writes one chain of n events, and its genesis.
func writeChain(ctx context.Context, to appender, n int) (chain.ID, error) {
	t, err := newTraffic(to, 1)
	if err != nil {
		return chain.ID{}, err
	}
	_, err = t.stream(ctx, 1, n)
	return t.lines[0].id, err
}

// verifyChain verifies a chain until n events are.
func verifyChain(ctx context.Context, r chain.Reader, id chain.ID, n int) (done int, err error) {
	for done < n {
		report, err := chain.Verify(ctx, r, id)
		if err != nil {
			return 0, err
		}
		if report.Events == 0 {
			return 0, fmt.Errorf("chain %s is empty", id)
		}
		done += int(report.Events)
	}
	return done, nil
}
