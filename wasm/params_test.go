package wasm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// declares is a module whose export f is declared with those parameters.
func declares(t *testing.T, params string) *wasm.Module {
	t.Helper()
	i := pack.MustParsePact(`interface own {
		record item { name: string, price: u32 }
		variant colour { red, grey(u8) }
		exports { f: func(` + params + `) -> value }
	}`)
	f, ok := i.Function("f")
	if !ok {
		t.Fatal("no f")
	}
	f.Interface, f.Name = "own", "f"
	init := pack.FunctionSig{Interface: "theater:simple/actor", Name: "init", Params: f.Params[:min(1, len(f.Params))], Results: f.Results}
	metadata, err := pack.NewMetadata(nil, []pack.FunctionSig{f, init}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	code := wasmtest.Guest{Others: map[string]wasmtest.Behavior{"own.f": wasmtest.Keep()}, Metadata: metadata}.Bytes()
	module, err := openEngine(t).Compile(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	return module
}

func TestParametersAreHeldAgainstWhatTheExportDeclares(t *testing.T) {
	for declared, cases := range map[string]map[string]string{
		"state: value, id: string, msg: list<u8>": {
			`("a", [1u8])`:     "",
			`("a", []<u8>)`:    "",
			`("a", 1u8)`:       "own.f takes (id: string, msg: list<u8>), and is given (string, u8): in msg: expected list, got u8",
			`("a", ["b"])`:     "own.f takes (id: string, msg: list<u8>), and is given (string, list<string>): in msg: in list[0]: expected u8, got string",
			`("a")`:            "own.f takes (id: string, msg: list<u8>), and is given (string): it takes 2, not 1",
			`"a"`:              "own.f takes (id: string, msg: list<u8>), and is given (string): it takes 2, not 1",
			`()`:               "own.f takes (id: string, msg: list<u8>), and is given (): it takes 2, not 0",
			`("a", [1u8], ())`: "own.f takes (id: string, msg: list<u8>), and is given (string, list<u8>, tuple<>): it takes 2, not 3",
			`(("a", [1u8]))`:   "own.f takes (id: string, msg: list<u8>), and is given (tuple<string, list<u8>>): it takes 2, not 1",
		},
		"state: value, of: item": {
			`item{name: "a", price: 1u32}`:       "",
			`(item{price: 1u32, name: "a"})`:     "",
			`((item{price: 1u32, name: "a"}))`:   "",
			`item{name: "a"}`:                    "own.f takes (of: item) with record item { name: string, price: u32 }, and is given (item): in of: record 'item' has no field 'price'",
			`(item{name: "a", price: 1u8}, 2u8)`: "own.f takes (of: item) with record item { name: string, price: u32 }, and is given (item, u8): it takes 1, not 2",
		},
		"state: value, of: option<colour>": {
			`none<colour>`:                    "",
			`some<colour>(colour::grey(5u8))`: "",
			`some<colour>(colour::blue)`:      "own.f takes (of: option<colour>) with variant colour { red, grey(u8) }, and is given (option<colour>): in of: in option: variant 'colour' has no case 'blue'",
		},
		"state: value, both: tuple<string, u8>": {
			`(("a", 1u8))`: "",
			`("a", 1u8)`:   "",
			`("a", "b")`:   "own.f takes (both: tuple<string, u8>), and is given (string, string): it takes 1, not 2",
		},
		"state: value, any: value": {`(1u8)`: "", `"a"`: "", `()`: "own.f takes (any: value), and is given (): it takes 1, not 0"},
		"state: u8":                {`()`: "", `(1u8)`: "own.f takes (), and is given (u8): it takes 0, not 1"},
		"all: value":               {`()`: "", `("a", 1u8)`: ""},
		"":                         {`()`: "", `("a", 1u8)`: ""},
	} {
		module := declares(t, declared)
		export, _ := module.Callable("own.f")
		for literal, want := range cases {
			v, err := pack.ParseLiteral(literal)
			if err != nil {
				t.Errorf("%s: %v", literal, err)
				continue
			}
			err = module.CheckParams(export, v)
			switch misfit := (*wasm.ParamsError)(nil); {
			case want == "" && err != nil:
				t.Errorf("func(%s) refuses %s: %v", declared, literal, err)
			case want != "" && (!errors.As(err, &misfit) || err.Error() != want):
				t.Errorf("func(%s) given %s says\n%v, want\n%s", declared, literal, err, want)
			}
		}
	}
}

func TestALiteralIsReadAsWhatTheExportDeclares(t *testing.T) {
	module := declares(t, "state: colour, of: option<colour>, n: u16")
	export, _ := module.Callable("own.f")
	grey := pack.Variant("colour", "grey", 1, pack.U8(5))
	v, err := module.ParseParams(export, `(some(grey(5)), 7)`)
	if err != nil || !v.Equal(pack.Tuple(pack.Some(grey), pack.U16(7))) || module.CheckParams(export, v) != nil {
		t.Errorf("the parameters are %v, %v", v, err)
	}
	if v, err := module.ParseState(export, "grey(5)"); err != nil || !v.Equal(grey) {
		t.Errorf("the state is %v, %v", v, err)
	}
	takes := "own.f takes (of: option<colour>, n: u16) with variant colour { red, grey(u8) }: "
	for literal, want := range map[string]string{
		`(some(grey(5)), 70000)`: takes + "at 16: in n: u16: 70000 is out of the range of u16, 0 to 65535",
		`(some(blue), 7)`:        takes + "at 6: in of: option<colour>: variant 'colour' has no case 'blue', it has red, grey(u8)",
		`(none`:                  takes + "parse error at 5: expected ')', got EOF",
	} {
		if _, err := module.ParseParams(export, literal); err == nil || err.Error() != want || !errors.As(err, new(*wasm.ParamsError)) {
			t.Errorf("%s says\n%v, want\n%s", literal, err, want)
		}
	}
	if _, err := module.ParseState(export, "5"); err == nil || !strings.HasPrefix(err.Error(), "own.f takes (state: colour) with variant") {
		t.Errorf("a state says %v", err)
	}
	open := declares(t, "")
	export, _ = open.Callable("own.f")
	for _, read := range []func(int, string) (pack.Value, error){open.ParseParams, open.ParseState} {
		if v, err := read(export, "5u8"); err != nil || !v.Equal(pack.U8(5)) {
			t.Errorf("where nothing is declared a literal is %v, %v", v, err)
		}
		if _, err := read(export, "5"); !errors.Is(err, pack.ErrSyntax) {
			t.Errorf("a literal without a type is %v", err)
		}
	}
}

func TestWhatIsSaidOfParametersIsBounded(t *testing.T) {
	module := declares(t, "state: value, of: option<colour>")
	export, _ := module.Callable("own.f")
	many := make([]pack.Value, 100_000)
	for i := range many {
		many[i] = pack.String("x")
	}
	if err := module.CheckParams(export, pack.Tuple(many...)); err == nil || len(err.Error()) > 2048 || !strings.Contains(err.Error(), "it takes 1, not 100000") {
		t.Errorf("it says %.2048v", err)
	}
	if _, err := module.ParseParams(export, "("+strings.Repeat("x", 100_000)); err == nil || len(err.Error()) > 2048 {
		t.Errorf("of a literal it says %.2048v", err)
	}
	if _, err := module.ParseParams(export, "none "+strings.Repeat("x", 100_000)); err == nil || len(err.Error()) > 2048 {
		t.Errorf("of a literal it says %.2048v", err)
	}
}

func TestAGuestThatDeclaresNothingIsGivenAnything(t *testing.T) {
	metadata, err := pack.NewMetadata(nil, nil).Encode()
	if err != nil {
		t.Fatal(err)
	}
	module, err := openEngine(t).Compile(t.Context(), wasmtest.Guest{Metadata: metadata}.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	export, _ := module.Callable(wasmtest.HandleRequest)
	if err := module.CheckParams(export, pack.U8(1)); err != nil {
		t.Error(err)
	}
}
