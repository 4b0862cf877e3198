package chaintest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/theater-go/theater/chain"
)

// Run holds a log to the contract of chain.Log. Open returns a new, empty log
// at every call; the suite closes it.
func Run(t *testing.T, open func(t *testing.T) chain.Log) {
	cases := []struct {
		name string
		run  func(t *testing.T, l chain.Log)
	}{
		{"a record is read back with its number, epoch, link and hash", readBack},
		{"every form of event is read back as it was appended", everyEvent},
		{"records are read from any number on", readFrom},
		{"records are read as they are kept", readStored},
		{"an unknown actor, record or blob is not found", unknown},
		{"a summary is the fold of the records", summary},
		{"actors are listed in the order of their ids", actors},
		{"a record that is not the next one is refused", numbers},
		{"a record without events is refused", noEvents},
		{"a second writer waits for the first to close", secondWriter},
		{"a stale writer is refused", staleWriter},
		{"acknowledgements come in the order of the appends", ackOrder},
		{"an acknowledgement may append", ackAppends},
		{"a blob is there when the record that names it is acknowledged", blobBeforeRecord},
		{"a summary names the newest two checkpoints", checkpoints},
		{"a blob that is dropped is gone, and no other", dropped},
		{"a notice is loaded from the record of its event", noticeOfRecord},
		{"a large record is read back", largeRecord},
		{"chains are verified while they are written", readWhileWriting},
		{"a tail has all that comes after it began, in the order of the log", tailOrder},
		{"a tail begins where the log was when it was called, and goes on with the next writer", tailFromTheCall},
		{"who tails slowly loses nothing, holds up nobody, and is told how far behind it is", tailSlow},
		{"a tail ends with its context, and with the log", tailEnds},
		{"tails come and go while records are written", tailHammer},
		{"one chain is followed without a gap while many are written", followSeam},
		{"a chain is followed from any number on, and to its end", followFrom},
		{"who follows one chain need not go through all of the others", followFar},
		{"a cancelled context ends reading", cancelled},
		{"a closed log refuses everything", closedLog},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l := open(t)
			t.Cleanup(func() {
				if err := l.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			c.run(t, l)
		})
	}
}

// Must fails the test when err is not nil.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Begin puts Module and appends the genesis of an actor.
func Begin(t testing.TB, w chain.Writer, id chain.ID) {
	t.Helper()
	Must(t, w.Append(Draft(Genesis(id, w.PutBlob(Module))), nil))
}

// Fill appends turns to an actor up to, without, the record end, and flushes.
func Fill(t testing.TB, w chain.Writer, id chain.ID, from, end uint64) {
	t.Helper()
	for n := from; n < end; n++ {
		Must(t, w.Append(Draft(Turn(id, n, 40)), nil))
	}
	Must(t, w.Flush(t.Context()))
}

// Records reads the chain of an actor.
func Records(t testing.TB, r chain.Reader, id chain.ID, from uint64) []chain.Record {
	t.Helper()
	var records []chain.Record
	for rec, err := range r.Records(t.Context(), id, from) {
		Must(t, err)
		records = append(records, rec)
	}
	return records
}

func writer(t *testing.T, l chain.Log) chain.Writer {
	t.Helper()
	w, err := l.Writer(t.Context())
	Must(t, err)
	t.Cleanup(func() { Must(t, w.Close()) })
	return w
}

func readBack(t *testing.T, l chain.Log) {
	w := writer(t, l)
	Begin(t, w, ID(1))
	Fill(t, w, ID(1), 1, 100)
	var prev chain.Hash
	records := Records(t, l, ID(1), 0)
	if len(records) != 100 {
		t.Fatalf("%d records, want 100", len(records))
	}
	for i, r := range records {
		stored, err := chain.Store(r)
		Must(t, err)
		if r.Actor != ID(1) || r.Number != uint64(i) || r.Epoch != w.Epoch() || r.Prev != prev || r.Hash != stored.Sum(prev) {
			t.Fatalf("record %d is %+v", i, r)
		}
		prev = r.Hash
	}
}

func everyEvent(t *testing.T, l chain.Log) {
	w := writer(t, l)
	for i, events := range Every() {
		Must(t, w.Append(Draft(chain.Record{Actor: ID(1), Number: uint64(i), Events: events}), nil))
	}
	Must(t, w.Flush(t.Context()))
	for i, rec := range Records(t, l, ID(1), 0) {
		if want := Every()[i]; !reflect.DeepEqual(rec.Events, want) {
			t.Errorf("record %d holds other events", i)
		}
	}
}

