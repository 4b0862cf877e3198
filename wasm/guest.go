package wasm

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// guest speaks the Graph ABI with one instance: blocks of linear memory go in
// and out through the guest's own allocator.
type guest struct {
	instance api.Module
	memory   api.Memory
	alloc    [2]api.Function // for turns, and for results of host calls inside them
	free     [2]api.Function
	calls    map[int]api.Function // by export index
	slots    uint32               // eight bytes of the guest's for address and length of a result
}

// block is a piece of the guest's memory.
type block struct{ ptr, len uint32 }

func newGuest(instance api.Module) (guest, error) {
	g := guest{instance: instance, memory: instance.Memory(), calls: map[int]api.Function{}}
	for i := range g.alloc {
		g.alloc[i] = instance.ExportedFunction(exportAlloc)
		g.free[i] = instance.ExportedFunction(exportFree)
	}
	alloc, free := g.alloc[0].Definition(), g.free[0].Definition()
	if !allI32(alloc.ParamTypes(), 1) || !allI32(alloc.ResultTypes(), 1) || !allI32(free.ParamTypes(), 2) || len(free.ResultTypes()) != 0 {
		return g, Trapf(KindABI, "__pack_alloc and __pack_free have other types than (i32) -> i32 and (i32, i32) -> ()")
	}
	return g, nil
}

// call runs an export with input and returns a copy of its result. A status
// other than zero is a *Trap with the guest's message.
func (g *guest) call(ctx context.Context, m *Module, export int, input []byte) ([]byte, error) {
	name := m.Layout.Exports[export]
	f, err := g.function(m, export)
	if err != nil {
		return nil, err
	}
	in, err := g.put(ctx, 0, input)
	if err != nil {
		return nil, err
	}
	if err := g.ensureSlots(ctx); err != nil {
		return nil, err
	}
	stack := [4]uint64{uint64(in.ptr), uint64(in.len), uint64(g.slots), uint64(g.slots + 4)}
	if err := f.CallWithStack(ctx, stack[:]); err != nil {
		return nil, err
	}
	status := int32(stack[0])
	result, raw, err := g.take(name)
	if err != nil {
		return nil, err
	}
	if err := g.drop(ctx, 0, result); err != nil {
		return nil, err
	}
	if err := g.drop(ctx, 0, in); err != nil {
		return nil, err
	}
	if status != 0 {
		return nil, Trapf(KindABI, "%s returned status %d: %s", name, status, clip(string(raw)))
	}
	return raw, nil
}

// function returns the export, which must have the type of an actor's export.
func (g *guest) function(m *Module, export int) (api.Function, error) {
	if f, ok := g.calls[export]; ok {
		return f, nil
	}
	name := m.Layout.Exports[export]
	f := g.instance.ExportedFunction(name)
	if f == nil {
		return nil, fmt.Errorf("%s: %w", name, ErrNoExport)
	}
	def := f.Definition()
	if !allI32(def.ParamTypes(), 4) || !allI32(def.ResultTypes(), 1) {
		return nil, Trapf(KindABI, "export %s has another type than (i32, i32, i32, i32) -> i32", name)
	}
	g.calls[export] = f
	return f, nil
}

func allI32(types []api.ValueType, n int) bool {
	for _, t := range types {
		if t != api.ValueTypeI32 {
			return false
		}
	}
	return len(types) == n
}

func (g *guest) ensureSlots(ctx context.Context) error {
	if g.slots != 0 {
		return nil
	}
	b, err := g.put(ctx, 0, make([]byte, 8))
	g.slots = b.ptr
	return err
}

// take copies the result that the slots point to.
func (g *guest) take(export string) (block, []byte, error) {
	ptr, ok1 := g.memory.ReadUint32Le(g.slots)
	n, ok2 := g.memory.ReadUint32Le(g.slots + 4)
	if !ok1 || !ok2 {
		return block{}, nil, Trapf(KindABI, "the slots that __pack_alloc gave are outside the memory")
	}
	raw, ok := g.read(ptr, n)
	if !ok {
		return block{}, nil, Trapf(KindResult, "%s returned %d bytes at %d, which is outside the memory of %d", export, n, ptr, g.memory.Size())
	}
	return block{ptr, n}, raw, nil
}

// read copies n bytes out of the guest's memory.
func (g *guest) read(ptr, n uint32) ([]byte, bool) {
	view, ok := g.memory.Read(ptr, n)
	if !ok {
		return nil, false
	}
	return append(make([]byte, 0, n), view...), true
}

// put copies b into memory that the guest allocates. depth counts the host
// calls around it: the functions kept for reuse serve one call at a time.
func (g *guest) put(ctx context.Context, depth int, b []byte) (block, error) {
	if len(b) == 0 {
		return block{}, nil
	}
	if uint64(len(b)) > 1<<31-1 {
		return block{}, Trapf(KindLimit, "%d bytes do not fit in the guest's memory", len(b))
	}
	var alloc api.Function
	if depth < len(g.alloc) {
		alloc = g.alloc[depth]
	} else {
		alloc = g.instance.ExportedFunction(exportAlloc)
	}
	stack := [2]uint64{uint64(len(b))}
	if err := alloc.CallWithStack(ctx, stack[:]); err != nil {
		return block{}, err
	}
	ptr := uint32(stack[0])
	if ptr == 0 {
		return block{}, Trapf(KindMemory, "the guest has no room for %d bytes", len(b))
	}
	if !g.memory.Write(ptr, b) {
		return block{}, Trapf(KindABI, "__pack_alloc gave %d for %d bytes, which is outside the memory of %d", ptr, len(b), g.memory.Size())
	}
	return block{ptr, uint32(len(b))}, nil
}

// drop gives a block back to the guest.
func (g *guest) drop(ctx context.Context, depth int, b block) error {
	if b.ptr == 0 || b.len == 0 {
		return nil
	}
	var free api.Function
	if depth < len(g.free) {
		free = g.free[depth]
	} else {
		free = g.instance.ExportedFunction(exportFree)
	}
	stack := [2]uint64{uint64(b.ptr), uint64(b.len)}
	return free.CallWithStack(ctx, stack[:])
}

// types copies the metadata that __pack_types points to. The block is the
// guest's own and is not freed.
func (g *guest) types(ctx context.Context) ([]byte, error) {
	if err := g.ensureSlots(ctx); err != nil {
		return nil, err
	}
	f := g.instance.ExportedFunction(exportTypes)
	def := f.Definition()
	if !allI32(def.ParamTypes(), 2) || !allI32(def.ResultTypes(), 1) {
		return nil, Trapf(KindABI, "__pack_types has another type than (i32, i32) -> i32")
	}
	stack := [2]uint64{uint64(g.slots), uint64(g.slots + 4)}
	if err := f.CallWithStack(ctx, stack[:]); err != nil {
		return nil, err
	}
	if stack[0] != 0 {
		return nil, Trapf(KindABI, "__pack_types returned status %d", int32(stack[0]))
	}
	_, raw, err := g.take(exportTypes)
	return raw, err
}
