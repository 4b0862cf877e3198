package pack_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm/pack"
)

func float32FromBits(b uint32) float32 { return math.Float32frombits(b) }
func float64FromBits(b uint64) float64 { return math.Float64frombits(b) }

func TestEveryValueOfTheVectorsHasItsBytesAndBack(t *testing.T) {
	for _, c := range loadVectors(t).Values {
		want := unhex(t, c.Hex)
		got, err := pack.Encode(c.Value.Value)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: encoded %x, %v; want %x", c.Name, got, err, want)
		}
		v, err := pack.Decode(want)
		if err != nil {
			t.Errorf("%s: decode: %v", c.Name, err)
			continue
		}
		if again, err := pack.Encode(v); err != nil || !bytes.Equal(again, want) {
			t.Errorf("%s: decoded and encoded %x, %v; want %x", c.Name, again, err, want)
		}
		if isNaN := strings.Contains(c.Literal, "NaN"); v.Equal(c.Value.Value) == isNaN {
			t.Errorf("%s: decoded %v equal to %v: %v", c.Name, v, c.Value, !isNaN)
		}
		if v.Type().String() != c.Type {
			t.Errorf("%s: type %s, want %s", c.Name, v.Type(), c.Type)
		}
		option, _ := pack.Encode(pack.None(v.Type()))
		if got := hex.EncodeToString(option[24 : len(option)-1]); got != c.TypeHex {
			t.Errorf("%s: type bytes %s, want %s", c.Name, got, c.TypeHex)
		}
		if c.Value.Type() != v.Type() {
			t.Errorf("%s: built type %v, decoded %v", c.Name, c.Value.Type(), v.Type())
		}
	}
}

func TestBuffersThatMustBeRefusedAreRefusedWithTheText(t *testing.T) {
	sentinels := map[string]error{
		"Buffer too small": pack.ErrBufferTooSmall, "Invalid encoding": pack.ErrInvalidEncoding, "Invalid variant tag": pack.ErrInvalidTag,
	}
	for _, c := range loadVectors(t).Invalid {
		v, err := pack.Decode(unhex(t, c.Hex))
		if err == nil {
			t.Errorf("%s: decoded %v", c.Reason, v)
			continue
		}
		if err.Error() != c.Error {
			t.Errorf("%s: %q, want %q", c.Reason, err, c.Error)
		}
		class, _, _ := strings.Cut(c.Error, ":")
		if !errors.Is(err, sentinels[class]) {
			t.Errorf("%s: %v is not %v", c.Reason, err, sentinels[class])
		}
	}
}

func TestBuffersThatAreNotCanonicalAreAccepted(t *testing.T) {
	for _, c := range loadVectors(t).Lenient {
		v, err := pack.Decode(unhex(t, c.Hex))
		if err != nil {
			t.Errorf("%s: %v", c.Note, err)
			continue
		}
		if v.String() != c.Literal || !v.Equal(c.Value.Value) {
			t.Errorf("%s: decoded %v, want %s", c.Note, v, c.Literal)
		}
		if b, err := pack.Encode(v); err != nil || hex.EncodeToString(b) != c.Canonical {
			t.Errorf("%s: encoded %x, %v; want %s", c.Note, b, err, c.Canonical)
		}
	}
}

func TestAListWithAnItemOfAnotherTypeHasNoEncoding(t *testing.T) {
	for _, c := range loadVectors(t).EncodeErrors {
		dst := []byte("kept")
		b, err := pack.AppendEncode(dst, c.Value.Value)
		want := strings.TrimSuffix(strings.TrimPrefix(c.Error, `InvalidEncoding("`), `")`)
		if err == nil || err.Error() != "Invalid encoding: "+want {
			t.Errorf("%s: %v, want %s", c.Name, err, want)
		}
		if string(b) != "kept" {
			t.Errorf("%s: an error changed the destination to %x", c.Name, b)
		}
		if c.Value.String() != c.Literal {
			t.Errorf("%s: prints %v, want %s", c.Name, c.Value, c.Literal)
		}
	}
}

func TestAPrefixIsDecodedWithItsLength(t *testing.T) {
	b, _ := pack.Encode(pack.Tuple(pack.String("x"), pack.U8(1)))
	v, n, err := pack.DecodePrefix(append(b[:len(b):len(b)], "rest"...))
	if err != nil || n != len(b) || v.String() != `("x", 1u8)` {
		t.Fatalf("%v, %d, %v; want %d bytes", v, n, err, len(b))
	}
}

