package wasm

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// A snapshot is written as
//
//	magic 4 · sha256 of the module · uint rewriter · uint convention
//	sha256 of what initialisation makes, written so; zeros in that itself
//	clock 8 · uint arena · uint address and uint length of the last result
//	uint globals · 8 for each
//	uint pages of memory · uint runs · run …
//
//	run = uint grains since the end of the run before · uint grains · bytes
//
// Integers of a fixed length are big endian, others LEB128 in their shortest form;
// a grain is 256 bytes. A run is what differs from what initialisation makes of the
// module's memory, or from zeros: each of its grains does, and none beside it. So
// there is one encoding for every snapshot. Another layout has another magic.
const snapshotMagic = "thS\x01"

// ErrSnapshot is returned for bytes that are no snapshot of a module, or not of
// one as this program runs it.
var ErrSnapshot = errors.New("no snapshot of this module")

// Encode writes the snapshot down. The same machine gives the same bytes,
// wherever and whenever its turns were executed.
func (s *Snapshot) Encode() []byte {
	size := 256 + 8*len(s.globals)
	for _, r := range s.memory.runs {
		size += 2*binary.MaxVarintLen32 + len(r.data)
	}
	b := append(make([]byte, 0, size), snapshotMagic...)
	b = append(b, s.module.Sum[:]...)
	b = binary.AppendUvarint(b, Rewriter)
	b = binary.AppendUvarint(b, Convention)
	initial := [32]byte{}
	if s != s.module.initial {
		initial = s.module.initialSum()
	}
	b = append(b, initial[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.clock))
	for _, v := range []uint32{s.arena, s.result.ptr, s.result.len} {
		b = binary.AppendUvarint(b, uint64(v))
	}
	b = binary.AppendUvarint(b, uint64(len(s.globals)))
	for _, g := range s.globals {
		b = binary.BigEndian.AppendUint64(b, g)
	}
	b = binary.AppendUvarint(b, s.memory.size/pageSize)
	b = binary.AppendUvarint(b, uint64(len(s.memory.runs)))
	at := 0
	for i := range s.memory.runs {
		r := &s.memory.runs[i]
		b = binary.AppendUvarint(b, uint64((int(r.at)-at)/imageGrain))
		b = binary.AppendUvarint(b, uint64(len(r.data)/imageGrain))
		b = append(b, r.data...)
		at = r.end()
	}
	return b
}

// initialRuns are what initialisation makes of the memory.
func (m *Module) initialRuns() []run {
	if m.initial == nil {
		return nil
	}
	return m.initial.memory.runs
}

// initialSum is the sha256 of what initialisation makes, written down.
func (m *Module) initialSum() [32]byte {
	m.kept.Do(func() { m.sum = sha256.Sum256(m.initial.Encode()) })
	return m.sum
}

// DecodeSnapshot reads what Encode wrote of a machine of this module, all of b
// and nothing else; anything else is ErrSnapshot. It takes no more memory than b
// has bytes. The snapshot aliases b, which must not change any more.
func (m *Module) DecodeSnapshot(b []byte) (*Snapshot, error) {
	if m.initial == nil {
		return nil, fmt.Errorf("%w: %s", ErrFixed, m.prepared.Fixed)
	}
	r := snapshotReader{b: b}
	initial := m.initialSum()
	switch {
	case string(r.take(len(snapshotMagic))) != snapshotMagic:
		r.fail("other bytes than those it begins with")
	case !bytes.Equal(r.take(32), m.Sum[:]):
		r.fail("it is of another module")
	case r.uint(math.MaxUint32) != Rewriter || r.uint(math.MaxUint32) != Convention:
		r.fail("it is of another version of the engine")
	case !bytes.Equal(r.take(32), initial[:]):
		r.fail("the module is initialised to something else")
	}
	s := &Snapshot{module: m}
	s.clock = int64(r.fixed())
	s.arena = uint32(r.uint(math.MaxUint32))
	s.result = block{uint32(r.uint(math.MaxUint32)), uint32(r.uint(math.MaxUint32))}
	if n := r.uint(math.MaxUint32); n == uint64(len(m.prepared.Globals)) {
		for range n {
			s.globals = append(s.globals, r.fixed())
		}
	} else {
		r.fail("another number of globals")
	}
	s.memory = r.image(m)
	for _, own := range []block{{s.arena, arenaSize}, s.result} {
		if uint64(own.ptr)+uint64(own.len) > s.memory.size {
			r.fail("a block outside the memory")
		}
	}
	if len(r.b) > 0 {
		r.fail("bytes are left over")
	}
	if r.problem != "" {
		return nil, fmt.Errorf("%w: %s", ErrSnapshot, r.problem)
	}
	return s, nil
}

