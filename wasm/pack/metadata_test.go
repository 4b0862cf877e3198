package pack_test

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/wasm/pack"
)

// counterMetadata is what a guest built with packr-guest 0.11 carries.
func counterMetadata(tb testing.TB) []byte {
	tb.Helper()
	b, err := os.ReadFile("testdata/counter-metadata.cgrf")
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestMetadataOfARealGuestIsReadAndWrittenByteForByte(t *testing.T) {
	b := counterMetadata(t)
	m, err := pack.DecodeMetadata(append(b[:len(b):len(b)], "what follows"...))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := m.Encode(); err != nil || !bytes.Equal(got, b) {
		t.Errorf("written again it differs (%v)", err)
	}
	if again := pack.NewMetadata(m.Imports, m.Exports); !reflect.DeepEqual(again, m) {
		t.Errorf("hashes computed from the functions: %v and %v, the guest says %v and %v",
			again.ImportHashes, again.ExportHashes, m.ImportHashes, m.ExportHashes)
	}
	init, ok := m.Export("theater:simple/actor", "init")
	if !ok || init.String() != "init: func(state: value) -> result<tuple<counter, value>, string>" {
		t.Errorf("init is %s", init)
	}
	if _, ok := m.Import("theater:simple/runtime", "shutdown"); ok {
		t.Error("it imports a function that it does not")
	}
	host := pack.MustParsePact(vectorSource(t, "handler-runtime"))
	if hash, _ := host.SubsetHash("log"); !slices.Contains(m.ImportHashes, pack.InterfaceHash{Name: host.Name, Hash: hash}) {
		t.Error("the host's hash of runtime with log alone is not among the imports")
	}
}

func vectorSource(tb testing.TB, file string) string {
	for _, c := range loadVectors(tb).Interfaces {
		if strings.Contains(c.File, file) {
			return c.Source
		}
	}
	tb.Fatal("no such source: " + file)
	return ""
}

func TestMetadataOfEveryTypeComesBack(t *testing.T) {
	i := pack.MustParsePact(everything)
	prims := pack.MustParsePact("exports { p: func(a: bool, b: u8, c: u16, d: u32, e: u64, f: s8, g: s16, h: s32, i: s64, " +
		"j: f32, k: f64, l: char, m: string, n: value, o: tuple<>, p: list<option<result<u8, string>>>) }")
	i.Functions[0].Results = nil
	m := pack.NewMetadata(i.Functions, prims.Functions)
	m.ExportHashes[0].Name = "z"
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := pack.DecodeMetadata(b)
	if err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, got, m)
	}
}

func TestOtherFormsOfMetadataAreRead(t *testing.T) {
	sum := bytes.Repeat([]byte{7}, 32)
	v := pack.Record("PackageMetadata",
		pack.Field{Name: "exports", Value: pack.List(pack.RecordOf("x"), pack.Record("FunctionSig",
			pack.Field{Name: "interface", Value: pack.String("")}, pack.Field{Name: "name", Value: pack.String("f")},
			pack.Field{Name: "params", Value: pack.List(pack.RecordOf("x"))},
			pack.Field{Name: "results", Value: pack.List(pack.VariantOf("x"), pack.Variant("TypeDesc", "Unit", 21))}))},
		pack.Field{Name: "export-hashes", Value: pack.List(pack.RecordOf("x"), pack.Record("InterfaceHash",
			pack.Field{Name: "name", Value: pack.String("i")}, pack.Field{Name: "hash", Value: pack.Bytes(sum)}))},
		pack.Field{Name: "type-params", Value: pack.Unit})
	b, _ := pack.Encode(v)
	m, err := pack.DecodeMetadata(b)
	if err != nil || m.Exports[0].Results[0].Kind != pack.KindTuple || m.ExportHashes[0].Hash != pack.Hash(sum) || m.Imports != nil {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestMetadataThatIsNotIsRefused(t *testing.T) {
	str, list := pack.String, func(v ...pack.Value) pack.Value { return pack.List(pack.RecordOf(""), v...) }
	field := func(name string, v pack.Value) pack.Value {
		return pack.Record("", pack.Field{Name: name, Value: v})
	}
	function := func(desc pack.Value) pack.Value {
		return field("imports", list(pack.Record("", pack.Field{Name: "interface", Value: str("i")}, pack.Field{Name: "name", Value: str("f")},
			pack.Field{Name: "params", Value: list()}, pack.Field{Name: "results", Value: list(desc)})))
	}
	desc := func(tag uint32, payload ...pack.Value) pack.Value { return pack.Variant("", "", tag, payload...) }
	many := make([]pack.Value, pack.MaxMembers+1)
	for i := range many {
		many[i] = pack.Record("", pack.Field{Name: "name", Value: str("a")}, pack.Field{Name: "type", Value: desc(0)})
	}
	hash := func(v pack.Value) pack.Value {
		return field("import-hashes", list(pack.Record("", pack.Field{Name: "name", Value: str("i")}, pack.Field{Name: "hash", Value: v})))
	}
	for name, c := range map[string]struct {
		v    pack.Value
		want error
		text string
	}{
		"not a record":     {str("x"), pack.ErrInvalidEncoding, "expected record, got string"},
		"imports no list":  {field("imports", str("x")), pack.ErrInvalidEncoding, "expected list, got string"},
		"no name":          {field("imports", list(field("interface", str("i")))), pack.ErrInvalidEncoding, "expected record with field 'name'"},
		"type no variant":  {function(str("x")), pack.ErrInvalidEncoding, "expected type-desc, got string"},
		"tag 22":           {function(desc(22)), pack.ErrInvalidTag, "Invalid variant tag: 22"},
		"list of nothing":  {function(desc(14)), pack.ErrInvalidEncoding, "expected one payload for list, got 0"},
		"result no record": {function(desc(16, str("x"))), pack.ErrInvalidEncoding, "expected record with field 'ok', got string"},
		"case no option": {function(desc(18, pack.Record("", pack.Field{Name: "name", Value: str("v")}, pack.Field{Name: "cases",
			Value: list(pack.Record("", pack.Field{Name: "name", Value: str("c")}, pack.Field{Name: "payload", Value: str("x")}))}))),
			pack.ErrInvalidEncoding, "expected option, got string"},
		"too many fields": {function(desc(17, pack.Record("", pack.Field{Name: "name", Value: str("r")}, pack.Field{Name: "fields",
			Value: list(many...)}))), pack.ErrTooLarge, "more than 1024 fields"},
		"hash of strings": {hash(pack.Tuple(str("a"), str("b"), str("c"), str("d"))), pack.ErrInvalidEncoding, "expected u64, got string"},
		"short hash":      {hash(pack.Bytes(make([]byte, 31))), pack.ErrInvalidEncoding, "expected hash, got list"},
	} {
		b, err := pack.Encode(c.v)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := pack.DecodeMetadata(b); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v, %v; want %q", name, m, err, c.text)
		}
	}
	if _, err := pack.DecodeMetadata([]byte("CGRX")); !errors.Is(err, pack.ErrInvalidEncoding) {
		t.Errorf("bytes that are no value: %v", err)
	}
}
