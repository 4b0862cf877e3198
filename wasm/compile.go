package wasm

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
)

// compilation is a module that is compiled once for all who ask. It ends early
// when nobody waits for it any more.
type compilation struct {
	done    chan struct{}
	module  *Module // both are set when done is closed
	err     error
	cancel  context.CancelCauseFunc
	waiting int // callers; guarded by the engine's mu
}

var errAbandoned = errors.New("nobody waits for the module")

// Compile returns the module of the given bytes, compiling it unless the engine
// or its cache folder already holds it. Concurrent calls for one module compile
// it once; the work goes on while one of them waits. A module that takes more
// than a Compiler gives it is a *CompileError. The caller keeps ownership of
// code.
func (e *Engine) Compile(ctx context.Context, code []byte) (*Module, error) {
	sum := sha256.Sum256(code)
	c, err := e.join(ctx, code, sum)
	if err != nil {
		return nil, err
	}
	select {
	case <-c.done:
		return c.module, c.err
	case <-ctx.Done():
		e.leave(c, sum)
		return nil, context.Cause(ctx)
	}
}

// join finds the compilation of a module, or begins it.
func (e *Engine) join(ctx context.Context, code []byte, sum [32]byte) (*compilation, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, ErrEngineClosed
	}
	c, known := e.modules[sum]
	if !known {
		// The work belongs to all who wait for it, so no one caller's context
		// may end it, nor may the one who has left change its bytes.
		c = &compilation{done: make(chan struct{})}
		ctx, c.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
		code = slices.Clone(code)
		e.modules[sum] = c
		e.compiling.Go(func() { e.runCompile(ctx, c, code, sum) })
	}
	c.waiting++
	return c, nil
}

func (e *Engine) runCompile(ctx context.Context, c *compilation, code []byte, sum [32]byte) {
	defer close(c.done)
	defer c.cancel(nil)
	c.module, c.err = e.compile(ctx, code, sum)
	if ctx.Err() != nil {
		c.module, c.err = nil, context.Cause(ctx)
	}
	if c.err != nil {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.forgetLocked(c, sum)
	}
}

// leave gives up waiting. Who asks for the module later begins anew.
func (e *Engine) leave(c *compilation, sum [32]byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c.waiting--
	select {
	case <-c.done:
	default:
		if c.waiting == 0 {
			c.cancel(errAbandoned)
			e.forgetLocked(c, sum)
		}
	}
}

func (e *Engine) forgetLocked(c *compilation, sum [32]byte) {
	if e.modules[sum] == c {
		delete(e.modules, sum)
	}
}

// What the check lets through of small modules compiles in a few tenths of a
// second and some 60 MB at worst, as BenchmarkTheWorstOfSmallModules shows;
// most of them take less than it takes to start a process.
const (
	smallModule = 32 << 10 // bytes
	smallJoins  = 25_000   // values at labels, see Limits.Joins
)

// small reports whether the check alone bounds what compiling takes.
func (p *Prepared) small() bool { return p.size <= smallModule && p.joins <= smallJoins }

// translate makes native code of a module. A small one is compiled here, by one
// worker, whose panic is caught; another one in a process of its own, unless it
// is known to have gone well there.
func (e *Engine) translate(ctx context.Context, p *Prepared) (wazero.CompiledModule, error) {
	if p.small() {
		return e.native(ctx, p, 1)
	}
	if e.compiler == nil {
		defer noticeCompile(ctx, p.size)()
	} else if sum := sha256.Sum256(p.Code); !e.compiler.cache.knows(sum) {
		defer noticeCompile(ctx, p.size)()
		if err := e.compiler.compile(ctx, p.Code, sum); err != nil {
			return nil, err
		}
	}
	return e.native(ctx, p, e.workers)
}

// native compiles in this process, or reads what the cache folder has.
func (e *Engine) native(ctx context.Context, p *Prepared, workers int) (code wazero.CompiledModule, err error) {
	defer func() {
		if r := recover(); r != nil {
			code, err = nil, &CompileError{Fault: CompileCrash, Detail: fmt.Sprint(r)}
		}
	}()
	code, err = e.runtime.CompileModule(experimental.WithCompilationWorkers(ctx, workers), p.Code)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	return code, nil
}

// Notice is told when Engine.Compile begins to compile a module that may take
// long, of so many bytes; what it returns is called when that is over.
type Notice func(size int) (done func())

type noticeKey struct{}

// WithNotice returns a context with which Engine.Compile tells n what it does.
// Who waits for what another has begun is told nothing.
func WithNotice(ctx context.Context, n Notice) context.Context {
	return context.WithValue(ctx, noticeKey{}, n)
}

func noticeCompile(ctx context.Context, size int) (done func()) {
	if n, ok := ctx.Value(noticeKey{}).(Notice); ok {
		return n(size)
	}
	return func() {}
}
