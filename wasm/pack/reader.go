package pack

import "unicode/utf8"

// reader reads one region of a buffer front to back. After an error it stays
// where it is and returns zeros; the first error is kept.
type reader struct {
	s   string
	pos int
	err error
}

func (r *reader) take(n int) string {
	if r.err != nil {
		return ""
	}
	if n > len(r.s)-r.pos {
		r.err = tooSmall(r.pos+n, len(r.s))
		return ""
	}
	r.pos += n
	return r.s[r.pos-n : r.pos]
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
	if s := r.take(4); s != "" {
		return le32(s, 0)
	}
	return 0
}

// length reads the number of bytes or elements that follow in node i.
func (r *reader) length(i int) int {
	n := r.u32()
	if r.err == nil && n > maxSequence {
		r.err = invalidAt("Sequence too large", i)
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

// name reads a length-prefixed string; what says which one in an error.
func (r *reader) name(what string) string {
	s := r.take(int(r.u32()))
	if r.err == nil && !utf8.ValidString(s) {
		r.err = invalid("Invalid UTF-8 in " + what)
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
		r.err = tooDeep()
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
			r.err = invalidTag(uint64(kind))
		}
	}
	for i := 0; i < parts && r.err == nil; i++ {
		r.skipType(depth + 1)
	}
}

// end returns the first error, or one when the payload of node i has more.
func (r *reader) end(i int) error {
	if r.err == nil && r.pos != len(r.s) {
		r.err = invalidAt("Trailing payload bytes", i)
	}
	return r.err
}
