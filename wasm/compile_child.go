package wasm

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
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
)

// job is what a compiling process is to do. It is a line of JSON, with the
// module behind it.
type job struct {
	Dir     string `json:"dir"`  // empty folder for the result
	Size    int    `json:"size"` // bytes of the module
	Workers int    `json:"workers"`
	Memory  int64  `json:"memory"` // bytes that the process may have
}

// answer is what came of a job: one line of JSON.
type answer struct {
	Code  string       `json:"code,omitempty"` // file in the job's folder; "" where no code is kept
	Error string       `json:"error,omitempty"`
	Fault CompileFault `json:"fault,omitempty"` // CompileMemory
}

// send writes the job and its module.
func (j job) send(w io.Writer, code []byte) error {
	line, err := json.Marshal(j)
	if err != nil {
		return err
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return err
	}
	_, err = w.Write(code)
	return err
}

// RunCompiler is what the command of a Compiler does: it reads a module from in,
// compiles it, and says on out what came of it. It takes the process for its
// own: limits its memory, does not mind Ctrl-C, and ends it when it needs too
// much memory or when in ends, as it does with the process that wrote to it.
func RunCompiler(ctx context.Context, in io.Reader, out io.Writer) error {
	signal.Ignore(os.Interrupt) // who started us says when to end
	r := bufio.NewReaderSize(in, maxSaid)
	line, err := r.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("read what is to be compiled: %w", err)
	}
	var j job
	if err := json.Unmarshal(line, &j); err != nil {
		return fmt.Errorf("read what is to be compiled: %w", err)
	}
	if limit := maxGrowth*MaxModuleSize + growthBase; j.Size < 0 || j.Size > limit || j.Memory <= 0 {
		return fmt.Errorf("a module of %d bytes in %d bytes of memory", j.Size, j.Memory)
	}
	a := &answering{out: out}
	if err := a.limit(j.Memory); err != nil {
		return err
	}
	code := make([]byte, j.Size)
	if _, err := io.ReadFull(r, code); err != nil {
		return fmt.Errorf("read the module: %w", err)
	}
	go runWatchInput(r)
	file, err := compileInto(ctx, j, code)
	if err != nil {
		return a.give(answer{Error: shortened(err.Error())})
	}
	return a.give(answer{Code: file})
}

// answering gives one answer.
type answering struct {
	out  io.Writer
	once sync.Once
}

func (a *answering) give(what answer) (err error) {
	a.once.Do(func() { err = json.NewEncoder(a.out).Encode(what) })
	return err
}

const (
	memoryInterval = 5 * time.Millisecond
	// memoryRoom is what Go has beside what the watch sees, and what may be
	// allocated before it looks again.
	memoryRoom = 256 << 20
)

// limit bounds the memory of the process. The collector works harder as it comes
// near; the watch ends the process with an answer; and where the system can it
// gives no more, should the watch come too late.
func (a *answering) limit(memory int64) error {
	debug.SetMemoryLimit(memory / 4 * 3)
	if err := limitData(memory + memoryRoom); err != nil {
		return fmt.Errorf("limit the memory to %d bytes: %w", memory, err)
	}
	go a.runWatchMemory(memory)
	return nil
}

func (a *answering) runWatchMemory(memory int64) {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for range time.Tick(memoryInterval) {
		metrics.Read(samples)
		if samples[0].Value.Uint64()-samples[1].Value.Uint64() > uint64(memory) {
			_ = a.give(answer{Fault: CompileMemory}) // the exit code says it too
			os.Exit(1)
		}
	}
}

// runWatchInput ends the process with its input.
func runWatchInput(in io.Reader) {
	_, _ = io.Copy(io.Discard, in)
	os.Exit(1)
}

// compileInto compiles the module of a job and returns the file with the code.
func compileInto(ctx context.Context, j job, code []byte) (string, error) {
	cache, err := wazero.NewCompilationCacheWithDir(j.Dir)
	if err != nil {
		return "", err
	}
	rt := wazero.NewRuntimeWithConfig(ctx, runtimeConfig(cache))
	if _, err := rt.CompileModule(experimental.WithCompilationWorkers(ctx, j.Workers), code); err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(j.Dir, "*", "*"))
	switch {
	case err != nil:
		return "", err
	case len(files) == 0:
		return "", nil
	case len(files) > 1:
		return "", errors.New("the compiler left several files")
	}
	return filepath.Rel(j.Dir, files[0])
}

// shortened cuts a text so that an answer with it stays small.
func shortened(s string) string { return string(bytes.ToValidUTF8([]byte(s[:min(len(s), 1024)]), nil)) }
