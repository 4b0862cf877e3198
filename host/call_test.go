package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm/pack"
)

// function is a host function with the parameters and result of a Pact.
func function(t *testing.T, signature string) *host.Function {
	t.Helper()
	i := pack.MustParsePact("interface test { exports { f: " + signature + " } }")
	sig, ok := i.Function("f")
	if !ok {
		t.Fatal("no function")
	}
	return &host.Function{Interface: "test", Signature: sig}
}

func TestArgumentsComeAsTheNumberOfParametersSays(t *testing.T) {
	text, number := pack.String("a"), pack.U32(1)
	pair := pack.Tuple(text, number)
	for _, c := range []struct {
		name, signature string
		input           pack.Value
		want            []pack.Value // nil when it is refused
		says            string
	}{
		{"none ignores its input", "func()", number, []pack.Value{}, ""},
		{"one is the bare value", "func(a: string)", text, []pack.Value{text}, ""},
		{"one that is a tuple is not taken apart", "func(a: tuple<string, u32>)", pair, []pack.Value{pair}, ""},
		{"two are a tuple", "func(a: string, b: u32)", pair, []pack.Value{text, number}, ""},
		{"one of another type", "func(a: string)", number, nil, "parameter a: expected string, got u32"},
		{"a second of another type", "func(a: string, b: u32)", pack.Tuple(text, text), nil, "parameter b: expected u32, got string"},
		{"a tuple that is too short", "func(a: string, b: u32)", pack.Tuple(text), nil, "expected a tuple of 2"},
		{"a tuple that is too long", "func(a: string, b: u32)", pack.Tuple(text, number, number), nil, "expected a tuple of 2"},
		{"no tuple at all", "func(a: string, b: u32)", text, nil, "expected a tuple of 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args, err := function(t, c.signature).Args(c.input)
			if c.want == nil {
				if flat, ok := function(t, c.signature).FlatArgs(scanned(t, c.input), nil); ok {
					t.Errorf("it is taken flat as %v", flat)
				}
				if !errors.Is(err, host.ErrArguments) || !strings.Contains(err.Error(), c.says) {
					t.Errorf("it gives %v, %v", args, err)
				}
				return
			}
			if err != nil || len(args) != len(c.want) {
				t.Fatalf("it gives %v, %v", args, err)
			}
			flat, _ := function(t, c.signature).FlatArgs(scanned(t, c.input), nil)
			for i := range args {
				if !args[i].Equal(c.want[i]) {
					t.Errorf("argument %d is %s, want %s", i, args[i], c.want[i])
				}
				if len(flat) > 0 && !flat[i].Equal(c.want[i]) {
					t.Errorf("argument %d is %s, flat %s", i, c.want[i], flat[i])
				}
			}
		})
	}
}

func TestOutputHasTheShapeThatGuestsKnow(t *testing.T) {
	str := pack.TypeString
	broken := errors.New("it broke")
	for _, c := range []struct {
		name, signature string
		value           pack.Value
		err             error
		want            pack.Value
		fails           bool
	}{
		{"a result that is well", "func() -> result<list<u8>, string>", pack.Bytes([]byte("b")), nil, pack.Ok(str, str, pack.Bytes([]byte("b"))), false},
		{"a result without a value", "func() -> result<_, string>", pack.Unit, nil, pack.Ok(str, str, pack.Unit), false},
		{"a result that is an error", "func() -> result<list<u8>, string>", pack.Value{}, broken, pack.Err(str, str, pack.String("it broke")), false},
		{"a plain value", "func() -> string", pack.String("s"), nil, pack.String("s"), false},
		{"nothing", "func()", pack.Unit, nil, pack.Unit, false},
		{"an error where there is no result", "func() -> string", pack.Value{}, broken, pack.Value{}, true},
		{"an error of a function that gives nothing", "func()", pack.Value{}, broken, pack.Value{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := function(t, c.signature).Output(c.value, c.err)
			if c.fails {
				if !errors.Is(err, broken) {
					t.Errorf("it gives %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			// The headers are part of what is hashed.
			a, _ := pack.Encode(got)
			b, _ := pack.Encode(c.want)
			if string(a) != string(b) {
				t.Errorf("it gives %s (% x), want %s (% x)", got, a, c.want, b)
			}
		})
	}
}

func TestACallLeavesAtMostOneEffect(t *testing.T) {
	c := &host.Call{}
	if c.Effect() != nil {
		t.Error("a new call has an effect")
	}
	c.Defer(1)
	c.Defer(2)
	if c.Effect() != 2 {
		t.Errorf("the effect is %v", c.Effect())
	}
}

func scanned(t *testing.T, v pack.Value) *pack.View {
	t.Helper()
	view := &pack.View{}
	if !view.Scan(pack.MustEncode(v)) {
		t.Fatalf("%s is not taken", v)
	}
	return view
}
