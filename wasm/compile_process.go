package wasm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Defaults of a Compiler. An ordinary module of 10 MB takes a tenth of them.
const (
	DefaultCompileTime   = 2 * time.Minute
	DefaultCompileMemory = 2 << 30
)

// Compiler compiles modules in processes of their own, so that what takes too
// much time or memory, or makes the compiler fail, ends there. At most
// EngineConfig.Workers of them run at once; Engine.Close ends them, and they end
// by themselves when this process does.
type Compiler struct {
	// Command is the program and its arguments. It has to call RunCompiler with
	// its standard input and output, and to be of the same build as the engine.
	Command []string
	// Time is how long a module may take; 0 is DefaultCompileTime.
	Time time.Duration
	// Memory is how many bytes a process may have; 0 is DefaultCompileMemory.
	Memory int64
}

// CompileFault is what a compilation in a process of its own ended with.
type CompileFault int

const (
	CompileTime   CompileFault = iota + 1 // it took more time than it may
	CompileMemory                         // it needed more memory than it may
	CompileCrash                          // the compiler failed
)

// CompileError says why a valid module could not be compiled.
type CompileError struct {
	Fault  CompileFault
	Time   time.Duration // the limit, of CompileTime
	Memory int64         // the limit in bytes, of CompileMemory
	Detail string        // of CompileCrash; may hold what the compiler said, as it said it
}

func (e *CompileError) Error() string {
	switch e.Fault {
	case CompileTime:
		return fmt.Sprintf("compile: the module takes more than %v to compile", e.Time)
	case CompileMemory:
		return fmt.Sprintf("compile: the module needs more than %s of memory to compile", binarySize(e.Memory))
	}
	return fmt.Sprintf("compile: the compiler failed on this module: %q", e.Detail)
}

func binarySize(n int64) string {
	for _, u := range []struct {
		bits int
		name string
	}{{30, "GiB"}, {20, "MiB"}, {10, "KiB"}} {
		if n >= 1<<u.bits && n%(1<<u.bits) == 0 {
			return fmt.Sprintf("%d %s", n>>u.bits, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// compiler is an engine's Compiler with the folder that its results go to.
type compiler struct {
	Compiler
	cache   *codeCache
	workers int
	running chan struct{} // has room for as many as may run at once
}

// openCompiler gives a Compiler the cache folder in path.
func openCompiler(config Compiler, path string, workers int) (*compiler, error) {
	if len(config.Command) == 0 {
		return nil, errors.New("the compiler has no command")
	}
	if config.Time == 0 {
		config.Time = DefaultCompileTime
	}
	if config.Memory == 0 {
		config.Memory = DefaultCompileMemory
	}
	cache, err := openCodeCache(path)
	if err != nil {
		return nil, err
	}
	return &compiler{Compiler: config, cache: cache, workers: workers, running: make(chan struct{}, workers)}, nil
}

// compile has a module compiled and takes the result into the cache.
func (c *compiler) compile(ctx context.Context, code []byte, sum [32]byte) error {
	select {
	case c.running <- struct{}{}:
		defer func() { <-c.running }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	staging, err := c.cache.stage()
	if err != nil {
		return fmt.Errorf("compile cache: %w", err)
	}
	defer os.RemoveAll(staging)
	a, err := c.run(ctx, job{Dir: staging, Size: len(code), Workers: c.workers, Memory: c.Memory}, code)
	switch {
	case err != nil:
		return err
	case a.Error != "":
		return fmt.Errorf("compile: %s", a.Error)
	case a.Code == "": // the interpreter, which leaves no code
		return nil
	}
	if err := c.cache.adopt(staging, a.Code, sum, c.Memory); err != nil {
		return &CompileError{Fault: CompileCrash, Detail: err.Error()}
	}
	return nil
}

// maxSaid is how many bytes of what a compiling process says are kept.
const maxSaid = 8 << 10

// run runs one process to its end.
func (c *compiler) run(ctx context.Context, j job, code []byte) (answer, error) {
	limited, cancel := context.WithTimeout(ctx, c.Time)
	defer cancel()
	cmd := exec.CommandContext(limited, c.Command[0], c.Command[1:]...)
	cmd.WaitDelay = time.Second // for what it may have started itself
	var out, said bounded
	cmd.Stdout, cmd.Stderr = &out, &said
	// Standard input stays open to the end: by its end the process knows that we
	// are gone.
	in, err := cmd.StdinPipe()
	if err != nil {
		return answer{}, err
	}
	if err := cmd.Start(); err != nil {
		return answer{}, fmt.Errorf("start the compiler: %w", err)
	}
	sent := j.send(in, code)
	ended := cmd.Wait()
	var a answer
	told := json.Unmarshal(out.kept, &a)
	switch {
	case ended == nil && told == nil && sent == nil && a.Fault == 0:
		return a, nil
	case ctx.Err() != nil:
		return a, context.Cause(ctx)
	case limited.Err() != nil:
		return a, &CompileError{Fault: CompileTime, Time: c.Time}
	case a.Fault == CompileMemory, ended != nil && outOfMemory(said.kept):
		return a, &CompileError{Fault: CompileMemory, Memory: c.Memory}
	}
	return a, &CompileError{Fault: CompileCrash, Detail: failure(ended, said.kept)}
}

// outOfMemory reports whether a Go program died because the system gave it no
// more memory.
func outOfMemory(said []byte) bool {
	return slices.ContainsFunc([]string{"out of memory", "cannot allocate memory", "failed to allocate"}, // the runtime, a system call, the race detector
		func(words string) bool { return bytes.Contains(said, []byte(words)) })
}

// failure is how the process ended and the first line of what it said.
func failure(ended error, said []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	if ended == nil {
		ended = errors.New("it gave no answer that makes sense")
	}
	if line == "" {
		return ended.Error()
	}
	return ended.Error() + ": " + line
}

// bounded keeps the beginning of what is written to it.
type bounded struct{ kept []byte }

func (b *bounded) Write(p []byte) (int, error) {
	b.kept = append(b.kept, p[:min(len(p), maxSaid-len(b.kept))]...)
	return len(p), nil
}
