package dbfile

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
)

// tableMax is the longest table that is looked into, in bytes; Badger's are far shorter.
const tableMax = 256 << 20

// versionSize is how many bytes a key ends with that are Badger's: its version, of which
// a later one sorts first.
const versionSize = 8

const (
	metaDeleted = 1 << 0
	metaPointer = 1 << 1 // the value says where another log has it
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Schema says how what is kept in a database is told from other bytes. It needs all of
// its fields.
type Schema struct {
	Keys     [][]byte // what keys begin with, without Badger's own
	KeyMax   int      // bytes of the longest key, with its version
	ValueMax uint32   // bytes of the longest value
	Bare     Bare
}

// Bare is how values are found whose key or entry is damaged. They begin with a magic,
// and say themselves where they end. Its functions keep no bytes.
type Bare struct {
	Magic  string
	Header int // bytes of a value, from the magic on, that Bound needs

	// Bound is the most bytes that a value with this header can have.
	Bound func(header []byte) int
	// End is where the value ends that b begins with; 0 when b begins with none that is
	// whole.
	End func(b []byte) int
	// Keyed reports whether before ends with the key of the value that b begins with, of
	// which there may be little.
	Keyed func(before, b []byte) bool
}

// badgerKeys is what Badger's own keys begin with.
var badgerKeys = []byte("!badger!")

// begins reports whether b begins with a key.
func (s *Schema) begins(b []byte) bool {
	for _, beginning := range s.Keys {
		if bytes.HasPrefix(b, beginning) {
			return true
		}
	}
	return bytes.HasPrefix(b, badgerKeys)
}

// bareIn is where in an entry a value begins whose key is before it; 0 for none.
func (s *Schema) bareIn(b []byte) int {
	i := bytes.Index(b, []byte(s.Bare.Magic))
	if i < versionSize || !s.Bare.Keyed(b[:i-versionSize], b[i:]) {
		return 0
	}
	return i
}

// Item is one value that was found in a file.
type Item struct {
	Key     []byte // without its version; nil when only the value tells what it is
	Version uint64
	Value   []byte
	At      int64 // of the value in the file

	meta byte
}

// Kept reports whether the value is what the key has: not of a key that was removed, nor
// of one whose value another file has.
func (i *Item) Kept() bool { return i.meta&(metaDeleted|metaPointer) == 0 }

func newItem(key []byte, meta byte, value []byte, at int64) Item {
	n := len(key) - versionSize
	return Item{Key: key[:n], Version: math.MaxUint64 - binary.BigEndian.Uint64(key[n:]), meta: meta, Value: value, At: at}
}

// Told is what is told of a file while it is scanned. An error of one of its functions
// ends the scan, which returns it.
type Told struct {
	Found func(Item) error     // the bytes are its only while it runs
	Lost  func(from, to int64) // a part of the file that is not what was written
	Step  func(at int64) error // now and then, where long nothing is found
}

// Scan reads a .vlog, .mem or .sst file tolerantly: what is damaged is left out, and
// told. The error is of the system, or of one who was told.
func (s *Schema) Scan(f *File, told Told) error {
	switch {
	case filepath.Ext(f.file.Name()) != ".sst":
		l := logScan{schema: s, src: f, told: told}
		return l.run()
	case f.size > tableMax:
		told.Lost(0, f.size)
		return nil
	}
	data, err := os.ReadFile(f.file.Name())
	if err != nil {
		return err
	}
	t := tableScan{schema: s, data: data, told: told}
	return t.run()
}