// snapshotReader reads from the front of b. After the first problem everything
// it reads is zero.
type snapshotReader struct {
	b       []byte
	problem string
}

func (r *snapshotReader) fail(problem string) {
	if r.problem == "" {
		r.problem = problem
	}
	r.b = nil
}

func (r *snapshotReader) take(n int) []byte {
	if n > len(r.b) {
		r.fail("bytes are missing")
		return nil
	}
	v := r.b[:n:n]
	r.b = r.b[n:]
	return v
}

func (r *snapshotReader) fixed() uint64 {
	if v := r.take(8); v != nil {
		return binary.BigEndian.Uint64(v)
	}
	return 0
}

// uint reads an integer of at most most.
func (r *snapshotReader) uint(most uint64) uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > most || n > 1 && r.b[n-1] == 0 {
		r.fail("an integer that is missing, too large or not in its shortest form")
		return 0
	}
	r.b = r.b[n:]
	return v
}

// image reads a memory on top of what initialisation makes.
func (r *snapshotReader) image(of *Module) image {
	m := image{size: r.uint(maxPages) * pageSize, under: of.initialRuns()}
	if m.size < of.initial.memory.size {
		r.fail("less memory than the module begins with")
	}
	was := grains{runs: m.under}
	at := 0
	for i, n := 0, r.uint(m.size/imageGrain); uint64(i) < n && r.problem == ""; i++ {
		gap, length := r.uint(m.size/imageGrain), r.uint(m.size/imageGrain)
		at += int(gap) * imageGrain
		piece := run{data: r.take(int(length) * imageGrain)}
		switch {
		case gap == 0 && i > 0 || length == 0:
			r.fail("a run that is none of its own")
		case uint64(at+len(piece.data)) > m.size:
			r.fail("a run outside the memory")
		}
		for rest := piece.data; len(rest) > 0 && r.problem == ""; rest = rest[imageGrain:] {
			if bytes.Equal(rest[:imageGrain], was.at(at+len(piece.data)-len(rest))) {
				r.fail("a run of what does not differ")
			}
		}
		piece.at = uint32(at)
		m.runs = append(m.runs, piece)
		at += len(piece.data)
	}
	return m
}

// Difference says in what two snapshots of one module differ, and "" when in
// nothing.
func (s *Snapshot) Difference(other *Snapshot) string {
	if s.memory.size != other.memory.size {
		return fmt.Sprintf("it has %d bytes of memory, not %d", s.memory.size, other.memory.size)
	}
	if at, differ := s.memory.differs(&other.memory); differ {
		return fmt.Sprintf("its memory differs from address %#x on", at)
	}
	for i, g := range s.globals {
		if g != other.globals[i] {
			return fmt.Sprintf("its mutable global %d is %#x, not %#x", i, g, other.globals[i])
		}
	}
	switch {
	case s.clock != other.clock:
		return fmt.Sprintf("its clock is at %d, not %d", s.clock, other.clock)
	case s.arena != other.arena || s.result != other.result:
		return "it has other blocks of its memory in use"
	}
	return ""
}
