package dbfile

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// A table of Badger's, *.sst, is a sequence of pieces, an index and a footer:
//
//	piece = entry … · offset of each entry, 4 little endian · count 4 · checksum · its length 4
//	entry = overlap 2 · rest 2, little endian · rest of the key · meta 1 · user meta 1 · expiry 1 · value
//	footer = length of the index 4 · checksum of the index · its length 4
//
// Of its key an entry has what differs from the first key of its piece. A checksum is a
// message of protobuf with a crc32c of all that is before it of the piece. The tables of
// a data folder are not compressed.
const (
	pieceMin = 4 + 4 + 4 + 4
	// pieceMax is more than any piece has: 4 KiB, or one entry.
	pieceMax = 16 << 10

	checksumMin, checksumMax = 2, 16
)

// tableScan reads a table tolerantly.
type tableScan struct {
	schema *Schema
	data   []byte
	told   Told
}

func (t *tableScan) run() error {
	end := t.index()
	for at := 0; at < end; {
		if size := t.piece(at, end); size > 0 {
			if err := t.entries(at, t.data[at:at+size], true); err != nil {
				return err
			}
			at += size
			continue
		}
		next := t.resume(at+1, end)
		t.told.Lost(int64(at), int64(next))
		if err := t.entries(at, t.data[at:next], false); err != nil {
			return err
		}
		if err := t.bare(at, next); err != nil {
			return err
		}
		at = next
	}
	return nil
}

// index finds where the pieces end. Where the index is damaged that may be anywhere.
func (t *tableScan) index() (end int) {
	n := len(t.data)
	b, sum, ok := trailer(t.data)
	if !ok || len(b) < 4 {
		return n
	}
	length := binary.BigEndian.Uint32(b[len(b)-4:])
	b = b[:len(b)-4]
	if uint64(length) > uint64(len(b)) {
		return n
	}
	end = len(b) - int(length)
	if crc32.Checksum(b[end:], castagnoli) != sum {
		return n
	}
	return end
}

// trailer cuts a checksum from the end of b.
func trailer(b []byte) (rest []byte, sum uint32, ok bool) {
	if len(b) < 4 {
		return nil, 0, false
	}
	length := int(binary.BigEndian.Uint32(b[len(b)-4:]))
	b = b[:len(b)-4]
	if length < checksumMin || length > min(checksumMax, len(b)) {
		return nil, 0, false
	}
	rest, b = b[:len(b)-length], b[len(b)-length:]
	if b[0] == 1<<3 { // the algorithm
		if len(b) < 4 || b[1] != 0 {
			return nil, 0, false
		}
		b = b[2:]
	}
	if b[0] != 2<<3 {
		return nil, 0, false
	}
	v, n := binary.Uvarint(b[1:])
	return rest, uint32(v), n == len(b)-1 && v>>32 == 0
}

// piece is the length of the piece that begins at a place; 0 where none is whole.
func (t *tableScan) piece(at, end int) int {
	if !t.begins(at) {
		return 0
	}
	sums := make([]uint32, 1, pieceMax) // of so many bytes, inverted
	sums[0] = ^uint32(0)
	for size := pieceMin; size <= min(pieceMax, end-at); size++ {
		rest, want, ok := trailer(t.data[at : at+size])
		if !ok {
			continue
		}
		for n := len(sums) - 1; n < len(rest); n++ {
			sums = append(sums, castagnoli[byte(sums[n])^t.data[at+n]]^sums[n]>>8)
		}
		if ^sums[len(rest)] == want {
			return size
		}
	}
	return 0
}

// begins reports whether a piece may begin at a place: with a whole key.
func (t *tableScan) begins(at int) bool {
	b := t.data[at:]
	if len(b) < 4+versionSize || b[0] != 0 || b[1] != 0 {
		return false
	}
	if n := int(binary.LittleEndian.Uint16(b[2:])); n <= versionSize || n > t.schema.KeyMax {
		return false
	}
	return t.schema.begins(b[4:])
}

// resume finds the next piece that is whole.
func (t *tableScan) resume(at, end int) int {
	for ; at < end; at++ {
		if t.piece(at, end) > 0 {
			return at
		}
	}
	return end
}

// entries reads those of a piece. Of one that is not whole the places of its entries may
// be wrong, and the keys; then only values count that say themselves what they are.
func (t *tableScan) entries(at int, piece []byte, whole bool) error {
	b, _, ok := trailer(piece)
	if !ok || len(b) < 4 {
		return nil
	}
	count := int(binary.BigEndian.Uint32(b[len(b)-4:]))
	b = b[:len(b)-4]
	if count <= 0 || count > len(b)/4 {
		return nil
	}
	places := b[len(b)-4*count:]
	b = b[:len(b)-4*count]
	place := func(i int) int {
		if i == count {
			return len(b)
		}
		return int(binary.LittleEndian.Uint32(places[4*i:]))
	}
	var base []byte
	for i := range count {
		from, to := place(i), place(i+1)
		if from < 0 || from > to || to > len(b) {
			continue
		}
		key, meta, value, ok := tableEntry(base, b[from:to])
		if !ok {
			continue
		}
		if i == 0 {
			base = key
		}
		item := newItem(key, meta, value, int64(at+to-len(value)))
		if !whole {
			item.Key = nil
		}
		if err := t.told.Found(item); err != nil {
			return err
		}
	}
	return nil
}

func tableEntry(base, b []byte) (key []byte, meta byte, value []byte, ok bool) {
	if len(b) < 4 {
		return nil, 0, nil, false
	}
	overlap, rest := int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:]))
	b = b[4:]
	if overlap > len(base) || overlap+rest < versionSize || len(b) < rest+3 || b[rest+1] != 0 || b[rest+2] != 0 {
		return nil, 0, nil, false
	}
	key = append(base[:overlap:overlap], b[:rest]...)
	return key, b[rest], b[rest+3:], true
}

// bare looks for values in what is not whole.
func (t *tableScan) bare(at, end int) error {
	for {
		i := bytes.Index(t.data[at:end], []byte(t.schema.Bare.Magic))
		if i < 0 {
			return nil
		}
		at += i
		size := t.schema.Bare.End(t.data[at:min(end, at+pieceMax)])
		if size == 0 {
			at++
			continue
		}
		if err := t.told.Found(Item{Value: t.data[at : at+size], At: int64(at)}); err != nil {
			return err
		}
		at += size
	}
}
