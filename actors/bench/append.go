package bench

import (
	"context"

	"github.com/theater-go/theater/chain/badgerlog"
)

var appendAsyncRow = row{
	name: "append-async", unit: "events/s",
	doc: "2 callers append the turns of 1024 actors without guests, async, each 4096 turns ahead at most; baseline: segment-file, the same records hashed the same into a plain file with crc32c",
	open: func(ctx context.Context, s settings) (*contest, error) {
		return openAppends(ctx, s, badgerlog.Async, func(ctx context.Context, t *traffic, n int) (int, error) {
			return t.stream(ctx, appendCallers, n)
		})
	},
}

var appendSyncRow = row{
	name: "append-sync", unit: "events/s",
	doc: "1024 actors without guests append turns, sync, each waits for the acknowledgement; baseline: segment-file, the same records hashed the same into a plain file with crc32c, with fdatasync",
	open: func(ctx context.Context, s settings) (*contest, error) {
		return openAppends(ctx, s, badgerlog.Sync, func(ctx context.Context, t *traffic, n int) (int, error) {
			return t.calls(ctx, n)
		})
	},
}

// appendCallers is how many goroutines append in append-async: as many as a small
// machine has processors for guests.
const appendCallers = 2

// openAppends readies the same traffic for a log and for a segment. An operation
// is one event acknowledged.
func openAppends(ctx context.Context, s settings, durability string, write func(context.Context, *traffic, int) (int, error)) (*contest, error) {
	c := &closers{}
	var ours, plain *traffic
	err := c.opened(ctx, func() error {
		folder, err := c.folder()
		if err != nil {
			return err
		}
		_, log, err := c.log(ctx, folder, durability)
		if err != nil {
			return err
		}
		seg, err := c.segment(folder, s.segment, durability)
		if err != nil {
			return err
		}
		if ours, err = newTraffic(log, s.lines); err != nil {
			return err
		}
		plain, err = newTraffic(seg, s.lines)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &contest{
		ours:     func(ctx context.Context, n int) (int, error) { return write(ctx, ours, n) },
		baseline: func(ctx context.Context, n int) (int, error) { return write(ctx, plain, n) },
		close:    c.close,
	}, nil
}

// log opens a log in a data folder below folder, and takes its writer.
func (c *closers) log(ctx context.Context, folder, durability string) (*badgerlog.Log, logAppender, error) {
	log, err := badgerlog.Open(folder+"/data", badgerlog.Options{Durability: durability})
	if err != nil {
		return nil, logAppender{}, err
	}
	c.onClose(func(context.Context) error { return log.Close() })
	w, err := log.Writer(ctx)
	return log, logAppender{w}, err
}

// segment makes a segment in the folder.
func (c *closers) segment(folder string, size int64, durability string) (*segment, error) {
	s, err := openSegment(folder, size, durability == badgerlog.Sync)
	if err == nil {
		c.onClose(s.close)
	}
	return s, err
}
