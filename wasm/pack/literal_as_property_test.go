package pack_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/theater-go/theater/wasm/pack"
)

var scalars = []pack.Kind{
	pack.KindBool, pack.KindU8, pack.KindU16, pack.KindU32, pack.KindU64, pack.KindS8, pack.KindS16, pack.KindS32, pack.KindS64,
	pack.KindF32, pack.KindF64, pack.KindChar, pack.KindString, pack.KindFlags, pack.KindValue,
}

// names are some that are words of literals, too.
var names = rapid.SampledFrom([]string{"a", "b", "none", "some", "ok", "err", "true", "flags", "u8", "two-words", "_x1"})

// drawDesc makes any type.
func drawDesc(t *rapid.T, depth int) pack.TypeDesc {
	kind := rapid.IntRange(-4, 5).Draw(t, "kind")
	if kind < 0 || depth == 0 {
		return pack.TypeDesc{Kind: rapid.SampledFrom(scalars).Draw(t, "scalar")}
	}
	items := func(n int) (items []pack.TypeDesc) {
		for range n {
			items = append(items, drawDesc(t, depth-1))
		}
		return items
	}
	members := rapid.SliceOfNDistinct(names, 1, 4, rapid.ID).Draw(t, "members")
	switch kind {
	case 0:
		return pack.TypeDesc{Kind: pack.KindList, Items: items(1)}
	case 1:
		return pack.TypeDesc{Kind: pack.KindOption, Items: items(1)}
	case 2:
		return pack.TypeDesc{Kind: pack.KindResult, Items: items(2)}
	case 3:
		return pack.TypeDesc{Kind: pack.KindTuple, Items: items(len(members) - 1)}
	case 4:
		d := pack.TypeDesc{Kind: pack.KindRecord, Name: names.Draw(t, "record")}
		for i, f := range items(len(members)) {
			d.Fields = append(d.Fields, pack.FieldDesc{Name: members[i], Type: f})
		}
		return d
	}
	d := pack.TypeDesc{Kind: pack.KindVariant, Name: names.Draw(t, "variant")}
	for i, c := range items(len(members)) {
		payload := &c
		if rapid.Bool().Draw(t, "bare") {
			payload = nil
		}
		d.Cases = append(d.Cases, pack.CaseDesc{Name: members[i], Payload: payload})
	}
	return d
}

// headerOf is the type header of values of a type.
func headerOf(d pack.TypeDesc) pack.Type {
	var items []pack.Type
	for _, item := range d.Items {
		items = append(items, headerOf(item))
	}
	switch d.Kind {
	case pack.KindList:
		return pack.ListOf(items[0])
	case pack.KindOption:
		return pack.OptionOf(items[0])
	case pack.KindResult:
		return pack.ResultOf(items[0], items[1])
	case pack.KindTuple:
		return pack.TupleOf(items...)
	case pack.KindRecord:
		return pack.RecordOf(d.Name)
	case pack.KindVariant:
		return pack.VariantOf(d.Name)
	case pack.KindValue:
		return pack.TypeUnit
	}
	return map[pack.Kind]pack.Type{
		pack.KindBool: pack.TypeBool, pack.KindU8: pack.TypeU8, pack.KindU16: pack.TypeU16, pack.KindU32: pack.TypeU32, pack.KindU64: pack.TypeU64,
		pack.KindS8: pack.TypeS8, pack.KindS16: pack.TypeS16, pack.KindS32: pack.TypeS32, pack.KindS64: pack.TypeS64,
		pack.KindF32: pack.TypeF32, pack.KindF64: pack.TypeF64, pack.KindChar: pack.TypeChar, pack.KindString: pack.TypeString, pack.KindFlags: pack.TypeFlags,
	}[d.Kind]
}

