// Package badgerlog is the durable chain.Log, and the store of blobs, in a data
// folder:
//
//	DIR/lock    names the process that has the folder open
//	DIR/format  format version and durability, as text
//	DIR/db      a Badger database
//	DIR/reserve keeps disk for the end, while there is a writer
//	DIR/checkpoint
//	    signed  the newest checkpoint: how many blocks there are, the root of the
//	            Merkle log over them, signed
//	    tree    the hashes of the Merkle log
//	    key     signs; key.pub checks it
//	    era-N   the last checkpoint of an era that ended with a lawful loss
//	    origin  that of the folder that this one was restored or repaired from;
//	            origin.pub checks it
//
// Records are packed into compressed blocks, many to a Badger value; small
// pages say where the records of an actor are. Only blocks and blobs are
// original: pages and summaries are rebuilt from the blocks after a crash.
// chain/FORMAT.md gives the bytes.
//
// The checkpoint stands outside the database because the database cannot tell when
// it has lost something: without its MANIFEST or its newest files it opens and holds
// less. A block is committed first, then its leaf is written, then the checkpoint.
// So wherever the process is killed, all that is signed is there: Open takes anything
// less for damage. Only after another start of the machine may an async folder have
// less, down to what its checkpoint calls durable; then what is gone is counted and a
// new era begins.
//
// One goroutine, started by Writer and ended by the writer's Close, hashes,
// writes and acknowledges; nothing else writes records. Another, from Open to the
// log's Close, writes the checkpoint; nobody waits for it. The package never decides what
// a record says. Only the node's composition root, cli and tests import it;
// everything else uses chain.Log.
//
// Where what is:
//
//	opening     badgerlog, folder, recover, look, convert
//	writing     gate, writer, committer, join, rejoin, parcel, batch, stats
//	its bytes   block, blob, incoming, keys
//	the index   index, page, sweep
//	reading     reader, recent, tail
//	checkpoints checkpoint, key, leaf, seal, reconcile, origin
//	verifying   verify, verify_chains
//	the disk    space, reserve
//	backups     frame, backup, restore, load
//	repairs     salvage, schema, repair, rebuild, rebuild_end
//
// and below it internal/dbfile, the files of the database; internal/merkle, the Merkle
// log; platform, what the operating system does for a data folder.
package badgerlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/internal/dbfile"
	"github.com/theater-go/theater/chain/badgerlog/platform"
)

// Durabilities of a data folder: what an acknowledged record survives.
const (
	Async = "async" // the death of the process
	Sync  = "sync"  // a power cut, on a disk that keeps its promises
)

// numMemtables is how many tables Badger may have in memory, each with a log of its own.
const numMemtables = 5

// Options say how a data folder is opened.
type Options struct {
	// Durability is Async or Sync. Empty is the folder's own, or Async for a
	// new folder. It must match an existing folder's.
	Durability string
	// Logger receives what the database has to say. Nil discards it.
	Logger *slog.Logger
	// ReadOnly opens an existing folder that no other process has open, without
	// a Writer. Opening after a crash may still tidy the database's own files.
	ReadOnly bool
	// FreeSpace is how many bytes may still be written at dir. Nil asks the machine.
	FreeSpace func(dir string) (uint64, error)

	boot  string // of the machine, for tests; empty is the real one
	sizes sizes  // zero is defaultSizes; for tests
	step  step   // for tests
}

// sizes are those of Badger's files, in bytes.
type sizes struct{ memTable, valueLog int64 }

var defaultSizes = sizes{memTable: 16 << 20, valueLog: 128 << 20}

