package badgerlog

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/klauspost/compress/s2"

	"github.com/theater-go/theater/chain"
)

// A block is a run of stored records in the order of the log:
//
//	magic 4 · version 1 · number 8 · count 4 · length 4 · crc32c 4 · records
//
// The records are S2-compressed, length is theirs before; the crc is over the
// header before it and the compressed records.
const (
	blockMagic   = "thB\x01"
	blockVersion = 1
	blockHeader  = 4 + 1 + 8 + 4 + 4 + 4

	// blockSize is where a block is cut, in bytes before compression: the
	// least that must be read to read one record.
	blockSize = 32 << 10

	// recordMax is the longest record that is taken, in bytes as stored: Badger
	// takes no value longer than a file of its value log.
	recordMax = 100 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encodeBlock makes a block, in buf when it is large enough.
func encodeBlock(buf []byte, number uint64, count int, records []byte) []byte {
	b := slices.Grow(buf[:0], blockHeader+s2.MaxEncodedLen(len(records)))[:blockHeader]
	body := s2.Encode(b[blockHeader:cap(b)], records)
	b = b[:blockHeader+len(body)]
	copy(b, blockMagic)
	b[4] = blockVersion
	binary.BigEndian.PutUint64(b[5:], number)
	binary.BigEndian.PutUint32(b[13:], uint32(count))
	binary.BigEndian.PutUint32(b[17:], uint32(len(records)))
	binary.BigEndian.PutUint32(b[21:], blockSum(b))
	return b
}

func blockSum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[:blockHeader-4], castagnoli), castagnoli, b[blockHeader:])
}

// checkBlock checks that b is block number, as it was written.
func checkBlock(number uint64, b []byte) error {
	fail := func(problem string) error {
		return fmt.Errorf("block %d: %s: %w", number, problem, chain.ErrCorrupt)
	}
	if len(b) < blockHeader || string(b[:4]) != blockMagic || binary.BigEndian.Uint32(b[21:]) != blockSum(b) {
		return fail("bytes are not those that were written")
	}
	if b[4] > blockVersion {
		return fmt.Errorf("block %d is of version %d: %w", number, b[4], chain.ErrVersion)
	}
	if binary.BigEndian.Uint64(b[5:]) != number {
		return fail("another block stands in its place")
	}
	return nil
}

// decodeBlock checks block number and returns its records, in buf when it is
// large enough.
func decodeBlock(number uint64, b, buf []byte) (records []byte, count uint32, err error) {
	if err := checkBlock(number, b); err != nil {
		return nil, 0, err
	}
	fail := func(problem string) ([]byte, uint32, error) {
		return nil, 0, fmt.Errorf("block %d: %s: %w", number, problem, chain.ErrCorrupt)
	}
	length := binary.BigEndian.Uint32(b[17:])
	if n, err := s2.DecodedLen(b[blockHeader:]); err != nil || uint64(n) != uint64(length) || n > blockSize+recordMax {
		return fail("its length is wrong")
	}
	records, err = s2.Decode(buf[:cap(buf)], b[blockHeader:])
	if err != nil {
		return fail("its records do not decompress")
	}
	return records, binary.BigEndian.Uint32(b[13:]), nil
}
