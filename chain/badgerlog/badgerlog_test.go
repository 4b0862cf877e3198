package badgerlog_test

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("BADGERLOG_TEST_CHILD"); dir != "" {
		pause, err := time.ParseDuration(os.Getenv("BADGERLOG_TEST_PAUSE"))
		exitOn(err)
		child(dir, pause)
		return
	}
	if dir := os.Getenv("BADGERLOG_TEST_FILL"); dir != "" {
		fill(dir)
		return
	}
	if dir := os.Getenv("BADGERLOG_TEST_CONVERT"); dir != "" {
		convertChild(dir)
		return
	}
	if args := os.Getenv("BADGERLOG_TEST_DAMAGE"); args != "" {
		damageChild(args)
		return
	}
	if what := os.Getenv("BADGERLOG_TEST_FAULT"); what != "" {
		faulty(what)
		return
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, dir string, opts badgerlog.Options) *badgerlog.Log {
	t.Helper()
	l, err := badgerlog.Open(dir, opts)
	chaintest.Must(t, err)
	return l
}

// TestLog holds guarantees 1, 6, 28, 30, 31.
func TestLog(t *testing.T) {
	for _, durability := range []string{badgerlog.Async, badgerlog.Sync} {
		t.Run(durability, func(t *testing.T) {
			chaintest.Run(t, func(t *testing.T) chain.Log {
				return open(t, t.TempDir(), badgerlog.Options{Durability: durability})
			})
		})
	}
}

// aboutFiles is for tests that copy folders again and again, and in which no goroutines
// meet: the race detector has nothing to look for, and they would take minutes.
func aboutFiles(t *testing.T) {
	t.Helper()
	if raced {
		t.Skip("it is about files, and is tested without the race detector")
	}
}
