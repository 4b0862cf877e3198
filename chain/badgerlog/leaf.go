package badgerlog

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/theater-go/theater/chain"
)

// leafTag separates what a leaf says from everything else that is hashed.
const leafTag = "theater/block/1"

// leafData is what the Merkle log says of a block: its number and the hashes of its
// records, one after the other. They cover all of the records but their notes, and
// show nothing of them; how the block is compressed does not matter.
func leafData(number uint64, hashes []byte) []byte {
	b := make([]byte, 0, len(leafTag)+8+len(hashes))
	b = append(b, leafTag...)
	b = binary.BigEndian.AppendUint64(b, number)
	return append(b, hashes...)
}

// blockLeaf is the leaf of a block whose records have these hashes.
func blockLeaf(number uint64, hashes []byte) tlog.Hash {
	return tlog.RecordHash(leafData(number, hashes))
}

// eachRecord yields the stored records of block number, which alias records, and
// returns the block's leaf.
func eachRecord(number uint64, records []byte, count uint32, yield func(s *chain.Stored, at place) error) (tlog.Hash, error) {
	var hashes []byte
	rest := records
	for range count {
		at := place{number, uint32(len(records) - len(rest))}
		s, after, err := chain.DecodeStored(rest)
		if err != nil {
			return tlog.Hash{}, fmt.Errorf("block %d: %w", number, err)
		}
		if err := yield(&s, at); err != nil {
			return tlog.Hash{}, err
		}
		hashes = append(hashes, s.Hash[:]...)
		rest = after
	}
	if len(rest) > 0 {
		return tlog.Hash{}, fmt.Errorf("block %d: bytes after its last record: %w", number, chain.ErrCorrupt)
	}
	return blockLeaf(number, hashes), nil
}

// block reads the records of a block that must be there, in buf when it is large enough.
func (l *Log) block(number uint64, buf []byte) (records []byte, count uint32, err error) {
	err = l.view(func(txn *badger.Txn) error {
		return get(txn, blockKey(number), func(b []byte) (err error) {
			records, count, err = decodeBlock(number, b, buf)
			return err
		})
	})
	if errors.Is(err, chain.ErrNotFound) {
		err = fmt.Errorf("block %d is missing: %w", number, chain.ErrCorrupt)
	}
	return records, count, err
}

// leaf reads a block and computes its leaf.
func (l *Log) leaf(number uint64) (leaf tlog.Hash, err error) {
	records, count, err := l.block(number, nil)
	if err != nil {
		return leaf, err
	}
	return eachRecord(number, records, count, func(*chain.Stored, place) error { return nil })
}
