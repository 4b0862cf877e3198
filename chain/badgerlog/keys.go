package badgerlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/dgraph-io/badger/v4"

	"github.com/theater-go/theater/chain"
)

// Keys of the database. Integers in them are big endian, so that they sort.
var (
	blockPrefix   = []byte("g/") // block number
	pagePrefix    = []byte("i/") // actor, number of the page's first record
	summaryPrefix = []byte("m/") // actor
	blobPrefix    = []byte("b/") // sha256
	epochKey      = []byte("epoch")
	watermarkKey  = []byte("watermark") // blocks below it are in pages and summaries
)

func blockKey(number uint64) []byte {
	return binary.BigEndian.AppendUint64(blockPrefix[:2:2], number)
}

func pageKey(id chain.ID, first uint64) []byte {
	return binary.BigEndian.AppendUint64(append(pagePrefix[:2:2], id[:]...), first)
}

func summaryKey(id chain.ID) []byte { return append(summaryPrefix[:2:2], id[:]...) }

// seal appends a checksum to a small value: Badger may return other bytes than
// were written without an error.
func seal(b []byte) []byte {
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// unseal checks and removes the checksum.
func unseal(b []byte) ([]byte, error) {
	n := len(b) - 4
	if n < 0 || binary.BigEndian.Uint32(b[n:]) != crc32.Checksum(b[:n], castagnoli) {
		return nil, fmt.Errorf("bytes are not those that were written: %w", chain.ErrCorrupt)
	}
	return b[:n], nil
}

func encodeCounter(n uint64) []byte { return seal(binary.BigEndian.AppendUint64(nil, n)) }

// counter reads a counter; one that was never written is 0.
func counter(txn *badger.Txn, key []byte) (n uint64, err error) {
	err = get(txn, key, func(b []byte) error {
		b, err := unseal(b)
		if err != nil || len(b) != 8 {
			return fmt.Errorf("counter %s: %w", key, chain.ErrCorrupt)
		}
		n = binary.BigEndian.Uint64(b)
		return nil
	})
	if errors.Is(err, chain.ErrNotFound) {
		return 0, nil
	}
	return n, err
}

// get hands the value of key to f, or is chain.ErrNotFound. The bytes are f's
// only while it runs.
func get(txn *badger.Txn, key []byte, f func([]byte) error) error {
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return chain.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("read database: %w", err)
	}
	return item.Value(f)
}
