package badgerlog_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// Badger lists what it has made of some tables before it removes those.
func TestAProcessThatIsKilledWhileItRemovesTablesLosesNothing(t *testing.T) {
	dir, kept := written(t, 2), t.TempDir()
	n := uint64(2)
	for range 20 { // each close writes a table
		l := open(t, dir, badgerlog.Options{})
		gather(t, dir, kept, "*.mem") // which a process that is killed leaves
		w, err := l.Writer(t.Context())
		chaintest.Must(t, err)
		chaintest.Fill(t, w, chaintest.ID(1), n, n+1)
		n++
		chaintest.Must(t, l.Close())
		gather(t, dir, kept, "*.sst")
	}
	l := open(t, dir, badgerlog.Options{})
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		tables, err := filepath.Glob(filepath.Join(dir, "db", "*.sst"))
		chaintest.Must(t, err)
		if len(tables) < 10 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("there are still %d tables", len(tables))
		}
	}
	chaintest.Must(t, l.Close())
	gather(t, kept, dir, "*")
	again := open(t, dir, badgerlog.Options{})
	verified(t, again, n)
	chaintest.Must(t, again.Close())
}

// gather copies files of one folder's database to that of another.
func gather(t *testing.T, from, to, pattern string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(from, "db", pattern))
	chaintest.Must(t, err)
	chaintest.Must(t, os.MkdirAll(filepath.Join(to, "db"), 0o700))
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue // the database has removed it
		}
		chaintest.Must(t, err)
		chaintest.Must(t, os.WriteFile(filepath.Join(to, "db", filepath.Base(path)), b, 0o600))
	}
}
