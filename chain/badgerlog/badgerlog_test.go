package badgerlog_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// children are what this program is when a test has started it, by the variable of the
// environment that says so and has the argument.
var children = map[string]func(arg string){}

func TestMain(m *testing.M) {
	for name, be := range children {
		if arg := os.Getenv(name); arg != "" {
			be(arg)
			return
		}
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
