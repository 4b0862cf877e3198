package pack

import "encoding/binary"

const (
	wireVersion = 2
	magic       = "CGRF"
	headerSize  = 16
	nodeHeader  = 12
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
	e := encoder{buf: dst, open: room[:0]}
	e.buf = append(e.buf, magic...)
	e.buf = binary.LittleEndian.AppendUint16(e.buf, wireVersion)
	e.buf = append(e.buf, 0, 0)
	e.buf = appendU32(e.buf, uint32(m.nodes))
	e.buf = appendU32(e.buf, uint32(m.nodes-1))
	e.value(&v)
	return e.buf, nil
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
	if v.node == nil {
		return nil
	}
	if v.kind == KindList && Kind(v.str[0]).width() > 0 {
		return invalid("List with primitive elem_type contains non-matching items; fix the elem_type or the items")
	}
	for i := range v.node.items {
		if err := m.add(&v.node.items[i], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// payloadSize is the size of v's own node without the node's header.
func (v *Value) payloadSize() int {
	items, names := 0, 0
	if v.node != nil {
		items, names = 4*len(v.node.items), len(v.node.names)
	}
	switch v.kind {
	case KindString:
		return 4 + len(v.str)
	case KindList:
		if v.flag != 0 {
			return 5 + len(v.str)
		}
		return len(v.str) + 4 + items
	case KindVariant:
		return 4 + len(v.str) + 4 + names + 8 + items
	case KindRecord:
		return 4 + len(v.str) + 4 + names + items
	case KindOption:
		return len(v.str) + 1 + items
	case KindResult:
		return len(v.str) + 5 + items
	case KindTuple, 0:
		return 4 + items
	}
	return v.kind.width()
}

// encoder writes nodes in post-order.
type encoder struct {
	buf  []byte
	next uint32   // index of the next node
	open []uint32 // indices of the children whose parent is not yet written
}

func (e *encoder) value(v *Value) {
	mark := len(e.open)
	if v.node != nil {
		for i := range v.node.items {
			e.value(&v.node.items[i])
			e.open = append(e.open, e.next-1)
		}
	}
	e.payload(v, e.open[mark:])
	e.open = e.open[:mark]
	e.next++
}

func (e *encoder) payload(v *Value, children []uint32) {
	kind := v.Kind()
	if v.packed() {
		kind = kindArray
	}
	b := append(e.buf, byte(kind), 0, 0, 0)
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
		b = appendStr(b, v.str)
		b = appendStr(b, v.node.names)
		b = appendU32(b, v.tag)
		b = appendU32(b, uint32(len(children)))
	case KindRecord:
		b = appendStr(b, v.str)
		b = appendU32(b, uint32(len(children)))
		if v.node != nil {
			b = append(b, v.node.names...)
		}
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
	e.buf = b
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
