package badgerlog

import (
	"bufio"
	"bytes"
	"errors"
	"path/filepath"
	"time"

	"github.com/theater-go/theater/chain"
)

// Sizes that tests go beyond.
const (
	BlobPart  = blobPart
	RoomLimit = roomLimit

	GatherBytes = gatherBytes

	LookFresh = lookFresh
)

// The floors of free space.
var (
	SpaceFloor = defaultSizes.spaceFloor()
	WriteFloor = defaultSizes.writeFloor()
	Reserve    = uint64(defaultSizes.reserve())
)

// Scaled has the files of a log's database be so large, in bytes.
func Scaled(opts Options, memTable, valueLog int64) Options {
	opts.sizes = sizes{memTable, valueLog}
	return opts
}

// AtEachStep has a log call f before it commits a transaction, and when that is done,
// with the beginnings of the keys that it writes. An error of f's is the commit's.
func AtEachStep(opts Options, f func(what map[string]bool, done bool) error) Options {
	opts.step = f
	return opts
}

// FlushAt makes the log flush its index every so many bytes.
func (l *Log) FlushAt(bytes int) { l.limits.flushBytes = bytes }

// SweepBy makes a commit write so many heads of a flush, and twice as many as it has.
func (l *Log) SweepBy(heads int) { l.limits.sweepHeads = heads }

// RejoinFor makes the log wait so long for those whom it has acknowledged.
func (l *Log) RejoinFor(d time.Duration) { l.limits.rejoinTime = d }

// GatherFor makes records that nobody waits for gather for so long.
func (l *Log) GatherFor(d time.Duration) { l.limits.gatherTime = d }

// OnDisk has the log find what free tells, and wait for ticks between two looks. It
// comes before the writer.
func (l *Log) OnDisk(free func() (uint64, error), ticks <-chan time.Time) {
	l.limits.freeSpace = func(string) (uint64, error) { return free() }
	l.limits.after = func(time.Duration) <-chan time.Time { return ticks }
}

// At has the log read a clock. It comes before the writer.
func (l *Log) At(now func() time.Time) { l.limits.now = now }

// Break makes every later commit fail.
func (l *Log) Break() error { return l.db.Close() }

// Overtake has the database say that a writer with that epoch has followed.
func (l *Log) Overtake(epoch uint64) error {
	return l.write(func(b *batch) { b.set(epochKey, encodeCounter(epoch)) })
}

// BlockKey and PageKey are the database's keys of a block and of an index page.
var (
	BlockKey = blockKey
	PageKey  = pageKey
)

// Waiting is how many reservations wait.
func Waiting(w chain.Writer) int {
	g := &w.(*writer).gate
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting)
}

// Backlog is how many items the committer has memory for. Acknowledgements may ask.
func Backlog(w chain.Writer) int { return cap(w.(*writer).committer.backlog) }

// Queued is how many items the committer has not taken yet.
func Queued(w chain.Writer) int { return w.(*writer).waiting() }

// Backup makes a backup of frames.
func Backup(kinds []byte, bodies [][]byte) []byte {
	var b bytes.Buffer
	w := frameWriter{w: &b}
	_ = w.text(backupLine)
	for i, kind := range kinds {
		_ = w.frame(kind, bodies[i])
	}
	return b.Bytes()
}

// Frames takes a backup apart.
func Frames(backup []byte) (kinds []byte, bodies [][]byte) {
	r := frameReader{r: bufio.NewReader(bytes.NewReader(backup[len(backupLine):]))}
	for {
		kind, body, err := r.next()
		if err != nil {
			return kinds, bodies
		}
		kinds, bodies = append(kinds, kind), append(bodies, body)
	}
}

// Scan looks through a file of a database, and tells how many blocks and parts of blobs
// it has.
func Scan(path string) (blocks, parts int, gaps []Gap, err error) {
	s := emptySalvage(filepath.Dir(filepath.Dir(path)))
	s.files = []string{filepath.Join("db", filepath.Base(path))}
	err = s.scan(0, func(int64) error { return nil })
	return len(s.blocks), len(s.blobs), s.gaps, errors.Join(err, s.close())
}

// Booted makes options as on a machine that was started another time.
func Booted(o Options, boot string) Options {
	o.boot = boot
	return o
}

// EncodeBlock makes a block of stored records.
var EncodeBlock = encodeBlock
