package badgerlog_test

import (
	"testing"

	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// grown makes a closed folder of several actors, with blobs.
func grown(t testing.TB, actors int, records uint64) string {
	t.Helper()
	dir := t.TempDir()
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	for i := range actors {
		chaintest.Begin(t, w, chaintest.ID(i))
	}
	for n := uint64(1); n < records; n += 10 {
		for i := range actors {
			chaintest.Fill(t, w, chaintest.ID(i), n, min(n+10, records))
		}
	}
	chaintest.Must(t, l.Close())
	return dir
}

// sound verifies a whole log and expects nothing to be wrong.
func sound(t testing.TB, l *badgerlog.Log) badgerlog.Report {
	t.Helper()
	report, err := l.Verify(t.Context(), badgerlog.VerifyOptions{})
	chaintest.Must(t, err)
	for _, d := range report.Damage {
		t.Errorf("damage: %+v", d)
	}
	return report
}

func TestALogThatIsAsItWasWrittenVerifies(t *testing.T) {
	dir := grown(t, 3, 70)
	for _, readOnly := range []bool{true, false} {
		l := open(t, dir, badgerlog.Options{ReadOnly: readOnly})
		report := sound(t, l)
		if report.Actors != 3 || report.Records != 210 || report.Events < 210 || report.Blocks == 0 || report.Checkpoint.Size != report.Blocks {
			t.Errorf("report %+v", report)
		}
		chaintest.Must(t, l.Close())
	}
}

func TestALogIsVerifiedWhileItIsWritten(t *testing.T) {
	l := open(t, t.TempDir(), badgerlog.Options{})
	l.FlushAt(50_000)
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Begin(t, w, chaintest.ID(1))
	written := make(chan struct{})
	go func() {
		defer close(written)
		for n := uint64(1); n < 3000; n += 10 {
			chaintest.Fill(t, w, chaintest.ID(1), n, n+10)
		}
	}()
	for more := true; more; {
		select {
		case <-written:
			more = false
		default:
		}
		sound(t, l)
	}
	chaintest.Must(t, w.Flush(t.Context()))
	if report := sound(t, l); report.Records != 3001 {
		t.Errorf("report %+v", report)
	}
	chaintest.Must(t, l.Close())
}

func TestVerifyTellsHowFarItIs(t *testing.T) {
	l := open(t, grown(t, 2, 30), badgerlog.Options{ReadOnly: true})
	var last badgerlog.Progress
	report, err := l.Verify(t.Context(), badgerlog.VerifyOptions{Progress: func(p badgerlog.Progress) {
		if p.Blocks != last.Blocks+1 || p.Records < last.Records {
			t.Errorf("progress %+v after %+v", p, last)
		}
		last = p
	}})
	chaintest.Must(t, err)
	if last.Blocks != report.Blocks || last.Total != report.Blocks || last.Records != report.Records {
		t.Errorf("progress ends with %+v, the report is %+v", last, report)
	}
	chaintest.Must(t, l.Close())
}
