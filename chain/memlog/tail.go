package memlog

import (
	"context"
	"iter"

	"github.com/theater-go/theater/chain"
)

// lotSize is how many records a lot has at most.
const lotSize = 256

// placed is a record in its place in the log's order.
type placed struct {
	of     *actor
	number uint64
}

// changed wakes who waits for a change.
type changed chan struct{}

// wait is closed by the next tell.
func (c *changed) wait() <-chan struct{} {
	if *c == nil {
		*c = make(chan struct{})
	}
	return *c
}

func (c *changed) tell() {
	if *c != nil {
		close(*c)
		*c = nil
	}
}

// Tail implements chain.Tailer.
func (l *Log) Tail(ctx context.Context) iter.Seq2[chain.Lot, error] {
	l.mu.Lock()
	from := len(l.order)
	l.mu.Unlock()
	return func(yield func(chain.Lot, error) bool) {
		lot := chain.Lot{Records: make([]chain.Stored, 0, lotSize)}
		for at := from; ; at += len(lot.Records) {
			err := l.lot(ctx, at, &lot)
			if err != nil {
				lot = chain.Lot{}
			}
			if !yield(lot, err) || err != nil {
				return
			}
		}
	}
}

// lot waits for records from a place in the order on, and reads some.
func (l *Log) lot(ctx context.Context, at int, lot *chain.Lot) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			return chain.ErrClosed
		}
		if at < len(l.order) {
			n := min(len(l.order)-at, lotSize)
			lot.Records = lot.Records[:0]
			for _, p := range l.order[at : at+n] {
				lot.Records = append(lot.Records, p.of.records[p.number])
			}
			lot.Behind = uint64(len(l.order) - at - n)
			l.mu.Unlock()
			return nil
		}
		more := l.more.wait()
		l.mu.Unlock()
		select {
		case <-more:
		case <-ctx.Done():
		}
	}
}
