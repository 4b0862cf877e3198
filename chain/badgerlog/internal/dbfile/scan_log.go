package dbfile

import (
	"encoding/binary"
	"hash/crc32"
)

// Badger's logs, *.vlog and *.mem, have 20 bytes of their own, then entries up to the
// first zeros:
//
//	meta 1 · user meta 1 · uvarint length of key · uvarint length of value ·
//	uvarint expiry · key · value · crc32c 4
//
// A key ends with the 8 bytes of its version.
const entryHeaderMax = 22 // at most

// plausibleEntry reads the header of an entry that may begin with b, of which there are
// rest bytes in all.
func (s *Schema) plausibleEntry(b []byte, rest int64) (head, key int, size int64, ok bool) {
	if len(b) < 5 || b[1] != 0 {
		return 0, 0, 0, false
	}
	head, klen, vlen := entryHeader(b)
	if head == 0 || klen <= versionSize || klen > uint32(s.KeyMax) || vlen > s.ValueMax {
		return 0, 0, 0, false
	}
	if len(b) < head+int(klen) || b[head-1] != 0 { // nothing of ours expires
		return 0, 0, 0, false
	}
	size = int64(head) + int64(klen) + int64(vlen) + 4
	return head, int(klen), size, s.begins(b[head:]) && size <= rest
}

// logScan reads a log tolerantly: what is damaged is left out, and named.
type logScan struct {
	schema *Schema
	src    *File
	told   Told
	// work bounds how many bytes are summed up in search of what follows a damage: a
	// file may be full of what only looks as if it were something.
	work int64
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
			if err := l.told.Found(item); err != nil {
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
func (l *logScan) entry(at int64) (item Item, size int64, err error) {
	b, err := l.src.Bytes(at, entryHeaderMax+l.schema.KeyMax)
	if err != nil {
		return item, 0, err
	}
	head, key, size, ok := l.schema.plausibleEntry(b, l.src.size-at)
	if !ok {
		return item, 0, nil
	}
	if b, err = l.src.Bytes(at, int(size)); err != nil || int64(len(b)) < size {
		return item, 0, err
	}
	l.work -= size
	end := len(b) - 4
	if binary.BigEndian.Uint32(b[end:]) != crc32.Checksum(b[:end], castagnoli) {
		return item, 0, nil
	}
	return newItem(b[head:head+key], b[0], b[head+key:end], at+int64(head+key)), size, nil
}

// resume finds the next entry after a damage that begins at a place, and says where.
func (l *logScan) resume(damage int64) (int64, error) {
	b, err := l.src.Bytes(damage, entryHeaderMax+l.schema.KeyMax)
	if err != nil {
		return 0, err
	}
	head, key, size, ok := l.schema.plausibleEntry(b, l.src.size-damage)
	at := l.schema.bareIn(b)
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
		l.told.Lost(damage, next)
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
			if err := l.told.Step(at); err != nil {
				return 0, err
			}
		}
	}
	return l.src.size, nil
}

// bare takes the value at a place in an entry whose header or key is damaged, and returns
// where the entry ends; 0 for none.
func (l *logScan) bare(at int64) (int64, error) {
	bare := &l.schema.Bare
	b, err := l.src.Bytes(at, bare.Header)
	if err != nil || len(b) < bare.Header || string(b[:len(bare.Magic)]) != bare.Magic {
		return 0, err
	}
	if b, err = l.src.Bytes(at, bare.Bound(b)); err != nil {
		return 0, err
	}
	l.work -= int64(len(b))
	end := bare.End(b)
	if end == 0 {
		return 0, nil
	}
	return at + int64(end) + 4, l.told.Found(Item{Value: b[:end], At: at})
}
