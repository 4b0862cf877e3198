package wasm

import (
	"errors"
	"fmt"
)

// reader reads the binary format. After the first error it returns zeros.
type reader struct {
	b   []byte
	at  int
	err error
}

func (r *reader) byte() byte {
	if r.err != nil || r.at >= len(r.b) {
		r.fail(errTruncated)
		return 0
	}
	r.at++
	return r.b[r.at-1]
}

func (r *reader) leb() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.fail(errors.New("an integer is longer than ten bytes"))
	return 0
}

// u32 reads an index or a length: at most five bytes, as the format has it.
func (r *reader) u32() uint32 {
	var v uint32
	for shift := 0; shift < 35; shift += 7 {
		c := r.byte()
		if shift == 28 && c > 0x0f {
			break
		}
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	r.fail(errors.New("an integer does not fit in 32 bits"))
	return 0
}

// signed reads a signed integer of the given number of bits.
func (r *reader) signed(bits int) int64 {
	var v int64
	for shift := 0; shift < bits; shift += 7 {
		c := r.byte()
		v |= int64(c&0x7f) << shift
		if c >= 0x80 {
			continue
		}
		if left := 64 - shift - 7; left > 0 {
			v = v << left >> left
		}
		// The bits beyond the value repeat its sign.
		if used := bits - shift; used < 7 {
			if rest := int8(c<<1) >> used; rest != 0 && rest != -1 {
				break
			}
		}
		return v
	}
	r.fail(fmt.Errorf("an integer does not fit in %d bits", bits))
	return 0
}

// fail keeps the first error.
func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) skip(n uint32) {
	if uint64(r.at)+uint64(n) > uint64(len(r.b)) {
		r.fail(errTruncated)
		return
	}
	r.at += int(n)
}

func (r *reader) name() string {
	n := r.u32()
	from := r.at
	r.skip(n)
	if r.err != nil {
		return ""
	}
	return string(r.b[from:r.at])
}

func (r *reader) limits() MemoryLimits {
	var m MemoryLimits
	flags := r.byte()
	m.Min = r.leb()
	if flags&1 != 0 {
		m.Max, m.HasMax = r.leb(), true
	}
	return m
}
