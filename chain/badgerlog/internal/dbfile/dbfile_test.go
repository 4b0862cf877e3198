package dbfile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/internal/dbfile"
	"github.com/theater-go/theater/chain/chaintest"
)

// A value of these tests is a magic, the length of what follows the header, its crc, and
// the number of its key at its beginning.
const (
	magic  = "own\x01"
	header = 4 + 4 + 4
)

func value(n uint64, size int) []byte {
	body := binary.BigEndian.AppendUint64(nil, n)
	body = append(body, bytes.Repeat([]byte{byte(n)}, size)...)
	b := binary.BigEndian.AppendUint32([]byte(magic), uint32(len(body)))
	return append(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(body)), body...)
}

func end(b []byte) int {
	if len(b) < header || string(b[:4]) != magic {
		return 0
	}
	size := int(binary.BigEndian.Uint32(b[4:]))
	if size > len(b)-header || crc32.ChecksumIEEE(b[header:header+size]) != binary.BigEndian.Uint32(b[8:]) {
		return 0
	}
	return header + size
}

var own = dbfile.Schema{
	Keys: [][]byte{[]byte("k/")}, KeyMax: 64, ValueMax: 1 << 20,
	Bare: dbfile.Bare{
		Magic: magic, Header: header, End: end,
		Bound: func(b []byte) int { return header + int(binary.BigEndian.Uint32(b[4:])) },
		Keyed: func(before, b []byte) bool {
			return len(before) >= 10 && len(b) >= header+8 && bytes.Equal(before[len(before)-8:], b[header:][:8])
		},
	},
}

const values = 60 // every third of them too long to stand in a table

func options(dir string) badger.Options {
	return badger.DefaultOptions(dir).WithLogger(nil).WithCompression(0).WithMetricsEnabled(false).
		WithValueThreshold(1024).WithMemTableSize(1 << 20).WithValueLogFileSize(2 << 20)
}

// database makes a database and lets go of it.
func database(t *testing.T) (dir string, opts badger.Options) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "db")
	opts = options(dir)
	db, err := dbfile.Open(opts)
	chaintest.Must(t, err)
	chaintest.Must(t, db.Update(func(txn *badger.Txn) error {
		for n := range uint64(values) {
			size := 50
			if n%3 == 0 {
				size = 2000
			}
			if err := txn.Set(binary.BigEndian.AppendUint64([]byte("k/"), n), value(n, size)); err != nil {
				return err
			}
		}
		return nil
	}))
	chaintest.Must(t, db.Close())
	return dir, opts
}

func files(t *testing.T, dir string) (paths []string) {
	t.Helper()
	for _, pattern := range []string{"*.vlog", "*.sst"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		chaintest.Must(t, err)
		paths = append(paths, found...)
	}
	return paths
}

// scan finds the values of a file, by their number.
func scan(t *testing.T, path string) (found map[uint64]dbfile.Item, lost int) {
	t.Helper()
	f, err := dbfile.OpenFile(path)
	chaintest.Must(t, err)
	defer f.Close()
	found = map[uint64]dbfile.Item{}
	chaintest.Must(t, own.Scan(f, dbfile.Told{
		Found: func(i dbfile.Item) error {
			if i.Kept() && end(i.Value) == len(i.Value) && len(i.Value) > 0 {
				found[binary.BigEndian.Uint64(i.Value[header:])] = i
			}
			return nil
		},
		Lost: func(int64, int64) { lost++ },
		Step: func(int64) error { return nil },
	}))
	return found, lost
}

func TestAllValuesAreFoundInTheFiles(t *testing.T) {
	dir, _ := database(t)
	all := map[uint64]bool{}
	for _, path := range files(t, dir) {
		found, lost := scan(t, path)
		for n, i := range found {
			all[n] = true
			if key := binary.BigEndian.AppendUint64([]byte("k/"), n); i.Version == 0 || i.Key != nil && !bytes.Equal(i.Key, key) {
				t.Errorf("%s has value %d as version %d of %q", path, n, i.Version, i.Key)
			}
		}
		if lost > 0 {
			t.Errorf("%s has %d parts that are lost", path, lost)
		}
	}
	if len(all) != values {
		t.Errorf("%d of %d values are found", len(all), values)
	}
}

func TestAValueIsFoundWhoseKeyIsDamaged(t *testing.T) {
	dir, _ := database(t)
	for _, path := range files(t, dir) {
		whole, err := os.ReadFile(path)
		chaintest.Must(t, err)
		found, _ := scan(t, path)
		number, damage := uint64(31), int64(4) // its version; what is before it in a table may be another value's
		if filepath.Ext(path) == ".vlog" {
			number, damage = 30, 24 // the header of its entry, and its key
		}
		i, ok := found[number]
		if !ok {
			t.Fatalf("%s has %d values, and not %d", path, len(found), number)
		}
		for at := i.At - damage; at < i.At; at++ {
			damaged := bytes.Clone(whole)
			damaged[at] ^= 0x41
			chaintest.Must(t, os.WriteFile(path, damaged, 0o600))
			if again, lost := scan(t, path); len(again) != len(found) || lost != 1 {
				t.Errorf("%s with byte %d flipped, %d before the value, has %d of %d values, and lost %d parts",
					filepath.Base(path), at, i.At-at, len(again), len(found), lost)
			}
		}
		chaintest.Must(t, os.WriteFile(path, whole, 0o600))
	}
}

func TestADatabaseIsCheckedBeforeItIsOpened(t *testing.T) {
	logger := slog.New(slog.DiscardHandler)
	if found, err := dbfile.Prepare(filepath.Join(t.TempDir(), "none"), false, options(""), logger); found || err != nil {
		t.Errorf("where there is none: found %t, %v", found, err)
	}
	dir, opts := database(t)
	if found, err := dbfile.Prepare(dir, false, opts, logger); !found || err != nil {
		t.Errorf("one in order: found %t, %v", found, err)
	}
	for _, path := range append(files(t, dir), filepath.Join(dir, "MANIFEST")) {
		whole, err := os.ReadFile(path)
		chaintest.Must(t, err)
		damaged := bytes.Clone(whole)
		damaged[len(damaged)/2] ^= 0x41
		chaintest.Must(t, os.WriteFile(path, damaged, 0o600))
		if _, err := dbfile.Prepare(dir, false, opts, logger); !errors.Is(err, chain.ErrCorrupt) {
			t.Errorf("%s is damaged, and is told: %v", filepath.Base(path), err)
		}
		chaintest.Must(t, os.Remove(path))
		if _, err := dbfile.Prepare(dir, false, opts, logger); filepath.Ext(path) != ".vlog" && !errors.Is(err, chain.ErrCorrupt) {
			t.Errorf("%s is missing, and is told: %v", filepath.Base(path), err)
		}
		chaintest.Must(t, os.WriteFile(path, whole, 0o600))
	}
}

func TestAnErrorOfWhoIsToldEndsAScan(t *testing.T) {
	dir, _ := database(t)
	enough := errors.New("enough")
	for _, path := range files(t, dir) {
		f, err := dbfile.OpenFile(path)
		chaintest.Must(t, err)
		times := 0
		err = own.Scan(f, dbfile.Told{Found: func(dbfile.Item) error { times++; return fmt.Errorf("%d: %w", times, enough) }, Lost: func(int64, int64) {}, Step: func(int64) error { return nil }})
		if !errors.Is(err, enough) || times != 1 {
			t.Errorf("%s: told %d times: %v", filepath.Base(path), times, err)
		}
		chaintest.Must(t, f.Close())
	}
}
