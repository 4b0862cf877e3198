package badgerlog

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"

	"github.com/klauspost/compress/s2"

	"github.com/theater-go/theater/chain/badgerlog/internal/dbfile"
)

// schema is how what the database of a log holds is told from other bytes.
var schema = dbfile.Schema{
	Keys:     [][]byte{blockPrefix, blobPrefix, pagePrefix, summaryPrefix, epochKey, watermarkKey, []byte("c/")},
	KeyMax:   64,
	ValueMax: frameMax,
	Bare:     dbfile.Bare{Magic: blockMagic, Header: blockHeader, Bound: blockBound, End: blockEnd, Keyed: blockKeyed},
}

// blockKeyed reports whether before ends with the key of the block that b begins with.
func blockKeyed(before, b []byte) bool {
	n := len(before) - 8
	return n >= len(blockPrefix) && len(b) >= 13 && bytes.Equal(before[n:], b[5:13])
}

// blockBound is the most bytes that a block with this header can have.
func blockBound(header []byte) int {
	length := binary.BigEndian.Uint32(header[17:])
	if length > blockSize+recordMax {
		return 0
	}
	return blockHeader + s2.MaxEncodedLen(int(length))
}

// blockEnd finds the end of the block that b begins with: there its crc holds. It is 0
// when there is none.
func blockEnd(b []byte) int {
	if len(b) < blockHeader || string(b[:len(blockMagic)]) != blockMagic {
		return 0
	}
	want := binary.BigEndian.Uint32(b[blockHeader-4:])
	length := binary.BigEndian.Uint32(b[17:])
	sum := ^crc32.Checksum(b[:blockHeader-4], castagnoli)
	for i := blockHeader; ; i++ {
		if ^sum == want {
			if n, err := s2.DecodedLen(b[blockHeader:i]); err == nil && uint64(n) == uint64(length) {
				return i
			}
		}
		if i == len(b) || i == blockBound(b) {
			return 0
		}
		sum = castagnoli[byte(sum)^b[i]] ^ sum>>8
	}
}
