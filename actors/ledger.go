package actors

import (
	"sync"

	"github.com/theater-go/theater/chain"
)

// ledger holds what actors have sent against what the receivers have received,
// or somebody has recorded as dropped, in whatever order the chains are read.
// The zero ledger is empty. It is safe for concurrent use.
//
// It begins with the first record of every chain. A log that kept a low-water
// mark, before which nothing waits, would say where to begin instead: see
// witness.
type ledger struct {
	mu      sync.Mutex
	entries map[chain.Ref]entry // guarded by mu; what only one side has told of
}

// entry is a message of which one side is known.
type entry struct {
	settled bool  // it was received or dropped; else it was sent
	time    int64 // of the sending turn
}

// page is what one chain tells, to be entered at once.
type page struct {
	sent    []sending
	settled []chain.Ref
}

// sending is a message that was released: the event that sent it, and when.
type sending struct {
	at   chain.Ref
	time int64
}

// enter takes a page in.
func (l *ledger) enter(p *page) {
	if len(p.sent) == 0 && len(p.settled) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries == nil {
		l.entries = map[chain.Ref]entry{}
	}
	for _, s := range p.sent {
		if l.entries[s.at].settled {
			delete(l.entries, s.at)
		} else {
			l.entries[s.at] = entry{time: s.time}
		}
	}
	for _, at := range p.settled {
		if e, known := l.entries[at]; known && !e.settled {
			delete(l.entries, at)
		} else {
			l.entries[at] = entry{settled: true}
		}
	}
	p.sent, p.settled = p.sent[:0], p.settled[:0]
}

// waiting are the messages that were sent and not settled, in no order.
func (l *ledger) waiting() []sending {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []sending
	for at, e := range l.entries {
		if !e.settled {
			all = append(all, sending{at, e.time})
		}
	}
	return all
}
