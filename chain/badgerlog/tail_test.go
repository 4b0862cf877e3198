package badgerlog_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// tailed opens a log with an actor that has begun, and a writer to it.
func tailed(t *testing.T) (*badgerlog.Log, chain.Writer) {
	l := open(t, t.TempDir(), badgerlog.Options{})
	t.Cleanup(func() { l.Close() })
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Begin(t, w, chaintest.ID(1))
	chaintest.Must(t, w.Flush(t.Context()))
	return l, w
}

func TestATailThatKeepsUpReadsNothingFromTheDatabase(t *testing.T) {
	l, w := tailed(t)
	const end = 200
	chaintest.Must(t, w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), 1, 40)), nil))
	next := uint64(1)
	for r, err := range chain.Follow(t.Context(), l, chaintest.ID(1), next) {
		chaintest.Must(t, err)
		if r.Number != next {
			t.Fatalf("record %d comes as number %d", next, r.Number)
		}
		if next++; next == end {
			break
		}
		chaintest.Must(t, w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), next, 40)), nil))
		w.Hurry()
	}
	// One that has begun while the first was written may have to look for that.
	if size, fetched := l.Recent(); fetched > 1 || size != 0 {
		t.Errorf("%d blocks were read from the database, %d bytes are kept for nobody", fetched, size)
	}
}

// TestWhatIsKeptForTailsIsBounded holds guarantee 31.
func TestWhatIsKeptForTailsIsBounded(t *testing.T) {
	l, w := tailed(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	tail := l.Tail(ctx)
	chaintest.Fill(t, w, chaintest.ID(1), 1, 2)
	const end, large = 60, 20
	next, most := uint64(1), 0
	for lot, err := range tail {
		chaintest.Must(t, err)
		if next == 1 { // it has begun, and stays behind
			for n := uint64(2); n < end; n++ {
				size := 100 << 10
				if n == large {
					size = badgerlog.RecentSize + 1
				}
				chaintest.Must(t, w.Append(chaintest.Draft(wide(n, size)), nil))
				chaintest.Must(t, w.Flush(t.Context()))
				kept, _ := l.Recent()
				most = max(most, kept)
			}
		}
		for _, s := range lot.Records {
			if s.Number != next {
				t.Fatalf("record %d comes as number %d", next, s.Number)
			}
			next++
		}
		if next == end {
			break
		}
	}
	if most > badgerlog.RecentSize || most < badgerlog.RecentSize/2 {
		t.Errorf("%d bytes were kept, of %d", most, badgerlog.RecentSize)
	}
	if size, fetched := l.Recent(); fetched == 0 || size != 0 {
		t.Errorf("who was behind has read %d blocks from the database, %d bytes are kept for nobody", fetched, size)
	}
}

// wide is a turn with more than so many bytes of host calls.
func wide(number uint64, size int) chain.Record {
	rec := chaintest.Turn(chaintest.ID(1), number, 3000)
	for range size / 3000 {
		rec.Events = slices.Insert(rec.Events, 1, rec.Events[1])
	}
	return rec
}

func TestATailEndsWithWhatStoppedTheLog(t *testing.T) {
	l, w := tailed(t)
	ended := make(chan error)
	tail := l.Tail(t.Context())
	go func() {
		var err error
		for _, err = range tail {
		}
		ended <- err
	}()
	chaintest.Must(t, l.Break())
	acked := make(chan error, 1)
	chaintest.Must(t, w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), 1, 40)), chaintest.AckTo(acked)))
	want := <-acked
	if got := <-ended; want == nil || !errors.Is(got, want) {
		t.Errorf("the log is stopped by %v, the tail ends with %v", want, got)
	}
}

func TestABlockThatIsDamagedEndsATailThatIsBehind(t *testing.T) {
	l, w := tailed(t)
	tail := l.Tail(t.Context())
	chaintest.Fill(t, w, chaintest.ID(1), 1, 3)
	for _, err := range tail {
		chaintest.Must(t, err)
		break
	}
	chaintest.Must(t, l.Damage(1))
	var err error
	for _, err = range tail {
		if err != nil {
			break
		}
	}
	if !errors.Is(err, chain.ErrCorrupt) {
		t.Errorf("it ends with %v", err)
	}
}
