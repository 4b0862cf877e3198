package dbfile

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/platform"
)

// aheadEvery is how many bytes may be written between two looks for new files.
const aheadEvery = 1 << 20

// Ahead gives the files that Badger fills their disk before Badger does. It maps them
// while they are holes, and a page of a hole that finds no disk kills the process;
// here it is an error. A file that Badger begins in the middle of a commit gets its
// disk with the next one; until then the floor stands for it. It is for one goroutine.
type Ahead struct {
	dir    string
	logger *slog.Logger
	kinds  []filling
	floor  uint64 // bytes of disk that it leaves free
	since  int    // bytes written since the last look
	off    bool   // the file system cannot do it
}

// filling are files that Badger fills one after the other.
type filling struct {
	format string // of a name, with its number
	bytes  int64  // it is filled so far, or a little less
	newest int    // the number of the last that has its disk; -1 for none
}

// NewAhead makes one for the database in dir, whose files Badger ends at so many bytes. It
// leaves floor bytes of the disk free.
func NewAhead(dir string, memTable, valueLog int64, floor uint64, logger *slog.Logger) Ahead {
	slack := memTable / 4 // Badger ends a file after the write that goes beyond its size
	return Ahead{dir: dir, logger: logger, floor: floor, since: aheadEvery, kinds: []filling{
		{"%06d.vlog", valueLog + slack, -1}, {"%05d.mem", memTable + slack, -1},
	}}
}

// Secure gives new files their disk before so many bytes are written, of as many as are
// free. A disk that has less than it says, as with quotas, is chain.ErrNoSpace. Where it
// cannot be done, or would leave too little, it is nil, and the floor stands alone.
func (a *Ahead) Secure(bytes int, free uint64) error {
	if a.since += bytes; a.off || a.since < aheadEvery {
		return nil
	}
	for i := range a.kinds {
		if free < a.floor+uint64(a.kinds[i].bytes) {
			return nil
		}
		free -= uint64(a.kinds[i].bytes)
		if err := a.kinds[i].secure(a.dir); platform.IsFull(err) {
			return fmt.Errorf("%w: %w", err, chain.ErrNoSpace)
		} else if err != nil {
			a.off = true
			if !errors.Is(err, errors.ErrUnsupported) {
				a.logger.Warn("files of the database have no disk before they are filled", "error", err)
			}
			return nil
		}
	}
	a.since = 0
	return nil
}

func (k *filling) secure(dir string) error {
	newest := k.newest
	if newest < 0 {
		var err error
		if newest, err = k.find(dir); err != nil || newest < 0 {
			return err
		}
	} else if newest = k.follow(dir); newest == k.newest {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(dir, fmt.Sprintf(k.format, newest)), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("keep disk for the database: %w", err)
	}
	if err := errors.Join(platform.Allocate(f, k.bytes), f.Close()); err != nil {
		return fmt.Errorf("keep %d MiB of disk for the database in %s: %w", k.bytes>>20, dir, err)
	}
	k.newest = newest
	return nil
}

// follow is the number of the newest file after the one that was the newest.
func (k *filling) follow(dir string) int {
	for n := k.newest; ; n++ {
		if _, err := os.Stat(filepath.Join(dir, fmt.Sprintf(k.format, n+1))); errors.Is(err, fs.ErrNotExist) {
			return n
		}
	}
}

// find is the number of the newest file, -1 where there is none.
func (k *filling) find(dir string) (newest int, err error) {
	entries, err := os.ReadDir(dir)
	newest = -1
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), filepath.Ext(k.format))
		if n, err := strconv.Atoi(name); ok && err == nil {
			newest = max(newest, n)
		}
	}
	return newest, err
}
