package wasm_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestConcurrentCompilesOfOneModuleShareIt(t *testing.T) {
	e := openEngine(t)
	code := wasmtest.Counter()
	modules := make([]*wasm.Module, 8)
	var wg sync.WaitGroup
	for i := range modules {
		wg.Go(func() {
			m, err := e.Compile(t.Context(), code)
			if err != nil {
				t.Error(err)
			}
			modules[i] = m
		})
	}
	wg.Wait()
	for _, m := range modules {
		if m != modules[0] {
			t.Fatal("one module was compiled twice")
		}
	}
}

func TestAModuleThatWasRefusedIsLookedAtAgain(t *testing.T) {
	e := openEngine(t)
	for range 2 {
		var abi *wasm.ABIError
		if _, err := e.Compile(t.Context(), wasmtest.Guest{Without: []string{"memory"}}.Bytes()); !errors.As(err, &abi) {
			t.Fatalf("got %v", err)
		}
	}
}

func TestAClosedEngineCompilesNothing(t *testing.T) {
	e, err := wasm.OpenEngine(t.Context(), wasm.EngineConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Compile(t.Context(), wasmtest.Counter()); !errors.Is(err, wasm.ErrEngineClosed) {
		t.Errorf("got %v", err)
	}
}

func TestCompiledCodeIsKeptInAFolderOfOurOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	compile := func() {
		e, err := wasm.OpenEngine(t.Context(), wasm.EngineConfig{CacheDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Compile(t.Context(), wasmtest.Counter()); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	compile()
	files := cacheFiles(t, dir)
	if len(files) == 0 {
		t.Fatal("nothing is kept")
	}
	compile()
	if again := cacheFiles(t, dir); len(again) != len(files) {
		t.Errorf("%d files became %d", len(files), len(again))
	}
	for _, p := range []string{dir, filepath.Join(dir, "v1")} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o700 {
			t.Errorf("%s has mode %o", p, mode)
		}
	}
}

func cacheFiles(t *testing.T, dir string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestACacheFolderOfAnotherUserIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chown(dir, 12345, -1); err != nil {
		t.Skipf("needs to give a folder away: %v", err)
	}
	if _, err := wasm.OpenEngine(t.Context(), wasm.EngineConfig{CacheDir: dir}); err == nil {
		t.Error("the folder of another user is used")
	}
}

func FuzzReadLayout(f *testing.F) {
	f.Add(wasmtest.Counter())
	f.Add(wasmtest.On(wasmtest.Sleep(1, wasmtest.Print(1, "x", wasmtest.Exit(1)))))
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x02\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, code []byte) {
		layout, err := wasm.ReadLayout(code)
		if err != nil {
			return
		}
		for i, name := range layout.Exports {
			if at, ok := layout.Export(name); !ok || at < i {
				t.Errorf("export %q is at %d, not %d", name, at, i)
			}
		}
		for i := range uint32(len(layout.Imports)) {
			if layout.BodyOffset(i) != 0 {
				t.Errorf("import %d has a body", i)
			}
		}
	})
}
