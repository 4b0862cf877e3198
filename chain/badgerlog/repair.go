package badgerlog

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/platform"
)

// RepairOptions say how a folder is repaired.
type RepairOptions struct {
	// With are files whose bytes are taken for blobs that are missing, as modules and
	// manifests are.
	With []string
	// Logger receives what the database of the new folder has to say. Nil discards it.
	Logger *slog.Logger
	// Step is told how far a step of the work is. Nil drops it.
	Step func(what string, done, total uint64)
}

// The steps of a repair and of a restore.
const (
	StepRead   = "reading"   // bytes
	StepWrite  = "writing"   // blocks
	StepVerify = "verifying" // blocks
)

// Repair is what was salvaged of a folder, and what is lost.
type Repair struct {
	Durability string

	// Origin is the newest checkpoint of the folder; it vouches for its first blocks, so
	// that of those none is lost without being told. Unsealed is why there is none that
	// does.
	Origin   Checkpoint
	Unsealed error
	Signer   string // of the checkpoints of the new folder

	Blocks  uint64 // that were found
	Blobs   int    // that are kept
	Actors  int
	Records uint64
	Events  uint64

	Lost     []Span        // blocks that are not there, or not as they were written
	Cuts     []Cut         // actors that lose records, ordered by id
	Stranded uint64        // records that were found and are not kept
	Missing  []MissingBlob // ordered by sum
	Gaps     []Gap         // of files
}

// Span are the numbers from From up to, without, To.
type Span struct{ From, To uint64 }

// Cut is what an actor loses.
type Cut struct {
	Actor  chain.ID
	Path   string // empty when it is not known
	Kept   uint64 // records
	Had    uint64 // records, at least
	Reason string
	Detail string
}

// Why an actor loses records.
const (
	CutLost    = "lost"    // the first of them is in no block that was found
	CutBlob    = "blob"    // it names a blob that is missing
	CutCause   = "cause"   // it follows from an event that is not kept
	CutInvalid = "invalid" // it does not go on with the chain, or breaks its rules
)

// MissingBlob is a blob that a record names, and the first record that does.
type MissingBlob struct {
	Sum    chain.Hash
	Actor  chain.ID
	Record uint64
}

// Whole reports whether nothing that can be seen is lost.
func (r *Repair) Whole() bool { return len(r.Lost) == 0 && len(r.Cuts) == 0 && len(r.Missing) == 0 }

// Salvage makes the data folder to, which must not be there yet or be empty (else
// fs.ErrExist), from what it finds in the files of the folder dir, of which it changes
// nothing. It trusts what its own sum, hash and place in a chain confirm. Of each actor
// it keeps the longest beginning of its chain that is in order and follows from nothing
// that is not kept; all of that verifies. A folder that another process has open is
// *chain.InUseError, one of a newer format chain.ErrVersion, one without a database
// chain.ErrNotFound. When it fails nothing is left of the new folder.
func Salvage(ctx context.Context, dir, to string, opts RepairOptions) (Repair, error) {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Step == nil {
		opts.Step = func(string, uint64, uint64) {}
	}
	if _, err := os.Stat(filepath.Join(dir, "db")); errors.Is(err, fs.ErrNotExist) {
		return Repair{}, fmt.Errorf("data folder %s: %w", dir, chain.ErrNotFound)
	}
	lock, err := platform.ShareLock(filepath.Join(dir, "lock"))
	if err != nil {
		return Repair{}, err
	}
	defer lock.Close()
	durability, err := formatOf(dir)
	if err != nil {
		return Repair{}, err
	}
	r := repair{ctx: ctx, to: to, opts: opts, filled: map[chain.Hash]bool{}, bounds: map[chain.ID]bound{}}
	r.done.Durability = durability
	if r.extra, err = sumsOf(opts.With); err != nil {
		return Repair{}, err
	}
	r.s, err = newSalvage(ctx, dir, func(done, total uint64) { opts.Step(StepRead, done, total) })
	if err != nil {
		return Repair{}, err
	}
	err = r.run()
	return r.done, errors.Join(err, r.s.close())
}

// formatOf is the durability of a folder, Async where that cannot be read.
func formatOf(dir string) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, "format")); err != nil {
		return Async, nil
	}
	f := &folder{dir: dir}
	switch err := f.readFormat(""); {
	case errors.Is(err, chain.ErrVersion):
		return "", err
	case err != nil:
		return Async, nil
	}
	return f.durability, nil
}

// sumsOf finds out which blobs files have.
func sumsOf(paths []string) (map[chain.Hash]string, error) {
	sums := map[chain.Hash]string{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		sums[sha256.Sum256(b)] = path
	}
	return sums, nil
}

// repair is one that is going on. What it has built is built anew, with bounds, when it
// turns out that an actor has more than it can keep.
type repair struct {
	ctx    context.Context
	s      *salvage
	to     string
	opts   RepairOptions
	extra  map[chain.Hash]string // files by their sha256
	filled map[chain.Hash]bool   // from them
	bounds map[chain.ID]bound
	done   Repair
}

// bound is how many records of an actor can be kept at most, and why.
type bound struct {
	records        uint64
	reason, detail string
}

func (r *repair) run() error {
	for {
		p, err := newLoader(r.to, r.opts.Logger)
		if err != nil {
			return err
		}
		b := newRebuild(r, p)
		more, err := b.run()
		if err == nil && !more {
			b.report()
			return p.finish(max(r.s.epoch, b.epoch), r.done.Durability, r.s.origin)
		}
		if err := errors.Join(err, p.abandon()); err != nil {
			return err
		}
	}
}

// bind notes that of an actor no more can be kept.
func (r *repair) bind(id chain.ID, b bound) {
	if before, ok := r.bounds[id]; !ok || b.records < before.records {
		r.bounds[id] = b
	}
}

// has reports whether there is a blob.
func (r *repair) has(sum chain.Hash) bool {
	if f, ok := r.s.blobs[part{sum, 0}]; ok {
		if f.guessed {
			f.guessed = false // it is asked for, so it is one
			r.s.blobs[part{sum, 0}] = f
		}
		return true
	}
	if r.extra[sum] == "" {
		return false
	}
	r.filled[sum] = true
	return true
}