// drawOf makes any value of a type, and a literal of it in which nothing stands that
// the type says.
func drawOf(t *rapid.T, d pack.TypeDesc) (v pack.Value, short string) {
	if v, ok := drawScalar(t, d.Kind); ok {
		switch d.Kind {
		case pack.KindBool, pack.KindChar, pack.KindString, pack.KindFlags, pack.KindValue:
			return v, v.String()
		}
		return v, strings.TrimSuffix(v.String(), d.Kind.String())
	}
	many := func(n int, of func(i int) pack.TypeDesc) (items []pack.Value, shorts []string) {
		for i := range n {
			v, s := drawOf(t, of(i))
			items, shorts = append(items, v), append(shorts, s)
		}
		return items, shorts
	}
	flag := rapid.Bool().Draw(t, "flag")
	switch d.Kind {
	case pack.KindList:
		items, shorts := many(rapid.IntRange(0, 3).Draw(t, "length"), func(int) pack.TypeDesc { return d.Items[0] })
		return pack.List(headerOf(d.Items[0]), items...), "[" + strings.Join(shorts, ",") + "]"
	case pack.KindOption:
		if !flag {
			return pack.None(headerOf(d.Items[0])), "none"
		}
		v, s := drawOf(t, d.Items[0])
		return pack.SomeOf(headerOf(d.Items[0]), v), "some(" + s + ")"
	case pack.KindResult:
		if !flag {
			v, s := drawOf(t, d.Items[1])
			return pack.Err(headerOf(d.Items[0]), headerOf(d.Items[1]), v), "err(" + s + ")"
		}
		v, s := drawOf(t, d.Items[0])
		return pack.Ok(headerOf(d.Items[0]), headerOf(d.Items[1]), v), "ok(" + s + ")"
	case pack.KindTuple:
		items, shorts := many(len(d.Items), func(i int) pack.TypeDesc { return d.Items[i] })
		return pack.Tuple(items...), "(" + strings.Join(shorts, ", ") + ")"
	case pack.KindRecord:
		items, shorts := many(len(d.Fields), func(i int) pack.TypeDesc { return d.Fields[i].Type })
		fields := make([]pack.Field, len(items))
		for i := range items {
			fields[i] = pack.Field{Name: d.Fields[i].Name, Value: items[i]}
			shorts[i] = d.Fields[i].Name + ": " + shorts[i]
		}
		shorts = rapid.Permutation(shorts).Draw(t, "order")
		return pack.Record(d.Name, fields...), "{" + strings.Join(shorts, ", ") + "}"
	}
	tag := rapid.IntRange(0, len(d.Cases)-1).Draw(t, "tag")
	c := d.Cases[tag]
	if c.Payload == nil {
		return pack.Variant(d.Name, c.Name, uint32(tag)), c.Name
	}
	v, s := drawOf(t, *c.Payload)
	return pack.Variant(d.Name, c.Name, uint32(tag), v), fmt.Sprintf("%s(%s)", c.Name, s)
}

func drawScalar(t *rapid.T, k pack.Kind) (v pack.Value, ok bool) {
	switch k {
	case pack.KindBool:
		v = pack.Bool(rapid.Bool().Draw(t, "bool"))
	case pack.KindU8:
		v = pack.U8(rapid.Uint8().Draw(t, "u8"))
	case pack.KindU16:
		v = pack.U16(rapid.Uint16().Draw(t, "u16"))
	case pack.KindU32:
		v = pack.U32(rapid.Uint32().Draw(t, "u32"))
	case pack.KindU64:
		v = pack.U64(rapid.Uint64().Draw(t, "u64"))
	case pack.KindS8:
		v = pack.S8(rapid.Int8().Draw(t, "s8"))
	case pack.KindS16:
		v = pack.S16(rapid.Int16().Draw(t, "s16"))
	case pack.KindS32:
		v = pack.S32(rapid.Int32().Draw(t, "s32"))
	case pack.KindS64:
		v = pack.S64(rapid.Int64().Draw(t, "s64"))
	case pack.KindF32:
		v = pack.F32(rapid.Float32Range(-math.MaxFloat32, math.MaxFloat32).Draw(t, "f32"))
	case pack.KindF64:
		v = pack.F64(rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64).Draw(t, "f64"))
	case pack.KindChar:
		v = pack.Char(rapid.Rune().Draw(t, "char"))
	case pack.KindString:
		v = pack.String(rapid.String().Draw(t, "string"))
	case pack.KindFlags:
		v = pack.Flags(rapid.Uint64().Draw(t, "flags"))
	case pack.KindValue:
		v = rapid.SampledFrom([]pack.Value{pack.U8(1), pack.String("any"), pack.Bytes([]byte("any")), pack.Unit, pack.Some(pack.S64(-1))}).Draw(t, "value")
	default:
		return pack.Value{}, false
	}
	return v, true
}

