package pack_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm/pack"
)

func TestEveryPactSourceOfTheVectorsHasItsHashes(t *testing.T) {
	vectors := loadVectors(t)
	for _, c := range slices.Concat(vectors.Interfaces, vectors.Synthetic) {
		where := c.File + c.Note
		i, err := pack.ParsePact(c.Source)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		if i.Name != c.Interface {
			t.Errorf("%s: name %s, want %s", where, i.Name, c.Interface)
		}
		if len(i.Functions) != len(c.Functions) {
			t.Errorf("%s: %d functions, want %d", where, len(i.Functions), len(c.Functions))
		}
		for _, want := range c.Functions {
			f, ok := i.Function(want.Name)
			if !ok || f.Hash().String() != want.Hash {
				t.Errorf("%s: %v hashes %s, want %s", where, f, f.Hash(), want.Hash)
			}
		}
		if i.Hash().String() != c.Hash {
			t.Errorf("%s: hash %s, want %s", where, i.Hash(), c.Hash)
		}
	}
}

func TestSubsetsHashAsAPackageThatImportsThem(t *testing.T) {
	vectors := loadVectors(t)
	n := slices.IndexFunc(vectors.Interfaces, func(c pactVector) bool {
		return strings.Contains(c.File, "handler-runtime")
	})
	i := pack.MustParsePact(vectors.Interfaces[n].Source)
	for _, c := range vectors.Subsets {
		hash, missing := i.SubsetHash(c.Functions...)
		if c.Hash == nil {
			if !slices.Equal(missing, c.Functions) || hash != (pack.Hash{}) {
				t.Errorf("%v: %v, missing %v", c.Functions, hash, missing)
			}
			continue
		}
		if missing != nil || hash.String() != *c.Hash {
			t.Errorf("%v: %v, missing %v; want %s", c.Functions, hash, missing, *c.Hash)
		}
	}
}

const everything = `
// A file without an enclosing interface.
@package: string = "demo:all"
@version: string = "1.2"; @limits: record = { size: -3, ratio: 1.5, on: true, off: false }
type id = string
type t
type u: eq
@forward-compatible
record item { id: id, tags: set<string>; by: map<string, u64>, @default next: option<item> }
enum color { red, green }
flags mode { a, b }
imports { other, other.f demo:x }
exports {
	kind: color
	put: func(i: item, m: mode,) -> result<_, _>; get: func(id: id) -> option<kind>
}
use types.{a, b}
use gen(x, y)
use "file.pact".{z}
interface inner { exports { f: func(c: color) -> inner-only } type inner-only = u8 }
interface client = rpc(inner, t)
`

func TestEveryItemOfTheLanguageIsRead(t *testing.T) {
	i, err := pack.ParsePact(everything)
	if err != nil {
		t.Fatal(err)
	}
	if i.Name != "demo:all/root" || i.Version != "1.2" || !slices.Equal(i.Imports, []string{"other", "other.f", "demo:x"}) ||
		!slices.Equal(i.Uses, []string{"types", "gen", "file.pact"}) {
		t.Errorf("%+v", i)
	}
	if got := i.Meta[2].Value.String(); got != `{size: -3s64, ratio: 1.5f64, on: true, off: false}` {
		t.Errorf("meta %s", got)
	}
	if got := i.Functions[0].String(); got != "put: func(i: item, m: flags) -> result<bool, string>" {
		t.Errorf("put is %s", got)
	}
	if got := i.Functions[1].Results[0].Items[0]; got.Kind != pack.KindVariant || len(got.Cases) != 2 {
		t.Errorf("get returns %+v", got)
	}
	item := i.Types[1].Type
	if item.Fields[1].Type.String() != "list<string>" || item.Fields[2].Type.String() != "list<tuple<string, u64>>" ||
		item.Fields[3].Type.String() != "option<value>" {
		t.Errorf("item is %+v", item)
	}
	if inner := i.Interfaces[0]; inner.Name != "demo:all/inner" || inner.Functions[0].Params[0].Type.Kind != pack.KindVariant ||
		inner.Functions[0].Results[0].Kind != pack.KindU8 {
		t.Errorf("inner is %+v", inner)
	}
	if got := i.Interfaces[1].Transform; got != "rpc(inner, t)" {
		t.Errorf("client is %s", got)
	}
}

func TestSourcesThatDoNotParseSayWhere(t *testing.T) {
	for src, want := range map[string]string{
		"interface":                         "parse error at 9: expected identifier, got end of file",
		"interface e {":                     "parse error at 13: expected '}', got end of file",
		"interface e { } x":                 "parse error at 16: expected end of file, got 'x'",
		"interface e { nope }":              "parse error at 14: expected an item, got 'nope'",
		"exports { f: func(a) }":            "parse error at 19: expected ':', got ')'",
		"exports { f: func() -> }":          "parse error at 23: expected identifier, got '}'",
		"record r { a: list<u8 }":           "parse error at 22: expected '>', got '}'",
		"record r { a: pair<u8> }":          "parse error at 18: type 'pair' takes no parameters",
		"record r { } record r { }":         "parse error at 19: type 'r' is declared twice",
		"exports { f: func() f: func() }":   "parse error at 20: function 'f' is declared twice",
		`@a: string = "b`:                   "parse error at 14: unterminated string",
		`@a: string = "b\`:                  "parse error at 14: unterminated string",
		`@a: string = "\x"`:                 "parse error at 15: unknown escape",
		"@a: u8 = 1.2.3":                    "parse error at 9: invalid number",
		"@a: u8 = é":                        "parse error at 9: expected a constant, got 'é'",
		"variant v { a(u8 }":                "parse error at 17: expected ')', got '}'",
		"exports { f: func() // comment } ": "parse error at 33: expected '}', got end of file",
		"\x00":                              "parse error at 0: expected an item, got '\x00'",
		"interface e { } \x00":              "parse error at 16: expected end of file, got '\x00'",
	} {
		_, err := pack.ParsePact(src)
		if err == nil || err.Error() != want || !errors.Is(err, pack.ErrSyntax) {
			t.Errorf("%s: %v, want %s", src, err, want)
		}
	}
}

func TestHostilePactSourcesAreBounded(t *testing.T) {
	n := 100_000
	var doubling, chain, members strings.Builder
	for i := range 60 {
		a, b := strings.Repeat("a", i+1), strings.Repeat("a", i+2)
		doubling.WriteString("record " + a + " { x: " + b + ", y: " + b + " }\n")
	}
	for i := range 2000 {
		chain.WriteString("type t" + strings.Repeat("a", i) + " = t" + strings.Repeat("a", i+1) + "\n")
	}
	members.WriteString("record r {")
	for range pack.MaxMembers + 1 {
		members.WriteString("x: u8,")
	}
	for name, c := range map[string]struct {
		src  string
		want error
	}{
		"types":      {"type t = " + strings.Repeat("list<", n), pack.ErrTooDeep},
		"constants":  {"@a: u8 = " + strings.Repeat("{a:", n), pack.ErrTooDeep},
		"interfaces": {strings.Repeat("interface e {", n), pack.ErrTooDeep},
		"chain":      {chain.String(), pack.ErrTooDeep},
		"doubling":   {doubling.String(), pack.ErrTooLarge},
		"members":    {members.String() + "}", pack.ErrTooLarge},
	} {
		var err error
		got := allocatedBy(func() { _, err = pack.ParsePact(c.src) })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if most := uint64(200*len(c.src) + 8<<20); got > most {
			t.Errorf("%s: %d bytes allocated for %d", name, got, len(c.src))
		}
	}
}
