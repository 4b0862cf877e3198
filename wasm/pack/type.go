package pack

import (
	"strings"
	"unicode/utf8"
)

// Kind names the shape of a value or type. The numbers are those of the wire.
type Kind uint8

// The kinds.
const (
	KindBool    Kind = 0x01
	KindS32     Kind = 0x02
	KindS64     Kind = 0x03
	KindF32     Kind = 0x04
	KindF64     Kind = 0x05
	KindString  Kind = 0x06
	KindList    Kind = 0x07
	KindVariant Kind = 0x08
	KindRecord  Kind = 0x09
	KindOption  Kind = 0x0A
	KindTuple   Kind = 0x0B
	KindU8      Kind = 0x0C
	KindU16     Kind = 0x0D
	KindU32     Kind = 0x0E
	KindU64     Kind = 0x0F
	KindS8      Kind = 0x10
	KindS16     Kind = 0x11
	KindChar    Kind = 0x12
	KindFlags   Kind = 0x13
	KindResult  Kind = 0x14

	// KindValue is the descriptor of a parameter or result that may be any value.
	KindValue Kind = 0x00
	// KindRef is the descriptor of a name that its Pact source does not declare.
	KindRef Kind = 0x20

	// kindArray is a node only: a list of fixed-width elements.
	kindArray Kind = 0x15
)

var kindNames = [...]string{
	KindBool: "bool", KindS32: "s32", KindS64: "s64", KindF32: "f32", KindF64: "f64",
	KindString: "string", KindList: "list", KindVariant: "variant", KindRecord: "record",
	KindOption: "option", KindTuple: "tuple", KindU8: "u8", KindU16: "u16", KindU32: "u32",
	KindU64: "u64", KindS8: "s8", KindS16: "s16", KindChar: "char", KindFlags: "flags",
	KindResult: "result", KindValue: "value", KindRef: "reference",
}

// String returns the Pact word for the kind.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "unknown"
}

var kindWidths = [...]uint8{
	KindBool: 1, KindU8: 1, KindS8: 1,
	KindU16: 2, KindS16: 2,
	KindU32: 4, KindS32: 4, KindF32: 4, KindChar: 4,
	KindU64: 8, KindS64: 8, KindF64: 8, KindFlags: 8,
	kindArray: 0,
}

// width is the size in bytes of a fixed-width element, 0 for every other kind.
func (k Kind) width() int {
	if int(k) < len(kindWidths) {
		return int(kindWidths[k])
	}
	return 0
}

// Type is the type header that lists, options and results carry, and the
// inferred type of a value. Records and variants are known by name only; their
// structure is a [TypeDesc]. A Type is immutable and comparable; the zero Type
// is tuple<>.
type Type struct {
	// enc is the wire form, except that tuple<> is "". The wire form is unique,
	// so that comparing and encoding are string operations.
	enc string
}

// The types without parts.
var (
	TypeBool   = Type{"\x01"}
	TypeS32    = Type{"\x02"}
	TypeS64    = Type{"\x03"}
	TypeF32    = Type{"\x04"}
	TypeF64    = Type{"\x05"}
	TypeString = Type{"\x06"}
	TypeU8     = Type{"\x0C"}
	TypeU16    = Type{"\x0D"}
	TypeU32    = Type{"\x0E"}
	TypeU64    = Type{"\x0F"}
	TypeS8     = Type{"\x10"}
	TypeS16    = Type{"\x11"}
	TypeChar   = Type{"\x12"}
	TypeFlags  = Type{"\x13"}
	TypeUnit   = Type{}
	TypeBytes  = Type{"\x07\x0C"}
)

const unitEnc = "\x0B\x00\x00\x00\x00"

// typeOf wraps the wire form of one type.
func typeOf(enc string) Type {
	if enc == unitEnc {
		return Type{}
	}
	return Type{enc}
}

func (t Type) wire() string {
	if t.enc == "" {
		return unitEnc
	}
	return t.enc
}

// ListOf is list<elem>.
func ListOf(elem Type) Type { return Type{"\x07" + elem.wire()} }

// OptionOf is option<inner>.
func OptionOf(inner Type) Type { return Type{"\x0A" + inner.wire()} }

// ResultOf is result<ok, err>.
func ResultOf(ok, err Type) Type { return Type{"\x14" + ok.wire() + err.wire()} }

// TupleOf is tuple<items...>.
func TupleOf(items ...Type) Type {
	b := appendU32([]byte{byte(KindTuple)}, uint32(len(items)))
	for _, t := range items {
		b = append(b, t.wire()...)
	}
	return typeOf(string(b))
}

// RecordOf is the record type of that name.
func RecordOf(name string) Type { return namedType(KindRecord, name) }

// VariantOf is the variant type of that name.
func VariantOf(name string) Type { return namedType(KindVariant, name) }

func namedType(k Kind, name string) Type {
	return Type{string(appendStr([]byte{byte(k)}, validUTF8(name)))}
}

// Kind is the outermost kind.
func (t Type) Kind() Kind { return Kind(t.wire()[0]) }

// Name is the name of a record or variant type, empty for the others.
func (t Type) Name() string {
	if k := t.Kind(); k != KindRecord && k != KindVariant {
		return ""
	}
	return t.enc[5:]
}

// Items returns the parts: the element of a list, the inner type of an option,
// ok and err of a result, the items of a tuple; nil for the others.
func (t Type) Items() []Type {
	s, pos := t.wire(), 1
	n := 0
	switch t.Kind() {
	case KindList, KindOption:
		n = 1
	case KindResult:
		n = 2
	case KindTuple:
		n, pos = int(le32(s, 1)), 5
	}
	var items []Type
	for range n {
		end := typeEnd(s, pos)
		items = append(items, typeOf(s[pos:end]))
		pos = end
	}
	return items
}

// Equal reports whether both are the same type.
func (t Type) Equal(u Type) bool { return t == u }

// String is the type as literals write it.
func (t Type) String() string {
	b, _ := appendTypeText(nil, t.wire(), 0)
	return string(b)
}

// appendTypeText writes the type that starts at s[pos:] and returns where it ends.
func appendTypeText(dst []byte, s string, pos int) ([]byte, int) {
	k := Kind(s[pos])
	pos++
	n := 0
	switch k {
	case KindRecord, KindVariant:
		end := pos + 4 + int(le32(s, pos))
		return append(dst, s[pos+4:end]...), end
	case KindList, KindOption:
		n = 1
	case KindResult:
		n = 2
	case KindTuple:
		n = int(le32(s, pos))
		pos += 4
	default:
		return append(dst, k.String()...), pos
	}
	dst = append(append(dst, k.String()...), '<')
	for i := range n {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst, pos = appendTypeText(dst, s, pos)
	}
	return append(dst, '>'), pos
}

// typeEnd finds the end of the type that starts at s[pos:], which was checked
// or built here.
func typeEnd(s string, pos int) int {
	for open := 1; open > 0; open-- {
		k := Kind(s[pos])
		pos++
		switch k {
		case KindRecord, KindVariant:
			pos += 4 + int(le32(s, pos))
		case KindList, KindOption:
			open++
		case KindResult:
			open += 2
		case KindTuple:
			open += int(le32(s, pos))
			pos += 4
		}
	}
	return pos
}

func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
