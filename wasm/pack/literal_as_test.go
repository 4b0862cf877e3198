package pack_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm/pack"
)

// paramsOf are those of a function f in a Pact source.
func paramsOf(source string) []pack.Param {
	f, ok := pack.MustParsePact(source).Function("f")
	if !ok {
		panic("no f in " + source)
	}
	return f.Params
}

const figures = `
record point { x: s32, y: s32 }
record line { from: point, to: option<point>, tags: list<string> }
record empty {}
variant figure { dot, circle(f64), poly(list<point>), pair(tuple<u8, u8>), none, true(bool) }
enum colour { red, grey }
flags rights { read, write }
exports { f: func(a: T) }
`

func named(typ string) pack.TypeDesc { return paramsOf("type T = " + typ + figures)[0].Type }

func TestALiteralIsReadAsItsDeclaredType(t *testing.T) {
	for _, c := range []struct{ typ, short, whole string }{
		{"u8", "255", "255u8"},
		{"u8", " 5u8 ", "5u8"},
		{"s8", "-128", "-128s8"},
		{"u64", "18446744073709551615", "18446744073709551615u64"},
		{"f64", "1", "1.0f64"},
		{"f32", "-1.5", "-1.5f32"},
		{"f32", "340282346638528859811704183484516925440", "340282350000000000000000000000000000000.0f32"},
		{"bool", "true", "true"},
		{"char", `'\n'`, `'\n'`},
		{"string", `"text"`, `"text"`},
		{"rights", "flags(0x3)", "flags(0x3)"},
		{"list<u8>", `b"get"`, `[103u8, 101u8, 116u8]`},
		{"list<u8>", `[103, 101u8]`, `[103u8, 101u8]`},
		{"list<u8>", `[]`, `[]<u8>`},
		{"list<u8>", `[ ] <u8>`, `[]<u8>`},
		{"list<list<u8>>", `[b"a", [], [1],]`, `[[97u8], []<u8>, [1u8]]`},
		{"list<tuple<u8, string>>", `[(1, "a"), (2, "b",)]`, `[(1u8, "a"), (2u8, "b")]`},
		{"option<u8>", "none", "none<u8>"},
		{"option<u8>", "some(5)", "some<u8>(5u8)"},
		{"option<u8>", "some<u8>(5)", "some<u8>(5u8)"},
		{"option<option<u8>>", "some(none)", "some<option<u8>>(none<u8>)"},
		{"result<u8, string>", "ok(5)", "ok<u8, string>(5u8)"},
		{"result<u8, string>", `err<u8,string>("no")`, `err<u8, string>("no")`},
		{"tuple<u8, tuple<>>", "(5, ())", "(5u8, ())"},
		{"point", "{x: 1, y: 2}", "point{x: 1s32, y: 2s32}"},
		{"point", "point {y: 2, x: 1s32,}", "point{x: 1s32, y: 2s32}"},
		{"point", "Point{x: 1, y: 2}", "Point{x: 1s32, y: 2s32}"},
		{"empty", "{}", "empty{}"},
		{"line", `{tags: [], to: some({x: 1, y: 2}), from: {x: 0, y: 0}}`, `line{from: point{x: 0s32, y: 0s32}, to: some<point>(point{x: 1s32, y: 2s32}), tags: []<string>}`},
		{"value", `point{x: 1u8}`, `point{x: 1u8}`},
		{"nowhere", `("a", 1u8)`, `("a", 1u8)`},
		{"list<value>", `[1u8, "a"]`, `[1u8, "a"]`},
		{"list<value>", `b"a"`, `[97u8]`},
		{"list<value>", `[]<u8>`, `[]<u8>`},
		{"option<value>", `none`, `none<tuple<>>`},
		{"option<value>", `some<u8>(1u8)`, `some<u8>(1u8)`},
	} {
		v, err := pack.ParseLiteralAs(c.short, named(c.typ))
		if err != nil || v.String() != c.whole {
			t.Errorf("%s as %s: %v, %v; want %s", c.short, c.typ, v, err, c.whole)
		}
		if err := pack.CheckLiteral(c.short); err != nil {
			t.Errorf("%s could be no literal: %v", c.short, err)
		}
		if _, err := pack.Encode(v); err != nil {
			t.Errorf("%s: %v", c.short, err)
		}
	}
}

