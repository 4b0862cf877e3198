package badgerlog

import (
	"context"
	"fmt"
	"iter"

	"github.com/theater-go/theater/chain"
)

// Tail implements chain.Tailer. A lot is a block.
func (l *Log) Tail(ctx context.Context) iter.Seq2[chain.Lot, error] {
	from := l.recent.end()
	return func(yield func(chain.Lot, error) bool) {
		l.recent.enter()
		defer l.recent.leave()
		for at := from; ; at.block++ {
			block, err := l.await(ctx, at.block)
			if err != nil {
				yield(chain.Lot{}, err)
				return
			}
			at.records += uint64(len(block))
			if !yield(chain.Lot{Records: block, Behind: l.recent.end().records - at.records}, nil) {
				return
			}
		}
	}
}

// await waits until a block is committed, and reads it.
func (l *Log) await(ctx context.Context, number uint64) ([]chain.Stored, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		block, more, err := l.recent.look(number)
		switch {
		case err != nil || block != nil:
			return block, err
		case more == nil:
			return l.fetch(number)
		}
		select {
		case <-more:
		case <-ctx.Done():
		case <-l.stopped:
			return nil, l.stoppedBy
		}
	}
}

// fetch reads a block from the database.
func (l *Log) fetch(number uint64) (block []chain.Stored, err error) {
	records, count, err := l.block(number, nil)
	if err != nil {
		return nil, err
	}
	if block, err = decodeRecords(records, count); err != nil {
		return nil, fmt.Errorf("block %d: %w", number, err)
	}
	return block, nil
}
