package badgerlog

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/theater-go/theater/chain"
)

// tree is the Merkle log over the blocks: the file of its hashes, in the order in
// which tlog keeps them, a block's leaf followed by the nodes that it completes. All
// of it follows from the blocks. A tree without a file is kept in memory.
type tree struct {
	file    *os.File // nil for none
	fixed   bool     // the file is not to be changed
	count   int64    // leaves
	written int64    // hashes that are in the file and count
	pending []tlog.Hash
}

// openTree opens the file, or makes it. What stands at its end and makes no whole
// leaf, as a killed process may leave it, does not count.
func openTree(path string, readOnly bool) (*tree, error) {
	flag := os.O_RDWR | os.O_CREATE
	if readOnly {
		flag = os.O_RDONLY
	}
	f, err := os.OpenFile(path, flag, 0o644)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	hashes := info.Size() / tlog.HashSize
	count := int64(sort.Search(int(hashes), func(n int) bool { return tlog.StoredHashCount(int64(n)+1) > hashes }))
	return &tree{file: f, fixed: readOnly, count: count, written: tlog.StoredHashCount(count)}, nil
}

func (t *tree) close() error {
	if t.file == nil {
		return nil
	}
	return t.file.Close()
}

// ReadHashes implements tlog.HashReader.
func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		switch at := index - t.written; {
		case at >= int64(len(t.pending)):
			return nil, fmt.Errorf("hash %d of the Merkle log: %w", index, chain.ErrNotFound)
		case at >= 0:
			hashes[i] = t.pending[at]
		default:
			if _, err := t.file.ReadAt(hashes[i][:], index*tlog.HashSize); err != nil {
				return nil, fmt.Errorf("read the Merkle log: %w", err)
			}
		}
	}
	return hashes, nil
}

// append adds the leaf of the next block, in memory.
func (t *tree) append(leaf tlog.Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(t.count, leaf, t)
	if err != nil {
		return err
	}
	t.pending = append(t.pending, hashes...)
	t.count++
	return nil
}

// write brings what was appended into the file.
func (t *tree) write() error {
	if len(t.pending) == 0 || t.fixed {
		return nil
	}
	b := make([]byte, 0, len(t.pending)*tlog.HashSize)
	for _, h := range t.pending {
		b = append(b, h[:]...)
	}
	if _, err := t.file.WriteAt(b, t.written*tlog.HashSize); err != nil {
		return fmt.Errorf("write the Merkle log: %w", err)
	}
	t.written += int64(len(t.pending))
	t.pending = t.pending[:0]
	return nil
}

// cut takes away all leaves from count on.
func (t *tree) cut(count int64) error {
	if count >= t.count {
		return nil
	}
	t.count = count
	hashes := tlog.StoredHashCount(count)
	if hashes >= t.written {
		t.pending = slices.Clip(t.pending[:hashes-t.written])
		return nil
	}
	t.written, t.pending = hashes, nil
	if t.fixed || t.file == nil {
		return nil
	}
	if err := t.file.Truncate(hashes * tlog.HashSize); err != nil {
		return fmt.Errorf("cut the Merkle log: %w", err)
	}
	return nil
}

// leaf is that of a block.
func (t *tree) leaf(n int64) (tlog.Hash, error) {
	hashes, err := t.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
	if err != nil {
		return tlog.Hash{}, err
	}
	return hashes[0], nil
}

// root is the hash of the tree of the first count leaves.
func (t *tree) root(count int64) (tlog.Hash, error) {
	if count > t.count {
		return tlog.Hash{}, fmt.Errorf("the Merkle log has %d of %d leaves: %w", t.count, count, chain.ErrNotFound)
	}
	return tlog.TreeHash(count, t)
}

// differs finds the first hash in which two trees do not agree, of those that both
// have, and the leaf with which it came; -1 for none.
func (t *tree) differs(other *tree) (leaf int64, err error) {
	const most = 4096
	end := min(tlog.StoredHashCount(t.count), tlog.StoredHashCount(other.count))
	for from := int64(0); from < end; from += most {
		indexes := make([]int64, min(most, end-from))
		for i := range indexes {
			indexes[i] = from + int64(i)
		}
		ours, err := t.ReadHashes(indexes)
		if err != nil {
			return 0, err
		}
		theirs, err := other.ReadHashes(indexes)
		if err != nil {
			return 0, err
		}
		for i := range ours {
			if ours[i] != theirs[i] {
				index := from + int64(i)
				return int64(sort.Search(int(min(t.count, other.count)), func(n int) bool { return tlog.StoredHashCount(int64(n)+1) > index })), nil
			}
		}
	}
	return -1, nil
}
