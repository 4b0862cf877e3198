package badgerlog

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/dgraph-io/badger/v4"
	"github.com/klauspost/compress/s2"

	"github.com/theater-go/theater/chain"
)

// blobPart is the length in bytes at which a blob is cut into values.
const blobPart = 32 << 20

func blobKey(sum chain.Hash, part int) []byte {
	return binary.BigEndian.AppendUint32(append(blobPrefix[:2:2], sum[:]...), uint32(part))
}

// setBlob writes the parts of a blob, the first one last: it stands for all.
func (b *batch) setBlob(sum chain.Hash, blob []byte) {
	for _, e := range slices.Backward(blobEntries(sum, blob)) {
		b.set(e.key, e.value)
	}
}

// blobEntries are the parts of a blob as they are kept.
func blobEntries(sum chain.Hash, blob []byte) (entries []entry) {
	for part := 0; part <= len(blob)/blobPart; part++ {
		cut := blob[part*blobPart : min((part+1)*blobPart, len(blob))]
		entries = append(entries, entry{blobKey(sum, part), s2.Encode(nil, cut)})
	}
	return entries
}

// removeBlob removes the parts of a blob, the first one first: without it there is
// none.
func (b *batch) removeBlob(sum chain.Hash) {
	for part := 0; b.err == nil; part++ {
		key := blobKey(sum, part)
		switch _, err := b.txn.Get(key); {
		case errors.Is(err, badger.ErrKeyNotFound):
			return
		case err != nil:
			b.err = err
		default:
			b.remove(key)
		}
	}
}

// hasBlob reports whether a blob is written.
func (l *Log) hasBlob(sum chain.Hash) bool {
	return l.view(func(txn *badger.Txn) error {
		_, err := txn.Get(blobKey(sum, 0))
		return err
	}) == nil
}

// Blob implements chain.Reader.
func (l *Log) Blob(ctx context.Context, sum chain.Hash) ([]byte, error) {
	var blob []byte
	err := l.view(func(txn *badger.Txn) error {
		for part, more := 0, true; more; part++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			err := get(txn, blobKey(sum, part), func(b []byte) error {
				n, err := s2.DecodedLen(b)
				if err != nil || n > blobPart {
					return fmt.Errorf("part %d: %w", part, chain.ErrCorrupt)
				}
				more = n == blobPart
				decoded, err := s2.Decode(nil, b)
				if err != nil {
					return fmt.Errorf("part %d: %w", part, chain.ErrCorrupt)
				}
				if part == 0 {
					blob = decoded
				} else {
					blob = append(blob, decoded...)
				}
				return nil
			})
			if err != nil {
				if part > 0 && errors.Is(err, chain.ErrNotFound) {
					err = fmt.Errorf("part %d is missing: %w", part, chain.ErrCorrupt)
				}
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("blob %s: %w", sum, err)
	}
	if sha256.Sum256(blob) != sum {
		return nil, fmt.Errorf("blob %s: bytes have another hash: %w", sum, chain.ErrCorrupt)
	}
	return blob, nil
}
