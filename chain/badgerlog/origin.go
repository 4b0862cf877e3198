package badgerlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog/internal/merkle"
	"github.com/theater-go/theater/chain/badgerlog/platform"
)

// Files of DIR/checkpoint of a folder that was made from another one: the newest
// checkpoint of that, and the key that checks it. They are kept for people.
const (
	originName         = "origin"
	originVerifierName = "origin.pub"
)

// origin is the log that a folder is made from.
type origin struct {
	Checkpoint
	key string
}

// keep writes it down in the folder that was made from it.
func (o *origin) keep(dir string) error {
	if o.Note == nil {
		return nil
	}
	dir = filepath.Join(dir, checkpointName)
	err := errors.Join(
		platform.WriteFile(filepath.Join(dir, originName), string(o.Note), 0o644),
		platform.WriteFile(filepath.Join(dir, originVerifierName), o.key, 0o644))
	if err != nil {
		return fmt.Errorf("keep the checkpoint of the folder before: %w", err)
	}
	return nil
}

// holds reports whether the first blocks of a log are those that were signed.
func (o *origin) holds(t *merkle.Tree) error {
	if o.Note == nil {
		return nil
	}
	if uint64(t.Count()) < o.Size {
		return fmt.Errorf("%d blocks are there, and %d were signed: %w", t.Count(), o.Size, chain.ErrCorrupt)
	}
	root, err := t.Root(int64(o.Size))
	if err == nil && chain.Hash(root) != o.Root {
		err = fmt.Errorf("the blocks do not have the root that was signed: %w", chain.ErrCorrupt)
	}
	return err
}

// signedLeaves are the leaves of the blocks that the checkpoint of a folder vouches for;
// none where it is not there or damaged, which is in why.
func signedLeaves(dir string) (o origin, leaves *merkle.Tree, why error) {
	var err error
	o.Checkpoint, o.key, err = SignedCheckpoint(dir)
	if err != nil {
		return origin{}, nil, err
	}
	path := filepath.Join(dir, checkpointName, treeName)
	t, err := merkle.Open(path, true)
	if errors.Is(err, os.ErrNotExist) {
		err = unreadable(path, err)
	}
	if err != nil {
		return o, nil, err
	}
	if err := o.holds(t); err != nil {
		return o, nil, errors.Join(fmt.Errorf("%s: %w", path, err), t.Close())
	}
	return o, t, nil
}

// vouched is the leaf of a block, if the checkpoint vouches for one.
func (o *origin) vouched(t *merkle.Tree, number uint64) (leaf tlog.Hash, ok bool, err error) {
	if t == nil || number >= o.Size {
		return leaf, false, nil
	}
	leaf, err = t.Leaf(int64(number))
	return leaf, err == nil, err
}
