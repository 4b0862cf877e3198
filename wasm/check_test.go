package wasm_test

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestModulesOfCompilersAreLetIn(t *testing.T) {
	modules := map[string][]byte{"the assembled counter": wasmtest.Counter(), "the assembled actor": wasmtest.Guest{}.Bytes()}
	for _, name := range guests {
		modules[name] = readGuest(t, name)
	}
	for name, code := range modules {
		if _, err := wasm.Check(code, wasm.DefaultLimits); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// guests are the modules that other compilers made, under testdata/guests.
var guests = []string{"c-echo/echo.wasm", "c-qsort/qsort.wasm", "rust-counter/counter-0.7.wasm", "rust-counter/counter-0.11.wasm",
	"rust-counter/counter-0.21.wasm", "rust-counter/counter-0.24.wasm"}

func readGuest(t testing.TB, name string) []byte {
	t.Helper()
	code, err := os.ReadFile("testdata/guests/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestRefusalNamesTheFunctionTheValueAndTheLimit(t *testing.T) {
	var m wasmtest.Module
	m.Import("env", "log", ":")
	f := m.Func(":", "", wasmtest.Repeat(2000, wasmtest.Block(""))+wasmtest.Repeat(1501, "\x02\x40")+wasmtest.Repeat(1501, wasmtest.End))
	m.Name(f, "deep")
	_, err := wasm.Check(m.Bytes(), wasm.DefaultLimits)
	var refused *wasm.CheckError
	if !errors.As(err, &refused) || !refused.InFunction || refused.Function != f || refused.Name != "deep" || refused.Value != 1501 || refused.Max != 1500 {
		t.Fatalf("%#v", err)
	}
	if want := "the module is refused: deep (function 1): blocks inside each other: 1501, the limit is 1500"; err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestBrokenRuleNamesTheByte(t *testing.T) {
	code := append([]byte(wasmtest.Preamble), wasmtest.Section(1, []byte{1, 0x61})...)
	_, err := wasm.Check(code, wasm.DefaultLimits)
	var refused *wasm.CheckError
	if !errors.As(err, &refused) || refused.InFunction || refused.Limit != "" || refused.Offset < 11 || refused.Offset > 12 {
		t.Errorf("%#v", err)
	}
}

func TestMemoryOfACheckIsASmallMultipleOfTheModule(t *testing.T) {
	alone(t)
	for _, m := range wasmtest.Hostile() {
		var before, after runtime.MemStats
		code := m.Code()
		runtime.ReadMemStats(&before)
		_, err := wasm.Check(code, wasm.DefaultLimits)
		runtime.ReadMemStats(&after)
		// A refusal may read the name section too.
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<10+80*uint64(len(code)) {
			t.Errorf("%s: %d bytes for a module of %d (%v)", m.Name, used, len(code), err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	code := readGuest(b, "rust-counter/counter-0.21.wasm")
	b.SetBytes(int64(len(code)))
	for b.Loop() {
		if _, err := wasm.Check(code, wasm.DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}
