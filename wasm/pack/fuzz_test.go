package pack_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/theater-go/theater/wasm/pack"
)

func FuzzDecode(f *testing.F) {
	v := loadVectors(f)
	for i, c := range v.Values {
		if i%7 == 0 && len(c.Hex) < 1000 {
			f.Add(unhex(f, c.Hex))
		}
	}
	for _, c := range v.Lenient {
		f.Add(unhex(f, c.Hex))
	}
	f.Add(nested(5))
	f.Add(shared(5))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v pack.Value
		var err error
		if got, most := allocatedBy(func() { v, err = pack.Decode(b) }), uint64(16*len(b)+1<<16); got > most {
			t.Fatalf("%d bytes allocated for %d", got, len(b))
		}
		scanned(t, b)
		if err != nil {
			return
		}
		canonical, err := pack.Encode(v)
		if err != nil {
			t.Fatalf("decoded %v cannot be encoded: %v", v, err)
		}
		if len(canonical) > len(b)+pack.DefaultGrowth {
			t.Fatalf("%d bytes grew to %d", len(b), len(canonical))
		}
		again, err := pack.Decode(canonical)
		if err != nil {
			t.Fatalf("canonical bytes of %v are refused: %v", v, err)
		}
		if twice, err := pack.Encode(again); err != nil || !bytes.Equal(twice, canonical) {
			t.Fatalf("%x was encoded again as %x, %v", canonical, twice, err)
		}
		_, _ = v.String(), v.Type().String()
		_ = v.Equal(again)
		var x wide
		_ = pack.Unmarshal(v, &x)
	})
}

func FuzzParseLiteral(f *testing.F) {
	for _, c := range loadVectors(f).Parser {
		f.Add(c.Literal)
	}
	f.Add(`("1", b"a\x00\u009b\"")`)
	f.Fuzz(func(t *testing.T, s string) {
		v, err := pack.ParseLiteral(s)
		if err != nil {
			var syntax *pack.SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(s) {
				t.Fatalf("%v", err)
			}
			return
		}
		printed := v.String()
		again, err := pack.ParseLiteral(printed)
		if err != nil {
			if bytes.Contains([]byte(printed), []byte("inf")) {
				return // a decimal out of range
			}
			t.Fatalf("%s, printed from %q, does not parse: %v", printed, s, err)
		}
		if again.String() != printed {
			t.Fatalf("%s printed as %s", printed, again)
		}
	})
}

func FuzzParsePact(f *testing.F) {
	v := loadVectors(f)
	for _, c := range v.Synthetic {
		f.Add(c.Source)
	}
	f.Add(everything)
	f.Add(v.Interfaces[3].Source)
	f.Fuzz(func(t *testing.T, src string) {
		i, err := pack.ParsePact(src)
		if err != nil {
			var syntax *pack.SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(src) {
				t.Fatalf("%v", err)
			}
			return
		}
		_ = i.Hash()
		b, err := pack.NewMetadata(i.Functions, i.Functions).Encode()
		if errors.Is(err, pack.ErrTooDeep) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		m, err := pack.DecodeMetadata(b)
		if err != nil {
			t.Fatalf("its metadata is refused: %v", err)
		}
		for _, sig := range m.Exports {
			_ = sig.String()
		}
	})
}

func FuzzDecodeMetadata(f *testing.F) {
	f.Add(counterMetadata(f))
	b, _ := pack.NewMetadata(pack.MustParsePact(everything).Functions, nil).Encode()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := pack.DecodeMetadata(b)
		if err != nil {
			return
		}
		canonical, err := m.Encode()
		if err != nil {
			t.Fatalf("%+v cannot be encoded: %v", m, err)
		}
		again, err := pack.DecodeMetadata(canonical)
		if err != nil {
			t.Fatalf("%+v is refused: %v", m, err)
		}
		if twice, err := again.Encode(); err != nil || !bytes.Equal(twice, canonical) {
			t.Fatalf("%+v was encoded in two ways", m)
		}
		for _, sig := range append(m.Imports, m.Exports...) {
			_, _ = sig.Hash(), sig.String()
			for _, p := range sig.Params {
				_ = pack.Validate(pack.Record("", pack.Field{Name: "x"}), p.Type)
			}
		}
	})
}
