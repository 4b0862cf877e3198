package pack_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm/pack"
)

func TestEveryValueOfTheVectorsPrintsAndParses(t *testing.T) {
	for _, c := range loadVectors(t).Values {
		if got := c.Value.String(); got != c.Literal {
			t.Errorf("%s: prints %s, want %s", c.Name, got, c.Literal)
		}
		v, err := pack.ParseLiteral(c.Literal)
		if !c.Parses {
			if err == nil || err.Error() != c.ParseError {
				t.Errorf("%s: %v, want %s", c.Name, err, c.ParseError)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		b, err := pack.Encode(v)
		if err != nil && c.RoundTrips {
			t.Errorf("%s: %v", c.Name, err)
		}
		if same := hex.EncodeToString(b) == c.Hex; same != c.RoundTrips {
			t.Errorf("%s: parses to the same bytes: %v", c.Name, same)
		}
	}
}

func TestTheParserReadsAndRefusesAsTheVectorsSay(t *testing.T) {
	for _, c := range loadVectors(t).Parser {
		v, err := pack.ParseLiteral(c.Literal)
		if !c.OK {
			var syntax *pack.SyntaxError
			if !errors.As(err, &syntax) || !errors.Is(err, pack.ErrSyntax) {
				t.Errorf("%s: %v, %v; want %s", c.Literal, v, err, c.Error)
			} else if syntax.Message != c.Error || syntax.Offset != c.Position {
				t.Errorf("%s: %q at %d, want %q at %d", c.Literal, syntax.Message, syntax.Offset, c.Error, c.Position)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.Literal, err)
			continue
		}
		if v.String() != c.Display || !v.Equal(c.Value.Value) {
			t.Errorf("%s: %v, want %s", c.Literal, v, c.Display)
		}
		if c.Hex != "" {
			if b, err := pack.Encode(v); err != nil || hex.EncodeToString(b) != c.Hex {
				t.Errorf("%s: %x, %v; want %s", c.Literal, b, err, c.Hex)
			}
		}
	}
}

func TestBytesAndEscapedTextCanBeTypedAsTheyAreShown(t *testing.T) {
	for literal, want := range map[string]pack.Value{
		`b"get"`:                 pack.Bytes([]byte("get")),
		`b""`:                    pack.Bytes(nil),
		`b"ü\n\"\\\x00\xff"`:     pack.Bytes([]byte("ü\n\"\\\x00\xff")),
		`b"\u009b\U000e0001"`:    pack.Bytes([]byte("\u009b\U000e0001")),
		`("1", b"get")`:          pack.Tuple(pack.String("1"), pack.Bytes([]byte("get"))),
		`[b"a", b"b"]`:           pack.List(pack.ListOf(pack.TypeU8), pack.Bytes([]byte("a")), pack.Bytes([]byte("b"))),
		`b { b: 1u8 }`:           pack.Record("b", pack.Field{Name: "b", Value: pack.U8(1)}),
		`"red \x1b[31m bell \a"`: pack.String("red \x1b[31m bell \a"),
		`"\u202e\b\f\v"`:         pack.String("\u202e\b\f\v"),
		`'\u202e'`:               pack.Char('\u202e'),
	} {
		if v, err := pack.ParseLiteral(literal); err != nil || !v.Equal(want) {
			t.Errorf("%s: %v, %v", literal, v, err)
		}
	}
	for literal, want := range map[string]string{
		`b"open`:        "parse error at 6: unterminated string",
		`b"\`:           "parse error at 3: unterminated string",
		`b"\x1"`:        `parse error at 3: unknown escape '\x'`,
		`b"\x+1"`:       `parse error at 3: unknown escape '\x'`,
		`b"\ud800"`:     `parse error at 3: unknown escape '\u'`,
		`b"\U00110000"`: `parse error at 3: unknown escape '\U'`,
		`"\x80"`:        `parse error at 2: unknown escape '\x'`,
		`b "x"`:         "parse error at 2: unexpected identifier 'b' (expected { or ::)",
		`b'x'`:          "parse error at 1: unexpected identifier 'b' (expected { or ::)",
	} {
		if v, err := pack.ParseLiteral(literal); err == nil || err.Error() != want {
			t.Errorf("%s: %v, %v; want %s", literal, v, err, want)
		}
	}
}

func TestIntegersAreHeldToTheirRange(t *testing.T) {
	for literal, want := range map[string]string{
		"128s8": "number too large to fit in target type", "-129s8": "number too small to fit in target type",
		"-128s8": "", "127s8": "", "18446744073709551615u64": "", "18446744073709551616u64": "number too large to fit in target type",
		"-9223372036854775808s64": "", "9223372036854775808s64": "number too large to fit in target type",
		"-s8": "invalid digit found in string", "-.f64": "invalid float literal", "-.5f64": "",
	} {
		_, err := pack.ParseLiteral(literal)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasSuffix(err.Error(), ": "+want)) {
			t.Errorf("%s: %v, want %q", literal, err, want)
		}
	}
}

func TestADecimalOutOfRangeIsInfinite(t *testing.T) {
	v, err := pack.ParseLiteral("-" + strings.Repeat("9", 400) + "f64")
	if err != nil || v.String() != "-inff64" {
		t.Errorf("%v, %v", v, err)
	}
}

func TestLiteralNestingIsBounded(t *testing.T) {
	n := 1_000_000
	for _, s := range []string{
		strings.Repeat("(", n), strings.Repeat("[", n), strings.Repeat("{a:", n), strings.Repeat("a::b(", n),
		strings.Repeat("some<u8>(", n), "none<" + strings.Repeat("option<", n), "none<" + strings.Repeat("tuple<", n), strings.Repeat("ok<u8,u8>(", n),
	} {
		if _, err := pack.ParseLiteral(s); !errors.Is(err, pack.ErrTooDeep) {
			t.Errorf("%.20s…: %v", s, err)
		}
	}
	deep := strings.Repeat("(", pack.MaxDepth-1) + "1u8" + strings.Repeat(")", pack.MaxDepth-1)
	if v, err := pack.ParseLiteral(deep); err != nil || v.String() != deep {
		t.Errorf("as deep as allowed: %v", err)
	}
}

func TestParsingALiteralAllocatesASmallMultipleOfIt(t *testing.T) {
	wide := "(" + strings.Repeat("1u8,", 20_000) + ")"
	for name, s := range map[string]string{
		"wide":        wide,
		"wide record": "{" + strings.Repeat("a:1u8,", 20_000) + "}",
		"inferred":    strings.Repeat("[(", 500) + wide + strings.Repeat(",)]", 500),
		"types":       "none<" + strings.Repeat("tuple<", 1000) + strings.Repeat("u8,", 20_000) + strings.Repeat(">", 1001),
		"string":      `"` + strings.Repeat(`\n`, 100_000) + `"`,
		"error":       strings.Repeat("x", 100_000),
	} {
		if got, most := allocatedBy(func() { _, _ = pack.ParseLiteral(s) }), uint64(100*len(s)+2<<20); got > most {
			t.Errorf("%s: %d bytes allocated for %d", name, got, len(s))
		}
	}
}
