package badgerlog

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/theater-go/theater/chain"
)

// Badger maps the files that it fills, and a mapped page that finds no disk kills
// the process. So below the space floor, twice what Badger may map at once, no turn is
// admitted; what was admitted before still has room, and what the reserve keeps counts.
// Below the write floor nothing is written at all: others who fill a disk do not stop
// at ours.
func (s sizes) spaceFloor() uint64 { return 2 * uint64(numMemtables*s.memTable+s.valueLog) }
func (s sizes) writeFloor() uint64 { return 4 * uint64(s.memTable) }

const (
	// lookFresh is how long a look holds that has found room for turns: in that time
	// nobody fills what lies between the two floors.
	lookFresh = 10 * time.Millisecond
	// lookEvery is the time between two looks while records wait for room.
	lookEvery = time.Second
)

// disk watches how much room is left where a data folder is.
type disk struct {
	dir    string
	limits *limits
	logger *slog.Logger

	reserve reserve

	free  atomic.Uint64 // at the last look
	when  atomic.Int64  // that was, in nanoseconds
	short atomic.Bool   // it was below the floor
}

// look looks at the disk. A disk that cannot be looked at is a full one.
func (d *disk) look() (free uint64, err error) {
	free, err = d.limits.freeSpace(d.dir)
	if err != nil {
		free, err = 0, fmt.Errorf("look for free space at %s: %v: %w", d.dir, err, chain.ErrNoSpace)
	}
	d.free.Store(free)
	d.when.Store(d.limits.now().UnixNano())
	switch short := free < d.floor(); {
	case short && d.short.CompareAndSwap(false, true):
		d.logger.Warn("no turn is admitted: the disk is too full", "folder", d.dir, "free", free, "needed", d.floor())
	case !short && d.short.CompareAndSwap(true, false):
		d.logger.Info("turns are admitted again: the disk has room", "folder", d.dir, "free", free)
	}
	return free, err
}

// floor is how many bytes must be free for turns.
func (d *disk) floor() uint64 { return d.limits.spaceFloor - uint64(d.reserve.kept.Load()) }

// has is nil when so many bytes are free.
func (d *disk) has(needed uint64) error {
	age := d.limits.now().UnixNano() - d.when.Load()
	if floor := d.floor(); needed <= floor && d.free.Load() >= floor && 0 <= age && age < int64(lookFresh) {
		return nil
	}
	free, err := d.look()
	if err == nil && free < needed {
		err = spaceError(d.dir, free, needed)
	}
	return err
}

// admits is nil when a turn may begin. It looks at the disk only where the last
// look, which each commit takes, found too little: so room is seen at once.
func (d *disk) admits() error {
	floor := d.floor()
	if d.free.Load() >= floor {
		return nil
	}
	return d.has(floor)
}

// room is admits that also sees what others have done while nothing was committed.
func (d *disk) room() error { return d.has(d.floor()) }

// keepReserve takes the reserve where that leaves room to write.
func (d *disk) keepReserve() {
	if d.free.Load() < d.limits.writeFloor+uint64(d.reserve.bytes) {
		return
	}
	switch taken, err := d.reserve.take(); {
	case taken:
		d.free.Add(-uint64(d.reserve.bytes))
	case err != nil && !errors.Is(err, errors.ErrUnsupported):
		d.logger.Warn("no disk is kept for the end of the log", "folder", d.dir, "error", err)
	}
}

// spaceError says how much room is missing, and what to do.
func spaceError(dir string, free, needed uint64) error {
	const mib = 1 << 20
	return fmt.Errorf("%s has %d MiB free, and %d MiB are needed: make room on its disk: %w", dir, free/mib, (needed+mib-1)/mib, chain.ErrNoSpace)
}

// Disk is how many bytes are free where the folder is, and how many must be for
// turns to be admitted. It looks now.
func (l *Log) Disk() (free, needed uint64) {
	free, _ = l.disk.look() // one that cannot be looked at has none
	return free, l.disk.floor()
}
