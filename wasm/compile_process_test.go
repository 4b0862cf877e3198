package wasm_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestAModuleIsCompiledByOneProcessForAllEngines(t *testing.T) {
	p := processesThat(t, "compiles")
	code := large(wasmtest.Counter())
	var wg sync.WaitGroup
	for range 2 { // they may both compile it, and do not disturb each other
		e := p.engine(t)
		wg.Go(func() {
			if _, err := e.Compile(t.Context(), code); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	begun := p.begun()
	if begun == 0 {
		t.Fatal("no process compiled it")
	}
	m, err := p.engine(t).Compile(t.Context(), code)
	if err != nil || p.begun() != begun {
		t.Fatalf("%v; processes begun: %d, then %d", err, begun, p.begun())
	}
	machine, err := m.Start(t.Context(), wasm.Options{MemoryLimit: 1 << 20, TurnTime: time.Minute, Fuel: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	machine.Close(t.Context())
	if left := p.staged(t); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	for _, file := range cacheFiles(t, p.config.CacheDir) {
		for _, path := range []string{file, filepath.Dir(file)} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s may be read by others: %v, %v", path, info.Mode(), err)
			}
		}
	}
}

func TestASmallModuleNeedsNoProcess(t *testing.T) {
	p := processesThat(t, "panics")
	if _, err := p.engine(t).Compile(t.Context(), wasmtest.Counter()); err != nil || p.begun() != 0 {
		t.Errorf("%v; processes begun: %d", err, p.begun())
	}
}

func TestASmallModuleWithMuchForTheCompilerNeedsAProcess(t *testing.T) {
	p := processesThat(t, "compiles")
	code := hostileActor(t, "as many locals in ifs as are let in")
	if _, err := p.engine(t).Compile(t.Context(), code); err != nil || p.begun() != 1 {
		t.Errorf("%v; processes begun: %d, for %d bytes", err, p.begun(), len(code))
	}
}

func TestWithoutItsCodeAModuleIsCompiledAgain(t *testing.T) {
	p := processesThat(t, "compiles")
	code := large(wasmtest.Counter())
	for range 2 {
		if _, err := p.engine(t).Compile(t.Context(), code); err != nil {
			t.Fatal(err)
		}
		for _, file := range cacheFiles(t, p.config.CacheDir) {
			if filepath.Ext(file) == "" {
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if p.begun() != 2 {
		t.Errorf("processes begun: %d", p.begun())
	}
}

func TestAProcessThatGoesWrongIsTheEndOfItsModuleOnly(t *testing.T) {
	for does, c := range map[string]struct {
		code   []byte
		time   time.Duration
		memory int64
		fault  wasm.CompileFault
		says   string
	}{
		"rests":                      {time: 50 * time.Millisecond, fault: wasm.CompileTime, says: "takes more than 50ms to compile"},
		"takes all memory":           {memory: 3 << 30, fault: wasm.CompileMemory, says: "needs more than 3 GiB of memory"},
		"compiles":                   {code: hostileActor(t, "as many locals in ifs as are let in"), memory: 24 << 20, fault: wasm.CompileMemory, says: "needs more than 24 MiB of memory"},
		"panics":                     {fault: wasm.CompileCrash, says: `exit status 2: panic: red \x1b[31m`},
		"is killed":                  {fault: wasm.CompileCrash, says: "killed"},
		"says nothing":               {fault: wasm.CompileCrash, says: "no answer that makes sense"},
		"says too much":              {fault: wasm.CompileCrash, says: "no answer that makes sense"},
		"names a file elsewhere":     {fault: wasm.CompileCrash, says: "not of the same build"},
		"names another build's file": {fault: wasm.CompileCrash, says: "not of the same build"},
	} {
		t.Run("it "+does, func(t *testing.T) {
			if does == "takes all memory" && wasm.LimitData(1<<40) != nil {
				t.Skip("the system limits no memory")
			}
			p := processesThat(t, does)
			p.config.Compiler.Memory = c.memory
			if c.time > 0 {
				p.config.Compiler.Time = c.time
			}
			if c.code == nil {
				c.code = large(wasmtest.Counter())
			}
			e := p.engine(t)
			_, err := e.Compile(t.Context(), c.code)
			var failed *wasm.CompileError
			if !errors.As(err, &failed) || failed.Fault != c.fault || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v", err)
			}
			if strings.ContainsRune(err.Error(), '\x1b') {
				t.Error("the error can act on a terminal")
			}
			if left := append(p.staged(t), cacheFiles(t, p.config.CacheDir)...); len(left) > 0 {
				t.Errorf("left: %q", left)
			}
			if _, err := e.Compile(t.Context(), wasmtest.Counter()); err != nil {
				t.Errorf("another module: %v", err)
			}
		})
	}
}

func TestAProcessTellsWhatIsWrongWithAModuleAsTheEngineDoes(t *testing.T) {
	code := large(wasmtest.Guest{Alloc: wasmtest.I64(0)}.Bytes())
	_, here := openEngine(t).Compile(t.Context(), code)
	p := processesThat(t, "compiles")
	_, there := p.engine(t).Compile(t.Context(), code)
	if here == nil || there == nil || here.Error() != there.Error() || p.begun() != 1 {
		t.Errorf("here: %v\nthere: %v", here, there)
	}
}

func TestACommandThatIsNotThereIsAnError(t *testing.T) {
	p := processesThat(t, "compiles")
	p.config.Compiler.Command = []string{filepath.Join(t.TempDir(), "nothing")}
	if _, err := p.engine(t).Compile(t.Context(), large(wasmtest.Counter())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	p.config.Compiler.Command = nil
	if _, err := wasm.OpenEngine(t.Context(), p.config); err == nil {
		t.Error("a compiler without a command is let in")
	}
}

func TestNoMoreProcessesThanWorkersRunAtOnce(t *testing.T) {
	p := processesThat(t, "compiles alone")
	p.config.Workers = 1
	e := p.engine(t)
	var wg sync.WaitGroup
	for _, code := range [][]byte{large(wasmtest.Counter()), large(wasmtest.On(wasmtest.Echo())), large(wasmtest.On(wasmtest.Keep()))} {
		wg.Go(func() {
			if _, err := e.Compile(t.Context(), code); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if p.begun() != 3 {
		t.Errorf("processes begun: %d", p.begun())
	}
}

func TestAClosedEngineEndsItsProcesses(t *testing.T) {
	p := processesThat(t, "rests")
	e := p.engine(t)
	failed := make(chan error, 1)
	go func() {
		_, err := e.Compile(t.Context(), large(wasmtest.Counter()))
		failed <- err
	}()
	if !await(func() bool { return p.begun() == 1 }) {
		t.Fatal("no process has begun")
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; !errors.Is(err, wasm.ErrEngineClosed) {
		t.Errorf("got %v", err)
	}
	if left := p.staged(t); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

func TestWhatNobodyWaitsForIsNotCompiled(t *testing.T) {
	p := processesThat(t, "compiles the second time")
	e := p.engine(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		await(func() bool { return p.begun() == 1 })
		cancel()
	}()
	code := large(wasmtest.Counter())
	if _, err := e.Compile(ctx, code); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if _, err := e.Compile(t.Context(), code); err != nil || p.begun() != 2 {
		t.Errorf("%v; processes begun: %d", err, p.begun())
	}
	if !await(func() bool { return len(p.staged(t)) == 0 }) {
		t.Error("the first process goes on")
	}
}

func TestOneWhoLeavesTakesNothingFromTheOthers(t *testing.T) {
	p := processesThat(t, "compiles when told")
	e := p.engine(t)
	code := large(wasmtest.Counter())
	ctx, cancel := context.WithCancel(t.Context())
	left, got := make(chan error, 1), make(chan error, 1)
	compile := func(ctx context.Context, to chan<- error) {
		_, err := e.Compile(ctx, code)
		to <- err
	}
	go compile(ctx, left)
	if !await(func() bool { return p.begun() == 1 }) {
		t.Fatal("no process has begun")
	}
	go compile(t.Context(), got)
	if !await(func() bool { return e.Waiting(code) == 2 }) {
		t.Fatal("the second does not wait")
	}
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(p.journal+".go", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil || p.begun() != 1 {
		t.Errorf("%v; processes begun: %d", err, p.begun())
	}
}

func TestAProcessEndsWithItsInput(t *testing.T) {
	p := processesThat(t, "compiles")
	command := p.config.Compiler.Command
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	code := nestedIfs(60_000)
	cmd.Stdin = strings.NewReader(fmt.Sprintf("{\"dir\":%q,\"size\":%d,\"workers\":1,\"memory\":%d}\n%s", t.TempDir(), len(code), 1<<30, code))
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || len(out) > 0 {
		t.Errorf("%v, answer %q", err, out)
	}
}

func TestOnlyOldFoldersOfProcessesAreCleared(t *testing.T) {
	p := processesThat(t, "compiles")
	p.engine(t)
	folder := func(name string, age time.Duration) string {
		dir := filepath.Join(p.config.CacheDir, "v1", name)
		then := time.Now().Add(-age)
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "in"), 0o700), os.Chtimes(dir, then, then)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	folder("staging-old", 25*time.Hour)
	fresh := folder("staging-new", time.Hour)
	p.engine(t)
	if left := p.staged(t); len(left) != 1 || left[0] != fresh {
		t.Errorf("left: %q", left)
	}
}

func TestAnEngineWithoutAFolderLeavesNone(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"TMPDIR", "TMP"} {
		t.Setenv(name, dir)
	}
	p := processesThat(t, "compiles")
	p.config.CacheDir = ""
	e := p.engine(t)
	if _, err := e.Compile(t.Context(), large(wasmtest.Counter())); err != nil || p.begun() != 1 {
		t.Fatalf("%v; processes begun: %d", err, p.begun())
	}
	if files := cacheFiles(t, dir); len(files) == 0 {
		t.Error("the code lies elsewhere")
	}
	if err := e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestWhoCompilesIsToldWhenItMayTakeLong(t *testing.T) {
	p := processesThat(t, "compiles")
	code := large(wasmtest.Counter())
	for _, c := range []struct {
		name   string
		config wasm.EngineConfig
		code   []byte
		want   string
	}{
		{"a large module", p.config, code, fmt.Sprintf("began %d, done", len(code))},
		{"one that was compiled before", p.config, code, ""},
		{"a large module, in process", wasm.EngineConfig{}, code, fmt.Sprintf("began %d, done", len(code))},
		{"a small module", wasm.EngineConfig{}, wasmtest.Counter(), ""},
	} {
		e, err := wasm.OpenEngine(t.Context(), c.config)
		if err != nil {
			t.Fatal(err)
		}
		told := ""
		ctx := wasm.WithNotice(t.Context(), func(size int) func() {
			told = fmt.Sprintf("began %d", size)
			return func() { told += ", done" }
		})
		if _, err := e.Compile(ctx, c.code); err != nil {
			t.Error(err)
		}
		if err := e.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if told != c.want {
			t.Errorf("%s: told %q, want %q", c.name, told, c.want)
		}
	}
}