func TestAValueReadsBackAsItsTypePrintedAndShort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDesc(t, 4)
		v, short := drawOf(t, d)
		want := pack.MustEncode(v)
		for _, text := range []string{v.String(), short} {
			got, err := pack.ParseLiteralAs(text, d)
			if err != nil {
				t.Fatalf("%s as %s: %v", text, d, err)
			}
			if b, err := pack.Encode(got); err != nil || !bytes.Equal(b, want) {
				t.Fatalf("%s as %s is %x, %v; want %x", text, d, b, err, want)
			}
			if err := pack.CheckLiteral(text); err != nil {
				t.Fatalf("%s can be no literal: %v", text, err)
			}
		}
		takes := []pack.Param{{Name: "v", Type: d}, {Name: "n", Type: pack.TypeDesc{Kind: pack.KindU8}}}
		both, err := pack.ParseParams("("+short+", 1)", takes)
		if err != nil || !bytes.Equal(pack.MustEncode(both), pack.MustEncode(pack.Tuple(v, pack.U8(1)))) {
			t.Fatalf("(%s, 1) as %s and u8: %v, %v", short, d, both, err)
		}
		only, err := pack.ParseParams("("+short+")", takes[:1])
		if err != nil {
			t.Fatalf("(%s) as %s: %v, %v", short, d, only, err)
		}
	})
}

// FuzzParseLiteralAs reads any text as any type that a Pact source can declare.
func FuzzParseLiteralAs(f *testing.F) {
	for _, c := range loadVectors(f).Parser {
		f.Add("type T = value"+figures, c.Literal)
	}
	for _, c := range [][2]string{
		{"figure", "figure::poly([{x: 1, y: -2}])"}, {"line", `{from: {x: 0, y: 0}, to: none, tags: ["a"]}`}, {"list<u8>", `b"a"`},
		{"result<u8, option<value>>", "err<u8, option<colour>>(none)"}, {"f32", "340282346638528859811704183484516925440"}, {"tuple<u8>", "((1))"},
	} {
		f.Add("type T = "+c[0]+figures, c[1])
	}
	f.Fuzz(func(t *testing.T, source, text string) {
		i, err := pack.ParsePact(source)
		if err != nil || len(i.Functions) == 0 {
			return
		}
		takes := i.Functions[0].Params
		var v pack.Value
		if got, most := allocatedBy(func() { v, err = pack.ParseParams(text, takes) }), uint64(1000*len(text)+200*len(source)+1<<22); got > most {
			t.Fatalf("%d bytes allocated for %d", got, len(text))
		}
		if err != nil {
			var syntax *pack.SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(text) {
				t.Fatalf("%v", err)
			}
			return
		}
		if err := pack.CheckLiteral(text); err != nil {
			t.Fatalf("%q is read and can be no literal: %v", text, err)
		}
		if len(takes) != 1 {
			for n, param := range takes {
				if err := pack.Validate(v.At(n), param.Type); err != nil {
					t.Fatalf("%q is read as %s, which does not fit: %v", text, v, err)
				}
			}
		}
		first, err := pack.Encode(v)
		if err != nil || strings.Contains(v.String(), "inf") {
			return // under `value` there are lists without an encoding and infinities
		}
		again, err := pack.ParseParams(v.String(), takes)
		if err != nil {
			t.Fatalf("%s, printed from %q, does not parse: %v", v, text, err)
		}
		if second, err := pack.Encode(again); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%s is %x and then %x, %v", v, first, second, err)
		}
	})
}
