package badgerlog

import (
	"fmt"
	"hash"

	"github.com/klauspost/compress/s2"

	"github.com/theater-go/theater/chain"
)

// incoming is a blob whose parts come one after the other.
type incoming struct {
	sum  chain.Hash
	hash hash.Hash // nil for none
	next int       // part
	last bool      // there was one that is shorter
}

// of reports whether the blob is the one with that sum.
func (b *incoming) of(sum chain.Hash) bool { return b.hash != nil && b.sum == sum }

func (b *incoming) take(sum chain.Hash, part int, value []byte) error {
	if !b.of(sum) || part != b.next || b.last {
		return fmt.Errorf("another part is missing: %w", chain.ErrCorrupt)
	}
	n, err := s2.DecodedLen(value)
	if err != nil || n > blobPart {
		return fmt.Errorf("its length is wrong: %w", chain.ErrCorrupt)
	}
	decoded, err := s2.Decode(nil, value)
	if err != nil {
		return fmt.Errorf("it does not decompress: %w", chain.ErrCorrupt)
	}
	b.hash.Write(decoded)
	b.next, b.last = part+1, n < blobPart
	return nil
}

// complete is nil when the blob is there as a whole.
func (b *incoming) complete() error {
	if b.hash == nil {
		return nil
	}
	if !b.last || chain.Hash(b.hash.Sum(nil)) != b.sum {
		return fmt.Errorf("blob %s is not complete, or has another hash: %w", b.sum, chain.ErrCorrupt)
	}
	b.hash = nil
	return nil
}
