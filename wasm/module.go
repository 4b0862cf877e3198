package wasm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/theater-go/theater/wasm/pack"
)

// Names of the Graph ABI's exports.
const (
	exportAlloc      = "__pack_alloc"
	exportFree       = "__pack_free"
	exportTypes      = "__pack_types"
	exportMemory     = "memory"
	exportInitialize = "_initialize"
	exportCtors      = "__wasm_call_ctors"
	exportStart      = "_start"
)

// Module is a compiled guest module. It is immutable and safe for concurrent
// use; the Engine owns it.
type Module struct {
	Sum      [32]byte // sha256 of the module's bytes
	Size     int      // bytes
	Layout   *Layout
	Metadata pack.Metadata // what the guest declares of its interfaces

	engine   *Engine
	prepared *Prepared
	exports  []signature // as Metadata declares them, by index
	sleeper  int         // import index of poll_oneoff, -1 without one
	// What initialisation makes of an instance, against zeros, and what of its
	// memory against that of an instance that has run nothing. nil where it has
	// to run for each.
	initial *Snapshot
	overlay image
	kept    sync.Once
	sum     [32]byte // of initial's encoding, once kept
	code    wazero.CompiledModule
	links   map[string]api.Module // host module for each imported module name but WASI's
}

// ABIError says why a module is not one that speaks the Graph ABI.
type ABIError struct {
	Reason string
	Hint   string // the way out
}

func (e *ABIError) Error() string { return e.Reason + ": " + e.Hint }

// abiSignature is the type of every theater import: four i32 to one.
var abiSignature = functype{params: "\x7f\x7f\x7f\x7f", results: "\x7f"}

// linkImports makes the host modules that the module's imports resolve to. They
// belong to this module alone, so two modules may import whatever they like
// under the same names.
func (m *Module) linkImports(ctx context.Context) error {
	m.links = map[string]api.Module{YieldModule: m.engine.yield}
	builders := map[string]wazero.HostModuleBuilder{}
	linked := map[Import]bool{}
	for index, imp := range m.Layout.Imports {
		if imp.WASI() {
			continue
		}
		if imp.Module == YieldModule {
			return &ABIError{fmt.Sprintf("import %s is the engine's own", imp), "rename the interface"}
		}
		if sig, known := m.Layout.signature(imp); !known || sig != abiSignature {
			return &ABIError{fmt.Sprintf("import %s has another type than (i32, i32, i32, i32) -> i32", imp), "imports of an actor follow the Graph ABI"}
		}
		name := Import{Module: imp.Module, Name: imp.Name}
		if linked[name] {
			continue
		}
		linked[name] = true
		b, ok := builders[imp.Module]
		if !ok {
			b = m.engine.runtime.NewHostModuleBuilder(imp.Module)
			builders[imp.Module] = b
		}
		i32 := api.ValueTypeI32
		b.NewFunctionBuilder().
			WithGoModuleFunction(importFunc(index), []api.ValueType{i32, i32, i32, i32}, []api.ValueType{i32}).
			Export(imp.Name)
	}
	for name, b := range builders {
		code, err := b.Compile(ctx)
		if err != nil {
			return fmt.Errorf("link %s: %w", name, err)
		}
		link, err := m.engine.runtime.InstantiateModule(ctx, code, wazero.NewModuleConfig().WithName(""))
		if err != nil {
			return fmt.Errorf("link %s: %w", name, err)
		}
		m.links[name] = link
	}
	return nil
}

// importFunc is the host function behind theater import number index.
type importFunc int

// Call hands the guest's call to the machine that the context carries.
func (f importFunc) Call(ctx context.Context, _ api.Module, stack []uint64) {
	m := machineOf(ctx)
	m.hostCall(ctx, int(f), uint32(stack[0]), uint32(stack[1]), uint32(stack[2]), uint32(stack[3]))
	stack[0] = 0
}

// Limits while a module is asked for its metadata, which no manifest governs.
const (
	describeMemory = 256 << 20
	describeTime   = 5 * time.Second
	describeFuel   = 2_000_000_000
)

// describe initialises a throw-away instance, keeps what that makes of it for
// those to come, and reads the module's metadata.
func (m *Module) describe(ctx context.Context) (pack.Metadata, error) {
	machine, err := m.machine(Options{MemoryLimit: describeMemory, TurnTime: describeTime, Fuel: describeFuel, OutputLimit: 4096})
	if err != nil {
		return pack.Metadata{}, fmt.Errorf("initialise: %w", err)
	}
	defer machine.Close(context.WithoutCancel(ctx))
	if err := machine.first(ctx); err != nil {
		return pack.Metadata{}, fmt.Errorf("initialise: %w", err)
	}
	blob, err := machine.types(ctx)
	if err != nil {
		return pack.Metadata{}, fmt.Errorf("interface metadata: %w", err)
	}
	if len(blob) > 4 && string(blob[:4]) == "CGRF" && blob[4] > 2 {
		return pack.Metadata{}, &ABIError{fmt.Sprintf("the module speaks version %d of the Graph ABI's encoding (packr-guest 0.22 or later), this host version 2", blob[4]), "build the actor with packr-guest 0.11 to 0.21"}
	}
	metadata, err := pack.DecodeMetadata(blob)
	if err != nil {
		return pack.Metadata{}, fmt.Errorf("interface metadata (__pack_types): %w", err)
	}
	return metadata, nil
}

// Callable returns the index of the export name, when the module has it and its
// metadata, if it declares any exports, has it too: a Go guest exports every
// callback of the packages that it links, and declares those that it handles.
func (m *Module) Callable(name string) (int, bool) {
	i, ok := m.Layout.Export(name)
	return i, ok && m.exports[i].declared
}

// ErrNoExport is returned for a turn of an export that the guest does not have.
var ErrNoExport = errors.New("the actor does not export this function")
