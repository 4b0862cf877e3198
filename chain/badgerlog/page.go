package badgerlog

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/theater-go/theater/chain"
)

// pageSize is how many records of an actor one index page has room for.
const pageSize = 32

// place is where a record is: a block, and the offset among its records.
type place struct {
	block  uint64
	offset uint32
}

// page is an index page that is filled: the places of consecutive records, in the
// form in which they are written. For each that is the distance of its block from
// the one before, and its offset. A copy keeps what it has, whatever is added later.
type page struct {
	first uint64 // the record that the first place is of, a multiple of pageSize
	count int
	block uint64 // of the last place
	bytes []byte
}

// add adds the place of the next record; the page must not be full.
func (p *page) add(at place) {
	p.bytes = binary.AppendUvarint(p.bytes, at.block-p.block)
	p.bytes = binary.AppendUvarint(p.bytes, uint64(at.offset))
	p.block = at.block
	p.count++
}

// sealed is the page as the database keeps it.
func (p *page) sealed() []byte { return seal(slices.Clip(p.bytes)) }

// decodePage reads what sealed gave.
func decodePage(b []byte) ([]place, error) {
	b, err := unseal(b)
	if err != nil {
		return nil, err
	}
	return decodePlaces(b)
}

// decodePlaces reads the bytes of a page.
func decodePlaces(b []byte) ([]place, error) {
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
