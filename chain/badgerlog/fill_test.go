package badgerlog_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// fill writes as many records as it is told, prints the most memory that it had and
// how long that took, and waits to be killed.
func fill(dir string) {
	records, err := strconv.Atoi(os.Getenv("BADGERLOG_TEST_RECORDS"))
	exitOn(err)
	actors, err := strconv.Atoi(os.Getenv("BADGERLOG_TEST_ACTORS"))
	exitOn(err)
	l, err := badgerlog.Open(dir, badgerlog.Options{})
	exitOn(err)
	w, err := l.Writer(context.Background())
	exitOn(err)
	begun, peak := time.Now(), 0
	payload := make([]byte, 96)
	for n := range records {
		if n%64 == 0 {
			_, _ = rand.Read(payload)
		}
		rec := chaintest.Turn(chaintest.ID(n%actors), uint64(n/actors), 96)
		rec.Events[0].(*chain.Call).Params.Bytes = payload
		exitOn(w.Reserve(context.Background(), 4096))
		exitOn(w.Append(chaintest.Draft(rec), nil))
		w.Release(4096)
		if n%1000 == 0 {
			peak = max(peak, anonymous())
		}
	}
	exitOn(w.Flush(context.Background()))
	fmt.Println(max(peak, anonymous()), time.Since(begun).Nanoseconds())
	time.Sleep(time.Hour)
}
