package wasm_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// asCompiler is the first argument of this test binary as the command of a
// Compiler. Behind it come what the process is to do and its journal, a file to
// which each process adds a line.
const asCompiler = "as-compiler"

// compilerMain is such a process.
func compilerMain(does, journal string) int {
	begun := note(journal)
	switch does {
	case "compiles":
	case "compiles the second time":
		if begun == 1 {
			rest()
		}
	case "compiles when told":
		await(func() bool { _, err := os.Stat(journal + ".go"); return err == nil })
	case "compiles alone":
		f, err := os.OpenFile(journal+".lock", os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			panic(err)
		}
		defer os.Remove(f.Name())
		defer f.Close()
	case "rests":
		rest()
	case "takes all memory":
		if err := wasm.LimitData(128 << 20); err != nil {
			panic(err)
		}
		var kept [][]byte
		for range 512 {
			kept = append(kept, bytes.Repeat([]byte{1}, 1<<20))
		}
		panic(fmt.Sprintf("it was given %d MiB", len(kept)))
	case "panics":
		panic("red \x1b[31m")
	case "is killed":
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Kill()
		rest()
	case "says nothing":
		return 0
	case "says too much":
		fmt.Print(strings.Repeat("x", 1<<20))
		return 0
	case "names a file elsewhere":
		receive()
		fmt.Println(`{"code":"../../../../etc/passwd"}`)
		return 0
	case "names another build's file":
		receive()
		fmt.Println(`{"code":"wazero-v0.0.1-amd64-linux/` + strings.Repeat("0", 64) + `"}`)
		return 0
	}
	if err := wasm.RunCompiler(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// receive reads the job and its module: who ends before is one that gave no answer.
func receive() {
	in := bufio.NewReader(os.Stdin)
	line, err := in.ReadBytes('\n')
	var job struct{ Size int64 }
	if err == nil {
		err = json.Unmarshal(line, &job)
	}
	if err == nil {
		_, err = io.CopyN(io.Discard, in, job.Size)
	}
	if err != nil {
		panic(err)
	}
}

// rest waits to be ended.
func rest() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	<-ctx.Done()
}

// note adds a line and returns how many there are.
func note(journal string) int {
	f, err := os.OpenFile(journal, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString("begun\n")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		panic(err)
	}
	return lines(journal)
}

func lines(journal string) int {
	text, _ := os.ReadFile(journal) // there is none before the first process
	return strings.Count(string(text), "\n")
}

func await(happened func() bool) bool {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-tick.C {
		if happened() {
			return true
		}
	}
	return false
}

// processes are an engine's configuration with this test binary as compiler.
type processes struct {
	journal string
	config  wasm.EngineConfig
}

func processesThat(t *testing.T, do string) *processes {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p := &processes{journal: filepath.Join(dir, "journal")}
	p.config = wasm.EngineConfig{
		CacheDir: filepath.Join(dir, "cache"), Workers: 2,
		Compiler: &wasm.Compiler{Command: []string{self, asCompiler, do, p.journal}, Time: time.Minute},
	}
	return p
}

func (p *processes) engine(t *testing.T) *wasm.Engine {
	t.Helper()
	e, err := wasm.OpenEngine(t.Context(), p.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

func (p *processes) begun() int { return lines(p.journal) }

// staged are the folders of processes that are left.
func (p *processes) staged(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(p.config.CacheDir, "v1", "staging-*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// large makes a module one that is not small.
func large(code []byte) []byte {
	return append(bytes.Clone(code), wasmtest.Section(0, append([]byte{1, 'x'}, make([]byte, 40_000)...))...)
}

func hostileActor(t *testing.T, name string) []byte {
	t.Helper()
	for _, m := range wasmtest.Hostile() {
		if m.Actor && strings.HasPrefix(m.Name, name) {
			return m.Code()
		}
	}
	t.Fatalf("there is no hostile module %q", name)
	return nil
}
