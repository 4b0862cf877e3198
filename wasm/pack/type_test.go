package pack_test

import (
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm/pack"
)

func TestTypesAreEqualByStructure(t *testing.T) {
	unit := pack.TupleOf()
	if unit != pack.TypeUnit || unit != pack.Unit.Type() || unit.String() != "tuple<>" || unit.Kind() != pack.KindTuple || len(unit.Items()) != 0 {
		t.Errorf("the empty tuple is %v", unit)
	}
	r := pack.ResultOf(pack.ListOf(pack.TypeU8), pack.TupleOf(pack.RecordOf("point"), pack.TypeUnit))
	if r.String() != "result<list<u8>, tuple<point, tuple<>>>" {
		t.Errorf("it prints %s", r)
	}
	items := r.Items()
	if len(items) != 2 || items[0] != pack.TypeBytes || !items[1].Equal(pack.TupleOf(pack.RecordOf("point"), unit)) {
		t.Errorf("its parts are %v", items)
	}
	if point := items[1].Items()[0]; point.Name() != "point" || point.Kind() != pack.KindRecord || point == pack.VariantOf("point") {
		t.Errorf("its first part is %v", point)
	}
	if pack.TypeU8.Equal(pack.TypeS8) || pack.TypeU8.Name() != "" || pack.OptionOf(pack.TypeU8).Items()[0] != pack.TypeU8 {
		t.Error("u8 is not u8")
	}
	if pack.Kind(99).String() != "unknown" || pack.KindValue.String() != "value" {
		t.Error("kinds have other names")
	}
}

