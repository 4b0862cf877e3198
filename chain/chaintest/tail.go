package chaintest

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/chain"
)

// patience bounds the waits of these tests; none of them takes as long.
const patience = 20 * time.Second

// at names a record.
type at struct {
	actor  chain.ID
	number uint64
	hash   chain.Hash
}

func placeOf(s *chain.Stored) at { return at{s.Actor, s.Number, s.Hash} }

// take reads so many records of a tail.
func take(t *testing.T, tail iter.Seq2[chain.Lot, error], n int) (all []at, behind []uint64) {
	for lot, err := range tail {
		if err != nil || len(lot.Records) == 0 {
			t.Errorf("after %d of %d records comes a lot of %d, %v", len(all), n, len(lot.Records), err)
			return all, behind
		}
		for i := range lot.Records {
			all = append(all, placeOf(&lot.Records[i]))
		}
		if behind = append(behind, lot.Behind); len(all) >= n {
			return all, behind
		}
	}
	t.Errorf("it ends after %d of %d records", len(all), n)
	return all, behind
}

func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// crowd has several actors append at the same time, once they have begun, and calls
// each before every record. It returns what was acknowledged, in order.
func crowd(t *testing.T, w chain.Writer, actors, records int, each func(actor int, number uint64)) []at {
	var order []at // only the acknowledging goroutine writes it
	ack := Ack(func(rec *chain.Stored, err error) {
		if err != nil {
			t.Error(err)
		}
		order = append(order, placeOf(rec))
	})
	for i := range actors {
		Must(t, w.Append(Draft(Genesis(ID(i), Sum(1))), ack))
	}
	Must(t, w.Flush(t.Context()))
	var wg sync.WaitGroup
	for i := range actors {
		wg.Go(func() {
			for n := uint64(1); n < uint64(records); n++ {
				each(i, n)
				err := w.Reserve(t.Context(), 200)
				if err == nil {
					err = w.Append(Draft(Turn(ID(i), n, 50)), ack)
				}
				if err != nil {
					t.Error(err)
					return
				}
				w.Release(200)
			}
		})
	}
	wg.Wait()
	Must(t, w.Flush(t.Context()))
	return order
}

func tailOrder(t *testing.T, l chain.Log) {
	w := writer(t, l)
	ctx := patient(t)
	const actors, records = 4, 300
	type seen struct {
		first at // that was about to be appended
		all   []at
	}
	var tails [actors]seen
	var done sync.WaitGroup
	order := crowd(t, w, actors, records, func(actor int, number uint64) {
		if number != uint64(50*actor+1) {
			return
		}
		tail := l.Tail(ctx)
		s := &tails[actor]
		s.first = at{actor: ID(actor), number: number}
		done.Go(func() {
			for lot, err := range tail {
				if err != nil {
					t.Error(err)
					return
				}
				for i := range lot.Records {
					s.all = append(s.all, placeOf(&lot.Records[i]))
				}
				newest := s.all[len(s.all)-1]
				if sum, err := l.Summary(ctx, newest.actor); err != nil || sum.Records <= newest.number {
					t.Errorf("record %d comes before the log has it: it has %d, %v", newest.number, sum.Records, err)
				}
				if slices.ContainsFunc(lot.Records, func(s chain.Stored) bool { return s.Actor == ID(9) }) {
					return
				}
			}
		})
	})
	var last at
	Must(t, w.Append(Draft(Genesis(ID(9), Sum(1))), Ack(func(rec *chain.Stored, _ error) { last = placeOf(rec) })))
	Must(t, w.Flush(t.Context()))
	order = append(order, last)
	done.Wait()
	for i, s := range tails {
		if len(s.all) == 0 || len(s.all) > len(order) || !slices.Equal(s.all, order[len(order)-len(s.all):]) {
			t.Fatalf("tail %d has %d records, which are not the last of the %d in their order", i, len(s.all), len(order))
		}
		if !slices.ContainsFunc(s.all, func(a at) bool { return a.actor == s.first.actor && a.number == s.first.number }) {
			t.Errorf("tail %d began before record %d of actor %d was appended, and has not got it", i, s.first.number, i)
		}
	}
}

