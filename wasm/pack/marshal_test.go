package pack_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm/pack"
	"pgregory.net/rapid"
)

type inner struct {
	Name string
	Tags []string
}

type wide struct {
	Bool      bool
	Int       int
	Int8      int8
	Int16     int16
	Int32     int32
	Int64     int64
	Uint      uint
	Uint8     uint8
	Uint16    uint16
	Uint32    uint32
	Uint64    uint64
	Float32   float32
	Float64   float64
	Text      string
	Bytes     []byte
	Words     []uint32
	Switches  []bool
	Sum       [4]byte
	Pair      [2]inner
	Maybe     *inner
	MaybeByte *uint8
	Nested    []*[]inner
	ByName    map[string]int64
	ByNumber  map[int32][]byte
	ByBool    map[bool]string
	Nothing   struct{}
	Color     color
	Next      *wide
	Renamed   string `pack:"other-name"`
	Skipped   string `pack:"-"`
	_         string
}

// color is a variant.
type color uint8

var colors = []string{"red", "green"}

func (c color) MarshalPack() (pack.Value, error) {
	if int(c) >= len(colors) {
		return pack.Value{}, errors.New("no such color")
	}
	return pack.Variant("color", colors[c], uint32(c)), nil
}

func (c *color) UnmarshalPack(v pack.Value) error {
	parts, ok := v.Variant()
	for i, name := range colors {
		if ok && name == parts.Case {
			*c = color(i)
			return nil
		}
	}
	return fmt.Errorf("no color: %v", v)
}

func (color) DescribePack() pack.TypeDesc {
	return pack.TypeDesc{Kind: pack.KindVariant, Name: "color", Cases: []pack.CaseDesc{{Name: "red"}, {Name: "green"}}}
}

func drawInner(t *rapid.T) inner {
	return inner{rapid.String().Draw(t, "name"), rapid.SliceOf(rapid.String()).Draw(t, "tags")}
}

func drawWide(t *rapid.T, depth int) wide {
	w := wide{
		Bool: rapid.Bool().Draw(t, "b"), Int: rapid.Int().Draw(t, "i"), Int8: rapid.Int8().Draw(t, "i8"), Int16: rapid.Int16().Draw(t, "i16"),
		Int32: rapid.Int32().Draw(t, "i32"), Int64: rapid.Int64().Draw(t, "i64"), Uint: rapid.Uint().Draw(t, "u"),
		Uint8: rapid.Uint8().Draw(t, "u8"), Uint16: rapid.Uint16().Draw(t, "u16"), Uint32: rapid.Uint32().Draw(t, "u32"),
		Uint64: rapid.Uint64().Draw(t, "u64"), Float32: rapid.Float32().Draw(t, "f32"), Float64: rapid.Float64().Draw(t, "f64"),
		Text: rapid.String().Draw(t, "s"), Bytes: rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"),
		Words: rapid.SliceOf(rapid.Uint32()).Draw(t, "words"), Switches: rapid.SliceOf(rapid.Bool()).Draw(t, "switches"),
		Pair: [2]inner{drawInner(t), drawInner(t)}, Nested: []*[]inner{nil, {drawInner(t)}},
		ByName:   rapid.MapOf(rapid.String(), rapid.Int64()).Draw(t, "by name"),
		ByNumber: rapid.MapOf(rapid.Int32(), rapid.SliceOf(rapid.Byte())).Draw(t, "by number"),
		ByBool:   map[bool]string{true: "yes", false: "no"},
		Color:    color(rapid.IntRange(0, 1).Draw(t, "color")), Renamed: rapid.String().Draw(t, "renamed"),
	}
	copy(w.Sum[:], rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "sum"))
	if rapid.Bool().Draw(t, "maybe") {
		in, b := drawInner(t), rapid.Byte().Draw(t, "maybe byte")
		w.Maybe, w.MaybeByte = &in, &b
	}
	if depth > 0 && rapid.Bool().Draw(t, "next") {
		next := drawWide(t, depth-1)
		w.Next = &next
	}
	return w
}

func TestGoValuesComeBackThroughTheWire(t *testing.T) {
	desc, err := pack.Describe(reflect.TypeFor[wide]())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		w := drawWide(t, 2)
		v, err := pack.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		if err := pack.Validate(v, desc); err != nil {
			t.Fatalf("not of its described type: %v", err)
		}
		b, err := pack.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := pack.Decode(b)
		if err != nil || !decoded.Equal(v) {
			t.Fatalf("decoded %v, %v; want %v", decoded, err, v)
		}
		var back wide
		if err := pack.Unmarshal(decoded, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, w) {
			t.Fatalf("got %+v\nwant %+v", back, w)
		}
	})
}

