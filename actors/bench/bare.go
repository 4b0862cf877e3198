package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// bare is an instance of a guest on wazero, as a program uses it that is careful
// and embeds wazero for this one guest: what the guest allocates for the input
// and for the address of the result is allocated once, the export is looked up
// once, the result is read where it lies and freed before the next turn. There
// is no limit on what the guest does.
type bare struct {
	runtime      wazero.Runtime
	memory       api.Memory
	export, free api.Function
	input        []byte // of every turn
	in, slots    uint32 // where it goes, and where address and length of the result come
	result, size uint32 // of the turn before
	stack        [4]uint64
}

// openBare makes an instance of the module whose turns are calls of the export
// with that input. Imports but WASI's trap.
func openBare(ctx context.Context, code []byte, export string, input []byte) (*bare, error) {
	b := &bare{runtime: wazero.NewRuntime(ctx)}
	if err := b.open(ctx, code, export, input); err != nil {
		return nil, fmt.Errorf("on bare wazero: %w", errors.Join(err, b.close(ctx)))
	}
	return b, nil
}

func (b *bare) open(ctx context.Context, code []byte, export string, input []byte) (err error) {
	b.input = input
	module, err := b.runtime.CompileModule(experimental.WithCompilationWorkers(ctx, runtime.GOMAXPROCS(0)), code)
	if err != nil {
		return err
	}
	if err := b.link(ctx, module); err != nil {
		return err
	}
	instance, err := b.runtime.InstantiateModule(ctx, module, wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize"))
	if err != nil {
		return err
	}
	b.memory, b.export, b.free = instance.Memory(), instance.ExportedFunction(export), instance.ExportedFunction("__pack_free")
	alloc := instance.ExportedFunction("__pack_alloc")
	given, err := alloc.Call(ctx, uint64(len(b.input)))
	if err != nil {
		return err
	}
	b.in = uint32(given[0])
	if given, err = alloc.Call(ctx, 8); err != nil {
		return err
	}
	b.slots = uint32(given[0])
	return nil
}

// link serves what the module imports.
func (b *bare) link(ctx context.Context, module wazero.CompiledModule) error {
	hosts := map[string]wazero.HostModuleBuilder{}
	for _, f := range module.ImportedFunctions() {
		from, name, _ := f.Import()
		if from == wasi_snapshot_preview1.ModuleName {
			continue
		}
		if hosts[from] == nil {
			hosts[from] = b.runtime.NewHostModuleBuilder(from)
		}
		refuse := api.GoModuleFunc(func(context.Context, api.Module, []uint64) {
			panic(fmt.Errorf("%s.%s is called", from, name))
		})
		hosts[from].NewFunctionBuilder().WithGoModuleFunction(refuse, f.ParamTypes(), f.ResultTypes()).Export(name)
	}
	for _, h := range hosts {
		if _, err := h.Instantiate(ctx); err != nil {
			return err
		}
	}
	_, err := wasi_snapshot_preview1.Instantiate(ctx, b.runtime)
	return err
}

// turn calls the export and returns its result, which is valid until the next.
func (b *bare) turn(ctx context.Context) ([]byte, error) {
	if b.result != 0 {
		b.stack[0], b.stack[1] = uint64(b.result), uint64(b.size)
		if err := b.free.CallWithStack(ctx, b.stack[:]); err != nil {
			return nil, err
		}
	}
	if !b.memory.Write(b.in, b.input) {
		return nil, fmt.Errorf("the input is outside the memory at %d", b.in)
	}
	b.stack = [4]uint64{uint64(b.in), uint64(len(b.input)), uint64(b.slots), uint64(b.slots + 4)}
	if err := b.export.CallWithStack(ctx, b.stack[:]); err != nil {
		return nil, err
	}
	b.result, _ = b.memory.ReadUint32Le(b.slots)
	b.size, _ = b.memory.ReadUint32Le(b.slots + 4)
	result, ok := b.memory.Read(b.result, b.size)
	if status := int32(b.stack[0]); status != 0 || !ok {
		return nil, fmt.Errorf("status %d and %d bytes at %d: %s", status, b.size, b.result, result)
	}
	return result, nil
}

func (b *bare) close(ctx context.Context) error { return b.runtime.Close(ctx) }