// Log is a chain.Log in a data folder. Open makes one.
type Log struct {
	folder   *folder
	logger   *slog.Logger
	readOnly bool
	index    *index
	seal     *sealer
	limits   limits
	sizes    sizes
	disk     disk
	stats    stats
	fence    atomic.Uint64 // epoch of the newest writer, 0 while there was none
	recent   recent

	stopped   chan struct{} // closed when a commit was refused
	stoppedBy error         // valid once it is closed

	life   sync.RWMutex // held for reading by every use of db
	db     *badger.DB
	closed bool

	mu     sync.Mutex // guards what follows
	writer *writer    // nil when none is held
	epoch  uint64     // of the newest writer
	blocks uint64     // number of the next block, while no writer is held
	behind int        // bytes of records that the flushed index lacks, while no writer is held
	failed error      // what stopped the log
}

var _ chain.Log = (*Log)(nil)

// limits are fixed but for tests.
type limits struct {
	flushBytes int // bytes of records between two flushes of the index
	flushHeads int // heads that come into memory between two flushes
	sweepHeads int // heads that a commit writes of a flush, at least
	gatherTime time.Duration
	rejoinTime time.Duration // 0 is a quarter of a commit's

	spaceFloor uint64 // bytes free below which no turn is admitted
	writeFloor uint64 // bytes free below which nothing is written
	freeSpace  func(dir string) (uint64, error)
	now        func() time.Time
	after      func(time.Duration) <-chan time.Time
	step       step // nil is none
}

func limitsOf(opts Options) limits {
	l := limits{
		flushBytes: flushBytes, flushHeads: flushHeads, sweepHeads: sweepHeads, gatherTime: gatherTime,
		spaceFloor: opts.sizes.spaceFloor(), writeFloor: opts.sizes.writeFloor(), freeSpace: opts.FreeSpace,
		now: time.Now, after: time.After, step: opts.step,
	}
	if l.freeSpace == nil {
		l.freeSpace = platform.FreeSpace
	}
	return l
}

// Open opens the data folder dir and, unless ReadOnly, makes it when it does
// not exist. A folder that another process has open is *chain.InUseError; one
// of a newer format is chain.ErrVersion; a damaged one is chain.ErrCorrupt; one
// that is missing and would only be read is chain.ErrNotFound.
func Open(dir string, opts Options) (*Log, error) {
	f, err := openFolder(dir, opts.Durability, opts.ReadOnly)
	if err != nil {
		return nil, err
	}
	l, err := openLog(f, opts)
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return l, nil
}

func (o Options) orDefault() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.sizes == (sizes{}) {
		o.sizes = defaultSizes
	}
	return o
}

func openLog(f *folder, opts Options) (_ *Log, err error) {
	opts = opts.orDefault()
	seal, err := openSealer(f, opts)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, seal.close())
		}
	}()
	options := databaseOptions(f, opts)
	found, err := dbfile.Prepare(f.database(), seal.rebooted(), options, opts.Logger)
	if err == nil && !found && seal.last.Size > 0 {
		err = fmt.Errorf("database %s is gone, of which %d blocks are signed: %w", f.database(), seal.last.Size, chain.ErrCorrupt)
	}
	if err != nil {
		return nil, err
	}
	l := &Log{folder: f, logger: opts.Logger, readOnly: opts.ReadOnly, seal: seal, limits: limitsOf(opts), sizes: opts.sizes, stopped: make(chan struct{})}
	l.disk.dir, l.disk.limits, l.disk.logger = f.dir, &l.limits, opts.Logger
	l.disk.reserve.path, l.disk.reserve.bytes = f.reserve(), opts.sizes.reserve()
	if err := l.disk.reserve.spend(); err != nil { // of a killed process
		return nil, fmt.Errorf("let go of disk: %w", err)
	}
	if err := l.disk.has(l.limits.writeFloor); err != nil { // what Badger maps as it opens
		return nil, err
	}
	db, err := dbfile.Open(options)
	if err != nil {
		return nil, err
	}
	l.db = db
	l.index = newIndex(l)
	if err := l.recover(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	l.recent.show(l.blocks)
	if !l.readOnly {
		seal.start()
	}
	return l, nil
}