func tailFromTheCall(t *testing.T, l chain.Log) {
	w := writer(t, l)
	ctx := patient(t)
	Begin(t, w, ID(1))
	Fill(t, w, ID(1), 1, 5)
	tail := l.Tail(ctx)
	Fill(t, w, ID(1), 5, 8)
	for range 2 { // each time from the same place on
		if got, _ := take(t, tail, 3); len(got) != 3 || got[0].number != 5 {
			t.Errorf("it begins with %+v", got)
		}
	}
	Must(t, w.Close())
	w = writer(t, l)
	Fill(t, w, ID(1), 8, 10)
	if got, behind := take(t, tail, 5); len(got) != 5 || got[4].number != 9 || behind[len(behind)-1] != 0 {
		t.Errorf("over the end of a writer it has %+v, behind %d", got, behind)
	}
}

func tailSlow(t *testing.T, l chain.Log) {
	w := writer(t, l)
	tail := l.Tail(patient(t))
	Begin(t, w, ID(1))
	Must(t, w.Flush(t.Context()))
	const records = 3000
	filled := make(chan struct{})
	var all []at
	for lot, err := range tail {
		Must(t, err)
		for i := range lot.Records {
			all = append(all, placeOf(&lot.Records[i]))
		}
		if len(all) == 1 { // it stays with the first while much is written
			go func() {
				defer close(filled)
				for n := uint64(1); n < records; n++ {
					if err := errors.Join(w.Reserve(t.Context(), 4000), w.Append(Draft(Turn(ID(1), n, 1300)), nil)); err != nil {
						t.Error(err)
					}
					w.Release(4000)
				}
				if err := w.Flush(t.Context()); err != nil {
					t.Error(err)
				}
			}()
			<-filled
			continue
		}
		if want := uint64(records - len(all)); lot.Behind != want {
			t.Fatalf("after %d records it is told that %d follow, not %d", len(all), lot.Behind, want)
		}
		if len(all) == records {
			break
		}
	}
	for i, a := range all {
		if a.number != uint64(i) {
			t.Fatalf("record %d comes as number %d", a.number, i)
		}
	}
}