func readFrom(t *testing.T, l chain.Log) {
	w := writer(t, l)
	Begin(t, w, ID(1))
	Fill(t, w, ID(1), 1, 70)
	all := Records(t, l, ID(1), 0)
	for _, from := range []uint64{0, 1, 31, 32, 33, 63, 64, 69, 70, 1000} {
		got := Records(t, l, ID(1), from)
		want := all[min(from, 70):]
		if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("from %d: %d records, want %d", from, len(got), len(want))
		}
	}
	for range l.Records(t.Context(), ID(1), 0) {
		break // stopping early is allowed
	}
}

func readStored(t *testing.T, l chain.Log) {
	r, ok := l.(chain.StoredReader)
	if !ok {
		t.Skip("the log does not give them")
	}
	w := writer(t, l)
	Begin(t, w, ID(1))
	Fill(t, w, ID(1), 1, 70)
	all := Records(t, l, ID(1), 0)
	for _, from := range []uint64{0, 1, 33, 69, 70, 1000} {
		n := from
		for got, err := range r.Stored(t.Context(), ID(1), from) {
			Must(t, err)
			want, err := chain.Store(all[n])
			Must(t, err)
			if !reflect.DeepEqual(*got, want) {
				t.Fatalf("record %d is %+v, not %+v", n, *got, want)
			}
			n++
		}
		if n != max(from, 70) {
			t.Errorf("from %d: up to %d", from, n)
		}
	}
	for _, err := range r.Stored(t.Context(), ID(2), 0) {
		if !errors.Is(err, chain.ErrNotFound) {
			t.Errorf("of an unknown actor: %v", err)
		}
	}
}

func unknown(t *testing.T, l chain.Log) {
	if _, err := l.Summary(t.Context(), ID(1)); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("summary: %v", err)
	}
	for _, err := range l.Records(t.Context(), ID(1), 0) {
		if !errors.Is(err, chain.ErrNotFound) {
			t.Errorf("records: %v", err)
		}
	}
	if _, err := l.Blob(t.Context(), Sum(1)); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("blob: %v", err)
	}
	if _, err := chain.Verify(t.Context(), l, ID(1)); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("verify: %v", err)
	}
}

func summary(t *testing.T, l chain.Log) {
	w := writer(t, l)
	first := Genesis(ID(1), w.PutBlob(Module))
	first.Events[0].(*chain.Genesis).Folder = "/srv/sample"
	Must(t, w.Append(Draft(first), nil))
	Fill(t, w, ID(1), 1, 50)
	Must(t, w.Append(Draft(chain.Record{Actor: ID(1), Number: 50, Events: []chain.Event{
		&chain.Lifecycle{What: chain.LifecycleStopped, Reason: "normal", Time: Start + 1e12},
	}}), nil))
	Must(t, w.Flush(t.Context()))
	var want chain.Summary
	for _, r := range Records(t, l, ID(1), 0) {
		want.Apply(r)
	}
	got, err := l.Summary(t.Context(), ID(1))
	Must(t, err)
	if got != want || got.Status != chain.StatusStopped || got.Records != 51 || got.Updated != Start+1e12 || got.Folder != "/srv/sample" {
		t.Errorf("summary %+v, want %+v", got, want)
	}
}

func actors(t *testing.T, l chain.Log) {
	w := writer(t, l)
	for _, n := range []int{5, 2, 9, 1} {
		Begin(t, w, ID(n))
	}
	Must(t, w.Flush(t.Context()))
	var got []chain.ID
	for s, err := range l.Actors(t.Context()) {
		Must(t, err)
		got = append(got, s.ID)
	}
	if want := []chain.ID{ID(1), ID(2), ID(5), ID(9)}; !reflect.DeepEqual(got, want) {
		t.Errorf("actors %v", got)
	}
}

func numbers(t *testing.T, l chain.Log) {
	w := writer(t, l)
	if err := w.Append(Draft(Turn(ID(1), 1, 8)), nil); !errors.Is(err, chain.ErrNumber) {
		t.Errorf("record 1 of a new actor: %v", err)
	}
	Begin(t, w, ID(1))
	for _, n := range []uint64{0, 2} {
		if err := w.Append(Draft(Turn(ID(1), n, 8)), nil); !errors.Is(err, chain.ErrNumber) {
			t.Errorf("record %d after 0: %v", n, err)
		}
	}
	Fill(t, w, ID(1), 1, 3)
	if err := w.Append(Draft(Turn(ID(1), 2, 8)), nil); !errors.Is(err, chain.ErrNumber) {
		t.Errorf("record 2 again: %v", err)
	}
}

