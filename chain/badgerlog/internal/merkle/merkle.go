// Package merkle keeps a Merkle log in a file: the hashes of a tree over leaves that are
// only added, as golang.org/x/mod/sumdb/tlog computes them. It does not know what a leaf
// says, and signs nothing. Only chain/badgerlog imports it.
package merkle

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/theater-go/theater/chain"
)

// Tree is a Merkle log: the file of its hashes, in the order in which tlog keeps them, a
// leaf followed by the nodes that it completes. All of it follows from the leaves. The
// zero Tree is empty, and is kept in memory. A Tree is for one goroutine at a time.
type Tree struct {
	file    *os.File // nil for none
	fixed   bool     // the file is not to be changed
	count   int64    // leaves
	written int64    // hashes that are in the file and count
	pending []tlog.Hash
}

// Open opens the file, or makes it. One that is only read is not made, and nothing
// changes it. What stands at its end and makes no whole leaf, as a killed process may
// leave it, does not count.
func Open(path string, readOnly bool) (*Tree, error) {
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
	return &Tree{file: f, fixed: readOnly, count: count, written: tlog.StoredHashCount(count)}, nil
}

// Close lets go of the file.
func (t *Tree) Close() error {
	if t.file == nil {
		return nil
	}
	return t.file.Close()
}

// ReadHashes implements tlog.HashReader.
func (t *Tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
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

// Append adds the next leaf, in memory.
func (t *Tree) Append(leaf tlog.Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(t.count, leaf, t)
	if err != nil {
		return err
	}
	t.pending = append(t.pending, hashes...)
	t.count++
	return nil
}

// Write brings what was appended into the file, unless that is only read.
func (t *Tree) Write() error {
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

// Sync has the file on the disk, as far as it is written.
func (t *Tree) Sync() error { return t.file.Sync() }

// Count is how many leaves there are.
func (t *Tree) Count() int64 { return t.count }

// Cut takes away all leaves from count on.
func (t *Tree) Cut(count int64) error {
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

// Leaf is the leaf with a number, or chain.ErrNotFound.
func (t *Tree) Leaf(n int64) (tlog.Hash, error) {
	hashes, err := t.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
	if err != nil {
		return tlog.Hash{}, err
	}
	return hashes[0], nil
}

// Root is the hash of the tree of the first count leaves; chain.ErrNotFound when there
// are not so many.
func (t *Tree) Root(count int64) (tlog.Hash, error) {
	if count > t.count {
		return tlog.Hash{}, fmt.Errorf("the Merkle log has %d of %d leaves: %w", t.count, count, chain.ErrNotFound)
	}
	return tlog.TreeHash(count, t)
}

// Differences finds the hashes that two trees do not agree in, of those that both have:
// leaves by their number, and whether there are others.
func (t *Tree) Differences(other *Tree) (leaves []int64, nodes bool, err error) {
	const most = 4096
	end := min(tlog.StoredHashCount(t.count), tlog.StoredHashCount(other.count))
	for from := int64(0); from < end; from += most {
		ours, err := t.run(from, min(most, end-from))
		if err != nil {
			return nil, false, err
		}
		theirs, err := other.run(from, min(most, end-from))
		if err != nil {
			return nil, false, err
		}
		for i := range ours {
			if ours[i] == theirs[i] {
				continue
			}
			if level, n := tlog.SplitStoredHashIndex(from + int64(i)); level == 0 {
				leaves = append(leaves, n)
			} else {
				nodes = true
			}
		}
	}
	return leaves, nodes, nil
}

// run reads consecutive hashes, those of the file at once.
func (t *Tree) run(from, count int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, count)
	if inFile := min(t.written-from, count); inFile > 0 {
		b := make([]byte, inFile*tlog.HashSize)
		if _, err := t.file.ReadAt(b, from*tlog.HashSize); err != nil {
			return nil, fmt.Errorf("read the Merkle log: %w", err)
		}
		for ; len(b) > 0; b = b[tlog.HashSize:] {
			hashes = append(hashes, tlog.Hash(b[:tlog.HashSize]))
		}
	}
	at := from + int64(len(hashes)) - t.written
	return append(hashes, t.pending[max(at, 0):max(at, 0)+count-int64(len(hashes))]...), nil
}
