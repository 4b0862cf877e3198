package wasm

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// Versions that a genesis pins, so that a later engine knows how a chain was made.
const (
	Convention   = 1 // of turns: state, clock, randomness, decoding of results
	Rewriter     = 1 // of modules
	FuelSchedule = 1 // of what instructions cost
)

// wasiModule is the module name of WASI's imports, which are served by the
// machine and need no grant.
const wasiModule = wasi_snapshot_preview1.ModuleName

// MaxModuleSize is the largest module in bytes that Compile accepts.
const MaxModuleSize = 64 << 20

// maxPages is the largest linear memory of any actor: 4 GiB. What an actor may
// have is its manifest's limit.
const maxPages = 65536

// EngineConfig configures an Engine.
type EngineConfig struct {
	// CacheDir keeps compiled code between runs; "" keeps it in memory only.
	// Whoever can write this folder owns the process: it is made with mode 0700
	// and refused when another user owns it or may write to it.
	CacheDir string
	// Workers is how many functions are compiled at once; 0 means one.
	Workers int
	// MemoryBudget is how many bytes of linear memory all instances together may
	// have; 0 is no bound. An instance that would exceed it does not start, and
	// one that grows beyond it ends with a *Trap that wraps ErrNodeMemory.
	MemoryBudget int64
}

// Engine compiles modules and makes instances of them. It is safe for
// concurrent use.
//
// At most GOMAXPROCS - 1 guests, and at least one, are inside wasm at once, so
// that one processor stays for the rest of the program. A program that gives
// its cores to guests raises GOMAXPROCS by one before it opens an engine, as
// theater does.
type Engine struct {
	runtime wazero.Runtime
	cache   wazero.CompilationCache
	workers int
	yield   api.Module // what rewritten modules import
	slots   *slots

	memories *memories

	mu      sync.Mutex
	modules map[[32]byte]*compilation // guarded by mu
	closed  bool                      // guarded by mu
}

// compilation is a module that is compiled once for all who ask.
type compilation struct {
	done   chan struct{}
	module *Module
	err    error
}

// ErrEngineClosed is returned by an Engine that has been closed.
var ErrEngineClosed = errors.New("the engine is closed")

// OpenEngine starts an engine. Close releases it.
func OpenEngine(ctx context.Context, config EngineConfig) (*Engine, error) {
	if config.MemoryBudget < 0 {
		return nil, fmt.Errorf("memory budget: %d bytes is less than nothing", config.MemoryBudget)
	}
	cache := wazero.NewCompilationCache()
	if config.CacheDir != "" {
		dir, err := secureCacheDir(config.CacheDir)
		if err != nil {
			return nil, fmt.Errorf("compile cache: %w", err)
		}
		if cache, err = wazero.NewCompilationCacheWithDir(dir); err != nil {
			return nil, fmt.Errorf("compile cache: %w", err)
		}
	}
	rc := wazero.NewRuntimeConfig().
		WithCompilationCache(cache).
		WithDebugInfoEnabled(false).
		WithMemoryLimitPages(maxPages)
	e := &Engine{
		runtime: wazero.NewRuntimeWithConfig(ctx, rc),
		cache:   cache,
		workers: max(config.Workers, 1),
		slots:   newSlots(max(runtime.GOMAXPROCS(0)-1, 1)),
		modules: map[[32]byte]*compilation{},

		memories: &memories{budget: config.MemoryBudget, backing: newBacking()},
	}
	if _, err := wasi_snapshot_preview1.Instantiate(experimental.WithFunctionListenerFactory(ctx, wasiMeter{}), e.runtime); err != nil {
		return nil, errors.Join(fmt.Errorf("wasi: %w", err), e.Close(ctx))
	}
	var err error
	if e.yield, err = e.yieldModule(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("yield: %w", err), e.Close(ctx))
	}
	return e, nil
}

// yieldModule makes the module that rewritten modules import.
func (e *Engine) yieldModule(ctx context.Context) (api.Module, error) {
	code, err := e.runtime.NewHostModuleBuilder(YieldModule).NewFunctionBuilder().
		WithGoModuleFunction(yieldFunc{}, []api.ValueType{api.ValueTypeI32}, nil).Export(YieldName).Compile(ctx)
	if err != nil {
		return nil, err
	}
	return e.runtime.InstantiateModule(ctx, code, wazero.NewModuleConfig().WithName(""))
}

// Memory returns how many bytes of linear memory the instances have, and the
// budget of all of them, 0 for no bound.
func (e *Engine) Memory() (inUse, budget int64) { return e.memories.used(), e.memories.budget }

// Close releases the engine and every module of it. All machines must have been
// closed before; memory of those that were not is released when they are. It
// may be called twice.
func (e *Engine) Close(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	defer e.memories.backing.close()
	return errors.Join(e.runtime.Close(ctx), e.cache.Close(ctx))
}

// Compile returns the module of the given bytes, compiling it unless the engine
// or its cache folder already holds it. Concurrent calls for one module compile
// it once. The caller keeps ownership of code.
func (e *Engine) Compile(ctx context.Context, code []byte) (*Module, error) {
	sum := sha256.Sum256(code)
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil, ErrEngineClosed
	}
	c, known := e.modules[sum]
	if !known {
		c = &compilation{done: make(chan struct{})}
		e.modules[sum] = c
	}
	e.mu.Unlock()
	if !known {
		// The work belongs to all who wait for it, so no one caller's context
		// may end it.
		c.module, c.err = e.compile(context.WithoutCancel(ctx), code, sum)
		if c.err != nil {
			e.mu.Lock()
			delete(e.modules, sum)
			e.mu.Unlock()
		}
		close(c.done)
	}
	select {
	case <-c.done:
		return c.module, c.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (e *Engine) compile(ctx context.Context, code []byte, sum [32]byte) (*Module, error) {
	if len(code) > MaxModuleSize {
		return nil, fmt.Errorf("the module has %d bytes, the limit is %d", len(code), MaxModuleSize)
	}
	checked, refused := Check(code, DefaultLimits)
	layout, err := ReadLayout(code)
	if err != nil {
		return nil, cmp.Or(refused, err)
	}
	m := &Module{Sum: sum, Size: len(code), Layout: layout, engine: e}
	m.sleeper = slices.IndexFunc(layout.Imports, func(i Import) bool { return i.WASI() && i.Name == "poll_oneoff" })
	// What the module is says more than the rule that it breaks.
	if err := m.checkShape(); err != nil {
		return nil, err
	}
	if refused != nil {
		return nil, refused
	}
	if m.prepared, err = Rewrite(checked); err != nil {
		return nil, err
	}
	ctx = experimental.WithCompilationWorkers(ctx, e.workers)
	if m.code, err = e.runtime.CompileModule(ctx, m.prepared.Code); err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if err := m.linkImports(ctx); err != nil {
		return nil, err
	}
	if m.Metadata, err = m.describe(ctx); err != nil {
		return nil, err
	}
	m.exports = signaturesOf(layout, m.prepared, m.Metadata)
	return m, nil
}
