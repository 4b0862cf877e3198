package badgerlog

import (
	"encoding/binary"
	"fmt"

	"github.com/theater-go/theater/chain"
)

// pageSize is how many records of an actor one index page has room for.
const pageSize = 32

// place is where a record is: a block, and the offset among its records.
type place struct {
	block  uint64
	offset uint32
}

// encodePage writes the places of consecutive records: for each the distance
// of its block from the one before, and its offset.
func encodePage(places []place) []byte {
	b := make([]byte, 0, 4*len(places)+16)
	var block uint64
	for _, p := range places {
		b = binary.AppendUvarint(b, p.block-block)
		b = binary.AppendUvarint(b, uint64(p.offset))
		block = p.block
	}
	return seal(b)
}

func decodePage(b []byte) ([]place, error) {
	b, err := unseal(b)
	if err != nil {
		return nil, err
	}
	places := make([]place, 0, pageSize)
	var block uint64
	for len(b) > 0 && len(places) < pageSize {
		delta, n := binary.Uvarint(b)
		offset, m := binary.Uvarint(b[max(n, 0):])
		if n <= 0 || m <= 0 {
			break
		}
		block += delta
		places = append(places, place{block, uint32(offset)})
		b = b[n+m:]
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("not a page: %w", chain.ErrCorrupt)
	}
	return places, nil
}
