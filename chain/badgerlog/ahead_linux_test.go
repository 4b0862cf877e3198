package badgerlog_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// allocated is how many bytes of disk a file has.
func allocated(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	chaintest.Must(t, err)
	return info.Sys().(*syscall.Stat_t).Blocks * 512
}

// preallocates skips the test where files cannot be given disk ahead.
func preallocates(t *testing.T) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "probe"))
	chaintest.Must(t, err)
	defer f.Close()
	if err := syscall.Fallocate(int(f.Fd()), 0, 0, 4096); errors.Is(err, errors.ErrUnsupported) {
		t.Skip("this file system gives no disk ahead")
	}
}

func TestFilesHaveTheirDiskBeforeTheyAreFilled(t *testing.T) {
	preallocates(t)
	dir := t.TempDir()
	l := open(t, dir, tight())
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	load := stuff(t, w)
	newest := func(pattern string) string {
		files, err := filepath.Glob(filepath.Join(dir, "db", pattern))
		chaintest.Must(t, err)
		return slices.Max(files)
	}
	begun := map[string]bool{}
	for range 40 {
		for range 50 { // some 200 KiB
			load.append()
		}
		chaintest.Must(t, w.Flush(t.Context()))
		if got := allocated(t, newest("*.mem")); got < 1<<20 {
			t.Errorf("%s has %d bytes of disk", newest("*.mem"), got)
		}
		begun[newest("*.vlog")] = true
		if got := allocated(t, newest("*.vlog")); got > 2<<20 && got < 4<<20 { // more than what may pass until it is seen
			t.Errorf("%s has %d bytes of disk", newest("*.vlog"), got)
		}
	}
	if len(begun) < 2 {
		t.Errorf("no file but %v was begun", begun)
	}
	chaintest.Must(t, l.Close())
}

func TestAWriterKeepsDiskForItsEnd(t *testing.T) {
	preallocates(t)
	dir := t.TempDir()
	reserve := filepath.Join(dir, "reserve")
	gone := func(when string) {
		t.Helper()
		if _, err := os.Stat(reserve); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", when, err)
		}
	}
	l := open(t, dir, badgerlog.Options{})
	gone("without a writer")
	for n := range uint64(2) {
		w, err := l.Writer(t.Context())
		chaintest.Must(t, err)
		if n == 0 {
			chaintest.Begin(t, w, chaintest.ID(1))
		}
		chaintest.Fill(t, w, chaintest.ID(1), 1+n, 2+n)
		if got := allocated(t, reserve); got < 80<<20 {
			t.Errorf("%d bytes are kept", got)
		}
		killed := snapshotOf(t, dir)
		open(t, killed, badgerlog.Options{ReadOnly: true}).Close()
		if _, err := os.Stat(filepath.Join(killed, "reserve")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("what a killed process has kept is still kept: %v", err)
		}
		chaintest.Must(t, w.Close())
		chaintest.Must(t, l.SpendReserve())
		gone("when it is spent")
	}
	chaintest.Must(t, l.Close())
	gone("after the close")
}
