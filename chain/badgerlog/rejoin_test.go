package badgerlog_test

import (
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestInASyncFolderThoseWhoComeBackAreCommittedTogether(t *testing.T) {
	const callers, turns = 64, 30
	// The commit of a first record lasts until all callers have come.
	begun, come := make(chan struct{}), make(chan struct{})
	held := sync.OnceFunc(func() { close(begun); <-come })
	opts := badgerlog.AtEachStep(badgerlog.Options{Durability: badgerlog.Sync}, func(what map[string]bool, done bool) error {
		if what["g/"] && !done {
			held()
		}
		return nil
	})
	l := open(t, t.TempDir(), opts)
	defer func() { chaintest.Must(t, l.Close()) }()
	l.RejoinFor(time.Minute)
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	appends := func(actor int, n uint64) chan error {
		acked := make(chan error, 1)
		if err := w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(actor), n, 8)), chaintest.AckTo(acked)); err != nil {
			acked <- err
		}
		w.Hurry()
		return acked
	}
	first := appends(callers, 0)
	<-begun
	var all, here sync.WaitGroup
	here.Add(callers)
	for i := range callers {
		all.Go(func() {
			acked := appends(i, 0)
			here.Done()
			for n := range uint64(turns) {
				if n > 0 {
					acked = appends(i, n)
				}
				if err := <-acked; err != nil {
					t.Error(err)
				}
			}
		})
	}
	here.Wait()
	close(come)
	chaintest.Must(t, <-first)
	all.Wait()
	if s := l.Stats(); s.Records != callers*turns+1 || s.Commits != turns+1 {
		t.Errorf("%d records in %d commits, want %d", s.Records, s.Commits, turns+1)
	}
}
