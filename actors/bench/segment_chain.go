package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"iter"

	"github.com/theater-go/theater/chain"
)

// segmentChain reads a finished segment of a single actor, which never began anew, as far
// as it is needed to verify a chain.
type segmentChain struct {
	chain.Reader // nil: nothing else is asked for
	*segment
}

// Records implements chain.Reader.
func (s segmentChain) Records(ctx context.Context, id chain.ID, _ uint64) iter.Seq2[chain.Record, error] {
	return func(yield func(chain.Record, error) bool) {
		rest := make([]byte, s.at)
		if _, err := io.ReadFull(io.NewSectionReader(s.file, 0, s.at), rest); err != nil {
			yield(chain.Record{}, err)
			return
		}
		var prev chain.Hash
		for len(rest) > 0 {
			rec, n, err := unframe(rest, prev)
			if !yield(rec, err) || err != nil || ctx.Err() != nil {
				return
			}
			prev, rest = rec.Hash, rest[n:]
		}
	}
}

// unframe reads the record at the front of b, and how long it is with its frame.
func unframe(b []byte, prev chain.Hash) (rec chain.Record, n int, err error) {
	if len(b) < frameHeader {
		return rec, 0, fmt.Errorf("a frame is cut short: %w", chain.ErrCorrupt)
	}
	n = frameHeader + int(binary.BigEndian.Uint32(b))
	if n > len(b) || crc32.Checksum(b[frameHeader:n], castagnoli) != binary.BigEndian.Uint32(b[4:]) {
		return rec, 0, fmt.Errorf("a frame is damaged: %w", chain.ErrCorrupt)
	}
	stored, _, err := chain.DecodeStored(b[frameHeader:n])
	if err == nil {
		rec, err = stored.Record(prev)
	}
	return rec, n, err
}
