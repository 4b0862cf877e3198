package wasm_test

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/theater-go/theater/wasm"
)

// specModules yields the modules of the specification's own tests, valid and
// invalid, which wazero's source carries; none where that source is not at hand.
func specModules(t *testing.T) map[string][]byte {
	t.Helper()
	file, _ := runtime.FuncForPC(reflect.ValueOf(wazero.NewRuntime).Pointer()).FileLine(0)
	modules := map[string][]byte{}
	for _, version := range []string{"v1", "v2"} {
		dir := filepath.Join(filepath.Dir(file), "internal/integration_test/spectest", version, "testdata")
		names, err := filepath.Glob(filepath.Join(dir, "*.wasm"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			modules[version+"/"+filepath.Base(name)] = b
		}
	}
	if len(modules) == 0 {
		t.Skip("the source of wazero is not at hand")
	}
	return modules
}

func TestModulesOfTheSpecificationAreCheckedAsTheCompilerDoes(t *testing.T) {
	// wazero lets constants be initialised from a mutable global.
	lax := map[string]bool{"v2/elem.47.wasm": true, "v2/elem.50.wasm": true, "v2/data.57.wasm": true, "v2/data.60.wasm": true, "v2/global.22.wasm": true}
	limits := wasm.DefaultLimits
	limits.BranchTable, limits.Joins = 1<<16, 1<<30
	rt := interpreter(t)
	for name, code := range specModules(t) {
		_, checked := wasm.Check(code, limits)
		module, compiled := rt.CompileModule(t.Context(), code)
		if compiled == nil {
			module.Close(t.Context())
		}
		// The types of operands are the compiler's to check.
		operands := compiled != nil && strings.HasPrefix(compiled.Error(), "invalid function[")
		if (checked == nil) != (compiled == nil) && !operands && !lax[name] {
			t.Errorf("%s: check: %v; compile: %v", name, checked, compiled)
		}
	}
}
