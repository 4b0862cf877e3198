package chain_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm/pack"
)

func TestANoticeNamesItsEvent(t *testing.T) {
	for _, want := range []chain.Ref{
		{Actor: chaintest.ID(7), Record: 3, Index: 1},
		{Actor: chain.ID(bytes.Repeat([]byte{0xff}, 16)), Record: 1<<64 - 1, Index: 1<<32 - 1},
	} {
		p := chain.NoticePayload(want, 900)
		if got, is := p.Notice(); got != want || !is || p.Size() != 900 || p.IsZero() {
			t.Errorf("%+v names %+v", p, got)
		}
	}
	for _, p := range []chain.Payload{{}, {Bytes: []byte("x")}, chain.BlobPayload(chaintest.Sum(1), 5000)} {
		if ref, is := p.Notice(); is || !ref.IsZero() {
			t.Errorf("%+v is a notice of %+v", p, ref)
		}
	}
}

func TestANoticeIsTheValueThatAGuestIsHanded(t *testing.T) {
	b := chain.NoticeParams(chaintest.ID(7), "result", []byte{7, 0, 0})
	want := pack.Tuple(pack.String(chaintest.ID(7).String()), pack.String("result"), pack.Bytes([]byte{7, 0, 0}))
	if got, err := pack.Decode(b); err != nil || !got.Equal(want) {
		t.Errorf("it is %s (%v), want %s", got, err, want)
	}
	if b := chain.NoticeParams(chaintest.ID(7), "result", make([]byte, 128<<20)); b != nil {
		t.Errorf("an event that is too large for a value is one of %d bytes", len(b))
	}
}

// forged shows the records of a log otherwise than they are.
type forged struct {
	chain.Reader
	edit func(*chain.Record)
}

