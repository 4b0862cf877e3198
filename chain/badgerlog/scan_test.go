package badgerlog_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// A guest's payload may have the bytes of whole files of a database.
func TestWhatAGuestHasInItsPayloadIsNotTakenForABlock(t *testing.T) {
	other, _ := aged(t)
	dir := filepath.Join(t.TempDir(), "data")
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Begin(t, w, chaintest.ID(1))
	paths, err := filepath.Glob(filepath.Join(other, "db", "*.*"))
	chaintest.Must(t, err)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		chaintest.Must(t, err)
		w.PutBlob(b)
	}
	blobs := len(paths)
	chaintest.Fill(t, w, chaintest.ID(1), 1, 10)
	chaintest.Must(t, l.Close())
	report, l := repaired(t, dir, badgerlog.RepairOptions{})
	if report.Actors != 1 || report.Records != 10 || report.Blobs != blobs+1 || !report.Whole() {
		t.Errorf("it is told %+v", report)
	}
	verified(t, l, 10)
}

func TestABlockIsFoundWhoseEntryIsDamaged(t *testing.T) {
	dir, _ := aged(t)
	for _, pattern := range []string{"*.vlog", "*.mem", "*.sst"} {
		paths, err := filepath.Glob(filepath.Join(dir, "db", pattern))
		chaintest.Must(t, err)
		for _, path := range paths {
			whole, err := os.ReadFile(path)
			chaintest.Must(t, err)
			blocks, _, gaps, err := badgerlog.Scan(path)
			if chaintest.Must(t, err); len(gaps) > 0 {
				t.Errorf("%s has gaps at %v", path, gaps)
			}
			i := bytes.Index(whole, []byte("thB\x01"))
			if i < 0 {
				continue
			}
			for at := max(i-20, 20); at < i; at++ { // its key, or the header of its entry
				damaged := bytes.Clone(whole)
				damaged[at] ^= 0x41
				chaintest.Must(t, os.WriteFile(path, damaged, 0o600))
				found, _, gaps, err := badgerlog.Scan(path)
				if chaintest.Must(t, err); found != blocks || len(gaps) != 1 {
					t.Errorf("%s with byte %d flipped has %d of %d blocks, and gaps at %v", filepath.Base(path), at, found, blocks, gaps)
				}
			}
			chaintest.Must(t, os.WriteFile(path, whole, 0o600))
		}
	}
}

func FuzzScan(f *testing.F) {
	dir, _ := aged(f)
	paths, err := filepath.Glob(filepath.Join(dir, "db", "*.*"))
	chaintest.Must(f, err)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		chaintest.Must(f, err)
		f.Add(filepath.Ext(path), b[:min(len(b), 10_000)])
	}
	path := filepath.Join(f.TempDir(), "db", "1")
	chaintest.Must(f, os.MkdirAll(filepath.Dir(path), 0o700))
	f.Fuzz(func(t *testing.T, ext string, b []byte) {
		if filepath.Base(ext) != ext || bytes.ContainsRune([]byte(ext), 0) || len(ext) > 9 {
			return
		}
		chaintest.Must(t, os.WriteFile(path+ext, b, 0o600))
		_, _, _, err := badgerlog.Scan(path + ext)
		chaintest.Must(t, err)
	})
}
