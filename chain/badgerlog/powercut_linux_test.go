package badgerlog_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

const (
	tall    = 120      // records that fill several blocks
	repeats = 3 * 4096 // how often a blob repeats its number
)

// TestWhatASyncFolderAcknowledgesIsNotLeftToTheSystemAlone asks the system what it has
// of the database that it has not written: nothing, whenever a record is acknowledged.
// In an async folder there is something; so the question has an answer.
//
// It holds guarantees 2, 3, 14.
func TestWhatASyncFolderAcknowledgesIsNotLeftToTheSystemAlone(t *testing.T) {
	for durability, synced := range map[string]bool{badgerlog.Sync: true, badgerlog.Async: false} {
		dir := t.TempDir()
		if inMemory(t, dir) {
			t.Skip("the folder for temporary files is not on a disk")
		}
		l := open(t, dir, badgerlog.Options{Durability: durability})
		w, err := l.Writer(t.Context())
		chaintest.Must(t, err)
		chaintest.Begin(t, w, chaintest.ID(1))
		for n := uint64(1); n < 1+10*tall; n += tall {
			w.PutBlob(bytes.Repeat([]byte(fmt.Sprint(n)), repeats))
			chaintest.Fill(t, w, chaintest.ID(1), n, n+tall)
			if left := unwritten(t, filepath.Join(dir, "db")); (left == 0) != synced {
				t.Errorf("%s, record %d: the system has %d KiB that it has not written", durability, n, left)
			}
		}
		chaintest.Must(t, l.Close())
	}
}

func inMemory(t *testing.T, dir string) bool {
	const tmpfs, ramfs = 0x01021994, 0x858458f6
	var s syscall.Statfs_t
	chaintest.Must(t, syscall.Statfs(dir, &s))
	return uint32(s.Type) == tmpfs || uint32(s.Type) == ramfs
}

// unwritten is how much, in KiB, there is in memory of the logs of a database that is
// not on disk. The database maps them.
func unwritten(t *testing.T, dir string) (kib int) {
	t.Helper()
	f, err := os.Open("/proc/self/smaps")
	chaintest.Must(t, err)
	defer f.Close()
	seen, ours := 0, false
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Fields(s.Text())
		switch name := fields[0]; {
		case !strings.HasSuffix(name, ":"): // the next mapping: its addresses, and at last its file
			path := fields[len(fields)-1]
			ours = strings.HasPrefix(path, dir) && (strings.HasSuffix(path, ".vlog") || strings.HasSuffix(path, ".mem"))
			if ours {
				seen++
			}
		case ours && strings.HasSuffix(name, "_Dirty:"):
			var n int
			_, err := fmt.Sscan(fields[1], &n)
			chaintest.Must(t, err)
			kib += n
		}
	}
	if seen < 2 {
		t.Fatalf("only %d logs are mapped", seen)
	}
	return kib
}

// TestASyncFolderKeepsWhatItAcknowledgedThroughAPowerCut cuts the power between two
// acknowledgements: of every page that was written between them, the disk has the old
// or the new one. That what came before the first is on disk, the test above shows.
//
// What is on disk of the value log is there before the log of the memtable is written.
//
// It holds guarantees 14, 15.
func TestASyncFolderKeepsWhatItAcknowledgedThroughAPowerCut(t *testing.T) {
	aboutFiles(t)
	dir := t.TempDir()
	l := open(t, dir, badgerlog.Options{Durability: badgerlog.Sync})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Begin(t, w, chaintest.ID(1))
	chaintest.Must(t, w.Flush(t.Context()))
	acked := uint64(1)
	for round := range 12 {
		before := imageOf(t, dir)
		w.PutBlob(bytes.Repeat([]byte(fmt.Sprint(round)), repeats))
		chaintest.Fill(t, w, chaintest.ID(1), acked, acked+tall)
		after := imageOf(t, dir)
		for _, cut := range []func(path string) (old, mixed bool){
			func(path string) (bool, bool) { return true, strings.HasSuffix(path, ".vlog") },
			func(path string) (bool, bool) {
				return !strings.HasSuffix(path, ".vlog"), strings.HasSuffix(path, ".mem")
			},
		} {
			cutOff(t, before, after, cut, acked, acked+tall)
		}
		acked += tall
	}
	chaintest.Must(t, l.Close())
}

