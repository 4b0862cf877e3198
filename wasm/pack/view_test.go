package pack_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/theater-go/theater/wasm/pack"
)

// scanned holds a view of b to the decoder: it takes what Encode writes for what
// Decode reads, and nothing else.
func scanned(t testing.TB, b []byte) (*pack.View, pack.Value, bool) {
	t.Helper()
	var view pack.View
	canonical := view.Scan(b)
	v, err := pack.Decode(b)
	var again []byte
	if err == nil {
		again, err = pack.Encode(v)
	}
	if want := err == nil && bytes.Equal(again, b); canonical != want {
		t.Fatalf("Scan of %x is %v; decoded %v, %v, and encoded %x", b, canonical, v, err, again)
	}
	return &view, v, canonical
}

// reporter is a test, or one of a property.
type reporter interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// parts holds every part of the view to the value that it is of.
func parts(t reporter, view *pack.View, i int, v pack.Value) {
	t.Helper()
	want, err := pack.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	if got := view.Append([]byte("x"), i); !bytes.Equal(got[1:], want) {
		t.Fatalf("part %d of %s is %x, want %x", i, v, got[1:], want)
	}
	if !view.Is(i, want) {
		t.Fatalf("part %d is not %x", i, want)
	}
	if other, _ := pack.Encode(pack.Tuple(v)); view.Is(i, other) {
		t.Fatalf("part %d is %x", i, other)
	}
	if view.Kind(i) != v.Kind() {
		t.Fatalf("part %d of %s is a %s", i, v, view.Kind(i))
	}
	below := []pack.Value{}
	switch payload, isOk, isResult := v.Result(); {
	case isResult:
		below = append(below, payload)
		if view.IsOk(i) != isOk {
			t.Fatalf("part %d of %s: IsOk is %v", i, v, view.IsOk(i))
		}
	case v.Kind() == pack.KindOption:
		if inner, present, _ := v.Option(); present {
			below = append(below, inner)
		}
	case view.Len(i) > 0:
		for j := range v.Len() {
			below = append(below, v.At(j))
		}
	}
	if view.Len(i) != len(below) {
		t.Fatalf("part %d of %s has %d parts", i, v, view.Len(i))
	}
	for j := range below {
		parts(t, view, view.At(i, j), below[j])
	}
}

func TestAViewTakesExactlyWhatTheEncoderWrites(t *testing.T) {
	vectors := loadVectors(t)
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range vectors.Values {
		b := unhex(t, c.Hex)
		view, v, ok := scanned(t, b)
		if !ok {
			t.Errorf("%s is not taken", c.Name)
			continue
		}
		if len(b) < 4096 {
			parts(t, view, view.Root(), v)
		}
		for range min(len(b), 300) {
			damaged := bytes.Clone(b)
			damaged[random.IntN(len(b))] = byte(random.IntN(256))
			if random.IntN(3) == 0 {
				damaged = damaged[:random.IntN(len(b)+1)]
			}
			scanned(t, damaged)
		}
	}
	for _, c := range vectors.Lenient {
		scanned(t, unhex(t, c.Hex))
	}
	for _, c := range vectors.Invalid {
		scanned(t, unhex(t, c.Hex))
	}
	for _, depth := range []int{1, pack.MaxDepth - 1, pack.MaxDepth, pack.MaxDepth + 1} {
		scanned(t, nested(depth))
	}
	scanned(t, shared(3))
	for _, depth := range []int{1, 3, 4, 5, pack.MaxDepth - 2, pack.MaxDepth - 1, pack.MaxDepth, pack.MaxDepth + 1} {
		typ := bytes.Repeat([]byte{byte(pack.KindOption)}, depth)
		scanned(t, optionOf(append(typ, byte(pack.KindU8))))
		scanned(t, optionOf(typ))
	}
	for _, typ := range []string{"", "\x0b", "\x0b\x01\x00\x00\x00\x0c", "\x08\x01\x00\x00\x00v", "\x20", "\x00", "\x15", "\x14\x0c\x0a\x06"} {
		scanned(t, optionOf([]byte(typ)))
	}
}

// optionOf is an absent option whose header has those bytes as its type.
func optionOf(typ []byte) []byte {
	none := pack.MustEncode(pack.None(pack.TypeU8))
	b := append(bytes.Clone(none[:24]), typ...)
	binary.LittleEndian.PutUint32(b[20:], uint32(len(typ)+1))
	return append(b, 0)
}

func TestArgumentsWithoutPartsAreTakenFlat(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t, 2)
		b, err := pack.Encode(v)
		if err != nil {
			t.Skip()
		}
		want, flat := []pack.Value{v}, true
		if v.Kind() == pack.KindTuple {
			want = v.Items()
		}
		for _, item := range want {
			switch item.Kind() {
			case pack.KindTuple, pack.KindOption, pack.KindResult, pack.KindVariant, pack.KindRecord:
				flat = false
			case pack.KindList:
				_, bytes := item.AsBytes()
				flat = flat && bytes
			}
		}
		var view pack.View
		if !view.Scan(b) {
			t.Fatalf("%s is not taken", v)
		}
		got, ok := view.Flat(nil)
		if ok != flat {
			t.Fatalf("%s is flat: %v", v, ok)
		}
		clear(b)
		for i := range got {
			if ok && !got[i].Equal(want[i]) {
				t.Fatalf("item %d of %s is %s", i, v, got[i])
			}
		}
	})
}