func databaseOptions(f *folder, opts Options) badger.Options {
	return badger.DefaultOptions(f.database()).
		WithLogger(databaseLogger{opts.Logger}).
		WithSyncWrites(f.durability == Sync).
		WithDetectConflicts(false).
		WithMetricsEnabled(false).
		WithNumVersionsToKeep(1).
		WithCompression(0). // blocks are compressed before they get here
		WithBlockCacheSize(0).
		WithIndexCacheSize(32 << 20).
		WithMemTableSize(opts.sizes.memTable).
		WithNumMemtables(numMemtables).
		WithValueThreshold(1024).
		WithValueLogFileSize(opts.sizes.valueLog).
		WithNumCompactors(2)
}

// Durability is the folder's: Async or Sync.
func (l *Log) Durability() string { return l.folder.durability }

// Writer implements chain.Log.
func (l *Log) Writer(ctx context.Context) (chain.Writer, error) {
	if l.readOnly {
		return nil, chain.ErrReadOnly
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.Err(); err != nil { // its writer may be about to say so
		return nil, err
	}
	if l.failed != nil {
		return nil, l.failed
	}
	if l.writer != nil {
		return nil, chain.ErrWriterHeld
	}
	if err := l.disk.has(l.limits.writeFloor); err != nil {
		return nil, err
	}
	epoch := l.epoch + 1
	if err := l.write(func(b *batch) { b.set(epochKey, encodeCounter(epoch)) }); err != nil {
		return nil, fmt.Errorf("begin epoch %d: %w", epoch, err)
	}
	l.epoch = epoch
	l.fence.Store(epoch)
	l.seal.epoch.Store(epoch)
	l.writer = newWriter(l, epoch)
	l.disk.reserve.renew()
	_ = l.writer.committer.hasRoom(0) // the first commit asks again
	go l.writer.run()
	return l.writer, nil
}

// newest reports whether epoch is that of the newest writer.
func (l *Log) newest(epoch uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.epoch == epoch
}

// giveBack ends a writer's hold on the log, which is final after an error.
func (l *Log) giveBack(blocks uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.blocks, l.behind, l.failed = blocks, 0, err
	if err == nil {
		l.writer = nil
	}
}

// Close implements chain.Log.
func (l *Log) Close() error {
	l.mu.Lock()
	w := l.writer
	l.mu.Unlock()
	var err error
	if w != nil {
		err = w.Close()
	}
	l.life.Lock()
	defer l.life.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	l.recent.close()
	l.seal.stop()
	spent := l.disk.reserve.spend()
	closed := l.closeDatabase()
	return errors.Join(err, spent, closed, l.seal.finish(err == nil && closed == nil), l.folder.close())
}

// closeDatabase waits until the database has all that it was given in its files. Of a
// folder that somebody has removed there is nothing left to wait for, and the database
// would try for ever: it is left alone then, and the process is about to end.
func (l *Log) closeDatabase() error {
	closed := make(chan error, 1)
	go func() { closed <- l.db.Close() }()
	for {
		select {
		case err := <-closed:
			return err
		case <-l.limits.after(lookEvery):
			if _, err := os.Stat(l.folder.database()); errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("the data folder was removed: %w", err)
			}
		}
	}
}

// view runs f on a consistent view of the database.
func (l *Log) view(f func(*badger.Txn) error) error {
	l.life.RLock()
	defer l.life.RUnlock()
	if l.closed {
		return chain.ErrClosed
	}
	return l.db.View(f)
}

// databaseLogger hands Badger's messages to slog.
type databaseLogger struct{ *slog.Logger }

func (l databaseLogger) Errorf(f string, v ...any) {
	l.Error("database", "message", fmt.Sprintf(f, v...))
}
func (l databaseLogger) Warningf(f string, v ...any) {
	l.Warn("database", "message", fmt.Sprintf(f, v...))
}
func (l databaseLogger) Infof(f string, v ...any) {
	l.Debug("database", "message", fmt.Sprintf(f, v...))
}

// Debugf drops what is said of every write.
func (l databaseLogger) Debugf(string, ...any) {}
