package badgerlog_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestAReservationWaitsForRoom(t *testing.T) {
	l := open(t, t.TempDir(), badgerlog.Options{})
	defer func() { chaintest.Must(t, l.Close()) }()
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Must(t, w.Reserve(t.Context(), badgerlog.RoomLimit))

	// One that has waited and gone away takes no room with it.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Reserve(ctx, badgerlog.RoomLimit); !errors.Is(err, context.Canceled) {
		t.Fatalf("reserve without room: %v", err)
	}
	admitted := make(chan error)
	go func() {
		err := w.Reserve(t.Context(), badgerlog.RoomLimit)
		if err == nil {
			err = w.Append(chaintest.Draft(chaintest.Genesis(chaintest.ID(1), chain.Hash{})), nil)
			w.Release(badgerlog.RoomLimit)
		}
		admitted <- err
	}()
	awaitWaiting(t, w)
	w.Release(badgerlog.RoomLimit)
	chaintest.Must(t, <-admitted)
	chaintest.Must(t, w.Flush(t.Context()))
	chaintest.Must(t, w.Reserve(ctx, badgerlog.RoomLimit)) // all of it is free again

	refused := make(chan error)
	go func() { refused <- w.Reserve(t.Context(), badgerlog.RoomLimit) }()
	awaitWaiting(t, w)
	chaintest.Must(t, w.Close())
	if err := <-refused; !errors.Is(err, chain.ErrClosed) {
		t.Errorf("reserve while closing: %v", err)
	}
	w.Release(badgerlog.RoomLimit)
}

// awaitWaiting returns once a reservation waits.
func awaitWaiting(t *testing.T, w chain.Writer) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); badgerlog.Waiting(w) == 0; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("no reservation waits")
		}
	}
}

func TestReservationsThatCompeteAreAllAdmittedAndGivenBack(t *testing.T) {
	l := open(t, t.TempDir(), badgerlog.Options{})
	defer func() { chaintest.Must(t, l.Close()) }()
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var used atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 2000 {
				ctx, bytes := t.Context(), badgerlog.RoomLimit/4*(1+(i+n)%5) // at times more than there is
				if n%7 == i {
					ctx = gone
				}
				if err := w.Reserve(ctx, bytes); err == nil {
					if all := int(used.Add(int64(bytes))); all > badgerlog.RoomLimit && all > bytes {
						t.Errorf("%d bytes are admitted", all)
					}
					runtime.Gosched()
					used.Add(-int64(bytes))
					w.Release(bytes)
				} else if ctx != gone || !errors.Is(err, context.Canceled) {
					t.Errorf("reserve: %v", err)
				}
			}
		})
	}
	wg.Wait()
	chaintest.Must(t, w.Reserve(gone, badgerlog.RoomLimit)) // without a wait: all of it is free again
	w.Release(badgerlog.RoomLimit)
}

// gathering is a writer of a new log that has just made a commit, and makes the
// next only when it has to.
func gathering(t *testing.T) (*badgerlog.Log, chain.Writer) {
	t.Helper()
	l := open(t, t.TempDir(), badgerlog.Options{})
	t.Cleanup(func() { chaintest.Must(t, l.Close()) })
	l.GatherFor(time.Hour)
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Begin(t, w, chaintest.ID(1))
	chaintest.Must(t, w.Flush(t.Context()))
	return l, w
}

func TestARecordThatIsWaitedForIsNotHeldBack(t *testing.T) {
	_, w := gathering(t)
	for n := uint64(1); n < 20; n++ {
		acked := make(chan error, 1)
		chaintest.Must(t, w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), n, 8)), chaintest.AckTo(acked)))
		w.Hurry()
		chaintest.Must(t, <-acked)
	}
}

func TestManyRecordsAreNotHeldBack(t *testing.T) {
	_, w := gathering(t)
	acked := make(chan error, 1)
	for n, size := uint64(1), 0; size < 3*badgerlog.GatherBytes; n++ {
		d := chaintest.Draft(chaintest.Turn(chaintest.ID(1), n, 1000))
		var ack chain.Acknowledger
		if before := size; before < badgerlog.GatherBytes && before+d.Size() >= badgerlog.GatherBytes {
			ack = chaintest.AckTo(acked)
		}
		size += d.Size()
		chaintest.Must(t, w.Append(d, ack))
	}
	chaintest.Must(t, <-acked)
}