func TestAccessorsGiveTheContentOfTheirKindAlone(t *testing.T) {
	all := pack.Tuple(pack.Bool(true), pack.U8(1), pack.U16(2), pack.U32(3), pack.U64(4), pack.S8(-1), pack.S16(-2), pack.S32(-3),
		pack.S64(-4), pack.F32(1.5), pack.F64(2.5), pack.Char('c'), pack.String("s"), pack.Flags(5), pack.Bytes([]byte{6}),
		pack.List(pack.TypeS16, pack.S16(-7)), pack.None(pack.TypeU8), pack.Ok(pack.TypeU8, pack.TypeU8, pack.U8(8)), pack.Record("r"), pack.Variant("v", "c", 9))
	accessors := []func(pack.Value) (any, bool){
		func(v pack.Value) (any, bool) { x, ok := v.AsBool(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsU8(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsU16(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsU32(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsU64(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsS8(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsS16(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsS32(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsS64(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsF32(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsF64(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsChar(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsString(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsFlags(); return x, ok },
		func(v pack.Value) (any, bool) { x, ok := v.AsBytes(); return string(x), ok },
	}
	want := []any{true, uint8(1), uint16(2), uint32(3), uint64(4), int8(-1), int16(-2), int32(-3), int64(-4), float32(1.5), 2.5, 'c', "s", uint64(5), "\x06"}
	zero := []any{false, uint8(0), uint16(0), uint32(0), uint64(0), int8(0), int16(0), int32(0), int64(0), float32(0), 0.0, rune(0), "", uint64(0), ""}
	for a, access := range accessors {
		for i := range all.Len() {
			x, ok := access(all.At(i))
			if i == a && (!ok || x != want[a]) {
				t.Errorf("accessor of %v: %v, %v", all.At(i).Kind(), x, ok)
			}
			if i != a && (ok || x != zero[a]) {
				t.Errorf("accessor of %v on %v: %v, %v", all.At(a).Kind(), all.At(i).Kind(), x, ok)
			}
		}
	}
	if all.At(15).Len() != 1 || !all.At(15).At(0).Equal(pack.S16(-7)) {
		t.Errorf("a packed list holds %v", all.At(15))
	}
}

func TestCompoundValuesComeApart(t *testing.T) {
	if inner, present, ok := pack.Some(pack.U8(1)).Option(); !ok || !present || !inner.Equal(pack.U8(1)) {
		t.Error(inner, present, ok)
	}
	if _, present, ok := pack.None(pack.TypeU8).Option(); !ok || present {
		t.Error("none is present")
	}
	if _, _, ok := pack.U8(1).Option(); ok {
		t.Error("a u8 is an option")
	}
	for isOk, v := range map[bool]pack.Value{true: pack.Ok(pack.TypeU8, pack.TypeU8, pack.U8(1)), false: pack.Err(pack.TypeU8, pack.TypeU8, pack.U8(1))} {
		if payload, got, ok := v.Result(); !ok || got != isOk || !payload.Equal(pack.U8(1)) || v.Len() != 0 {
			t.Error(v, payload, got, ok)
		}
	}
	if _, _, ok := pack.Unit.Result(); ok {
		t.Error("unit is a result")
	}
	v := pack.Variant("shape", "line", 3, pack.U8(1), pack.U8(2))
	if parts, ok := v.Variant(); !ok || parts.Type != "shape" || parts.Case != "line" || parts.Tag != 3 || len(parts.Payload) != 2 || v.Len() != 2 {
		t.Error(parts, ok)
	}
	r := pack.Record("r", pack.Field{Name: "a", Value: pack.U8(1)}, pack.Field{Name: "b", Value: pack.U8(2)}, pack.Field{Name: "a", Value: pack.U8(3)})
	if f, ok := r.Field("a"); !ok || !f.Equal(pack.U8(1)) {
		t.Error("the first field a is", f, ok)
	}
	if _, ok := r.Field("c"); ok {
		t.Error("there is a field c")
	}
	if fields := r.Fields(); len(fields) != 3 || fields[2].Name != "a" || !fields[2].Value.Equal(pack.U8(3)) {
		t.Error(fields)
	}
	if pack.Unit.Fields() != nil || pack.Record("r").Fields() != nil {
		t.Error("there are fields where there are none")
	}
}

func TestEqualSeesEveryDifference(t *testing.T) {
	literals := []string{
		"()", "(1u8)", "(1u8, 2u8)", "1u8", "1u16", "2u8", "0.0f64", "1.0f64", "0.0f32", "[0.0f64]", "[1.0f64]", "[0.0f64, 0.0f64]", "[0.0f32]",
		"[]<f64>", "[]<u8>", "[]<string>", "[1u8]", "[2u8]", `["a"]`, `["b"]`, `"a"`, "'a'", "flags(0x1)", "none<u8>", "none<u16>", "some<u8>(1u8)",
		"some<u8>(2u8)", "ok<u8, u8>(1u8)", "err<u8, u8>(1u8)", "ok<u8, u16>(1u8)", "r{a: 1u8}", "r{b: 1u8}", "s{a: 1u8}", "r{a: 2u8}",
		"r{}", "v::a", "v::b", "w::a", "v::a(1u8)", "true", "false",
	}
	for i, a := range literals {
		for j, b := range literals {
			v, err := pack.ParseLiteral(a)
			must(err)
			w, err := pack.ParseLiteral(b)
			must(err)
			if v.Equal(w) != (i == j) {
				t.Errorf("%s equals %s: %v", a, b, v.Equal(w))
			}
		}
	}
	if pack.Variant("v", "a", 0).Equal(pack.Variant("v", "a", 1)) {
		t.Error("variants with different tags are equal")
	}
	zero, minus := pack.F64(0), pack.F64(float64FromBits(1<<63))
	if !zero.Equal(minus) || !pack.List(pack.TypeF64, zero).Equal(pack.List(pack.TypeF64, minus)) {
		t.Error("zero and minus zero differ")
	}
}

func TestBytesAreCopiedInAndOut(t *testing.T) {
	in := []byte("abc")
	v := pack.Bytes(in)
	in[0] = 'x'
	out, _ := v.AsBytes()
	out[1] = 'x'
	if v.String() != "[97u8, 98u8, 99u8]" {
		t.Errorf("the value became %v", v)
	}
}

func TestALongListOfBytesStaysPacked(t *testing.T) {
	v := pack.Bytes([]byte(strings.Repeat("x", 1<<20)))
	b, err := pack.Encode(v)
	must(err)
	if got := allocatedBy(func() { _, _ = pack.Decode(b) }); got > 1<<20+1<<16 {
		t.Errorf("decoding a list of 1 MiB allocated %d bytes", got)
	}
}
