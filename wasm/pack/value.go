package pack

import (
	"math"
	"strings"
	"unicode/utf8"
)

// Value is one immutable value of the Graph ABI: a small struct, cheap to copy
// and safe to share between goroutines. The zero Value is [Unit].
//
// A list of fixed-width elements is kept packed, as on the wire. A decoded
// value refers to one copy of its input and keeps it alive as long as any part
// of it is in use.
type Value struct {
	kind Kind   // 0 stands for the empty tuple
	flag uint8  // option: 1 is present; result: 1 is ok; packed list: kind of its elements
	num  uint64 // scalar: its bits, sign extended; variant: its tag
	// str is a string's text, a packed list's elements, and otherwise what the
	// wire has before the count of children: a list's elem type, an option's
	// inner type, a result's ok and err types, a variant's type and case names,
	// a record's type name, number of fields and field names.
	str   string
	items []Value
}

// Field is one field of a record.
type Field struct {
	Name  string
	Value Value
}

// Unit is the empty tuple.
var Unit = Value{}

// Bool makes a bool.
func Bool(b bool) Value {
	v := Value{kind: KindBool}
	if b {
		v.num = 1
	}
	return v
}

// U8 makes a u8.
func U8(n uint8) Value { return Value{kind: KindU8, num: uint64(n)} }

// U16 makes a u16.
func U16(n uint16) Value { return Value{kind: KindU16, num: uint64(n)} }

// U32 makes a u32.
func U32(n uint32) Value { return Value{kind: KindU32, num: uint64(n)} }

// U64 makes a u64.
func U64(n uint64) Value { return Value{kind: KindU64, num: n} }

// S8 makes an s8.
func S8(n int8) Value { return Value{kind: KindS8, num: uint64(n)} }

// S16 makes an s16.
func S16(n int16) Value { return Value{kind: KindS16, num: uint64(n)} }

// S32 makes an s32.
func S32(n int32) Value { return Value{kind: KindS32, num: uint64(n)} }

// S64 makes an s64.
func S64(n int64) Value { return Value{kind: KindS64, num: uint64(n)} }

// F32 makes an f32; the bits of a NaN are kept.
func F32(f float32) Value { return Value{kind: KindF32, num: uint64(math.Float32bits(f))} }

// F64 makes an f64; the bits of a NaN are kept.
func F64(f float64) Value { return Value{kind: KindF64, num: math.Float64bits(f)} }

// Char makes a char; what is not a Unicode scalar value becomes U+FFFD.
func Char(r rune) Value {
	if !utf8.ValidRune(r) {
		r = utf8.RuneError
	}
	return Value{kind: KindChar, num: uint64(r)}
}

// Flags makes a flags value.
func Flags(bits uint64) Value { return Value{kind: KindFlags, num: bits} }

// String makes a string. Here and in every name, bytes that are not UTF-8
// become U+FFFD, so that a value always has an encoding.
func String(s string) Value { return Value{kind: KindString, str: validUTF8(s)} }

// Bytes makes a list<u8> from a copy of b.
func Bytes(b []byte) Value {
	return Value{kind: KindList, flag: uint8(KindU8), str: string(b)}
}

// ByteString makes a list<u8> of the bytes of s, which are not copied.
func ByteString(s string) Value {
	return Value{kind: KindList, flag: uint8(KindU8), str: s}
}

// List makes a list<elem>. Items are not checked against elem, but a list whose
// elem is fixed width cannot be encoded when an item differs from it. The slice
// belongs to the value from then on; so it is for all constructors.
func List(elem Type, items ...Value) Value {
	if packed, ok := packItems(elem, items); ok {
		return packed
	}
	return Value{kind: KindList, str: elem.wire(), items: items}
}

// packItems makes the packed form when elem has one and every item fits.
func packItems(elem Type, items []Value) (Value, bool) {
	k := elem.Kind()
	w := k.width()
	if w == 0 {
		return Value{}, false
	}
	for i := range items {
		if items[i].kind != k {
			return Value{}, false
		}
	}
	b := make([]byte, 0, w*len(items))
	for i := range items {
		b = appendFixed(b, w, items[i].num)
	}
	return Value{kind: KindList, flag: uint8(k), str: string(b)}, true
}