func TestGoTypesHaveTheirValuesAndTypes(t *testing.T) {
	seven, unit := 7, pack.Unit
	for _, c := range []struct {
		x             any
		literal, desc string
	}{
		{true, "true", "bool"}, {-1, "-1s64", "s64"}, {uint(1), "1u64", "u64"}, {float32(1.5), "1.5f32", "f32"},
		{"x", `"x"`, "string"}, {[]byte("a"), "[97u8]", "list<u8>"}, {[]byte(nil), "[]<u8>", "list<u8>"},
		{[2]int8{1, -1}, "[1s8, -1s8]", "list<s8>"}, {[2]byte{1, 2}, "[1u8, 2u8]", "list<u8>"},
		{&seven, "some<s64>(7s64)", "option<s64>"}, {(*string)(nil), "none<string>", "option<string>"},
		{struct{}{}, "()", "tuple<>"}, {struct{ UserID, HTTPPort int }{1, 2}, "{user-id: 1s64, http-port: 2s64}", ""},
		{inner{Name: "n"}, `inner{name: "n", tags: []<string>}`, "inner"},
		{map[string]bool{"b": true, "a": false}, `[("a", false), ("b", true)]`, "list<tuple<string, bool>>"},
		{map[int]inner{}, `[]<tuple<s64, inner>>`, "list<tuple<s64, inner>>"},
		{map[uint8]string{2: "b", 1: "a", 3: "c"}, `[(1u8, "a"), (2u8, "b"), (3u8, "c")]`, "list<tuple<u8, string>>"},
		{map[bool]uint8{true: 1, false: 0}, `[(false, 0u8), (true, 1u8)]`, "list<tuple<bool, u8>>"},
		{struct{ A_b, AB, ABc, A2B int }{}, "{a-b: 0s64, ab: 0s64, a-bc: 0s64, a2-b: 0s64}", ""},
		{pack.Char('c'), "'c'", "value"}, {[]pack.Value{pack.U8(1), pack.U8(2)}, "[1u8, 2u8]", "list<value>"},
		{[]pack.Value{pack.U8(1), pack.Unit}, "[1u8, ()]", "list<value>"}, {[]pack.Value{}, "[]<tuple<>>", "list<value>"},
		{&unit, "some<tuple<>>(())", "option<value>"},
		{color(1), "color::green", "color"}, {[]color{}, "[]<color>", "list<color>"}, {(*color)(nil), "none<color>", "option<color>"},
	} {
		v, err := pack.Marshal(c.x)
		if err != nil || v.String() != c.literal {
			t.Errorf("%T: %v, %v; want %s", c.x, v, err, c.literal)
		}
		if _, err := pack.Encode(v); err != nil {
			t.Errorf("%T: %v", c.x, err)
		}
		if desc, err := pack.Describe(reflect.TypeOf(c.x)); err != nil || desc.String() != c.desc {
			t.Errorf("%T: type %v, %v; want %s", c.x, desc, err, c.desc)
		}
	}
}

// shaped is described by what embeds it.
type shaped struct{}

func (shaped) MarshalPack() (pack.Value, error) { return pack.Unit, nil }

type (
	shapedList   struct{ shaped }
	shapedResult struct{ shaped }
)

func (shapedList) DescribePack() pack.TypeDesc {
	record := pack.TypeDesc{Kind: pack.KindRecord, Name: "r"}
	pair := pack.TypeDesc{Kind: pack.KindTuple, Items: []pack.TypeDesc{record, {}}}
	return pack.TypeDesc{Kind: pack.KindList, Items: []pack.TypeDesc{pair}}
}

func (shapedResult) DescribePack() pack.TypeDesc {
	option := pack.TypeDesc{Kind: pack.KindOption, Items: []pack.TypeDesc{{Kind: pack.KindU8}}}
	return pack.TypeDesc{Kind: pack.KindResult, Items: []pack.TypeDesc{option, {Kind: pack.KindString}}}
}

func TestDescribedTypesGiveTheirHeaders(t *testing.T) {
	for want, x := range map[string]any{
		"none<list<tuple<r, tuple<>>>>": (*shapedList)(nil), "none<result<option<u8>, string>>": (*shapedResult)(nil),
	} {
		if v, err := pack.Marshal(x); err != nil || v.String() != want {
			t.Errorf("%v, %v; want %s", v, err, want)
		}
	}
}

func TestAFieldThatCannotBeDescribedIsNamed(t *testing.T) {
	type bad struct{ Deep struct{ C chan int } }
	if desc, err := pack.Describe(reflect.TypeFor[[]bad]()); err == nil || err.Error() != "deep.c: chan int has no pack type" {
		t.Errorf("%v, %v", desc, err)
	}
}

type cycle struct{ Next *cycle }

type endless []endless