func TestACaseIsReadWithItsDeclaredTag(t *testing.T) {
	point := func(x, y int32) pack.Value {
		return pack.Record("point", pack.Field{Name: "x", Value: pack.S32(x)}, pack.Field{Name: "y", Value: pack.S32(y)})
	}
	for _, c := range []struct {
		typ, literal string
		want         pack.Value
	}{
		{"figure", "dot", pack.Variant("figure", "dot", 0)},
		{"figure", "dot()", pack.Variant("figure", "dot", 0)},
		{"figure", "circle(1.5)", pack.Variant("figure", "circle", 1, pack.F64(1.5))},
		{"figure", "::circle(1.5f64,)", pack.Variant("figure", "circle", 1, pack.F64(1.5))},
		{"figure", "figure::circle (1)", pack.Variant("figure", "circle", 1, pack.F64(1))},
		{"figure", "Figure ::circle(1)", pack.Variant("Figure", "circle", 1, pack.F64(1))},
		{"figure", "poly([{x: 1, y: 2}])", pack.Variant("figure", "poly", 2, pack.List(pack.RecordOf("point"), point(1, 2)))},
		{"figure", "pair((1, 2))", pack.Variant("figure", "pair", 3, pack.Tuple(pack.U8(1), pack.U8(2)))},
		{"figure", "none", pack.Variant("figure", "none", 4)},
		{"figure", "true(true)", pack.Variant("figure", "true", 5, pack.Bool(true))},
		{"colour", "grey", pack.Variant("colour", "grey", 1)},
		{"list<colour>", "[red, colour::grey]", pack.List(pack.VariantOf("colour"), pack.Variant("colour", "red", 0), pack.Variant("colour", "grey", 1))},
		{"option<colour>", "some<colour>(grey)", pack.Some(pack.Variant("colour", "grey", 1))},
		{"option<colour>", "none<colour>", pack.None(pack.VariantOf("colour"))},
		{"result<colour, list<figure>>", "ok<colour, list<figure>>(red)", pack.Ok(pack.VariantOf("colour"), pack.ListOf(pack.VariantOf("figure")), pack.Variant("colour", "red", 0))},
	} {
		v, err := pack.ParseLiteralAs(c.literal, named(c.typ))
		if err != nil || !bytes.Equal(pack.MustEncode(v), pack.MustEncode(c.want)) {
			t.Errorf("%s as %s: %v, %v; want %v", c.literal, c.typ, v, err, c.want)
		}
		if err := pack.CheckLiteral(c.literal); err != nil {
			t.Errorf("%s could be no literal: %v", c.literal, err)
		}
	}
}

