package badgerlog_test

import (
	"errors"
	"testing"
	"time"

	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestALogCountsWhatItHasCommitted(t *testing.T) {
	l := open(t, t.TempDir(), badgerlog.Options{})
	defer func() { chaintest.Must(t, l.Close()) }()
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Fill(t, w, chaintest.ID(1), 0, 5)
	chaintest.Must(t, w.Flush(t.Context()))
	first := l.Stats()
	if first.Records != 5 || first.Bytes <= 0 || first.Commits < 1 || first.CommitTime <= 0 {
		t.Errorf("after five records: %+v", first)
	}
	w.PutBlob(make([]byte, 10_000))
	chaintest.Must(t, w.Flush(t.Context()))
	if s := l.Stats(); s.Records != 5 || s.Bytes != first.Bytes+10_000 || s.Commits <= first.Commits {
		t.Errorf("after a blob: %+v", s)
	}
	if l.Err() != nil {
		t.Errorf("the log has stopped: %v", l.Err())
	}
}

func TestALogThatStopsSaysSoToWhoWatchesIt(t *testing.T) {
	l := open(t, t.TempDir(), badgerlog.Options{})
	defer func() { _ = l.Close() }() // which says again what has stopped it
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Fill(t, w, chaintest.ID(1), 0, 1)
	select {
	case <-l.Stopped():
		t.Fatal("it has stopped before anything was refused")
	default:
	}
	chaintest.Must(t, l.Break())
	_ = w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), 1, 8)), nil)
	select {
	case <-l.Stopped():
	case <-time.After(20 * time.Second):
		t.Fatal("nobody is told")
	}
	if refused := w.Flush(t.Context()); l.Err() == nil || !errors.Is(refused, l.Err()) {
		t.Errorf("it says %v, and the writer %v", l.Err(), refused)
	}
}
