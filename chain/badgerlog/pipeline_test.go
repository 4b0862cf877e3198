package badgerlog_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestARecordThatIsWaitedForIsWrittenWithThoseThatAreNot(t *testing.T) {
	_, w := gathering(t)
	for n := uint64(1); n < 100; n += 2 {
		acked := make(chan error, 1)
		chaintest.Must(t, w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), n, 8)), chaintest.Ack(func(_ *chain.Stored, err error) {
			// There before the committer gathers, and built while it does.
			acked <- errors.Join(err, w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), n+1, 8)), nil))
		})))
		w.Hurry()
		select {
		case err := <-acked:
			chaintest.Must(t, err)
		case <-time.After(20 * time.Second):
			t.Fatalf("record %d is held back", n)
		}
	}
}

func TestALogThatIsNeverAtRestKeepsNothingOfWhatItHasWritten(t *testing.T) {
	const inFlight, all, size = 1000, 20_000, 350 // a little more than a commit takes
	l := open(t, t.TempDir(), badgerlog.Options{})
	defer func() { chaintest.Must(t, l.Close()) }()
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	next, done, most := uint64(0), 0, 0
	finished := make(chan error, 1)
	var turn chaintest.Ack
	add := func() error {
		n := next
		next++
		return w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), n, size)), turn)
	}
	turn = func(_ *chain.Stored, err error) {
		most = max(most, badgerlog.Backlog(w))
		if done++; next < all {
			err = errors.Join(err, add())
		}
		if err != nil || done == all {
			finished <- err
		}
	}
	started := make(chan struct{})
	chaintest.Must(t, w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(2), 0, 8)), chaintest.Ack(func(_ *chain.Stored, err error) {
		for range inFlight {
			err = errors.Join(err, add())
		}
		if err != nil {
			finished <- err
		}
		close(started)
	})))
	<-started
	chaintest.Must(t, <-finished)
	if most > 2*inFlight {
		t.Errorf("%d items were kept where %d are on their way", most, inFlight)
	}
}

func TestALogAtRestKeepsNothingOfWhatItHasWritten(t *testing.T) {
	_, w := gathering(t)
	const blobs = 3
	var freed atomic.Int32
	acked := make(chan error, 1)
	chaintest.Must(t, w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), 1, 8)), chaintest.Ack(func(_ *chain.Stored, err error) {
		for i := range blobs { // of one commit
			b := make([]byte, 100<<10)
			b[0] = byte(i)
			runtime.AddCleanup(&b[0], func(int) { freed.Add(1) }, 0)
			w.PutBlob(b)
		}
		acked <- err
	})))
	w.Hurry()
	chaintest.Must(t, <-acked)
	chaintest.Must(t, w.Flush(t.Context()))
	for deadline := time.Now().Add(20 * time.Second); freed.Load() < blobs; runtime.GC() {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d blobs are still in memory", blobs-freed.Load(), blobs)
		}
	}
}

func TestNothingIsPackedOnceTheWriterOfARefusedCommitIsClosed(t *testing.T) {
	injected := errors.New("the step fails")
	var w chain.Writer
	var armed atomic.Bool
	l := open(t, t.TempDir(), badgerlog.AtEachStep(badgerlog.Options{}, func(map[string]bool, bool) error {
		if !armed.Load() {
			return nil
		}
		// The next one is hashed and packed meanwhile.
		large := chaintest.Turn(chaintest.ID(2), 0, 8)
		body := make([]byte, 3000)
		rand.NewChaCha8([32]byte{}).Read(body)
		large.Events[1].(*chain.Host).Input.Bytes = body
		large.Events = slices.Insert(large.Events, 1, slices.Repeat(large.Events[1:2], 10_000)...)
		d := chaintest.Draft(large)
		if err := w.Append(d, nil); err != nil {
			return err
		}
		for n := 0; badgerlog.Queued(w) >= n; n++ { // until it is taken
			w.DropBlob(chain.Hash{})
		}
		return injected
	}))
	defer l.Close()
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	armed.Store(true)
	chaintest.Begin(t, w, chaintest.ID(1))
	<-l.Stopped()
	if err := w.Close(); !errors.Is(err, injected) {
		t.Fatalf("close: %v", err)
	}
	all := make([]byte, 1<<20)
	if all = all[:runtime.Stack(all, true)]; bytes.Contains(all, []byte("(*parcel).pack")) {
		t.Error("a block is packed still")
	}
}

// TestARefusedCommitIsToldOnceToAllThatIsBehindIt holds guarantee 20.
func TestARefusedCommitIsToldOnceToAllThatIsBehindIt(t *testing.T) {
	const behind, size = 2500, 350 // more than two commits take
	injected := errors.New("the step fails")
	var w chain.Writer
	var armed atomic.Bool
	acked := make(chan uint64, 2*behind)
	fill := func() (err error) {
		for n := range uint64(behind) {
			err = errors.Join(err, w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(2), n, size)), chaintest.Ack(func(r *chain.Stored, err error) {
				if !errors.Is(err, injected) {
					t.Errorf("record %d: %v", n, err)
				}
				acked <- r.Number
			})))
		}
		return err
	}
	l := open(t, t.TempDir(), badgerlog.AtEachStep(badgerlog.Options{}, func(map[string]bool, bool) error {
		if !armed.Load() {
			return nil
		}
		return errors.Join(fill(), injected)
	}))
	defer l.Close()
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	armed.Store(true)
	chaintest.Must(t, w.Append(chaintest.Draft(chaintest.Genesis(chaintest.ID(1), chain.Hash{})), nil))
	<-l.Stopped()
	if err := w.Close(); !errors.Is(err, injected) {
		t.Fatalf("close: %v", err)
	}
	close(acked)
	next := uint64(0)
	for n := range acked {
		if n != next {
			t.Fatalf("record %d is told of where %d is the next", n, next)
		}
		next++
	}
	if next != behind {
		t.Errorf("%d of %d are told of", next, behind)
	}
}