// Some makes a present option whose inner type is the type of v.
func Some(v Value) Value { return SomeOf(v.Type(), v) }

// SomeOf makes a present option<inner>; v is not checked against inner.
func SomeOf(inner Type, v Value) Value {
	return Value{kind: KindOption, flag: 1, str: inner.wire(), items: []Value{v}}
}

// None makes an absent option<inner>.
func None(inner Type) Value { return Value{kind: KindOption, str: inner.wire()} }

// Ok makes a successful result<ok, err>; v is not checked against ok.
func Ok(ok, err Type, v Value) Value {
	return Value{kind: KindResult, flag: 1, str: ok.wire() + err.wire(), items: []Value{v}}
}

// Err makes a failed result<ok, err>; v is not checked against err.
func Err(ok, err Type, v Value) Value {
	return Value{kind: KindResult, str: ok.wire() + err.wire(), items: []Value{v}}
}

// Record makes a record; the order of its fields is kept, names may repeat.
func Record(name string, fields ...Field) Value {
	size := 8 + len(name)
	for i := range fields {
		size += 4 + len(fields[i].Name)
	}
	head := appendStr(make([]byte, 0, size), validUTF8(name))
	head = appendU32(head, uint32(len(fields)))
	items := make([]Value, len(fields))
	for i := range fields {
		head = appendStr(head, validUTF8(fields[i].Name))
		items[i] = fields[i].Value
	}
	return Value{kind: KindRecord, str: string(head), items: items}
}

// Variant makes a variant; it usually has no payload value or one.
func Variant(typ, name string, tag uint32, payload ...Value) Value {
	head := appendStr(make([]byte, 0, 8+len(typ)+len(name)), validUTF8(typ))
	head = appendStr(head, validUTF8(name))
	return Value{kind: KindVariant, num: uint64(tag), str: string(head), items: payload}
}

// Tuple makes a tuple.
func Tuple(items ...Value) Value {
	if len(items) == 0 {
		return Value{}
	}
	return Value{kind: KindTuple, items: items}
}

// Equal reports whether both have the same structure, headers and content. As
// with floats, a NaN differs from everything.
func (v Value) Equal(w Value) bool {
	if v.Kind() != w.Kind() || v.flag != w.flag {
		return false
	}
	switch {
	case v.kind == KindF32 || v.kind == KindF64:
		return v.float() == w.float()
	case v.packed() && (Kind(v.flag) == KindF32 || Kind(v.flag) == KindF64):
		if len(v.str) != len(w.str) {
			return false
		}
		for i := range v.Len() {
			if v.At(i).float() != w.At(i).float() {
				return false
			}
		}
		return true
	case v.num != w.num || v.str != w.str || len(v.items) != len(w.items):
		return false
	}
	for i := range v.items {
		if !v.items[i].Equal(w.items[i]) {
			return false
		}
	}
	return true
}

// Type infers the type: headers for lists, options and results, names for
// records and variants.
func (v Value) Type() Type {
	switch k := v.Kind(); k {
	case KindList:
		if v.packed() {
			return Type{"\x07" + string([]byte{v.flag})}
		}
		return Type{"\x07" + v.str}
	case KindOption:
		return Type{"\x0A" + v.str}
	case KindResult:
		return Type{"\x14" + v.str}
	case KindRecord, KindVariant, KindTuple:
		return typeOf(string(v.appendType(nil)))
	default:
		return Type{"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F\x10\x11\x12\x13\x14"[k : k+1]}
	}
}

func (v Value) appendType(dst []byte) []byte {
	dst = append(dst, byte(v.Kind()))
	switch v.Kind() {
	case KindList:
		if v.packed() {
			return append(dst, v.flag)
		}
		return append(dst, v.str...)
	case KindOption, KindResult:
		return append(dst, v.str...)
	case KindRecord, KindVariant:
		return appendStr(dst, v.typeName())
	case KindTuple:
		dst = appendU32(dst, uint32(v.Len()))
		for i := range v.Len() {
			dst = v.items[i].appendType(dst)
		}
	}
	return dst
}

// String is the value as a literal, the form that [ParseLiteral] reads.
func (v Value) String() string {
	var b strings.Builder
	b.Write(appendLiteral(nil, v))
	return b.String()
}