func noEvents(t *testing.T, l chain.Log) {
	w := writer(t, l)
	if err := w.Append(chain.NewDraft(ID(1), 0), nil); !errors.Is(err, chain.ErrEncode) {
		t.Errorf("append: %v", err)
	}
	Begin(t, w, ID(1))
}

func secondWriter(t *testing.T, l chain.Log) {
	first := writer(t, l)
	Must(t, first.Room())
	if _, err := l.Writer(t.Context()); !errors.Is(err, chain.ErrWriterHeld) {
		t.Fatalf("second writer: %v", err)
	}
	Begin(t, first, ID(1))
	Must(t, first.Close())
	Must(t, first.Close())
	if err := first.Append(Draft(Turn(ID(1), 1, 8)), nil); !errors.Is(err, chain.ErrClosed) {
		t.Errorf("append to a closed writer: %v", err)
	}
	second := writer(t, l)
	if second.Epoch() <= first.Epoch() {
		t.Errorf("epoch %d after %d", second.Epoch(), first.Epoch())
	}
	Fill(t, second, ID(1), 1, 3)
	if got := Records(t, l, ID(1), 0); len(got) != 3 || got[2].Epoch != second.Epoch() {
		t.Errorf("records %+v", got)
	}
}

func staleWriter(t *testing.T, l chain.Log) {
	stale := writer(t, l)
	Must(t, stale.Close())
	writer(t, l)
	if err := stale.Append(Draft(Genesis(ID(1), Sum(1))), nil); !errors.Is(err, chain.ErrStaleWriter) {
		t.Errorf("append: %v", err)
	}
	for what, err := range map[string]error{"reserve": stale.Reserve(t.Context(), 1), "room": stale.Room(), "flush": stale.Flush(t.Context())} {
		if !errors.Is(err, chain.ErrStaleWriter) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func ackOrder(t *testing.T, l chain.Log) {
	w := writer(t, l)
	const n = 500
	var got []chain.Hash // only the acknowledging goroutine writes it
	for i := range n {
		id := ID(i % 7)
		rec := Turn(id, uint64(i/7), 20)
		Must(t, w.Reserve(t.Context(), 100))
		Must(t, w.Append(Draft(rec), Ack(func(r *chain.Stored, err error) {
			if err != nil || r.Actor != rec.Actor || r.Number != rec.Number || len(r.Events) == 0 {
				t.Errorf("acknowledgement of record %d of actor %s: %v", r.Number, r.Actor, err)
			}
			got = append(got, r.Hash)
		})))
		w.Release(100)
	}
	Must(t, w.Flush(t.Context()))
	if len(got) != n {
		t.Fatalf("%d acknowledgements, want %d", len(got), n)
	}
	for i := range 7 {
		for j, r := range Records(t, l, ID(i), 0) {
			if got[7*j+i] != r.Hash {
				t.Fatalf("acknowledgement %d is not of record %d of actor %d", 7*j+i, j, i)
			}
		}
	}
}

func ackAppends(t *testing.T, l chain.Log) {
	w := writer(t, l)
	last := make(chan error, 1)
	var next func(n uint64) Ack
	next = func(n uint64) Ack {
		return func(_ *chain.Stored, err error) {
			if err == nil && n < 20 {
				err = w.Append(Draft(Turn(ID(1), n, 8)), next(n+1))
			}
			if err != nil || n == 20 {
				last <- err
			}
		}
	}
	Must(t, w.Append(Draft(Genesis(ID(1), Sum(1))), next(1)))
	Must(t, <-last)
}

func blobBeforeRecord(t *testing.T, l chain.Log) {
	w := writer(t, l)
	Begin(t, w, ID(1))
	body := bytes.Repeat([]byte("large payload "), 1000)
	acked := make(chan error, 1)
	for n := uint64(1); n < 20; n++ {
		body := append(bytes.Clone(body), byte(n))
		p := chain.PutPayload(w, body)
		if p.Form != chain.FormBlob || w.PutBlob(body) != p.Sum {
			t.Fatalf("payload %+v", p)
		}
		rec := Turn(ID(1), n, 8)
		rec.Events[1].(*chain.Host).Output = p
		Must(t, w.Append(Draft(rec), AckTo(acked)))
		Must(t, <-acked)
		got, err := p.Load(t.Context(), l)
		Must(t, err)
		if !bytes.Equal(got, body) {
			t.Fatal("other bytes")
		}
	}
	_, err := chain.Verify(t.Context(), l, ID(1))
	Must(t, err)
}

func noticeOfRecord(t *testing.T, l chain.Log) {
	w := writer(t, l)
	child, parent := ID(2), ID(1)
	Begin(t, w, child)
	Begin(t, w, parent)
	Fill(t, w, child, 1, 70)
	records := Records(t, l, child, 0)
	for number := uint64(1); number < 70; number++ {
		event := records[number].Events[number%3]
		encoded, err := chain.AppendEvent(nil, event)
		Must(t, err)
		want := chain.NoticeParams(child, chain.KindOf(event), encoded)
		p := chain.NoticePayload(chain.Ref{Actor: child, Record: number, Index: uint32(number % 3)}, uint64(len(want)))
		Must(t, w.Append(Draft(chain.Record{Actor: parent, Number: number, Events: []chain.Event{&chain.Call{Params: p}, &chain.Result{}}}), nil))
		got, err := p.Load(t.Context(), l)
		Must(t, err)
		if !bytes.Equal(got, want) {
			t.Fatalf("event %d of record %d is loaded as %x, want %x", number%3, number, got, want)
		}
	}
	Must(t, w.Flush(t.Context()))
	_, err := chain.Verify(t.Context(), l, parent)
	Must(t, err)
}

func largeRecord(t *testing.T, l chain.Log) {
	w := writer(t, l)
	Begin(t, w, ID(1))
	rec := Turn(ID(1), 1, 3000)
	for range 1000 {
		rec.Events = append(rec.Events[:1:1], append([]chain.Event{rec.Events[1]}, rec.Events[1:]...)...)
	}
	Must(t, w.Reserve(t.Context(), 1<<30))
	Must(t, w.Append(Draft(rec), nil))
	w.Release(1 << 30)
	Fill(t, w, ID(1), 2, 4)
	if got := Records(t, l, ID(1), 1); len(got) != 3 || !reflect.DeepEqual(got[0].Events, rec.Events) {
		t.Error("other events")
	}
}

func readWhileWriting(t *testing.T, l chain.Log) {
	w := writer(t, l)
	const writers, records = 4, 300
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			if err := w.Append(Draft(Genesis(ID(i), w.PutBlob(Module))), nil); err != nil {
				t.Error(err)
			}
			for n := uint64(1); n < records; n++ {
				err := w.Reserve(t.Context(), 200)
				if err == nil {
					err = w.Append(Draft(Turn(ID(i), n, 50)), nil)
				}
				if err != nil {
					t.Error(err)
					return
				}
				w.Release(200)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for finished := false; !finished; {
		select {
		case <-done:
			Must(t, w.Flush(t.Context()))
			finished = true
		default:
		}
		for s, err := range l.Actors(t.Context()) {
			Must(t, err)
			report, err := chain.Verify(t.Context(), l, s.ID)
			Must(t, err)
			if report.Records < s.Records || finished && report.Records != records {
				t.Fatalf("%d records, want %d of %d", report.Records, s.Records, records)
			}
		}
	}
}

func cancelled(t *testing.T, l chain.Log) {
	w := writer(t, l)
	Begin(t, w, ID(1))
	Fill(t, w, ID(1), 1, 5)
	ctx, cancel := cancelledContext()
	defer cancel()
	for _, err := range l.Records(ctx, ID(1), 0) {
		if !errors.Is(err, ctx.Err()) {
			t.Errorf("records: %v", err)
		}
	}
	for _, err := range l.Actors(ctx) {
		if !errors.Is(err, ctx.Err()) {
			t.Errorf("actors: %v", err)
		}
	}
}

func closedLog(t *testing.T, l chain.Log) {
	w := writer(t, l)
	acked := make(chan error, 1)
	Must(t, w.Append(Draft(Genesis(ID(1), Sum(1))), AckTo(acked)))
	Must(t, l.Close())
	Must(t, l.Close())
	Must(t, <-acked)
	_, writerErr := l.Writer(t.Context())
	_, summaryErr := l.Summary(t.Context(), ID(1))
	_, blobErr := l.Blob(t.Context(), Sum(1))
	errs := map[string]error{
		"writer": writerErr, "summary": summaryErr, "blob": blobErr, "reserve": w.Reserve(t.Context(), 1),
		"room": w.Room(), "append": w.Append(Draft(Turn(ID(1), 1, 8)), nil), "flush": w.Flush(t.Context()),
	}
	for _, err := range l.Records(t.Context(), ID(1), 0) {
		errs["records"] = err
	}
	for _, err := range l.Actors(t.Context()) {
		errs["actors"] = err
	}
	for what, err := range errs {
		if !errors.Is(err, chain.ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(errs) != 9 {
		t.Error(fmt.Sprint("a reader yielded nothing: ", errs))
	}
}

func cancelledContext() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx, cancel
}
