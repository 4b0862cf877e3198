package badgerlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/internal/merkle"
	"github.com/theater-go/theater/chain/badgerlog/platform"
)

// openSealer reads a folder's checkpoint, before anything else is opened. A folder
// without one gives a sealer without a tree, which reconcile makes.
func openSealer(f *folder, opts Options) (*sealer, error) {
	s := &sealer{dir: filepath.Join(f.dir, checkpointName), durability: f.durability, boot: opts.boot,
		readOnly: opts.ReadOnly, logger: opts.Logger,
		wake: make(chan struct{}, 1), closing: make(chan struct{})}
	if s.boot == "" {
		s.boot = platform.Boot()
	}
	s.last = Checkpoint{Durability: f.durability, Boot: s.boot}
	last, key, err := SignedCheckpoint(f.dir)
	if errors.Is(err, chain.ErrNotFound) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	s.last = last
	if !opts.ReadOnly {
		if s.signer, err = readKey(s.dir); err != nil {
			return nil, err
		}
		if verifier, err := note.NewVerifier(key); err != nil || verifier.KeyHash() != s.signer.KeyHash() {
			return nil, fmt.Errorf("%s and %s are not of one pair: %w", filepath.Join(s.dir, keyName), verifierName, chain.ErrCorrupt)
		}
	}
	if s.tree, err = merkle.Open(filepath.Join(s.dir, treeName), opts.ReadOnly); err != nil {
		return nil, fmt.Errorf("open the Merkle log: %w", err)
	}
	return s, nil
}

// rebooted reports whether the machine may have been started anew since the last
// checkpoint.
func (s *sealer) rebooted() bool { return s.boot == "" || s.boot != s.last.Boot }

// excuses reports whether a power cut may have left so few blocks.
func (s *sealer) excuses(held int64) bool {
	return s.rebooted() && s.last.Durability == Async && uint64(held) >= s.last.Durable
}

// reconcile holds what the log has against what was signed. replayed are the leaves of
// its last blocks. It returns what the log may not go on with as chain.ErrCorrupt, and
// after lawful loss begins an era.
func (s *sealer) reconcile(l *Log, replayed []tlog.Hash) error {
	held := int64(l.blocks)
	if s.tree == nil {
		return s.begin(l)
	}
	if err := s.missing(held, l.epoch); err != nil {
		return err
	}
	l.epoch = max(l.epoch, s.last.Epoch)
	s.epoch.Store(l.epoch)
	if err := s.fit(l, replayed); err != nil {
		return err
	}
	return s.settle(held)
}

// fit makes the tree that of the blocks. Where it contradicts them the signed root tells
// which of the two is damaged.
func (s *sealer) fit(l *Log, replayed []tlog.Hash) error {
	held, size := int64(l.blocks), int64(s.last.Size)
	borne, err := s.bearsOut()
	if err != nil {
		return err
	}
	same, err := s.compare(l, replayed)
	if err != nil {
		return err
	}
	if held < size {
		if borne && same < held {
			return fmt.Errorf("block %d is another one than was written: %w", same, chain.ErrCorrupt)
		}
		return s.extend(l, same, replayed)
	}
	for _, from := range []int64{same, 0} {
		if err := s.extend(l, from, replayed); err != nil {
			return err
		}
		if borne, err = s.bearsOut(); err != nil || borne {
			return err
		}
		s.logger.Warn("the Merkle log is not the one that was signed; making it anew")
	}
	return fmt.Errorf("the first %d blocks are not those that were signed: %w", size, chain.ErrCorrupt)
}

// missing says what of the log is gone that cannot be.
func (s *sealer) missing(held int64, epoch uint64) error {
	claimed := int64(s.last.Size)
	if !s.rebooted() {
		claimed = max(claimed, s.tree.Count())
	}
	switch {
	case s.excuses(held):
		return nil
	case held < claimed:
		return fmt.Errorf("%d blocks are there of %d that were written, the last known ones at %s: %w",
			held, claimed, s.last.Time.Format(time.RFC3339), chain.ErrCorrupt)
	case epoch < s.last.Epoch:
		return fmt.Errorf("the database knows of %d writers, of %d that there were: %w", epoch, s.last.Epoch, chain.ErrCorrupt)
	}
	return nil
}

// bearsOut reports whether the tree has the signed root.
func (s *sealer) bearsOut() (bool, error) {
	if s.tree.Count() < int64(s.last.Size) {
		return false, nil
	}
	root, err := s.tree.Root(int64(s.last.Size))
	return chain.Hash(root) == s.last.Root, err
}