// TestAnAsyncFolderIsAPrefixOrRefusedAfterAPowerCut has the disk keep any of the pages
// that were written since the folder was on it, in no order.
//
// It holds guarantee 16.
func TestAnAsyncFolderIsAPrefixOrRefusedAfterAPowerCut(t *testing.T) {
	aboutFiles(t)
	dir := t.TempDir()
	chaintest.Must(t, open(t, dir, badgerlog.Options{}).Close())
	before := imageOf(t, dir)
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Begin(t, w, chaintest.ID(1))
	const written = 5 * tall
	chaintest.Fill(t, w, chaintest.ID(1), 1, written)
	after := imageOf(t, dir)
	chaintest.Must(t, l.Close())
	refused := 0
	for range 20 {
		left := image{}
		for path, now := range after {
			if strings.HasPrefix(path, "db/") {
				left[path] = before[path].mixedWith(now)
			} else if was, ok := before[path]; ok {
				left[path] = was
			}
		}
		l, err := badgerlog.Open(left.restored(t), badgerlog.Booted(badgerlog.Options{}, "another"))
		if errors.Is(err, chain.ErrCorrupt) {
			refused++
			continue
		}
		chaintest.Must(t, err)
		report, err := chain.Verify(t.Context(), l, chaintest.ID(1))
		if err != nil && !errors.Is(err, chain.ErrNotFound) || report.Records > written {
			t.Errorf("%d records of %d: %v", report.Records, written, err)
		}
		chaintest.Must(t, l.Close())
	}
	t.Logf("%d of 20 are refused", refused)
}

// cutOff opens what is left and looks for the records that were acknowledged: at least
// those, at most the written.
func cutOff(t *testing.T, before, after image, cut func(path string) (old, mixed bool), acked, written uint64) {
	t.Helper()
	left := image{}
	for path, now := range after {
		old, mixed := cut(path)
		switch was, ok := before[path]; {
		case mixed:
			left[path] = was.mixedWith(now)
		case !old:
			left[path] = now
		case ok:
			left[path] = was
		}
	}
	l := open(t, left.restored(t), badgerlog.Booted(badgerlog.Options{}, "the one after the power cut"))
	defer func() { chaintest.Must(t, l.Close()) }()
	report, err := chain.Verify(t.Context(), l, chaintest.ID(1))
	chaintest.Must(t, err)
	if report.Records < acked || report.Records > written {
		t.Errorf("%d records are left of %d that were acknowledged", report.Records, acked)
	}
}

// image is what the files of a folder hold, by path.
type image map[string]content

// content is what a file holds, without the zeros behind it.
type content struct {
	bytes []byte
	size  int64
}

func imageOf(t *testing.T, dir string) image {
	t.Helper()
	found := image{}
	chaintest.Must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil {
			found[name], err = contentOf(path)
		}
		return err
	}))
	return found
}

// contentOf reads a file up to the end of its last data: the database makes files much
// longer than what it writes.
func contentOf(path string) (c content, err error) {
	const seekData, seekHole = 3, 4
	f, err := os.Open(path)
	if err != nil {
		return c, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return c, err
	}
	c.size = info.Size()
	end := int64(0)
	for {
		data, err := f.Seek(end, seekData)
		if err != nil && !isErrno(err, syscall.ENXIO) {
			return c, err
		}
		if err != nil || data >= c.size {
			break
		}
		if end, err = f.Seek(data, seekHole); err != nil {
			return c, err
		}
	}
	c.bytes = make([]byte, end)
	_, err = f.ReadAt(c.bytes, 0)
	c.bytes = bytes.TrimRight(c.bytes, "\x00")
	return c, err
}

func isErrno(err error, no syscall.Errno) bool {
	pathErr, ok := err.(*fs.PathError)
	return ok && pathErr.Err == no
}

// mixedWith takes each page from one of the two.
func (c content) mixedWith(now content) content {
	const page = 4096
	mixed := content{bytes: make([]byte, max(len(c.bytes), len(now.bytes))), size: now.size}
	for at := 0; at < len(mixed.bytes); at += page {
		from := c.bytes
		if rand.IntN(2) == 0 {
			from = now.bytes
		}
		if at < len(from) {
			copy(mixed.bytes[at:], from[at:min(at+page, len(from))])
		}
	}
	return mixed
}

// restored makes a folder of the image.
func (i image) restored(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for path, c := range i {
		path = filepath.Join(dir, path)
		chaintest.Must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		chaintest.Must(t, os.WriteFile(path, c.bytes, 0o600))
		chaintest.Must(t, os.Truncate(path, c.size))
	}
	return dir
}
