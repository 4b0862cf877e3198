package dbfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"

	"github.com/theater-go/theater/chain"
)

// entriesHeader is how many bytes stand before the first entry of Badger's .vlog and
// .mem files.
const entriesHeader = 20

// copiedLast is how many bytes of an entry, up to the length of its key, may be all that
// is missing of it: runtime.memmove writes what stands before an aligned address at the
// end.
const copiedLast = 3

// checkEntries refuses a .vlog or .mem file in whose middle an entry is damaged: Badger
// would cut it off there when it opens it. After the last whole entry there is nothing
// but zeros, or, where torn allows it, the beginning of one that was being written when
// the process was killed.
func checkEntries(path string, torn bool) error {
	src, err := OpenFile(path)
	if err != nil {
		return fmt.Errorf("check %s: %w", filepath.Base(path), err)
	}
	defer src.Close()
	at, length, err := firstDamage(src.file, src.size)
	if err != nil {
		return fmt.Errorf("check %s: %w", filepath.Base(path), err)
	}
	filled, err := src.filled(at)
	if err == nil && torn {
		if filled >= at+copiedLast {
			return nil
		}
		at += length
		filled, err = src.filled(at)
	}
	if err == nil && filled < src.size {
		err = fmt.Errorf("%s is damaged at byte %d of %d: %w", path, at, src.size, chain.ErrCorrupt)
	}
	return err
}

// firstDamage is where the first entry begins that is not whole, and how long it would
// be; 0 when that is not known.
func firstDamage(f io.ReaderAt, size int64) (at, length int64, err error) {
	at = entriesHeader
	r := bufio.NewReaderSize(io.NewSectionReader(f, at, max(size-at, 0)), 1<<20)
	sum := crc32.New(castagnoli)
	for {
		header, err := r.Peek(2 + 3*binary.MaxVarintLen64)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, 0, err
		}
		n, key, value := entryHeader(header)
		length = int64(n) + int64(key) + int64(value) + crc32.Size
		if n == 0 || key == 0 || length > size-at {
			return at, 0, nil
		}
		sum.Reset()
		var crc [crc32.Size]byte
		if _, err := io.CopyN(sum, r, length-crc32.Size); err != nil {
			return 0, 0, err
		}
		if _, err := io.ReadFull(r, crc[:]); err != nil {
			return 0, 0, err
		}
		if binary.BigEndian.Uint32(crc[:]) != sum.Sum32() {
			return at, length, nil
		}
		at += length
	}
}

// entryHeader reads the lengths that an entry begins with: of itself, of key and value.
// The first is 0 when it is none.
func entryHeader(b []byte) (n int, key, value uint32) {
	n = 2                 // flags
	var lengths [3]uint64 // the third is a time
	for i := range lengths {
		v, m := binary.Uvarint(b[min(n, len(b)):])
		if m <= 0 || i < 2 && v > 1<<31 {
			return 0, 0, 0
		}
		lengths[i], n = v, n+m
	}
	return n, uint32(lengths[0]), uint32(lengths[1])
}