func TestWhatHasNoPackTypeIsNamedWithItsPath(t *testing.T) {
	type bad struct{ Items []struct{ C any } }
	type twice struct {
		A int
		B int `pack:"a"`
	}
	loop := &cycle{}
	loop.Next = loop
	for _, c := range []struct {
		x    any
		want string
		is   error
	}{
		{nil, "nil has no pack type", pack.ErrType},
		{make(chan int), "chan int has no pack type", pack.ErrType},
		{bad{make([]struct{ C any }, 1)}, "items[0].c: interface {} has no pack type", pack.ErrType},
		{[]func(){nil}, "func() has no pack type", pack.ErrType},
		{map[float64]int{}, "map[float64]int has no pack type", pack.ErrType},
		{twice{}, "pack_test.twice has two fields named a", pack.ErrType},
		{struct{ C []color }{[]color{0, 9}}, "c[1]: no such color", nil},
		{map[string]color{"k": 9}, `["k"]: no such color`, nil},
		{endless{}, "has no pack type", pack.ErrType},
		{loop, "nested too deep", pack.ErrTooDeep},
	} {
		v, err := pack.Marshal(c.x)
		if err == nil || !strings.HasSuffix(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%T: %v, %v; want %s", c.x, v, err, c.want)
		}
	}
}

func TestUnmarshalSaysWhatDoesNotFit(t *testing.T) {
	type target struct {
		Items []inner
		Sum   [2]byte
		Map   map[string]uint8
		Maybe *uint8
		Color color
		None  struct{}
	}
	fits := map[string]string{
		"items": `[inner{name: "n", tags: ["t"]}]`, "sum": "[1u8, 2u8]", "map": `[("k", 1u8)]`, "maybe": "none<u8>", "color": "color::red", "none": "()",
	}
	literal := func(field, value string) string {
		var b strings.Builder
		b.WriteString("any{extra: 1u8")
		for name, text := range fits {
			if name == field {
				text = value
			}
			if text != "" {
				b.WriteString(", " + name + ": " + text)
			}
		}
		return b.String() + "}"
	}
	for _, c := range []struct{ field, value, want string }{
		{"", "", ""},
		{"sum", "", "sum: the record does not have it"},
		{"sum", "[1u8]", "sum: expected [2]uint8, got a list of another length"},
		{"sum", "[1u16, 2u16]", "sum[0]: expected u8, got u16"},
		{"items", `[inner{name: 1u8, tags: []<u8>}]`, "items[0].name: expected string, got u8"},
		{"items", `[inner{tags: ["a", 1u8], name: "x"}]`, "items[0].tags[1]: expected string, got u8"},
		{"items", "()", "items: expected list, got tuple"},
		{"items", "[()]", "items[0]: expected record, got tuple"},
		{"map", "[(1u8)]", "map[0]: expected tuple of 2, got tuple"},
		{"map", "[(1u8, 1u8)]", "map[0]: expected string, got u8"},
		{"map", `[("k", "v")]`, "map[0]: expected u8, got string"},
		{"map", "()", "map: expected list, got tuple"},
		{"maybe", "1u8", "maybe: expected option, got u8"},
		{"maybe", "some<u8>(true)", "maybe: expected u8, got bool"},
		{"color", "color::blue", "color: no color: color::blue"},
		{"none", "(1u8)", "none: expected empty tuple, got tuple"},
	} {
		v, err := pack.ParseLiteral(literal(c.field, c.value))
		if err != nil {
			t.Fatal(err)
		}
		var x target
		err = pack.Unmarshal(v, &x)
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("%s = %s: %v, want %q", c.field, c.value, err, c.want)
		}
	}
	if err := pack.Unmarshal(pack.Unit, target{}); err == nil {
		t.Error("a target that is no pointer was accepted")
	}
	var v pack.Value
	if err := pack.Unmarshal(pack.U8(3), &v); err != nil || !v.Equal(pack.U8(3)) {
		t.Errorf("into a Value: %v, %v", v, err)
	}
}

func TestNaNKeepsItsBitsThroughMarshal(t *testing.T) {
	v, _ := pack.Marshal(math.Float64frombits(0x7ff8000000001234))
	var f float64
	if err := pack.Unmarshal(v, &f); err != nil || math.Float64bits(f) != 0x7ff8000000001234 {
		t.Errorf("%x, %v", math.Float64bits(f), err)
	}
}

func BenchmarkMarshal(b *testing.B) {
	x := inner{"name", []string{"a", "b"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pack.Marshal(&x); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	v, _ := pack.Marshal(inner{"name", []string{"a", "b"}})
	b.ReportAllocs()
	for b.Loop() {
		var x inner
		if err := pack.Unmarshal(v, &x); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleMarshal() {
	type counter struct {
		Count    uint64
		LastUser string
	}
	v, err := pack.Marshal(counter{3, "ann"})
	fmt.Println(v, err)
	var c counter
	err = pack.Unmarshal(v, &c)
	fmt.Println(c, err)
	// Output:
	// counter{count: 3u64, last-user: "ann"} <nil>
	// {3 ann} <nil>
}
