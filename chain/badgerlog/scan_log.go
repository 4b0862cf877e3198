package badgerlog

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"

	"github.com/klauspost/compress/s2"
)

// Badger's logs, *.vlog and *.mem, have 20 bytes of their own, then entries up to the
// first zeros:
//
//	meta 1 · user meta 1 · uvarint length of key · uvarint length of value ·
//	uvarint expiry · key · value · crc32c 4
//
// A key ends with the 8 bytes of its version, of which a later one sorts first.
const (
	entryHeaderMax = 22 // at most
	versionSize    = 8

	metaDeleted = 1 << 0
	metaPointer = 1 << 1 // the value says where another log has it
)

// keyBeginnings are those of all keys that there are.
var keyBeginnings = [][]byte{blockPrefix, blobPrefix, pagePrefix, summaryPrefix, epochKey, watermarkKey, []byte("!badger!"), []byte("c/")}

const keyMax = 64

// foundItem is one value that was found in a file.
type foundItem struct {
	key     []byte // without its version; nil when only the value tells what it is
	version uint64
	meta    byte
	value   []byte
	at      int64 // of the value in the file
}

// plausibleEntry reads the header of an entry that may begin with b, of which there are
// rest bytes in all.
func plausibleEntry(b []byte, rest int64) (head, key int, size int64, ok bool) {
	if len(b) < 5 || b[1] != 0 {
		return 0, 0, 0, false
	}
	head, klen, vlen := entryHeader(b)
	if head == 0 || klen <= versionSize || klen > keyMax || vlen > frameMax {
		return 0, 0, 0, false
	}
	if len(b) < head+int(klen) || b[head-1] != 0 { // nothing of ours expires
		return 0, 0, 0, false
	}
	known := false
	for _, beginning := range keyBeginnings {
		known = known || bytes.HasPrefix(b[head:], beginning)
	}
	size = int64(head) + int64(klen) + int64(vlen) + 4
	return head, int(klen), size, known && size <= rest
}

// logScan reads a log tolerantly: what is damaged is left out, and named.
type logScan struct {
	src *source
	// work bounds how many bytes are summed up in search of what follows a damage: a
	// file may be full of what only looks as if it were something.
	work  int64
	found func(foundItem) error
	lost  func(from, to int64)
	step  func(at int64) error
}

func (l *logScan) run() error {
	l.work = 64*l.src.size + 64<<20
	at := int64(entriesHeader)
	for at < l.src.size {
		item, size, err := l.entry(at)
		switch {
		case err != nil:
			return err
		case size > 0:
			if err := l.found(item); err != nil {
				return err
			}
			at += size
			continue
		}
		start, err := l.src.filled(at)
		if err != nil {
			return err
		}
		if start == l.src.size {
			return nil
		}
		if at, err = l.resume(max(at, start-2)); err != nil { // an entry may begin with two zeros
			return err
		}
	}
	return nil
}

// entry reads the entry at a place; size is 0 where none is whole.
func (l *logScan) entry(at int64) (item foundItem, size int64, err error) {
	b, err := l.src.bytes(at, entryHeaderMax+keyMax)
	if err != nil {
		return item, 0, err
	}
	head, key, size, ok := plausibleEntry(b, l.src.size-at)
	if !ok {
		return item, 0, nil
	}
	if b, err = l.src.bytes(at, int(size)); err != nil || int64(len(b)) < size {
		return item, 0, err
	}
	l.work -= size
	end := len(b) - 4
	if binary.BigEndian.Uint32(b[end:]) != crc32.Checksum(b[:end], castagnoli) {
		return item, 0, nil
	}
	return newItem(b[head:head+key], b[0], b[head+key:end], at+int64(head+key)), size, nil
}

func newItem(key []byte, meta byte, value []byte, at int64) foundItem {
	n := len(key) - versionSize
	return foundItem{key: key[:n], version: math.MaxUint64 - binary.BigEndian.Uint64(key[n:]), meta: meta, value: value, at: at}
}

// resume finds the next entry after a damage that begins at a place, and says where.
func (l *logScan) resume(damage int64) (int64, error) {
	b, err := l.src.bytes(damage, entryHeaderMax+keyMax)
	if err != nil {
		return 0, err
	}
	head, key, size, ok := plausibleEntry(b, l.src.size-damage)
	at := bareBlock(b)
	if ok {
		at = head + key
	}
	next, err := l.bare(damage + int64(at))
	if err == nil && next == 0 && ok && l.work > 0 {
		next, err = l.follows(damage + size)
	}
	if err == nil && next == 0 {
		next, err = l.search(damage + 1)
	}
	if err == nil {
		l.lost(damage, next)
	}
	return next, err
}

// follows is the place, if there is an entry or the end: then the lengths of the entry
// before are right, and nothing within it is looked at.
func (l *logScan) follows(at int64) (int64, error) {
	_, size, err := l.entry(at)
	if err != nil || size == 0 && at < l.src.size {
		return 0, err
	}
	return at, nil
}

// search looks for an entry anywhere.
func (l *logScan) search(at int64) (int64, error) {
	for ; at < l.src.size && l.work > 0; at++ {
		if _, size, err := l.entry(at); err != nil || size > 0 {
			return at, err
		}
		if l.work--; at&(window-1) == 0 {
			if err := l.step(at); err != nil {
				return 0, err
			}
		}
	}
	return l.src.size, nil
}

// bareBlock is where in an entry a block begins that has the number of the key; 0 for none.
func bareBlock(b []byte) int {
	const key = 2 + 8 + versionSize
	i := bytes.Index(b, []byte(blockMagic))
	if i < key || len(b) < i+13 || !bytes.Equal(b[i-key+2:][:8], b[i+5:][:8]) {
		return 0
	}
	return i
}

// bare takes the block at a place in an entry whose header or key is damaged, and returns
// where the entry ends; 0 for none.
func (l *logScan) bare(at int64) (int64, error) {
	b, err := l.src.bytes(at, blockHeader)
	if err != nil || len(b) < blockHeader || string(b[:len(blockMagic)]) != blockMagic {
		return 0, err
	}
	if b, err = l.src.bytes(at, blockBound(b)); err != nil {
		return 0, err
	}
	l.work -= int64(len(b))
	end := blockEnd(b)
	if end == 0 {
		return 0, nil
	}
	return at + int64(end) + 4, l.found(foundItem{value: b[:end], at: at})
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