func TestWhatDoesNotFitIsNamedWithItsPlace(t *testing.T) {
	cases := "dot, circle(f64), poly(list<point>), pair(tuple<u8, u8>), none, true(bool)"
	for _, c := range []struct{ typ, literal, want string }{
		{"u8", "256", "at 0: 256 is out of the range of u8, 0 to 255"},
		{"u8", " -1", "at 1: -1 is out of the range of u8, 0 to 255"},
		{"s16", "40000s16", "at 0: 40000 is out of the range of s16, -32768 to 32767"},
		{"s64", "9223372036854775808", "at 0: 9223372036854775808 is out of the range of s64, -9223372036854775808 to 9223372036854775807"},
		{"u64", strings.Repeat("9", 1000), "at 0: " + strings.Repeat("9", 100) + "… is out of the range of u64, 0 to 18446744073709551615"},
		{"u32", "5u8", "at 0: expected u32, got 5u8"},
		{"u32", "1.5", "at 0: 1.5 is no whole number, as u32 is"},
		{"u32", "-", "at 0: '-' is no number"},
		{"f64", "-.", "at 0: '-.' is no number"},
		{"f32", strings.Repeat("9", 40), "at 0: " + strings.Repeat("9", 40) + " is out of the range of f32"},
		{"f64", "5u8", "at 0: expected f64, got 5u8"},
		{"u32", `"5"`, "at 0: expected u32, got a string"},
		{"u32", `5x`, "parse error at 1: trailing input: 'x'"},
		{"string", "5", "at 0: expected string, got 5"},
		{"string", "text", "at 0: expected string, got 'text'"},
		{"string", `"text`, "parse error at 5: unterminated string"},
		{"bool", "yes", "at 0: expected bool, got 'yes'"},
		{"char", `"c"`, "at 0: expected char, got a string"},
		{"rights", "3", "at 0: expected flags, got 3"},
		{"list<u8>", `"text"`, "at 0: expected list<u8>, got a string"},
		{"list<u16>", `b"text"`, "at 0: expected list<u16>, got bytes"},
		{"list<u8>", `[1, 2, 300]`, "at 7: 300 is out of the range of u8, 0 to 255"},
		{"list<u8>", `[]<string>`, "at 3: expected u8, got string"},
		{"list<u8>", `[1 2]`, "parse error at 3: expected ',' or ']', got '2'"},
		{"option<u8>", "5", "at 0: expected option<u8>, got 5"},
		{"option<u8>", "some<string>(5)", "at 5: expected u8, got string"},
		{"option<tuple<u8>>", "none<tuple<u8, u8>>", "at 5: expected tuple<u8>, got tuple<u8, u8>"},
		{"option<u8>", "some", "parse error at 4: expected '(', got EOF"},
		{"result<u8, string>", "ok", "parse error at 2: expected '(', got EOF"},
		{"result<u8, string>", "err(5)", "at 4: expected string, got 5"},
		{"tuple<u8, u8>", "(1)", "at 2: expected a tuple of 2, got 1"},
		{"tuple<u8, u8>", "(1, 2, 3)", "at 7: expected a tuple of 2, got more"},
		{"tuple<>", "(1)", "at 1: expected a tuple of 0, got more"},
		{"point", "{x: 1, z: 2}", "at 7: record 'point' has no field 'z', it has x: s32, y: s32"},
		{"point", "{x: 1, x: 2}", "at 7: record 'point' has the field 'x' twice"},
		{"point", " {}", "at 1: record 'point' lacks x: s32, y: s32"},
		{"point", "point{y: 1}", "at 0: record 'point' lacks x: s32"},
		{"point", "(1, 2)", "at 0: expected record 'point', got a tuple"},
		{"point", "point", "at 0: expected record 'point', got 'point'"},
		{"point", "{x 1}", "parse error at 3: expected ':', got '1'"},
		{"empty", "{a: 1}", "at 1: record 'empty' has no field 'a', it has none"},
		{"figure", "square", "at 0: variant 'figure' has no case 'square', it has " + cases},
		{"figure", "figure::square(1)", "at 8: variant 'figure' has no case 'square', it has " + cases},
		{"figure", "figure::", "parse error at 8: expected identifier"},
		{"figure", "5", "at 0: expected variant 'figure', got 5"},
		{"figure", "circle", "at 0: case 'circle' holds a value: circle(f64)"},
		{"figure", "circle()", "at 7: expected one value in circle(f64), got 0"},
		{"figure", "circle(1, 2)", "at 10: expected one value in circle(f64), got more"},
		{"figure", "dot(1)", "at 4: expected no value in case 'dot', got more"},
		{"figure", "poly([{x: 1, y: true}])", "at 16: expected s32, got 'true'"},
		{"u8", "", "parse error at 0: unexpected EOF"},
		{"value", "5", "parse error at 1: number '5' missing type suffix (e.g. u32, s64, f32)"},
	} {
		v, err := pack.ParseLiteralAs(c.literal, named(c.typ))
		var syntax *pack.SyntaxError
		if !errors.As(err, &syntax) || err.Error() != c.want || errors.Is(err, pack.ErrType) != strings.HasPrefix(c.want, "at ") {
			t.Errorf("%.60s as %s: %v, %v; want %s", c.literal, c.typ, v, err, c.want)
		}
	}
}

