package badgerlog_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// Badger lists what it has made of some tables before it removes those.
func TestAProcessThatIsKilledWhileItRemovesTablesLosesNothing(t *testing.T) {
	dir, kept := written(t, 2), t.TempDir()
	keep := func() {
		tables, err := filepath.Glob(filepath.Join(dir, "db", "*.sst"))
		chaintest.Must(t, err)
		for _, table := range tables {
			b, err := os.ReadFile(table)
			chaintest.Must(t, err)
			chaintest.Must(t, os.WriteFile(filepath.Join(kept, filepath.Base(table)), b, 0o600))
		}
	}
	n := uint64(2)
	for range 20 { // each close writes a table
		l := open(t, dir, badgerlog.Options{})
		w, err := l.Writer(t.Context())
		chaintest.Must(t, err)
		chaintest.Fill(t, w, chaintest.ID(1), n, n+1)
		n++
		chaintest.Must(t, l.Close())
		keep()
	}
	l := open(t, dir, badgerlog.Options{})
	defer func() { chaintest.Must(t, l.Close()) }()
	killed := t.TempDir()
	chaintest.Must(t, os.CopyFS(killed, os.DirFS(dir)))
	tables, err := filepath.Glob(filepath.Join(kept, "*.sst"))
	chaintest.Must(t, err)
	if len(tables) < 12 {
		t.Fatalf("there were %d tables", len(tables))
	}
	for _, table := range tables {
		b, err := os.ReadFile(table)
		chaintest.Must(t, err)
		chaintest.Must(t, os.WriteFile(filepath.Join(killed, "db", filepath.Base(table)), b, 0o600))
	}
	again := open(t, killed, badgerlog.Options{})
	verified(t, again, n)
	chaintest.Must(t, again.Close())
}
