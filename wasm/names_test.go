package wasm_test

import (
	"testing"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestNamesStandForIndexesWhereTheModuleHasThem(t *testing.T) {
	l, err := wasm.ReadLayout(wasmtest.Counter())
	if err != nil {
		t.Fatal(err)
	}
	const none = 1<<32 - 1
	for _, c := range []struct{ got, want string }{
		{l.ExportName(0), l.Exports[0]}, {l.ExportName(none), "export 4294967295"}, {l.ImportName(none), "import 4294967295"},
		{l.FunctionLabel(none), "function 4294967295"},
		{(*wasm.Layout)(nil).ExportName(0), "export 0"}, {(*wasm.Layout)(nil).ImportName(1), "import 1"}, {(*wasm.Layout)(nil).FunctionLabel(2), "function 2"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}
