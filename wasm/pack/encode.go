package pack

import "encoding/binary"

const (
	wireVersion = 2
	magic       = "CGRF"
	headerSize  = 16
	nodeHeader  = 8
)

// The limits of the format, held by both directions.
const (
	// MaxBytes is the size of an encoded value.
	MaxBytes = 256 << 20
	// MaxNodes is the number of nodes in one encoded value.
	MaxNodes = 10_000_000
	// MaxDepth is how deep values and types nest: a scalar has depth 1.
	MaxDepth = 1024

	maxPayload  = 128 << 20
	maxSequence = 128 << 20
)

// Encode returns the one canonical encoding of v. It fails for a list of a
// fixed-width type with an item of another type, and above [MaxDepth],
// [MaxNodes] and [MaxBytes].
func Encode(v Value) ([]byte, error) { return AppendEncode(nil, v) }

// MustEncode is Encode for constants: it panics when v has no encoding.
func MustEncode(v Value) []byte {
	b, err := Encode(v)
	if err != nil {
		panic(err)
	}
	return b
}

// AppendEncode appends the encoding of v to dst; on an error dst comes back
// unchanged.
func AppendEncode(dst []byte, v Value) ([]byte, error) {
	var m measure
	if err := m.add(&v, 1); err != nil {
		return dst, err
	}
	if m.bytes+headerSize > MaxBytes {
		return dst, tooLarge("Value too large")
	}
	if cap(dst)-len(dst) < m.bytes+headerSize {
		grown := make([]byte, len(dst), len(dst)+m.bytes+headerSize)
		copy(grown, dst)
		dst = grown
	}
	var room [32]uint32
	dst = appendHeader(dst, uint32(m.nodes))
	dst, _ = appendValue(dst, &v, room[:0], 0)
	return dst, nil
}

// measure counts the bytes and nodes of a value and refuses what has no encoding.
type measure struct {
	bytes, nodes int
}

func (m *measure) add(v *Value, depth int) error {
	if depth > MaxDepth {
		return tooDeep()
	}
	size := v.payloadSize()
	if size > maxPayload {
		return tooLarge("Payload too large")
	}
	m.nodes++
	m.bytes += nodeHeader + size
	if m.nodes > MaxNodes || m.bytes > MaxBytes {
		return tooLarge("Value too large")
	}
	if v.kind == KindList && len(v.items) > 0 && Kind(v.str[0]).width() > 0 {
		return invalid("List with primitive elem_type contains non-matching items; fix the elem_type or the items")
	}
	for i := range v.items {
		if err := m.add(&v.items[i], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// payloadSize is the size of v's own node without the node's header.
func (v *Value) payloadSize() int {
	children := 4 * len(v.items)
	switch v.kind {
	case KindString:
		return 4 + len(v.str)
	case KindList:
		if v.flag != 0 {
			return 5 + len(v.str)
		}
		return len(v.str) + 4 + children
	case KindVariant:
		return len(v.str) + 8 + children
	case KindRecord:
		return len(v.str) + children
	case KindOption:
		return len(v.str) + 1 + children
	case KindResult:
		return len(v.str) + 5 + children
	case KindTuple, 0:
		return 4 + children
	}
	return v.kind.width()
}

// appendValue writes the children of v, then v: next is the index of the first
// node it writes, open the stack of children whose parent is not yet written.
// It returns the index after its last node.
func appendValue(b []byte, v *Value, open []uint32, next uint32) ([]byte, uint32) {
	mark := len(open)
	for i := range v.items {
		b, next = appendValue(b, &v.items[i], open, next)
		open = append(open, next-1)
	}
	return appendNode(b, v, open[mark:]), next + 1
}

func appendNode(b []byte, v *Value, children []uint32) []byte {
	kind := v.Kind()
	if v.packed() {
		kind = kindArray
	}
	b = append(b, byte(kind), 0, 0, 0)
	b = appendU32(b, uint32(v.payloadSize()))
	switch kind {
	case KindString:
		b = appendStr(b, v.str)
	case kindArray:
		b = append(b, v.flag)
		b = appendU32(b, uint32(v.Len()))
		b = append(b, v.str...)
	case KindList:
		b = append(b, v.str...)
		b = appendU32(b, uint32(len(children)))
	case KindVariant:
		b = append(b, v.str...)
		b = appendU32(b, uint32(v.num))
		b = appendU32(b, uint32(len(children)))
	case KindRecord:
		b = append(b, v.str...)
	case KindOption:
		b = append(b, v.str...)
		b = append(b, v.flag)
	case KindResult:
		b = append(b, v.str...)
		b = appendU32(b, uint32(1-v.flag))
		b = append(b, 1)
	case KindTuple:
		b = appendU32(b, uint32(len(children)))
	default:
		b = appendFixed(b, kind.width(), v.num)
	}
	for _, i := range children {
		b = appendU32(b, i)
	}
	return b
}

func appendFixed(b []byte, width int, n uint64) []byte {
	switch width {
	case 1:
		return append(b, byte(n))
	case 2:
		return binary.LittleEndian.AppendUint16(b, uint16(n))
	case 4:
		return appendU32(b, uint32(n))
	}
	return binary.LittleEndian.AppendUint64(b, n)
}

func appendU32(b []byte, n uint32) []byte { return binary.LittleEndian.AppendUint32(b, n) }

func appendStr(b []byte, s string) []byte {
	return append(appendU32(b, uint32(len(s))), s...)
}

func le32(s string, i int) uint32 {
	s = s[i : i+4]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

func le64(s string, i int) uint64 { return uint64(le32(s, i)) | uint64(le32(s, i+4))<<32 }
