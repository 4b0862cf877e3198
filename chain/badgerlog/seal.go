package badgerlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/internal/merkle"
	"github.com/theater-go/theater/chain/badgerlog/platform"
)

// Files of the folder DIR/checkpoint.
const (
	checkpointName = "checkpoint"
	keyName        = "key"     // signs; for nobody else to read
	verifierName   = "key.pub" // checks what it signs
	signedName     = "signed"  // the newest checkpoint
	treeName       = "tree"    // the Merkle log's hashes
)

// A committed block's leaf is in the tree after leafTime, and signed after signTime
// or with signBlocks, which are 64 MiB of records when they are full.
const (
	leafTime   = 50 * time.Millisecond
	signTime   = time.Second
	signBlocks = 64 << 20 / blockSize
)

// sealer keeps the Merkle log over the blocks and signs it. The committer hands it the
// leaf of each block that is committed, and never waits for it.
//
// What is written is always behind what is committed: first the block, then its leaf,
// then the checkpoint. So wherever a process is killed, the log holds all blocks that
// have leaves, and the tree all leaves that are signed: anything less is damage. Only
// a power cut may leave less of an async folder, down to what its last checkpoint
// calls durable; then a new era begins.
type sealer struct {
	dir        string
	durability string // of the folder
	boot       string // of the machine; empty where that is not known
	readOnly   bool
	logger     *slog.Logger
	epoch      atomic.Uint64 // of the newest writer

	mu    sync.Mutex  // guards what follows; nobody who holds it waits
	fresh []tlog.Hash // leaves of committed blocks that the tree does not have
	last  Checkpoint

	files  sync.Mutex  // guards what follows, and the files
	signer note.Signer // nil in a folder that is only read
	tree   *merkle.Tree
	failed bool // the last attempt to write, of which was told

	wake    chan struct{} // has an element when there is something fresh
	closing chan struct{}
	stopped sync.WaitGroup
}

// add takes the leaves of blocks that are committed.
func (s *sealer) add(leaves []tlog.Hash) {
	if len(leaves) == 0 {
		return
	}
	s.mu.Lock()
	s.fresh = append(s.fresh, leaves...)
	s.mu.Unlock()
	signal(s.wake)
}

// start begins to write down what is added, until stop.
func (s *sealer) start() { s.stopped.Go(s.run) }

func (s *sealer) run() {
	tick := time.NewTicker(leafTime)
	tick.Stop()
	for ticks := false; ; {
		select {
		case <-s.wake: // again and again, in a log that is never at rest
			if !ticks {
				tick.Reset(leafTime)
				ticks = true
			}
		case <-tick.C:
			if s.step() {
				tick.Stop()
				ticks = false
			}
		case <-s.closing:
			tick.Stop()
			return
		}
	}
}

// step writes down what is fresh, and signs it when it is time. It reports whether
// nothing is left to do. An error is told once and the step tried again:
// acknowledgements do not depend on it.
func (s *sealer) step() (done bool) {
	s.files.Lock()
	defer s.files.Unlock()
	err := s.writeLocked()
	last := s.checkpoint()
	age := time.Since(last.Time) // less than 0 where the clock was set back since another process signed
	if behind := s.tree.Count() - int64(last.Size); err == nil && (behind >= signBlocks || behind > 0 && (age < 0 || age >= signTime)) {
		err = s.signLocked(last)
	}
	if err != nil && !s.failed {
		s.logger.Error("the log is not sealed", "error", err)
	}
	s.failed = err != nil
	return s.tree.Count() == int64(s.checkpoint().Size)
}

// update writes the leaves of all committed blocks and signs them.
func (s *sealer) update() error {
	s.files.Lock()
	defer s.files.Unlock()
	err := s.writeLocked()
	if last := s.checkpoint(); err == nil && last.Size < uint64(s.tree.Count()) {
		err = s.signLocked(last)
	}
	return err
}

// writeLocked writes the leaves of all committed blocks.
func (s *sealer) writeLocked() error {
	s.mu.Lock()
	fresh := s.fresh
	s.fresh = nil
	s.mu.Unlock()
	for i, leaf := range fresh {
		if err := s.tree.Append(leaf); err != nil {
			s.mu.Lock()
			s.fresh = append(fresh[i:], s.fresh...)
			s.mu.Unlock()
			return err
		}
	}
	return s.tree.Write()
}

// signLocked signs the tree as it is, all else being as in next.
func (s *sealer) signLocked(next Checkpoint) error {
	root, err := s.tree.Root(s.tree.Count())
	if err != nil {
		return err
	}
	next.Size, next.Root = uint64(s.tree.Count()), chain.Hash(root)
	next.Time, next.Epoch = time.Now(), max(next.Epoch, s.epoch.Load())
	if next.Durability == Sync {
		next.Durable = next.Size
	}
	if err := next.sign(s.signer); err != nil {
		return err
	}
	if err := s.tree.Sync(); err != nil {
		return fmt.Errorf("write the Merkle log: %w", err)
	}
	if err := platform.WriteFile(filepath.Join(s.dir, signedName), string(next.Note), 0o644); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	s.mu.Lock()
	s.last = next
	s.mu.Unlock()
	return nil
}

// stop ends what start began.
func (s *sealer) stop() {
	close(s.closing)
	s.stopped.Wait()
}

// finish signs what was committed and lets go of the files. When the database was
// closed in order, not even a power cut takes any of that away.
func (s *sealer) finish(inOrder bool) error {
	if s.readOnly {
		return s.close()
	}
	s.files.Lock()
	defer s.files.Unlock()
	err := s.writeLocked()
	next := s.checkpoint()
	if inOrder {
		next.Durable = uint64(s.tree.Count())
	}
	if err == nil && (next.Size < uint64(s.tree.Count()) || next.Durable > s.checkpoint().Durable) {
		err = s.signLocked(next)
	}
	return errors.Join(err, s.close())
}

// close lets go of the files.
func (s *sealer) close() error {
	if s.tree == nil {
		return nil
	}
	return s.tree.Close()
}

func (s *sealer) checkpoint() Checkpoint {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Checkpoint signs what is acknowledged, unless that is signed already, and returns the
// newest checkpoint. A log that is open for reading returns the newest there is.
func (l *Log) Checkpoint(ctx context.Context) (Checkpoint, error) {
	l.life.RLock()
	defer l.life.RUnlock()
	switch {
	case l.closed:
		return Checkpoint{}, chain.ErrClosed
	case ctx.Err() != nil:
		return Checkpoint{}, ctx.Err()
	case !l.readOnly:
		if err := l.seal.update(); err != nil {
			return Checkpoint{}, err
		}
	}
	return l.seal.checkpoint(), nil
}

// SignedCheckpoint reads the newest checkpoint of a data folder, which another process
// may have open, and the key that checks it. A folder without one is
// chain.ErrNotFound.
func SignedCheckpoint(dir string) (c Checkpoint, key string, err error) {
	dir = filepath.Join(dir, checkpointName)
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return c, "", fmt.Errorf("checkpoint of %s: %w", filepath.Dir(dir), chain.ErrNotFound)
	}
	path := filepath.Join(dir, verifierName)
	text, err := os.ReadFile(path)
	if err != nil {
		return c, "", unreadable(path, err)
	}
	path = filepath.Join(dir, signedName)
	signed, err := os.ReadFile(path)
	if err != nil {
		return c, "", unreadable(path, err)
	}
	if c, err = ReadCheckpoint(signed, string(text)); err != nil {
		return c, "", fmt.Errorf("%s: %w", path, err)
	}
	return c, string(text), nil
}