func tailEnds(t *testing.T, l chain.Log) {
	w := writer(t, l)
	Begin(t, w, ID(1))
	Must(t, w.Flush(t.Context()))
	gone, cancel := cancelledContext()
	defer cancel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ends := map[string]chan error{"cancelled": make(chan error, 1), "followed": make(chan error, 1), "closed": make(chan error, 1)}
	last := func(tail iter.Seq2[chain.Lot, error], to chan error) {
		err := errors.New("it yields nothing")
		for _, err = range tail {
		}
		to <- err
	}
	go last(l.Tail(ctx), ends["cancelled"])
	go last(l.Tail(t.Context()), ends["closed"])
	followed := make(chan struct{})
	go func() {
		var err error
		for _, err = range chain.Follow(ctx, l, ID(1), 0) {
			if err == nil {
				close(followed)
			}
		}
		ends["followed"] <- err
	}()
	<-followed
	for _, err := range l.Tail(gone) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("one that is cancelled before: %v", err)
		}
	}
	stop()
	for _, name := range []string{"cancelled", "followed"} {
		if err := <-ends[name]; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	Must(t, l.Close())
	if err := <-ends["closed"]; !errors.Is(err, chain.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	for _, err := range l.Tail(t.Context()) {
		if !errors.Is(err, chain.ErrClosed) {
			t.Errorf("of a closed log: %v", err)
		}
	}
}

// follows holds that a chain is followed from a record on to its end.
func follows(ctx context.Context, t *testing.T, l chain.Log, id chain.ID, from, end uint64, each func(number uint64)) {
	next := from
	var prev chain.Hash
	for r, err := range chain.Follow(ctx, l, id, from) {
		if err != nil {
			t.Errorf("after record %d: %v", next, err)
			return
		}
		stored, err := chain.Store(r)
		if err != nil || r.Actor != id || r.Number != next || stored.Sum(r.Prev) != r.Hash || next > from && r.Prev != prev {
			t.Errorf("record %d comes as %+v after %s, %v", next, r, prev, err)
			return
		}
		if prev, next = r.Hash, next+1; each != nil {
			each(r.Number)
		}
	}
	if next != max(from, end) {
		t.Errorf("from %d on it ends before %d, not before %d", from, next, end)
	}
}

// stop appends the last record of an actor.
func stop(t *testing.T, w chain.Writer, id chain.ID, number uint64) {
	t.Helper()
	Must(t, w.Append(Draft(chain.Record{Actor: id, Number: number, Events: []chain.Event{
		&chain.Lifecycle{What: chain.LifecycleStopped, Reason: "normal", Time: Start + 1e12},
	}}), nil))
	Must(t, w.Flush(t.Context()))
}

func followSeam(t *testing.T, l chain.Log) {
	w := writer(t, l)
	ctx := patient(t)
	const actors, records = 3, 400
	var done sync.WaitGroup
	crowd(t, w, actors, records, func(actor int, number uint64) {
		// One who follows from the first record on, one from where the actor is, one from beyond.
		if number%40 != 20 {
			return
		}
		for _, from := range []uint64{0, number - 1, number, number + 30} {
			done.Go(func() {
				follows(ctx, t, l, ID(actor), from, records+1, nil)
			})
		}
	})
	for i := range actors {
		stop(t, w, ID(i), records)
	}
	done.Wait()
}

func followFrom(t *testing.T, l chain.Log) {
	w := writer(t, l)
	ctx := patient(t)
	for _, err := range chain.Follow(ctx, l, ID(1), 0) {
		if !errors.Is(err, chain.ErrNotFound) {
			t.Errorf("of an unknown actor: %v", err)
		}
	}
	Begin(t, w, ID(1))
	Begin(t, w, ID(2))
	Fill(t, w, ID(2), 1, 3)
	Fill(t, w, ID(1), 1, 40)
	var done sync.WaitGroup
	froms := []uint64{0, 1, 31, 32, 39, 40, 41, 45, 49, 50, 51, 1000}
	for _, from := range froms {
		done.Go(func() { follows(ctx, t, l, ID(1), from, 50, nil) })
	}
	Fill(t, w, ID(1), 40, 49)
	Fill(t, w, ID(2), 3, 6)
	stop(t, w, ID(1), 49)
	done.Wait()
	for _, from := range froms { // of one that has ended
		follows(ctx, t, l, ID(1), from, 50, nil)
	}
	for range chain.Follow(ctx, l, ID(2), 0) {
		break // stopping early is allowed
	}
}

func followFar(t *testing.T, l chain.Log) {
	w := writer(t, l)
	Begin(t, w, ID(1))
	Begin(t, w, ID(2))
	Fill(t, w, ID(1), 1, 3)
	others := uint64(1)
	follows(patient(t), t, l, ID(1), 2, 7, func(number uint64) {
		if number < 4 {
			// Far more is written of others than of the one, before it is read on.
			for end := others + 12_000; others < end; others += 1000 {
				Must(t, w.Reserve(t.Context(), 1000))
				Fill(t, w, ID(2), others, others+1000)
				w.Release(1000)
			}
			Fill(t, w, ID(1), number+1, number+2)
		}
		if number == 4 {
			Fill(t, w, ID(1), 5, 6)
			stop(t, w, ID(1), 6)
		}
	})
}

func tailHammer(t *testing.T, l chain.Log) {
	w := writer(t, l)
	ctx, cancel := context.WithCancel(patient(t))
	defer cancel()
	var tails sync.WaitGroup
	for i := range 8 {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		tails.Go(func() { // come and go
			for ctx.Err() == nil {
				var last at
				lots := random.IntN(20)
				for lot, err := range l.Tail(ctx) {
					for j := range lot.Records {
						s := &lot.Records[j]
						if s.Actor == last.actor && s.Number <= last.number {
							t.Errorf("record %d comes after record %d", s.Number, last.number)
						}
						last = placeOf(s)
					}
					if lots--; lots < 0 || err != nil {
						break
					}
				}
			}
		})
	}
	crowd(t, w, 4, 500, func(int, uint64) {})
	cancel()
	tails.Wait()
}
