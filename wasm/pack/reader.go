package pack

import "unicode/utf8"

// reader reads one region of a buffer front to back. After an error nothing is
// left to read: it returns zeros, and the first error is kept.
type reader struct {
	s   string
	pos int
	err error
}

func (r *reader) take(n int) string {
	if n > len(r.s)-r.pos {
		r.fail(tooSmall(r.pos+n, len(r.s)))
		return ""
	}
	r.pos += n
	return r.s[r.pos-n : r.pos]
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.s = r.s[:r.pos]
}

func (r *reader) u8() uint8 {
	if s := r.take(1); s != "" {
		return s[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if s := r.take(2); s != "" {
		return uint16(s[0]) | uint16(s[1])<<8
	}
	return 0
}

func (r *reader) u32() uint32 {
	if len(r.s)-r.pos < 4 {
		r.take(4)
		return 0
	}
	n := le32(r.s, r.pos)
	r.pos += 4
	return n
}

// length reads the number of bytes or elements that follow in node i.
func (r *reader) length(i int) int {
	n := r.u32()
	if r.err == nil && n > maxSequence {
		r.fail(invalidAt("Sequence too large", i))
		return 0
	}
	return int(n)
}

// name reads a length-prefixed string; what says which one in an error.
func (r *reader) name(what string) string {
	s := r.take(int(r.u32()))
	if r.err == nil && !utf8.ValidString(s) {
		r.fail(invalid("Invalid UTF-8 in " + what))
	}
	return s
}

// typ reads one type.
func (r *reader) typ() Type {
	start := r.pos
	r.skipType(1)
	if r.err != nil {
		return Type{}
	}
	return typeOf(r.s[start:r.pos])
}

func (r *reader) skipType(depth int) {
	kind := Kind(r.u8())
	if r.err != nil {
		return
	}
	if depth > MaxDepth {
		r.fail(tooDeep())
		return
	}
	parts := 0
	switch kind {
	case KindRecord, KindVariant:
		r.name("type name")
	case KindList, KindOption:
		parts = 1
	case KindResult:
		parts = 2
	case KindTuple:
		parts = int(r.u32())
	default:
		if kind == 0 || kind >= kindArray {
			r.fail(invalidTag(uint64(kind)))
		}
	}
	for i := 0; i < parts && r.err == nil; i++ {
		r.skipType(depth + 1)
	}
}

// end returns the first error, or one when the payload of node i has more.
func (r *reader) end(i int) error {
	if r.err == nil && r.pos != len(r.s) {
		return invalidAt("Trailing payload bytes", i)
	}
	return r.err
}