// nested is the wire form of a chain of tuples of one, the innermost empty.
func nested(depth int) []byte {
	b := []byte("CGRF\x02\x00\x00\x00")
	u32 := func(n int) { b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24)) }
	u32(depth)
	u32(depth - 1)
	for i := range depth {
		u32(0x0B)
		if i == 0 {
			u32(4)
			u32(0)
			continue
		}
		u32(8)
		u32(1)
		u32(i - 1)
	}
	return b
}

func TestNestingIsBounded(t *testing.T) {
	v, err := pack.Decode(nested(pack.MaxDepth))
	if err != nil {
		t.Fatalf("a value as deep as allowed: %v", err)
	}
	if b, err := pack.Encode(v); err != nil || !bytes.Equal(b, nested(pack.MaxDepth)) {
		t.Fatalf("encoding it again: %v", err)
	}
	_ = v.String()
	if !v.Equal(v) {
		t.Fatal("it is not equal to itself")
	}
	for _, depth := range []int{pack.MaxDepth + 1, 1_000_000} {
		if _, err := pack.Decode(nested(depth)); !errors.Is(err, pack.ErrTooDeep) {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
	if _, err := pack.Encode(pack.Tuple(v)); !errors.Is(err, pack.ErrTooDeep) {
		t.Errorf("encoding one level more: %v", err)
	}
	if _, err := (pack.Limits{Depth: 3}).Decode(nested(4)); !errors.Is(err, pack.ErrTooDeep) {
		t.Errorf("depth 4 under a limit of 3: %v", err)
	}
	if _, err := (pack.Limits{Depth: 3}).Decode(nested(3)); err != nil {
		t.Errorf("depth 3 under a limit of 3: %v", err)
	}
}

func TestADeepTypeHeaderIsRefused(t *testing.T) {
	typ := pack.TypeU8
	for range 100_000 {
		typ = pack.TypeU8
	}
	deep := strings.Repeat("\x0A", 1_000_000) + "\x0C"
	b, _ := pack.Encode(pack.None(typ))
	b = append(b[:20:20], byte(len(deep)+1), byte((len(deep)+1)>>8), byte((len(deep)+1)>>16), 0)
	b = append(append(b, deep...), 0)
	if _, err := pack.Decode(b); !errors.Is(err, pack.ErrTooDeep) {
		t.Fatalf("got %v", err)
	}
}

// shared is a chain of tuples each of which names the one before twice.
func shared(depth int) []byte {
	b := []byte("CGRF\x02\x00\x00\x00")
	u32 := func(ns ...int) {
		for _, n := range ns {
			b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		}
	}
	u32(depth, depth-1)
	u32(0x0B, 4, 0)
	for i := 1; i < depth; i++ {
		u32(0x0B, 12, 2, i-1, i-1)
	}
	return b
}

func TestSharedNodesDoNotExplode(t *testing.T) {
	v, err := pack.Decode(shared(10))
	if err != nil {
		t.Fatal(err)
	}
	b, err := pack.Encode(v)
	if err != nil || len(b) != 16+512*12+511*20 {
		t.Fatalf("encoded %d bytes, %v", len(b), err)
	}
	allocated := allocatedBy(func() {
		for _, depth := range []int{17, 64, 1000} {
			if v, err := pack.Decode(shared(depth)); !errors.Is(err, pack.ErrTooLarge) {
				t.Errorf("depth %d: %v, %d items", depth, err, v.Len())
			}
		}
	})
	if allocated > 1<<20 {
		t.Errorf("refusing them allocated %d bytes", allocated)
	}
	if _, err := (pack.Limits{Growth: 100}).Decode(shared(10)); !errors.Is(err, pack.ErrTooLarge) {
		t.Errorf("growth of 100 bytes: %v", err)
	}
	if _, err := (pack.Limits{Bytes: 100}).Decode(make([]byte, 101)); !errors.Is(err, pack.ErrTooLarge) {
		t.Errorf("a buffer over its limit: %v", err)
	}
}

func TestATupleThatNamesOneChildOftenIsRefusedBeforeItIsMade(t *testing.T) {
	n := 100_000
	b := []byte("CGRF\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x0b\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00\x0b\x00\x00\x00")
	for _, x := range []int{4 + 4*n, n} {
		b = append(b, byte(x), byte(x>>8), byte(x>>16), 0)
	}
	b = append(b, make([]byte, 4*n)...)
	got := allocatedBy(func() {
		if _, err := (pack.Limits{Growth: 100}).Decode(b); !errors.Is(err, pack.ErrTooLarge) {
			t.Errorf("got %v", err)
		}
	})
	if got > uint64(2*len(b)) {
		t.Errorf("%d bytes allocated for %d", got, len(b))
	}
	if v, err := (pack.Limits{Growth: 2 << 20}).Decode(b); err != nil || v.Len() != n {
		t.Errorf("with room to grow: %v", err)
	}
}

func TestASharedSubtreeCountsItsDepthWhereItStands(t *testing.T) {
	// Node 0 () · node 1 (0) · node 2 (1) · root (1, (2)): the subtree 1 stands
	// at depth 2 first and is reached again at depth 4.
	b := []byte("CGRF\x02\x00\x00\x00")
	u32 := func(ns ...int) {
		for _, n := range ns {
			b = append(b, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		}
	}
	u32(5, 4)
	u32(0x0B, 4, 0)
	u32(0x0B, 8, 1, 0)
	u32(0x0B, 8, 1, 1)
	u32(0x0B, 8, 1, 2)
	u32(0x0B, 12, 2, 1, 3)
	if _, err := (pack.Limits{Depth: 5}).Decode(b); err != nil {
		t.Errorf("depth 5: %v", err)
	}
	if _, err := (pack.Limits{Depth: 4}).Decode(b); !errors.Is(err, pack.ErrTooDeep) {
		t.Errorf("depth 5 under a limit of 4: %v", err)
	}
}

// allocatedBy is how many bytes f allocates.
func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestDecodingAllocatesASmallMultipleOfItsInput(t *testing.T) {
	wide := make([]pack.Value, 50_000)
	for i := range wide {
		wide[i] = pack.Unit
	}
	options := make([]pack.Value, 50_000)
	for i := range options {
		options[i] = pack.Some(pack.U8(1))
	}
	unit, _ := pack.Encode(pack.Tuple(wide...))
	some, _ := pack.Encode(pack.List(pack.OptionOf(pack.TypeU8), options...))
	huge, _ := pack.Encode(pack.Bytes(make([]byte, 1<<20)))
	liar := append([]byte(nil), huge...)
	copy(liar[25:], []byte{0xff, 0xff, 0xff, 0x07})
	count := append([]byte(nil), nested(2)...)
	copy(count[8:], []byte{0x80, 0x96, 0x98, 0x00})
	oneChild := []byte("CGRF\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x0b\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00")
	n := 40_000
	oneChild = append(oneChild, 0x0b, 0, 0, 0)
	for _, x := range []int{4 + 4*n, n} {
		oneChild = append(oneChild, byte(x), byte(x>>8), byte(x>>16), 0)
	}
	oneChild = append(oneChild, make([]byte, 4*n)...)
	for name, b := range map[string][]byte{
		"units": unit, "options": some, "bytes": huge, "array count": liar, "node count": count,
		"one child many times": oneChild, "deep": nested(100_000), "shared": shared(10_000),
	} {
		if got, most := allocatedBy(func() { _, _ = pack.Decode(b) }), uint64(16*len(b)+8192); got > most {
			t.Errorf("%s: %d bytes allocated for %d, more than %d", name, got, len(b), most)
		}
	}
}

func TestEncodingAndDecodingAMessageAllocatesLittle(t *testing.T) {
	v := message()
	b, err := pack.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = pack.Encode(v) }); n > 1 {
		t.Errorf("encode: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = pack.AppendEncode(b[:0], v) }); n > 0 {
		t.Errorf("encode into room: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = pack.Decode(b) }); n > 3 {
		t.Errorf("decode: %v allocations", n)
	}
}

func message() pack.Value {
	return pack.Tuple(pack.String(strings.Repeat("x", 256)), pack.Bytes(make([]byte, 256)))
}

func TestTextThatIsNotUTF8IsReplacedSoThatEveryValueDecodes(t *testing.T) {
	bad := "a\xffb"
	v := pack.Tuple(pack.String(bad), pack.Char(0xD800), pack.Record(bad, pack.Field{Name: bad}),
		pack.Variant(bad, bad, 0), pack.None(pack.RecordOf(bad)), pack.None(pack.VariantOf(bad)))
	b, err := pack.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pack.Decode(b)
	if err != nil || !w.Equal(v) {
		t.Fatalf("%v, %v", w, err)
	}
	if s, _ := w.At(0).AsString(); s != "a\uFFFDb" {
		t.Fatalf("%q", s)
	}
}

func BenchmarkEncode(b *testing.B) {
	v := message()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pack.Encode(v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendEncode(b *testing.B) {
	v := message()
	buf, _ := pack.Encode(v)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pack.AppendEncode(buf[:0], v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	buf, _ := pack.Encode(message())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pack.Decode(buf); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleEncode() {
	b, err := pack.Encode(pack.Tuple(pack.String("hi"), pack.U8(7)))
	if err != nil {
		panic(err)
	}
	v, err := pack.Decode(b)
	fmt.Println(len(b), v, err)
	// Output: 59 ("hi", 7u8) <nil>
}