func TestParametersAreReadAsTheyAreDeclared(t *testing.T) {
	for declared, cases := range map[string]map[string]string{
		"id: string, n: u32": {
			`("a", 5)`:    `("a", 5u32)`,
			`("a", 5,)`:   `("a", 5u32)`,
			`("a", "b")`:  "at 6: in n: u32: expected u32, got a string",
			`("a", 5u8)`:  "at 6: in n: u32: expected u32, got 5u8",
			`("a)`:        "parse error at 4: in id: string: unterminated string",
			`("a")`:       "at 4: expected 2 parameters, got 1: there is no n: u32",
			`("a", 5, 6)`: "at 9: expected 2 parameters, got more",
			`"a"`:         "at 0: expected 2 parameters in a tuple, got a string",
			`("a", 5) 6`:  "parse error at 9: trailing input: '6'",
			``:            "parse error at 0: unexpected EOF",
		},
		"": {
			`()`:  `()`,
			`(1)`: "at 1: expected 0 parameters, got more",
			`1`:   "at 0: expected 0 parameters in a tuple, got 1",
		},
		"of: point": {
			`{x: 1, y: 2}`:      `point{x: 1s32, y: 2s32}`,
			`({x: 1, y: 2})`:    `(point{x: 1s32, y: 2s32})`,
			`(({x: 1, y: 2}))`:  `((point{x: 1s32, y: 2s32}))`,
			`{x: 1}`:            "at 0: in of: point: record 'point' lacks y: s32",
			`({x: 1})`:          "at 1: in of: point: record 'point' lacks y: s32",
			`(({x: 1}))`:        "at 2: in of: point: record 'point' lacks y: s32",
			`({x: 1, y: 2}, 3)`: "at 15: expected 1 parameter, got more",
			`()`:                "at 1: expected 1 parameter, got 0: there is no of: point",
		},
		"both: tuple<string, u8>": {
			`(("a", 1))`: `(("a", 1u8))`,
			`("a", 1)`:   `("a", 1u8)`,
			`("a", "b")`: "at 6: in both: tuple<string, u8>: expected u8, got a string",
			`"a"`:        "at 0: in both: tuple<string, u8>: expected tuple<string, u8>, got a string",
		},
		"one: tuple<u8>": {`1`: `1u8`, `(1)`: `(1u8)`, `((1))`: `((1u8))`, `(((1)))`: `(((1u8)))`},
		"any: value":     {`5u8`: `5u8`, `(5u8)`: `(5u8)`, `(1u8, 2u8)`: "at 6: expected 1 parameter, got more"},
	} {
		takes := paramsOf(strings.Replace(figures, "a: T", declared, 1))
		for literal, want := range cases {
			v, err := pack.ParseParams(literal, takes)
			if err == nil && v.String() != want || err != nil && err.Error() != want {
				t.Errorf("(%s) from %s: %v, %v; want %s", declared, literal, v, err, want)
			}
		}
	}
}

func TestWhatIsNoLiteralOfAnyTypeIsRefusedWithoutOne(t *testing.T) {
	for _, s := range []string{"", "(", "(1, 2", "[1, 2)", `"open`, "{x: }", "some(", "a::", "5 6", "@"} {
		err := pack.CheckLiteral(s)
		if syntax := (*pack.SyntaxError)(nil); !errors.As(err, &syntax) {
			t.Errorf("%s can be a literal: %v", s, err)
		}
	}
}

func TestReadingAsATypeIsBoundedAsReadingIs(t *testing.T) {
	long := strings.Repeat("long", 500)
	wide := pack.TypeDesc{Kind: pack.KindTuple}
	for range 2000 {
		wide.Items = append(wide.Items, pack.TypeDesc{Kind: pack.KindRecord, Name: long})
	}
	list := func(t pack.TypeDesc) pack.TypeDesc {
		return pack.TypeDesc{Kind: pack.KindList, Items: []pack.TypeDesc{t}}
	}
	for name, c := range map[string]struct {
		text string
		typ  pack.TypeDesc
		most uint64 // besides the text
	}{
		"bytes":       {"[" + strings.Repeat("1,", 50_000) + "]", named("list<u8>"), 1 << 20},
		"words":       {"[" + strings.Repeat("1,", 50_000) + "]", named("list<u64>"), 1 << 20},
		"wide header": {"[" + strings.Repeat("[],", 50_000) + "]", list(list(wide)), 1 << 27},
		"error":       {strings.Repeat("x", 100_000), named("figure"), 1 << 20},
		"wide error":  {"5", wide, 1 << 27},
	} {
		if got := allocatedBy(func() { _, _ = pack.ParseLiteralAs(c.text, c.typ) }); got > c.most+uint64(200*len(c.text)) {
			t.Errorf("%s: %d bytes allocated for %d", name, got, len(c.text))
		}
	}
	many := pack.TypeDesc{Kind: pack.KindVariant, Name: "many"}
	for i := range pack.MaxMembers {
		many.Cases = append(many.Cases, pack.CaseDesc{Name: fmt.Sprint("c", i)})
	}
	last := fmt.Sprint("c", pack.MaxMembers-1)
	v, err := pack.ParseLiteralAs("["+strings.Repeat(last+",", 100_000)+"]", list(many))
	if parts, ok := v.At(99_999).Variant(); err != nil || !ok || parts.Tag != pack.MaxMembers-1 {
		t.Errorf("the last of many cases: %v", err)
	}
	deep := pack.TypeDesc{}
	for range 2 * pack.MaxDepth {
		deep = list(deep)
	}
	if _, err := pack.ParseLiteralAs(strings.Repeat("[", 1_000_000), deep); !errors.Is(err, pack.ErrTooDeep) {
		t.Errorf("nested deeper than allowed: %v", err)
	}
}
