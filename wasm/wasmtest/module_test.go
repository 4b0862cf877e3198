package wasmtest_test

import (
	"bytes"
	"testing"

	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestModuleIsWrittenSectionBySection(t *testing.T) {
	var m wasmtest.Module
	log := m.Import("env", "log", "i:")
	f := m.Func("i:i", "I", wasmtest.Get(0)+wasmtest.Call(log)+wasmtest.I32(42))
	m.Table(1, 2)
	m.Memory(1)
	m.Global("i", true, wasmtest.I32(7))
	m.Export("f", wasmtest.Function, f)
	m.Elem(0, f)
	m.Data(8, []byte("hi"))
	m.Name(f, "f")
	m.Custom("x", []byte{9})
	want := wasmtest.Preamble +
		"\x01\x0a\x02\x60\x01\x7f\x00\x60\x01\x7f\x01\x7f" + // types
		"\x02\x0b\x01\x03env\x03log\x00\x00" + // imports
		"\x03\x02\x01\x01" + // functions
		"\x04\x05\x01\x70\x01\x01\x02" + // tables
		"\x05\x03\x01\x00\x01" + // memories
		"\x06\x06\x01\x7f\x01\x41\x07\x0b" + // globals
		"\x07\x05\x01\x01f\x00\x01" + // exports
		"\x09\x07\x01\x00\x41\x00\x0b\x01\x01" + // elements
		"\x0a\x0c\x01\x0a\x01\x01\x7e\x20\x00\x10\x00\x41\x2a\x0b" + // code
		"\x0b\x08\x01\x00\x41\x08\x0b\x02hi" + // data
		"\x00\x0b\x04name\x01\x04\x01\x01\x01f" +
		"\x00\x03\x01x\x09"
	if got := m.Bytes(); string(got) != want {
		t.Errorf("module\n%x, want\n%x", got, want)
	}
}

func TestEmptyModuleIsThePreamble(t *testing.T) {
	var m wasmtest.Module
	if got := m.Bytes(); string(got) != wasmtest.Preamble {
		t.Errorf("module %x", got)
	}
}

func TestConstantsAreSignedLEB(t *testing.T) {
	for n, want := range map[int64]string{
		0: "\x42\x00", 63: "\x42\x3f", 64: "\x42\xc0\x00", -1: "\x42\x7f", -64: "\x42\x40", -65: "\x42\xbf\x7f",
		-1 << 63: "\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f",
	} {
		if got := wasmtest.I64(n); string(got) != want {
			t.Errorf("%d is %x, want %x", n, got, want)
		}
	}
	if got := wasmtest.Addr(1 << 31); string(got) != "\x41\x80\x80\x80\x80\x78" {
		t.Errorf("the address 2^31 is %x", got)
	}
}

func TestGuestsAreTheSameEveryTime(t *testing.T) {
	switching := wasmtest.On(wasmtest.Switch(map[byte]wasmtest.Behavior{
		'a': wasmtest.Random(1), 'b': wasmtest.Clock(), 'c': wasmtest.Exit(1),
	}, wasmtest.Echo()))
	for range 10 {
		again := wasmtest.On(wasmtest.Switch(map[byte]wasmtest.Behavior{
			'a': wasmtest.Random(1), 'b': wasmtest.Clock(), 'c': wasmtest.Exit(1),
		}, wasmtest.Echo()))
		if !bytes.Equal(switching, again) {
			t.Fatal("the same guest gave two modules")
		}
	}
}

func TestMistakesOfATestPanic(t *testing.T) {
	for name, f := range map[string]func(m *wasmtest.Module){
		"a signature without a colon": func(m *wasmtest.Module) { m.Type("ii") },
		"an unknown value type":       func(m *wasmtest.Module) { m.Type("x:") },
		"an import after a function":  func(m *wasmtest.Module) { m.Func(":", "", ""); m.Import("a", "b", ":") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f(new(wasmtest.Module))
		})
	}
}