// drawValue draws values of every kind, with parts in parts.
func drawValue(t *rapid.T, depth int) pack.Value {
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	if depth == 0 {
		kind %= 4
	}
	items := func() (items []pack.Value) {
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			items = append(items, drawValue(t, depth-1))
		}
		return items
	}
	switch kind {
	case 0:
		return pack.U64(rapid.Uint64().Draw(t, "u64"))
	case 1:
		return pack.String(rapid.String().Draw(t, "string"))
	case 2:
		return pack.Bytes(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
	case 3:
		return pack.Unit
	case 4:
		return pack.Tuple(items()...)
	case 5:
		return pack.Some(drawValue(t, depth-1))
	case 6:
		return pack.Ok(pack.TypeString, pack.TypeBytes, drawValue(t, depth-1))
	case 7:
		return pack.Variant("v", "case", rapid.Uint32Range(0, 3).Draw(t, "tag"), items()...)
	case 8:
		var fields []pack.Field
		for _, v := range items() {
			fields = append(fields, pack.Field{Name: rapid.StringN(0, 3, 9).Draw(t, "name"), Value: v})
		}
		return pack.Record("r", fields...)
	}
	return pack.List(pack.TypeString, items()...)
}

func TestPartsOfAViewAreValuesOfTheirOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawValue(t, 4)
		b, err := pack.Encode(v)
		if err != nil {
			t.Skip()
		}
		var view pack.View
		if !view.Scan(b) {
			t.Fatalf("%s is not taken", v)
		}
		parts(t, &view, view.Root(), v)
	})
}

func TestAKnownPartIsNotLookedIntoAndNothingElseChanges(t *testing.T) {
	skipped := 0
	rapid.Check(t, func(t *rapid.T) {
		state, rest := drawValue(t, 3), drawValue(t, 3)
		first := state
		if rapid.IntRange(0, 3).Draw(t, "other") == 0 {
			first = drawValue(t, 3)
		}
		b, err := pack.Encode(pack.Ok(pack.TypeString, pack.TypeString, pack.Tuple(first, rest)))
		encoded, err2 := pack.Encode(state)
		if err != nil || err2 != nil {
			t.Skip()
		}
		if rapid.Bool().Draw(t, "damaged") {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		}
		var whole, after pack.View
		if !whole.Scan(encoded) {
			t.Fatalf("%s is not taken", state)
		}
		known := whole.Part(whole.Root(), nil)
		fits := &pack.TypeDesc{Kind: pack.KindString}
		canonical := whole.Scan(b)
		if got := after.ScanAfter(b, known, fits); got != canonical {
			t.Fatalf("after %s, %x is taken: %v; otherwise %v", state, b, got, canonical)
		}
		if !canonical {
			return
		}
		if after.Root() != whole.Root() || after.IsOk(after.Root()) != whole.IsOk(whole.Root()) {
			t.Fatalf("the root is %d, and %d", after.Root(), whole.Root())
		}
		for i := whole.Root(); i >= 0; i-- {
			if got, want := after.Append(nil, i), whole.Append(nil, i); !bytes.Equal(got, want) {
				t.Fatalf("part %d is %x, and %x", i, got, want)
			}
			if after.IsKnown(i) {
				skipped++
				if !bytes.Equal(after.Append(nil, i), encoded) {
					t.Fatalf("the known part is %x, not %x", after.Append(nil, i), encoded)
				}
				if !after.Fits(i, fits) || after.Fits(i, &pack.TypeDesc{Kind: pack.KindString}) || !after.Fits(i, &pack.TypeDesc{Kind: pack.KindValue}) {
					t.Fatal("the known part does not fit what is known of it alone")
				}
				break
			}
		}
	})
	if skipped == 0 {
		t.Error("nothing was known")
	}
}

func TestACallIsItsStateAndItsParameters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		state, params := drawValue(t, 3), drawValue(t, 3)
		encodedState, err1 := pack.Encode(state)
		encodedParams, err2 := pack.Encode(params)
		if err1 != nil || err2 != nil {
			t.Skip()
		}
		items := []pack.Value{state, params}
		if params.Kind() == pack.KindTuple {
			items = items[:1]
			for i := range params.Len() {
				items = append(items, params.At(i))
			}
		}
		want, err := pack.Encode(pack.Tuple(items...))
		if err != nil {
			t.Fatal(err)
		}
		if got := pack.AppendCall(nil, encodedState, encodedParams); !bytes.Equal(got, want) {
			t.Fatalf("a call of %s with %s is %x, want %x", state, params, got, want)
		}
		if n := pack.CallSize(encodedState, encodedParams); n != len(want) {
			t.Fatalf("a call of %s with %s has %d bytes, want %d", state, params, n, len(want))
		}
	})
}

