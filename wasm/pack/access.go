package pack

import (
	"math"
)

// Kind is the kind of the value.
func (v Value) Kind() Kind {
	if v.kind == 0 {
		return KindTuple
	}
	return v.kind
}

// packed reports whether v is a list of fixed-width elements kept as bytes.
func (v Value) packed() bool { return v.kind == KindList && v.flag != 0 }

// Len is the number of items of a tuple or list, of fields of a record, of
// payload values of a variant; 0 for every other kind.
func (v Value) Len() int {
	switch {
	case v.packed():
		return len(v.str) / Kind(v.flag).width()
	case v.kind == KindOption || v.kind == KindResult:
		return 0
	}
	return len(v.items)
}

// At is the item, field or payload value at i. It panics unless 0 <= i < Len.
func (v Value) At(i int) Value {
	if v.packed() {
		return fixedValue(Kind(v.flag), v.str[i*Kind(v.flag).width():])
	}
	return v.items[:v.Len()][i]
}

// Items are the items of a tuple, the fields of a record, the payload of a
// variant, or the items of a list that has no fixed width; nil for every other
// kind. They must not be changed.
func (v Value) Items() []Value {
	if v.kind == KindOption || v.kind == KindResult {
		return nil
	}
	return v.items
}

// fixedValue reads one fixed-width element from the start of s.
func fixedValue(k Kind, s string) Value {
	v := Value{kind: k}
	switch k.width() {
	case 1:
		v.num = uint64(s[0])
	case 2:
		v.num = uint64(s[0]) | uint64(s[1])<<8
	case 4:
		v.num = uint64(le32(s, 0))
	case 8:
		v.num = le64(s, 0)
	}
	switch k {
	case KindS8:
		v.num = uint64(int8(v.num))
	case KindS16:
		v.num = uint64(int16(v.num))
	case KindS32:
		v.num = uint64(int32(v.num))
	}
	return v
}

// AsBool is the content of a bool.
func (v Value) AsBool() (b, ok bool) { return v.scalar(KindBool) != 0, v.kind == KindBool }

// AsU8 is the content of a u8.
func (v Value) AsU8() (uint8, bool) { return uint8(v.scalar(KindU8)), v.kind == KindU8 }

// AsU16 is the content of a u16.
func (v Value) AsU16() (uint16, bool) { return uint16(v.scalar(KindU16)), v.kind == KindU16 }

// AsU32 is the content of a u32.
func (v Value) AsU32() (uint32, bool) { return uint32(v.scalar(KindU32)), v.kind == KindU32 }

// AsU64 is the content of a u64.
func (v Value) AsU64() (uint64, bool) { return v.scalar(KindU64), v.kind == KindU64 }

// AsS8 is the content of an s8.
func (v Value) AsS8() (int8, bool) { return int8(v.scalar(KindS8)), v.kind == KindS8 }

// AsS16 is the content of an s16.
func (v Value) AsS16() (int16, bool) { return int16(v.scalar(KindS16)), v.kind == KindS16 }

// AsS32 is the content of an s32.
func (v Value) AsS32() (int32, bool) { return int32(v.scalar(KindS32)), v.kind == KindS32 }

// AsS64 is the content of an s64.
func (v Value) AsS64() (int64, bool) { return int64(v.scalar(KindS64)), v.kind == KindS64 }

// AsF32 is the content of an f32.
func (v Value) AsF32() (float32, bool) {
	return math.Float32frombits(uint32(v.scalar(KindF32))), v.kind == KindF32
}

// AsF64 is the content of an f64.
func (v Value) AsF64() (float64, bool) {
	return math.Float64frombits(v.scalar(KindF64)), v.kind == KindF64
}

// AsChar is the content of a char.
func (v Value) AsChar() (rune, bool) { return rune(v.scalar(KindChar)), v.kind == KindChar }

// AsFlags is the bit mask of a flags value.
func (v Value) AsFlags() (uint64, bool) { return v.scalar(KindFlags), v.kind == KindFlags }

// AsString is the content of a string.
func (v Value) AsString() (string, bool) {
	if v.kind != KindString {
		return "", false
	}
	return v.str, true
}

// AsBytes is a copy of the content of a list<u8>.
func (v Value) AsBytes() ([]byte, bool) {
	if v.kind != KindList || Kind(v.flag) != KindU8 {
		return nil, false
	}
	return []byte(v.str), true
}

// AsByteString is the content of a list<u8> as a string, which is not copied.
func (v Value) AsByteString() (string, bool) {
	if v.kind != KindList || Kind(v.flag) != KindU8 {
		return "", false
	}
	return v.str, true
}

func (v Value) scalar(k Kind) uint64 {
	if v.kind != k {
		return 0
	}
	return v.num
}

func (v Value) float() float64 {
	if v.kind == KindF32 {
		return float64(math.Float32frombits(uint32(v.num)))
	}
	return math.Float64frombits(v.num)
}

// Option is what an option holds; ok is false when v is not an option.
func (v Value) Option() (inner Value, present, ok bool) {
	if v.kind != KindOption {
		return Value{}, false, false
	}
	if v.flag == 0 {
		return Value{}, false, true
	}
	return v.items[0], true, true
}

// Result is what a result holds; ok is false when v is not a result.
func (v Value) Result() (payload Value, isOk, ok bool) {
	if v.kind != KindResult {
		return Value{}, false, false
	}
	return v.items[0], v.flag == 1, true
}

// VariantParts is a variant taken apart. Payload must not be changed.
type VariantParts struct {
	Type    string
	Case    string
	Tag     uint32
	Payload []Value
}

// Variant takes a variant apart; ok is false when v is not a variant.
func (v Value) Variant() (parts VariantParts, ok bool) {
	if v.kind != KindVariant {
		return VariantParts{}, false
	}
	n := len(v.items)
	return VariantParts{v.typeName(), v.caseName(), uint32(v.num), v.items[:n:n]}, true
}

// Field is the first field of that name; ok is false when there is none or v is
// not a record.
func (v Value) Field(name string) (field Value, ok bool) {
	if v.kind != KindRecord {
		return Value{}, false
	}
	pos := v.names()
	for i := range v.items {
		var s string
		if s, pos = v.nameAt(pos); s == name {
			return v.items[i], true
		}
	}
	return Value{}, false
}

// Fields are the fields of a record in their order; nil when v is not a record
// or has none.
func (v Value) Fields() []Field {
	if v.kind != KindRecord || len(v.items) == 0 {
		return nil
	}
	fields := make([]Field, len(v.items))
	pos := v.names()
	for i := range fields {
		fields[i].Name, pos = v.nameAt(pos)
		fields[i].Value = v.items[i]
	}
	return fields
}

// typeName is the type name of a record or variant.
func (v *Value) typeName() string {
	name, _ := v.nameAt(0)
	return name
}

// caseName is the case name of a variant.
func (v *Value) caseName() string {
	name, _ := v.nameAt(4 + int(le32(v.str, 0)))
	return name
}

// names is where the field names of a record begin in its header.
func (v *Value) names() int { return 4 + int(le32(v.str, 0)) + 4 }

// nameAt is the name at byte pos of the header, and where it ends.
func (v *Value) nameAt(pos int) (string, int) {
	end := pos + 4 + int(le32(v.str, pos))
	return v.str[pos+4 : end], end
}