// compare holds the blocks that were replayed against their leaves, and the one before
// them. It returns how many leaves may stay as they are.
func (s *sealer) compare(l *Log, replayed []tlog.Hash) (same int64, err error) {
	held := int64(l.blocks)
	first := held - int64(len(replayed))
	if last := min(first, s.tree.Count()) - 1; last >= 0 {
		leaf, err := l.leaf(uint64(last))
		if err != nil {
			return 0, err
		}
		if written, err := s.tree.Leaf(last); err != nil || written != leaf {
			return last, err
		}
	}
	for n := first; n < min(held, s.tree.Count()); n++ {
		if written, err := s.tree.Leaf(n); err != nil || written != replayed[n-first] {
			return n, err
		}
	}
	return min(held, s.tree.Count()), nil
}

// extend makes the leaves from number from on those of the blocks, the last of which were
// replayed.
func (s *sealer) extend(l *Log, from int64, replayed []tlog.Hash) error {
	if err := s.tree.Cut(from); err != nil {
		return err
	}
	first := int64(l.blocks) - int64(len(replayed))
	for n := from; n < int64(l.blocks); n++ {
		var leaf tlog.Hash
		var err error
		if n >= first {
			leaf = replayed[n-first]
		} else {
			leaf, err = l.leaf(uint64(n))
		}
		if err == nil {
			err = s.tree.Append(leaf)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settle brings the folder to what was found.
func (s *sealer) settle(held int64) error {
	next := s.last
	lost := int64(next.Size) - held
	if lost > 0 {
		s.logger.Warn("a power cut has taken the newest blocks; a new era begins",
			"lost", lost, "kept", held, "era", next.Era+1, "signed", next.Time)
		next.After = &Ended{Size: next.Size, Root: next.Root}
		next.Era++
	}
	if s.readOnly {
		return nil
	}
	if lost > 0 {
		if err := platform.WriteFile(filepath.Join(s.dir, eraName(s.last.Era)), string(s.last.Note), 0o644); err != nil {
			return fmt.Errorf("keep the last checkpoint of an era: %w", err)
		}
	}
	if err := s.tree.Write(); err != nil {
		return err
	}
	if !s.rebooted() && next.Durability == s.durability {
		if s.tree.Count() > int64(next.Size) {
			signal(s.wake) // to sign now would wait for all that the process before has left to be written
		}
		return nil
	}
	next.Durability = s.durability
	if s.rebooted() { // what is read after that was on the disk
		next.Boot, next.Durable = s.boot, uint64(held)
	}
	return s.signLocked(next)
}

// eraName is the file that keeps the last checkpoint of an era that has ended.
func eraName(era uint64) string { return fmt.Sprintf("era-%d", era) }

// begin makes the folder of the checkpoint, over what the log has. It is there whole or
// not at all.
func (s *sealer) begin(l *Log) error {
	if l.blocks > 0 {
		s.logger.Warn("the log has no checkpoint: nothing shows whether it is complete; sealing what is there", "blocks", l.blocks)
	}
	if s.readOnly {
		s.tree = &merkle.Tree{}
		return nil
	}
	place := s.dir
	s.dir += ".new"
	if err := errors.Join(os.RemoveAll(s.dir), os.Mkdir(s.dir, 0o700)); err != nil {
		return fmt.Errorf("make folder of checkpoints: %w", err)
	}
	if err := s.makeKey(); err != nil {
		return err
	}
	tree, err := merkle.Open(filepath.Join(s.dir, treeName), false)
	if err != nil {
		return fmt.Errorf("make the Merkle log: %w", err)
	}
	s.tree = tree
	if err := s.extend(l, 0, nil); err != nil {
		return err
	}
	if err := s.tree.Write(); err != nil {
		return err
	}
	s.epoch.Store(l.epoch)
	if err := s.signLocked(s.last); err != nil {
		return err
	}
	if err := os.Rename(s.dir, place); err != nil {
		return fmt.Errorf("make folder of checkpoints: %w", err)
	}
	s.dir = place
	return platform.SyncFolder(filepath.Dir(place))
}

// makeKey makes the key in a new folder.
func (s *sealer) makeKey() error {
	signer, verifier, err := newKey()
	if err != nil {
		return err
	}
	s.signer, err = note.NewSigner(signer)
	err = errors.Join(err,
		platform.WriteFile(filepath.Join(s.dir, keyName), signer+"\n", 0o600),
		platform.WriteFile(filepath.Join(s.dir, verifierName), verifier+"\n", 0o644))
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	s.last.Signer = s.signer.Name()
	return nil
}