func TestAMessageIsATupleOfItsParts(t *testing.T) {
	for _, c := range []struct {
		id, body string
		want     pack.Value
	}{
		{"", "", pack.Tuple(pack.Bytes(nil))},
		{"", "body", pack.Tuple(pack.Bytes([]byte("body")))},
		{"id", "body", pack.Tuple(pack.String("id"), pack.Bytes([]byte("body")))},
	} {
		want, err := pack.Encode(c.want)
		if got := pack.AppendMessage(nil, c.id, c.body); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q, %q is %x, want %x, %v", c.id, c.body, got, want, err)
		}
	}
}

func TestWhatFitsIsValid(t *testing.T) {
	text, number := pack.TypeDesc{Kind: pack.KindString}, pack.TypeDesc{Kind: pack.KindU64}
	record := pack.TypeDesc{Kind: pack.KindRecord, Name: "r", Fields: []pack.FieldDesc{{Name: "a", Type: text}, {Name: "b", Type: number}}}
	variant := pack.TypeDesc{Kind: pack.KindVariant, Name: "v", Cases: []pack.CaseDesc{{Name: "none"}, {Name: "some", Payload: &text}}}
	of := func(k pack.Kind, items ...pack.TypeDesc) pack.TypeDesc { return pack.TypeDesc{Kind: k, Items: items} }
	types := []pack.TypeDesc{text, number, record, variant, of(pack.KindList, number), of(pack.KindList, text), of(pack.KindOption, record),
		of(pack.KindResult, text, number), of(pack.KindTuple, text, number), of(pack.KindTuple), {Kind: pack.KindValue}, of(pack.KindList, pack.TypeDesc{Kind: pack.KindValue})}
	s, n := pack.String("s"), pack.U64(1)
	values := []pack.Value{s, n, pack.Unit, pack.Tuple(s, n), pack.Tuple(n, s), pack.Tuple(s),
		pack.Record("r", pack.Field{Name: "a", Value: s}, pack.Field{Name: "b", Value: n}),
		pack.Record("r", pack.Field{Name: "b", Value: n}, pack.Field{Name: "a", Value: s}),
		pack.Record("r", pack.Field{Name: "a", Value: n}, pack.Field{Name: "b", Value: n}), pack.Record("r", pack.Field{Name: "a", Value: s}),
		pack.Variant("v", "none", 0), pack.Variant("v", "none", 1), pack.Variant("v", "some", 1, s), pack.Variant("v", "some", 1, n), pack.Variant("v", "some", 1), pack.Variant("v", "none", 0, s), pack.Variant("v", "else", 7),
		pack.List(pack.TypeU64, n), pack.List(pack.TypeU64), pack.List(pack.TypeString, s), pack.List(pack.TypeString, n), pack.Bytes([]byte("x")),
		pack.Some(pack.Record("r", pack.Field{Name: "a", Value: s}, pack.Field{Name: "b", Value: n})), pack.Some(n), pack.None(pack.TypeU64),
		pack.Ok(pack.TypeString, pack.TypeU64, s), pack.Ok(pack.TypeString, pack.TypeU64, n), pack.Err(pack.TypeString, pack.TypeU64, n), pack.Err(pack.TypeString, pack.TypeU64, s)}
	fitted := 0
	for _, v := range values {
		b, err := pack.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		var view pack.View
		if !view.Scan(b) {
			t.Fatalf("%s is not taken", v)
		}
		for i := range types {
			fits, invalid := view.Fits(view.Root(), &types[i]), pack.Validate(v, types[i])
			if fits && invalid != nil {
				t.Errorf("%s fits %+v: %v", v, types[i], invalid)
			}
			reordered := v.Kind() == pack.KindRecord || v.Kind() == pack.KindVariant
			packed := v.Kind() == pack.KindList && v.Len() == 0
			if !fits && invalid == nil && !reordered && !packed {
				t.Errorf("%s does not fit %+v", v, types[i])
			}
			if fits {
				fitted++
			}
		}
	}
	if fitted < 40 {
		t.Errorf("only %d fit", fitted)
	}
}

func TestAViewThatIsKeptAllocatesNothing(t *testing.T) {
	b, err := pack.Encode(message())
	if err != nil {
		t.Fatal(err)
	}
	var view pack.View
	view.Scan(b)
	if n := testing.AllocsPerRun(100, func() { view.Scan(b) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkScan(b *testing.B) {
	encoded, err := pack.Encode(message())
	if err != nil {
		b.Fatal(err)
	}
	var view pack.View
	for b.Loop() {
		if !view.Scan(encoded) {
			b.Fatal(binary.LittleEndian.Uint32(encoded[8:]))
		}
	}
}
