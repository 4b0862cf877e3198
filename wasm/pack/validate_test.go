package pack_test

import (
	"errors"
	"testing"

	"github.com/theater-go/theater/wasm/pack"
)

const shapes = `
record counter { count: u64, name: string }
record point { x: f64, y: f64 }
variant shape { circle(f64), dot, poly(list<point>) }
exports { f: func(a: T) }
`

func TestValuesAreHeldToTheirDeclaredType(t *testing.T) {
	for _, c := range []struct{ typ, literal, want string }{
		{"value", `anything{}`, ""},
		{"nowhere", `anything{}`, ""},
		{"u32", `1u32`, ""},
		{"u32", `"x"`, "expected u32, got string"},
		{"list<u8>", `[]<u8>`, ""},
		{"list<u8>", `[]<string>`, ""},
		{"list<u8>", `[1u8, 2u8]`, ""},
		{"list<u8>", `[1u16]`, "in list[0]: expected u8, got u16"},
		{"list<string>", `["a", 1u8]`, "in list[1]: expected string, got u8"},
		{"list<value>", `["a", 1u8]`, ""},
		{"option<u8>", `none<string>`, ""},
		{"option<u8>", `some<u8>(1u8)`, ""},
		{"option<u8>", `some<u8>("x")`, "in option: expected u8, got string"},
		{"result<tuple<u8, u32>, string>", `ok<bool, bool>((1u8, 2u32))`, ""},
		{"result<tuple<u8, u32>, string>", `ok<bool, bool>((1u8, "x"))`, "in result::ok: in tuple.1: expected u32, got string"},
		{"result<_, string>", `err<bool, string>("no")`, ""},
		{"result<_, string>", `err<bool, string>(true)`, "in result::err: expected string, got bool"},
		{"result<_, string>", `ok<bool, string>(())`, "in result::ok: expected bool, got tuple"},
		{"result<_, string>", `result::ok(true)`, "expected result, got variant"},
		{"tuple<u8>", `(1u8, 2u8)`, "expected tuple of 1, got tuple of 2"},
		{"tuple<>", `()`, ""},
		{"counter", `counter{count: 1u64, name: "a"}`, ""},
		{"counter", `other{name: "a", count: 1u64}`, ""},
		{"counter", `none<counter>`, "expected record 'counter', got option"},
		{"counter", `counter{count: 1u64}`, "record 'counter' has no field 'name'"},
		{"counter", `counter{count: 1u64, name: "a", more: 1u8}`, "record 'counter' has unknown field 'more'"},
		{"counter", `counter{count: 1u64, name: "a", name: "a"}`, "record 'counter' has a field twice"},
		{"counter", `counter{name: "a", count: 1u8}`, "in record 'counter'.count: expected u64, got u8"},
		{"shape", `other::dot`, ""},
		{"shape", `shape::circle(1.0f64)`, ""},
		{"shape", `shape::Circle(1.0f64)`, "variant 'shape' has no case 'Circle'"},
		{"shape", `shape::circle`, "case 'shape::circle' has 1 payload values, got 0"},
		{"shape", `shape::dot(1u8)`, "case 'shape::dot' has 0 payload values, got 1"},
		{"shape", `shape{}`, "expected variant 'shape', got record"},
		{"shape", `shape::poly([p{x: 1.0f64, y: 2u8}])`, "in shape::poly: in list[0]: in record 'point'.y: expected f64, got u8"},
	} {
		src := "type T = " + c.typ + shapes
		f, _ := pack.MustParsePact(src).Function("f")
		v, err := pack.ParseLiteral(c.literal)
		if err != nil {
			t.Fatal(err)
		}
		err = pack.Validate(v, f.Params[0].Type)
		if c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want || !errors.Is(err, pack.ErrType)) {
			t.Errorf("%s as %s: %v, want %q", c.literal, c.typ, err, c.want)
		}
	}
}

func TestFlagsAreFlags(t *testing.T) {
	f, _ := pack.MustParsePact("flags T { a }" + shapes).Function("f")
	if err := pack.Validate(pack.Flags(1), f.Params[0].Type); err != nil {
		t.Error(err)
	}
	if err := pack.Validate(pack.U64(1), f.Params[0].Type); err == nil || err.Error() != "expected flags, got u64" {
		t.Error(err)
	}
}