func (f forged) Records(ctx context.Context, id chain.ID, from uint64) iter.Seq2[chain.Record, error] {
	return func(yield func(chain.Record, error) bool) {
		for r, err := range f.Reader.Records(ctx, id, from) {
			if id == chaintest.ID(2) {
				r.Events = append([]chain.Event(nil), r.Events...)
				f.edit(&r)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// parentOf is a log of a child, whose record 3 is a turn, and of a parent that
// is told of that turn's call.
func parentOf(t *testing.T) (*memlog.Log, chain.Payload) {
	log := memlog.New()
	w, err := log.Writer(t.Context())
	chaintest.Must(t, err)
	t.Cleanup(func() { chaintest.Must(t, log.Close()) })
	child, parent := chaintest.ID(2), chaintest.ID(1)
	chaintest.Begin(t, w, child)
	chaintest.Begin(t, w, parent)
	chaintest.Fill(t, w, child, 1, 5)
	event := chaintest.Records(t, log, child, 3)[0].Events[0]
	encoded, err := chain.AppendEvent(nil, event)
	chaintest.Must(t, err)
	params := chain.NoticeParams(child, "call", encoded)
	p := chain.NoticePayload(chain.Ref{Actor: child, Record: 3}, uint64(len(params)))
	chaintest.Must(t, w.Append(chaintest.Draft(chain.Record{Actor: parent, Number: 1, Events: []chain.Event{&chain.Call{Params: p}, ok}}), nil))
	chaintest.Must(t, w.Flush(t.Context()))
	got, err := p.Load(t.Context(), log)
	chaintest.Must(t, err)
	if !bytes.Equal(got, params) {
		t.Fatalf("loaded as %x, want %x", got, params)
	}
	return log, p
}

func TestVerifyLooksAtTheEventsOfNotices(t *testing.T) {
	log, _ := parentOf(t)
	_, err := chain.Verify(t.Context(), log, chaintest.ID(1))
	chaintest.Must(t, err)
	for name, c := range map[string]struct {
		edit    func(*chain.Record)
		problem string
	}{
		"an event that is another":        {func(r *chain.Record) { r.Events[0] = &chain.Call{} }, "its record has another hash"},
		"an event that is gone":           {func(r *chain.Record) { r.Events = nil }, "no events"},
		"a record that is another":        {func(r *chain.Record) { r.Number = 2 }, "the log has record 2 of actor"},
		"a record that is of another":     {func(r *chain.Record) { r.Actor = chaintest.ID(3) }, "the log has record 3 of actor " + chaintest.ID(3).String()},
		"an event that cannot be encoded": {func(r *chain.Record) { r.Events[0] = &chain.Host{Status: 77} }, "unknown status"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := chain.Verify(t.Context(), forged{log, c.edit}, chaintest.ID(1))
			if !errors.Is(err, chain.ErrInvalid) || !strings.Contains(err.Error(), "event 0 in record 3 of actor "+chaintest.ID(2).String()) ||
				!strings.Contains(err.Error(), c.problem) || !strings.HasPrefix(err.Error(), "actor "+chaintest.ID(1).String()+" record 1: event 0 (call)") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestANoticeOfWhatTheLogDoesNotHaveSaysWhatIsMissing(t *testing.T) {
	log, p := parentOf(t)
	child := chaintest.ID(2)
	for _, c := range []struct {
		name   string
		ref    chain.Ref
		length uint64
		want   error
		says   string
	}{
		{"the actor", chain.Ref{Actor: chaintest.ID(9), Record: 1}, p.Length, chain.ErrNotFound, "record 1 of actor " + chaintest.ID(9).String()},
		{"the record", chain.Ref{Actor: child, Record: 5}, p.Length, chain.ErrNotFound, "record 5 of actor"},
		{"the event", chain.Ref{Actor: child, Record: 3, Index: 3}, p.Length, chain.ErrCorrupt, "event 3 in record 3 of actor " + child.String() + ": the record has 3 events"},
		{"a byte", chain.Ref{Actor: child, Record: 3}, p.Length + 1, chain.ErrCorrupt, "its notice has"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if b, err := chain.NoticePayload(c.ref, c.length).Load(t.Context(), log); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%d bytes, error %v", len(b), err)
			}
		})
	}
}

func TestTheEventsOfAStoredRecordAreThoseThatWereAppended(t *testing.T) {
	for _, events := range chaintest.Every() {
		s, err := chain.Store(chain.Record{Events: events})
		chaintest.Must(t, err)
		n := 0
		for e, err := range s.All() {
			chaintest.Must(t, err)
			want, err := chain.AppendEvent(nil, events[n])
			chaintest.Must(t, err)
			if int(e.Index) != n || e.Kind != chain.KindOf(events[n]) || !bytes.Equal(e.Bytes, want) || cap(e.Bytes) != len(e.Bytes) {
				t.Errorf("event %d is %+v, want %s %x", n, e, chain.KindOf(events[n]), want)
			}
			n++
		}
		if n != len(events) {
			t.Errorf("%d events, want %d", n, len(events))
		}
		for range s.All() {
			break // stopping early is allowed
		}
	}
}

func TestTheEventsOfADamagedRecordEndWithAnError(t *testing.T) {
	whole, err := chain.Store(chain.Record{Events: []chain.Event{call, ok}})
	chaintest.Must(t, err)
	for name, c := range map[string]struct {
		events []byte
		whole  int // events before the error
	}{
		"nothing":                {nil, 0},
		"an event is cut short":  {whole.Events[:len(whole.Events)-1], 1},
		"an event is unknown":    {append(bytes.Clone(whole.Events[:len(whole.Events)-3]), 99, 0, 0), 1},
		"bytes are left over":    {append(bytes.Clone(whole.Events), 0), 2},
		"there are fewer events": {append([]byte{0xff, 0xff, 0x7f}, whole.Events[1:]...), 2},
	} {
		t.Run(name, func(t *testing.T) {
			s, n := chain.Stored{Number: 8, Events: c.events}, 0
			var last error
			for _, err := range s.All() {
				if last = err; err == nil {
					n++
				}
			}
			if n != c.whole || !errors.Is(last, chain.ErrCorrupt) || !strings.Contains(last.Error(), "record 8") {
				t.Errorf("%d events and %v", n, last)
			}
		})
	}
}

func TestAnEventOutsideTheFormatIsNotEncoded(t *testing.T) {
	if b, err := chain.AppendEvent([]byte("prefix"), &chain.Host{Status: 99}); !errors.Is(err, chain.ErrEncode) {
		t.Errorf("%x, error %v", b, err)
	}
}
