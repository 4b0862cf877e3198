package badgerlog_test

import (
	"errors"
	"testing"
	"time"

	"github.com/theater-go/theater/chain"
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