func TestWhatIsHeldBackIsWrittenByAClose(t *testing.T) {
	l, w := gathering(t)
	chaintest.Must(t, w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), 1, 8)), nil))
	chaintest.Must(t, w.Close())
	verified(t, l, 2)
}

// TestARefusedCommitStopsTheLog holds guarantee 20.
func TestARefusedCommitStopsTheLog(t *testing.T) {
	dir := written(t, 3)
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Fill(t, w, chaintest.ID(1), 3, 4)
	chaintest.Must(t, l.Break())
	const n = 10
	acked := make(chan error, n)
	appended := 0
	for i := uint64(4); i < 4+n; i++ {
		if w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), i, 8)), chaintest.AckTo(acked)) != nil {
			break
		}
		appended++
	}
	if appended == 0 {
		t.Fatal("nothing was appended")
	}
	var stop error
	for range appended {
		if stop = <-acked; stop == nil {
			t.Fatal("a record that was not written is acknowledged")
		}
	}
	for what, err := range map[string]error{
		"append": w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), 3, 8)), nil), "reserve": w.Reserve(t.Context(), 1), "flush": w.Flush(t.Context()),
	} {
		if !errors.Is(err, errors.Unwrap(stop)) {
			t.Errorf("%s: %v, want %v", what, err, stop)
		}
	}
	if err := w.Close(); !errors.Is(err, errors.Unwrap(stop)) {
		t.Errorf("close: %v", err)
	}
	if _, err := l.Writer(t.Context()); !errors.Is(err, errors.Unwrap(stop)) {
		t.Errorf("writer: %v", err)
	}
	if err := l.Close(); !errors.Is(err, errors.Unwrap(stop)) {
		t.Errorf("close: %v", err)
	}
	l = open(t, dir, badgerlog.Options{})
	verified(t, l, 4)
	chaintest.Must(t, l.Close())
}

// TestAWriterThatANewerOneHasFollowedIsStaleForGood holds guarantee 28.
func TestAWriterThatANewerOneHasFollowedIsStaleForGood(t *testing.T) {
	dir := written(t, 3)
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Fill(t, w, chaintest.ID(1), 3, 4)
	chaintest.Must(t, l.Overtake(w.Epoch()+1))
	acked := make(chan error, 1)
	chaintest.Must(t, w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), 4, 8)), chaintest.AckTo(acked)))
	if err := <-acked; !errors.Is(err, chain.ErrStaleWriter) {
		t.Errorf("the record: %v", err)
	}
	<-l.Stopped()
	_, again := l.Writer(t.Context())
	for what, err := range map[string]error{
		"append": w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), 4, 8)), nil), "reserve": w.Reserve(t.Context(), 1),
		"room": w.Room(), "flush": w.Flush(t.Context()), "the log": l.Err(), "another writer": again, "close": l.Close(),
	} {
		if !errors.Is(err, chain.ErrStaleWriter) {
			t.Errorf("%s: %v", what, err)
		}
	}
	l = open(t, dir, badgerlog.Options{})
	defer func() { chaintest.Must(t, l.Close()) }()
	verified(t, l, 4)
	next, err := l.Writer(t.Context())
	if chaintest.Must(t, err); next.Epoch() != w.Epoch()+2 {
		t.Errorf("epoch %d after %d was overtaken", next.Epoch(), w.Epoch())
	}
	chaintest.Fill(t, next, chaintest.ID(1), 4, 6)
	verified(t, l, 6)
}

func TestABlobOfSeveralPartsIsReadBack(t *testing.T) {
	l := open(t, t.TempDir(), badgerlog.Options{})
	defer func() { chaintest.Must(t, l.Close()) }()
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	for _, n := range []int{0, 1, badgerlog.BlobPart - 1, badgerlog.BlobPart, badgerlog.BlobPart + 1} {
		blob := bytes.Repeat([]byte{byte(n)}, n)
		sum := w.PutBlob(blob)
		chaintest.Must(t, w.Flush(t.Context()))
		got, err := l.Blob(t.Context(), sum)
		if err != nil || !bytes.Equal(got, blob) {
			t.Errorf("%d bytes are read as %d (%v)", n, len(got), err)
		}
	}
}
