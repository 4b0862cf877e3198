package badgerlog_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestAReopenedLogGoesOn(t *testing.T) {
	dir := written(t, 30)
	var epoch uint64
	for n := uint64(30); n < 100; n += 7 {
		l := open(t, dir, badgerlog.Options{})
		verified(t, l, n)
		w, err := l.Writer(t.Context())
		chaintest.Must(t, err)
		if w.Epoch() <= epoch {
			t.Errorf("epoch %d after %d", w.Epoch(), epoch)
		}
		epoch = w.Epoch()
		chaintest.Fill(t, w, chaintest.ID(1), n, n+7)
		chaintest.Must(t, l.Close())
	}
}

func TestTheIndexIsRebuiltAfterACrash(t *testing.T) {
	for name, flush := range map[string]struct{ at, by int }{
		"never flushed": {1 << 40, 0}, "flushed at every commit": {1, 1000}, "flushed bit by bit": {12_000, 0},
	} {
		t.Run(name, func(t *testing.T) {
			const actors = 8
			dir := t.TempDir()
			l := open(t, dir, badgerlog.Options{})
			l.FlushAt(flush.at)
			l.SweepBy(flush.by)
			w, err := l.Writer(t.Context())
			chaintest.Must(t, err)
			for i := range actors {
				chaintest.Begin(t, w, chaintest.ID(i))
			}
			for turn := range 22 * actors {
				i, n := turn%actors, uint64(turn/actors)
				chaintest.Fill(t, w, chaintest.ID(i), 1+9*n, 10+9*n)
				if turn%25 != 24 {
					continue
				}
				crashed := open(t, snapshotOf(t, dir), badgerlog.Options{ReadOnly: turn%2 == 0})
				for other := range actors {
					if other <= i {
						verifiedChain(t, crashed, chaintest.ID(other), 10+9*n)
					} else {
						verifiedChain(t, crashed, chaintest.ID(other), 1+9*n)
					}
				}
				chaintest.Must(t, crashed.Close())
			}
			chaintest.Must(t, l.Close())
		})
	}
}

func TestConformanceWithTheIndexFlushedAtEveryCommit(t *testing.T) {
	chaintest.Run(t, func(t *testing.T) chain.Log {
		l := open(t, t.TempDir(), badgerlog.Options{})
		l.FlushAt(1)
		return l
	})
}

// TestALastBlockThatWasNotWhollyWrittenIsDropped holds guarantee 22.
func TestALastBlockThatWasNotWhollyWrittenIsDropped(t *testing.T) {
	dir := written(t, 50)
	put(t, dir, "torn")
	for _, readOnly := range []bool{true, false} {
		l := open(t, dir, badgerlog.Options{ReadOnly: readOnly})
		verified(t, l, 50)
		chaintest.Must(t, l.Close())
	}
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Fill(t, w, chaintest.ID(1), 50, 60)
	chaintest.Must(t, l.Close())
	l = open(t, dir, badgerlog.Options{})
	verified(t, l, 60)
	chaintest.Must(t, l.Close())
}

// TestADamagedBlockBeforeTheLastIsNotDropped holds guarantee 22.
func TestADamagedBlockBeforeTheLastIsNotDropped(t *testing.T) {
	dir := written(t, 50)
	put(t, dir, "torn")
	put(t, dir, "more")
	if _, err := badgerlog.Open(dir, badgerlog.Options{}); !errors.Is(err, chain.ErrCorrupt) {
		t.Errorf("error %v", err)
	}
}

// put writes value where the next block will be.
func put(t *testing.T, dir, value string) {
	t.Helper()
	edit(t, dir, func(txn *badger.Txn) error {
		for n := uint64(0); ; n++ {
			if _, err := txn.Get(badgerlog.BlockKey(n)); errors.Is(err, badger.ErrKeyNotFound) {
				return txn.Set(badgerlog.BlockKey(n), []byte(value))
			}
		}
	})
}

// edit changes the database of a closed folder behind the log's back.
func edit(t *testing.T, dir string, change func(*badger.Txn) error) {
	t.Helper()
	db, err := badger.Open(badger.DefaultOptions(filepath.Join(dir, "db")).WithLogger(nil))
	chaintest.Must(t, err)
	chaintest.Must(t, db.Update(change))
	chaintest.Must(t, db.Close())
}

// One that is taken for new would be given a second genesis.
//
// It holds guarantee 21.
func TestAnActorWhoseNewestPageIsGoneIsNotTakenForANewOne(t *testing.T) {
	dir := written(t, 5)
	id := chaintest.ID(1)
	edit(t, dir, func(txn *badger.Txn) error { return txn.Delete(badgerlog.PageKey(id, 0)) })
	l := open(t, dir, badgerlog.Options{})
	defer func() { chaintest.Must(t, l.Close()) }()
	if _, err := l.Summary(t.Context(), id); !errors.Is(err, chain.ErrCorrupt) || errors.Is(err, chain.ErrNotFound) {
		t.Errorf("summary: %v", err)
	}
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	if err := w.Append(chaintest.Draft(chaintest.Genesis(id, chain.Hash{})), nil); !errors.Is(err, chain.ErrCorrupt) {
		t.Errorf("a second genesis: %v", err)
	}
}

// TestDamageIsNeverReadAsTruth holds guarantee 21.
func TestDamageIsNeverReadAsTruth(t *testing.T) {
	dir := written(t, 300)
	l := open(t, dir, badgerlog.Options{})
	want := chaintest.Records(t, l, chaintest.ID(1), 0)
	chaintest.Must(t, l.Close())
	logs, err := filepath.Glob(filepath.Join(dir, "db", "*.vlog"))
	chaintest.Must(t, err)
	found := 0
	for at := int64(20); at < 2000; at += 97 {
		damaged := snapshotOf(t, dir)
		flip(t, filepath.Join(damaged, "db", filepath.Base(logs[0])), at)
		l, err := badgerlog.Open(damaged, badgerlog.Options{})
		if err != nil {
			found++
			continue
		}
		n := 0
		for rec, err := range l.Records(t.Context(), chaintest.ID(1), 0) {
			if err != nil {
				found++
				if !errors.Is(err, chain.ErrCorrupt) {
					t.Errorf("byte %d: %v", at, err)
				}
				break
			}
			if rec.Hash != want[n].Hash {
				t.Errorf("byte %d: record %d is another one", at, n)
			}
			n++
		}
		chaintest.Must(t, l.Close())
	}
	if found < 5 {
		t.Errorf("only %d damages were met", found)
	}
}

func flip(t testing.TB, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	chaintest.Must(t, err)
	var b [1]byte
	_, err = f.ReadAt(b[:], at)
	chaintest.Must(t, err)
	b[0] ^= 0x10
	_, err = f.WriteAt(b[:], at)
	chaintest.Must(t, errors.Join(err, f.Close()))
}

// snapshotOf copies a folder as a killed process would leave it.
func snapshotOf(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	chaintest.Must(t, copySparse(to, dir))
	return to
}
