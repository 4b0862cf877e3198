package pack_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/theater-go/theater/wasm/pack"
)

// vectors are data measured from another implementation of the ABI.
type vectors struct {
	Values []struct {
		Name       string
		Literal    string
		Hex        string `json:"cgrf_hex"`
		Value      jsonValue
		Type       string `json:"value_type"`
		TypeHex    string `json:"value_type_hex"`
		Parses     bool   `json:"literal_parses"`
		RoundTrips bool   `json:"literal_roundtrips_to_same_bytes"`
		ParseError string `json:"parse_error"`
	}
	Invalid []struct {
		Hex    string
		Reason string
		Error  string `json:"host_error"`
	} `json:"invalid_buffers"`
	Lenient []struct {
		Hex       string
		Note      string
		Literal   string `json:"decodes_to_literal"`
		Canonical string `json:"canonical_hex"`
		Value     jsonValue
	} `json:"lenient_buffers"`
	EncodeErrors []struct {
		Name    string
		Literal string
		Error   string `json:"encode_error"`
		Value   jsonValue
	} `json:"encode_errors"`
	Parser []struct {
		Literal  string
		OK       bool
		Hex      string `json:"cgrf_hex"`
		Display  string
		Value    jsonValue
		Error    string
		Position int
	}
	Interfaces []pactVector
	Synthetic  []pactVector `json:"synthetic_pact"`
	Subsets    []struct {
		Interface string
		Functions []string
		Hash      *string
	} `json:"runtime_subset_hashes"`
}

type pactVector struct {
	File, Note, Source, Interface, Hash string
	Functions                           []struct{ Name, Hash string }
}

func loadVectors(tb testing.TB) vectors {
	tb.Helper()
	b, err := os.ReadFile("testdata/cgrf.json")
	if err != nil {
		tb.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		tb.Fatal(err)
	}
	if len(v.Values) != 171 || len(v.Invalid) != 53 || len(v.Parser) != 83 || len(v.Interfaces) != 26 {
		tb.Fatal("the vectors are not whole")
	}
	return v
}

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// jsonValue is the structured form that the vectors give a value.
type jsonValue struct{ pack.Value }

func (v *jsonValue) UnmarshalJSON(b []byte) error {
	var j struct {
		T       string
		V       json.RawMessage
		Bits    string
		Elem    json.RawMessage
		Items   []jsonValue
		Inner   json.RawMessage
		Some    *jsonValue
		Ok, Err json.RawMessage
		IsOK    bool `json:"is_ok"`
		Name    string
		Fields  [][2]json.RawMessage
		Type    string
		Case    string
		Tag     uint32
		Payload []jsonValue
	}
	if err := json.Unmarshal(b, &j); err != nil || j.T == "" {
		return err
	}
	text := func() (s string) { _ = json.Unmarshal(j.V, &s); return s }
	unsigned := func(s string, base, bits int) uint64 { n, err := strconv.ParseUint(s, base, bits); must(err); return n }
	signed := func(bits int) int64 { n, err := strconv.ParseInt(text(), 10, bits); must(err); return n }
	switch j.T {
	case "bool":
		v.Value = pack.Bool(string(j.V) == "true")
	case "u8":
		v.Value = pack.U8(uint8(unsigned(text(), 10, 8)))
	case "u16":
		v.Value = pack.U16(uint16(unsigned(text(), 10, 16)))
	case "u32":
		v.Value = pack.U32(uint32(unsigned(text(), 10, 32)))
	case "u64":
		v.Value = pack.U64(unsigned(text(), 10, 64))
	case "s8":
		v.Value = pack.S8(int8(signed(8)))
	case "s16":
		v.Value = pack.S16(int16(signed(16)))
	case "s32":
		v.Value = pack.S32(int32(signed(32)))
	case "s64":
		v.Value = pack.S64(signed(64))
	case "f32":
		v.Value = pack.F32(float32FromBits(uint32(unsigned(j.Bits, 16, 32))))
	case "f64":
		v.Value = pack.F64(float64FromBits(unsigned(j.Bits, 16, 64)))
	case "char":
		v.Value = pack.Char(rune(unsigned(string(j.V), 10, 32)))
	case "flags":
		v.Value = pack.Flags(unsigned(text(), 16, 64))
	case "string":
		v.Value = pack.String(text())
	case "tuple":
		v.Value = pack.Tuple(plain(j.Items)...)
	case "list":
		v.Value = pack.List(jsonType(j.Elem), plain(j.Items)...)
	case "option":
		v.Value = pack.None(jsonType(j.Inner))
		if j.Some != nil {
			v.Value = pack.SomeOf(jsonType(j.Inner), j.Some.Value)
		}
	case "result":
		var held jsonValue
		must(json.Unmarshal(j.V, &held))
		v.Value = pack.Err(jsonType(j.Ok), jsonType(j.Err), held.Value)
		if j.IsOK {
			v.Value = pack.Ok(jsonType(j.Ok), jsonType(j.Err), held.Value)
		}
	case "record":
		var fields []pack.Field
		for _, f := range j.Fields {
			var name string
			var held jsonValue
			must(json.Unmarshal(f[0], &name))
			must(json.Unmarshal(f[1], &held))
			fields = append(fields, pack.Field{Name: name, Value: held.Value})
		}
		v.Value = pack.Record(j.Name, fields...)
	case "variant":
		v.Value = pack.Variant(j.Type, j.Case, j.Tag, plain(j.Payload)...)
	default:
		panic("unknown kind in the vectors: " + j.T)
	}
	return nil
}

func plain(items []jsonValue) []pack.Value {
	var vs []pack.Value
	for _, v := range items {
		vs = append(vs, v.Value)
	}
	return vs
}

func jsonType(raw json.RawMessage) pack.Type {
	var word string
	if json.Unmarshal(raw, &word) == nil {
		return map[string]pack.Type{
			"bool": pack.TypeBool, "u8": pack.TypeU8, "u16": pack.TypeU16, "u32": pack.TypeU32, "u64": pack.TypeU64,
			"s8": pack.TypeS8, "s16": pack.TypeS16, "s32": pack.TypeS32, "s64": pack.TypeS64, "f32": pack.TypeF32,
			"f64": pack.TypeF64, "char": pack.TypeChar, "string": pack.TypeString, "flags": pack.TypeFlags,
		}[word]
	}
	var j struct {
		List, Option    json.RawMessage
		Result, Tuple   []json.RawMessage
		Record, Variant *string
	}
	must(json.Unmarshal(raw, &j))
	switch {
	case j.List != nil:
		return pack.ListOf(jsonType(j.List))
	case j.Option != nil:
		return pack.OptionOf(jsonType(j.Option))
	case j.Result != nil:
		return pack.ResultOf(jsonType(j.Result[0]), jsonType(j.Result[1]))
	case j.Record != nil:
		return pack.RecordOf(*j.Record)
	case j.Variant != nil:
		return pack.VariantOf(*j.Variant)
	}
	var items []pack.Type
	for _, t := range j.Tuple {
		items = append(items, jsonType(t))
	}
	return pack.TupleOf(items...)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
