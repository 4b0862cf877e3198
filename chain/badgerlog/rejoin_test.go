package badgerlog_test

import (
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestInASyncFolderThoseWhoComeBackAreCommittedTogether(t *testing.T) {
	const callers, turns = 150, 30 // half of them are still enough to wait for
	l := open(t, t.TempDir(), badgerlog.Options{Durability: badgerlog.Sync})
	defer func() { chaintest.Must(t, l.Close()) }()
	l.RejoinFor(300 * time.Millisecond)
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			acked := make(chan error, 1)
			for n := range uint64(turns) {
				rec := chaintest.Turn(chaintest.ID(i), n, 8)
				if err := w.Append(chaintest.Draft(rec), chaintest.AckTo(acked)); err != nil {
					t.Error(err)
					return
				}
				w.Hurry()
				if err := <-acked; err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if s := l.Stats(); s.Records != callers*turns || s.Commits > turns+turns/2 {
		t.Errorf("%d records in %d commits", s.Records, s.Commits)
	}
}
