package bench

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/theater-go/theater/chain"
)

// appender is a log as the rows that write chains use it.
type appender interface {
	// append enqueues a record; it may wait for room. ack is told what became of it.
	append(ctx context.Context, d *chain.Draft, ack chain.Acknowledger) error
	// hurry says that someone waits for what was appended.
	hurry()
}

// logAppender is a log's writer, used as an actor uses it.
type logAppender struct{ chain.Writer }

func (r logAppender) append(ctx context.Context, d *chain.Draft, ack chain.Acknowledger) error {
	if err := r.Reserve(ctx, turnRoom); err != nil {
		d.Discard()
		return err
	}
	defer r.Release(turnRoom)
	return r.Append(d, ack)
}

func (r logAppender) hurry() { r.Hurry() }

// recordEvents is how many events a record of traffic has.
const recordEvents = 3

// recordBytes is the length of the payload of each.
const recordBytes = 96

// traffic are actors without guests, and the turns that they write: a message, a
// call of the host and an answer, with the same random bytes in all three, as of
// an actor that passes things on; about 450 bytes.
type traffic struct {
	to    appender
	lines []line
}

// line is one actor. It belongs to one goroutine at a time.
type line struct {
	id     chain.ID
	next   uint64 // number of the next record
	call   chain.Call
	host   chain.Host
	result chain.Result
	acked  chan error // has room for one
}

func newTraffic(to appender, actors int) (*traffic, error) {
	t := &traffic{to: to, lines: make([]line, actors)}
	for i := range t.lines {
		id, err := chain.NewID(time.Now(), rand.Reader)
		if err != nil {
			return nil, err
		}
		body := make([]byte, recordBytes)
		if _, err := rand.Read(body); err != nil {
			return nil, err
		}
		payload := chain.NewPayload(body)
		t.lines[i] = line{
			id:     id,
			call:   chain.Call{Export: 2, Params: payload, Cause: chain.Cause{Kind: chain.CauseEvent, Event: chain.Ref{Actor: id}}, Delivery: 1},
			host:   chain.Host{Import: 1, Input: payload},
			result: chain.Result{Response: payload, State: chain.NewState(body[:8])},
			acked:  make(chan error, 1),
		}
	}
	return t, nil
}

// draft is the actor's next record.
func (l *line) draft() *chain.Draft {
	d := chain.NewDraft(l.id, l.next)
	now := time.Now().UnixNano()
	if l.next == 0 {
		d.Add(&chain.Genesis{Time: now, Name: "line", Path: "/line"})
	}
	l.next++
	l.call.Time, l.call.Cause.Event.Record = now, l.next
	d.Add(&l.call)
	d.Add(&l.host)
	d.Add(&l.result)
	return d
}

// Acknowledged implements chain.Acknowledger.
func (l *line) Acknowledged(_ *chain.Stored, err error) { l.acked <- err }

// calls lets every actor write its share of about n events, each record once the
// one before it is acknowledged.
func (t *traffic) calls(ctx context.Context, n int) (int, error) {
	each := max(1, n/recordEvents/len(t.lines))
	err := together(len(t.lines), func(i int) error {
		l := &t.lines[i]
		for range each {
			if err := t.to.append(ctx, l.draft(), l); err != nil {
				return err
			}
			t.to.hurry()
			if err := <-l.acked; err != nil {
				return err
			}
		}
		return nil
	})
	return each * len(t.lines) * recordEvents, err
}

// stream has actors write about n events as fast as the log takes them, from as
// many goroutines as callers; each goes ahead of the acknowledgements by no more
// than a window.
func (t *traffic) stream(ctx context.Context, callers, n int) (int, error) {
	each := max(1, n/recordEvents/callers)
	share := len(t.lines) / callers
	err := together(callers, func(i int) error {
		lines, acks, acked := t.lines[i*share:(i+1)*share], newTally(), 0
		for sent := range each {
			if sent-acked == streamWindow {
				t.to.hurry()
				var err error
				if acked, err = acks.await(sent - streamWindow/2); err != nil {
					return err
				}
			}
			if err := t.to.append(ctx, lines[sent%share].draft(), acks); err != nil {
				return err
			}
		}
		t.to.hurry()
		_, err := acks.await(each)
		return err
	})
	return each * callers * recordEvents, err
}

// streamWindow is how many records of a stream may wait for their acknowledgement:
// as many as let the log work without a pause.
const streamWindow = 4096

// tally counts acknowledgements. One goroutine waits for them.
type tally struct {
	mu             sync.Mutex // guards what follows
	more           *sync.Cond // acked is awaited
	acked, awaited int
	err            error // the first
}

func newTally() *tally {
	t := &tally{}
	t.more = sync.NewCond(&t.mu)
	return t
}

// Acknowledged implements chain.Acknowledger.
func (t *tally) Acknowledged(_ *chain.Stored, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil {
		t.err = err
	}
	if t.acked++; t.acked == t.awaited {
		t.more.Signal()
	}
}

// await waits until n records are acknowledged, and returns how many are.
func (t *tally) await(n int) (acked int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.awaited = n
	for t.acked < n {
		t.more.Wait()
	}
	return t.acked, t.err
}
