package badgerlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/platform"
)

// loadGroup is how many bytes a loader gathers before it writes them.
const loadGroup = 4 << 20

// loader fills a new data folder with blocks and blobs that were written elsewhere. It
// is for one goroutine.
type loader struct {
	log  *Log
	made bool // the folder itself is ours

	gathered  []entry
	size      int         // bytes in gathered
	leaves    []tlog.Hash // of the blocks in gathered
	next      uint64      // number of the next block
	records   uint64
	events    uint64
	unflushed int // bytes of records since the index was
}

type entry struct{ key, value []byte }

// newLoader begins a folder, which must not be there yet, or be empty. It becomes a data
// folder with finish, and not before: a process that is killed leaves something that
// nobody takes for one.
func newLoader(to string, logger *slog.Logger) (p *loader, err error) {
	p = &loader{}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	switch err := os.Mkdir(to, 0o700); {
	case err == nil:
		p.made = true
	case !errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("make data folder: %w", err)
	case !isEmpty(to):
		return nil, fmt.Errorf("%s: %w", to, fs.ErrExist)
	}
	f := &folder{dir: to, durability: Async}
	switch f.lock, err = platform.Lock(filepath.Join(to, "lock")); {
	case errors.Is(err, chain.ErrInUse):
		return nil, err // another process has come between: all that is there is its own
	case err != nil:
		return nil, errors.Join(err, p.remove(to))
	}
	if p.log, err = openLog(f, Options{Logger: logger}); err != nil {
		return nil, errors.Join(err, f.close(), p.remove(to))
	}
	return p, nil
}

func isEmpty(dir string) bool {
	f, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = f.Readdirnames(1)
	return errors.Is(err, io.EOF)
}

// remove takes away what was made.
func (p *loader) remove(dir string) error {
	if p.made {
		return os.RemoveAll(dir)
	}
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// abandon ends what did not come to its finish.
func (p *loader) abandon() error {
	dir := p.log.folder.dir
	return errors.Join(p.log.Close(), p.remove(dir))
}

// blobPart adds a part of a blob as it is kept. The value is the loader's from then on.
func (p *loader) blobPart(sum chain.Hash, part int, value []byte) error {
	return p.add(entry{blobKey(sum, part), value})
}

// block adds a block that is complete, as it is kept, and has the next number. Its
// records must go on with the chains that are there. The bytes are the loader's from
// then on.
func (p *loader) block(b []byte) error {
	records, count, err := decodeBlock(p.next, b, nil)
	if err != nil {
		return err
	}
	leaf, err := eachRecord(p.next, records, count, p.record)
	if err != nil {
		return fmt.Errorf("block %d: %w", p.next, err)
	}
	p.unflushed += len(records)
	key := blockKey(p.next)
	p.next++
	p.leaves = append(p.leaves, leaf)
	return p.add(entry{key, b})
}

// record adds one record of a block to the index.
func (p *loader) record(s *chain.Stored, at place) error {
	h, err := p.log.index.writable(s.Actor)
	if err != nil {
		return err
	}
	if s.Number != h.next {
		return fmt.Errorf("actor %s: record %d follows %d records: %w", s.Actor, s.Number, h.next, chain.ErrCorrupt)
	}
	before := h.seen.summary.Events
	if err := p.log.index.replay(s, at); err != nil {
		return fmt.Errorf("actor %s record %d: %w", s.Actor, s.Number, err)
	}
	p.records++
	p.events += h.seen.summary.Events - before
	return nil
}

func (p *loader) add(e entry) error {
	p.gathered = append(p.gathered, e)
	if p.size += len(e.value); p.size < loadGroup {
		return nil
	}
	return p.write()
}

// write writes what is gathered, and the index when that is due.
func (p *loader) write() error {
	err := p.log.write(func(b *batch) {
		for _, e := range p.gathered {
			b.set(e.key, e.value)
		}
	})
	clear(p.gathered)
	p.gathered, p.size = p.gathered[:0], 0
	if err == nil {
		p.log.seal.add(p.leaves)
		p.leaves = p.leaves[:0]
	}
	if err == nil && (p.unflushed >= p.log.limits.flushBytes || p.log.index.size() >= p.log.limits.flushHeads) {
		err = p.flush()
	}
	return err
}

// flush writes the index and lets go of it.
func (p *loader) flush() error {
	x := p.log.index
	if err := x.flush(p.next); err != nil {
		return fmt.Errorf("flush index: %w", err)
	}
	p.unflushed = 0
	x.forget()
	return nil
}

// verify verifies all that is there.
func (p *loader) verify(ctx context.Context, progress func(Progress)) (Report, error) {
	if err := errors.Join(p.write(), p.flush()); err != nil {
		return Report{}, err
	}
	return p.log.Verify(ctx, VerifyOptions{Progress: progress})
}

// holds reports whether what was loaded begins with what a checkpoint vouches for.
func (p *loader) holds(o *origin) error {
	p.log.seal.files.Lock()
	defer p.log.seal.files.Unlock()
	return o.holds(p.log.seal.tree)
}

// finish makes the folder a data folder, with everything on the disk.
func (p *loader) finish(epoch uint64, durability string, from origin) error {
	err := p.log.write(func(b *batch) { b.set(epochKey, encodeCounter(epoch)) })
	p.log.seal.epoch.Store(epoch)
	if err := errors.Join(err, p.log.Close()); err != nil {
		return err
	}
	f := p.log.folder
	if err := from.keep(f.dir); err != nil {
		return err
	}
	if err := platform.SyncTree(f.dir); err != nil {
		return fmt.Errorf("write to disk what the folder holds: %w", err)
	}
	f.durability = durability
	return f.saveFormat()
}
