package bench

import (
	"bytes"
	"context"
	"fmt"

	"github.com/theater-go/theater/chain/badgerlog"
)

var turnsSyncRow = row{
	name: "turns-sync", unit: "turns/s",
	doc:  "1000 recorded C guests answer 64 bytes, sync, each asked by a caller who waits for the answer, which waits for the disk; baseline: segment-file, a record for each in a plain file, with fdatasync",
	open: openTurnsSync,
}

// openTurnsSync readies actors on a node, and as many without guests on a segment.
// An operation is one turn acknowledged.
func openTurnsSync(ctx context.Context, s settings) (*contest, error) {
	g, err := openGuests(ctx, badgerlog.Sync, s.asked)
	if err != nil {
		return nil, err
	}
	c := &closers{}
	c.onClose(g.close)
	var plain *traffic
	err = c.opened(ctx, func() error {
		folder, err := c.folder()
		if err != nil {
			return err
		}
		seg, err := c.segment(folder, s.segment, badgerlog.Sync)
		if err == nil {
			plain, err = newTraffic(seg, s.asked)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &contest{
		ours: g.answers,
		baseline: func(ctx context.Context, n int) (int, error) {
			events, err := plain.calls(ctx, n*recordEvents)
			return events / recordEvents, err
		},
		close: c.close,
	}, nil
}

// answers has every actor answer its share of about n requests, one after the other.
func (g *guests) answers(ctx context.Context, n int) (int, error) {
	each := max(1, n/len(g.refs))
	body := bytes.Repeat([]byte("x"), payloadBytes)
	err := together(len(g.refs), func(i int) error {
		for range each {
			answer, err := g.system.Request(ctx, g.refs[i], sender, body)
			if err == nil && !bytes.Equal(answer, body) {
				err = fmt.Errorf("actor %s answers %q", g.refs[i], answer)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return each * len(g.refs), err
}
