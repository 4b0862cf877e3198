package wasm

import (
	"context"

	"github.com/tetratelabs/wazero/api"
)

// guest speaks the Graph ABI with one instance: blocks of linear memory go in
// and out, small ones through an arena that was allocated once, others through
// the guest's own allocator.
type guest struct {
	instance api.Module
	memory   api.Memory
	dispatch api.Function // see rewrite_dispatch.go
	stack    [dispatchParams]uint64
	arena    uint32 // address of arenaSize bytes
	result   block  // of the last call, given back with the next

	// For results of host calls that do not fit the arena: made when needed, one
	// for each depth of host calls inside each other, as a function that is kept
	// serves one call at a time.
	alloc, free [maxNesting + 1]api.Function
}

// block is a piece of the guest's memory.
type block struct{ ptr, len uint32 }

// The arena holds what most calls need of the guest's memory: the slots for
// address and length of a result, the result of a host call, an input.
const (
	slotsAt   = 0
	replyAt   = 8
	replySize = 1024
	inputAt   = replyAt + replySize
	inputSize = 1024
	arenaSize = inputAt + inputSize
)

// keptResult is how long a result may be to be given back with the next call
// only, in bytes.
const keptResult = 64 << 10

func newGuest(instance api.Module, p *Prepared) (guest, error) {
	g := guest{instance: instance, memory: instance.Memory(), dispatch: instance.ExportedFunction(p.Dispatch)}
	if !p.cases[dispatchAlloc] || !p.cases[dispatchFree] {
		return g, Trapf(KindABI, "__pack_alloc and __pack_free have other types than (i32) -> i32 and (i32, i32) -> ()")
	}
	return g, nil
}

// invoke calls the dispatcher.
func (g *guest) invoke(ctx context.Context, what int32, a, b, c, d uint32) (uint32, error) {
	g.stack = [...]uint64{uint64(uint32(what)), uint64(a), uint64(b), uint64(c), uint64(d), uint64(g.result.ptr), uint64(g.result.len)}
	g.result = block{}
	if err := g.dispatch.CallWithStack(ctx, g.stack[:]); err != nil {
		return 0, err
	}
	return uint32(g.stack[0]), nil
}

// makeArena allocates the arena, at an address that words can be written to.
func (g *guest) makeArena(ctx context.Context) error {
	b, err := g.room(ctx, arenaSize+8)
	g.arena = (b.ptr + 7) &^ 7
	return err
}

// room allocates n bytes outside of any call.
func (g *guest) room(ctx context.Context, n int) (block, error) {
	if uint64(n) > 1<<31-1 {
		return block{}, Trapf(KindLimit, "%d bytes do not fit in the guest's memory", n)
	}
	ptr, err := g.invoke(ctx, dispatchAlloc, uint32(n), 0, 0, 0)
	if err != nil {
		return block{}, err
	}
	return g.allocated(ptr, n)
}

// allocated holds what __pack_alloc gave against the memory.
func (g *guest) allocated(ptr uint32, n int) (block, error) {
	if ptr == 0 {
		return block{}, Trapf(KindMemory, "the guest has no room for %d bytes", n)
	}
	if _, ok := g.memory.Read(ptr, uint32(n)); !ok {
		return block{}, Trapf(KindABI, "__pack_alloc gave %d for %d bytes, which is outside the memory of %d", ptr, n, g.memory.Size())
	}
	return block{ptr, uint32(n)}, nil
}

// input returns room for n bytes of input, and whether it must be given back.
func (g *guest) input(ctx context.Context, n int) (b block, own bool, err error) {
	if n <= inputSize {
		return block{g.arena + inputAt, uint32(n)}, false, nil
	}
	b, err = g.room(ctx, n)
	return b, true, err
}

// call runs an export on the input in b and returns its result, as it lies in
// the guest's memory until the guest runs again. A status other than zero is a
// *Trap with the guest's message.
func (g *guest) call(ctx context.Context, s *signature, export int32, in block) ([]byte, error) {
	if !s.callable {
		return nil, Trapf(KindABI, "export %s has another type than (i32, i32, i32, i32) -> i32", s.name)
	}
	slots := g.arena + slotsAt
	status, err := g.invoke(ctx, export, in.ptr, in.len, slots, slots+4)
	if err != nil {
		return nil, err
	}
	raw, err := g.take(s.name)
	if err == nil && status != 0 {
		err = Trapf(KindABI, "%s returned status %d: %s", s.name, int32(status), clip(string(raw)))
	}
	return raw, err
}

// take returns the result that the slots point to.
func (g *guest) take(export string) ([]byte, error) {
	ptr, ok1 := g.memory.ReadUint32Le(g.arena + slotsAt)
	n, ok2 := g.memory.ReadUint32Le(g.arena + slotsAt + 4)
	if !ok1 || !ok2 {
		return nil, Trapf(KindABI, "the slots that __pack_alloc gave are outside the memory")
	}
	raw, ok := g.memory.Read(ptr, n)
	if !ok {
		return nil, Trapf(KindResult, "%s returned %d bytes at %d, which is outside the memory of %d", export, n, ptr, g.memory.Size())
	}
	if n > 0 {
		g.result = block{ptr, n}
	}
	return raw, nil
}

// giveBack frees b, and the last result with it, outside of any call.
func (g *guest) giveBack(ctx context.Context, b block) error {
	_, err := g.invoke(ctx, dispatchFree, b.ptr, b.len, 0, 0)
	return err
}

// reply leaves the result of a host call in the guest's memory: in the arena, or
// in a block that the guest allocates, which is the host's to give back. depth
// counts the host calls around this one.
func (g *guest) reply(ctx context.Context, depth int, b []byte) (at block, own bool, err error) {
	switch {
	case len(b) == 0:
		return block{}, false, nil
	case len(b) <= replySize:
		at = block{g.arena + replyAt, uint32(len(b))}
	case uint64(len(b)) > 1<<31-1:
		return block{}, false, Trapf(KindLimit, "%d bytes do not fit in the guest's memory", len(b))
	default:
		if g.alloc[depth] == nil {
			g.alloc[depth] = g.instance.ExportedFunction(exportAlloc)
		}
		stack := [1]uint64{uint64(len(b))}
		if err := g.alloc[depth].CallWithStack(ctx, stack[:]); err != nil {
			return block{}, false, err
		}
		if at, err = g.allocated(uint32(stack[0]), len(b)); err != nil {
			return block{}, false, err
		}
		own = true
	}
	if !g.memory.Write(at.ptr, b) {
		return block{}, false, Trapf(KindABI, "the arena that __pack_alloc gave is outside the memory")
	}
	return at, own, nil
}

// drop frees a reply inside a call.
func (g *guest) drop(ctx context.Context, depth int, b block) error {
	if g.free[depth] == nil {
		g.free[depth] = g.instance.ExportedFunction(exportFree)
	}
	stack := [2]uint64{uint64(b.ptr), uint64(b.len)}
	return g.free[depth].CallWithStack(ctx, stack[:])
}

// types copies the metadata that __pack_types points to. The block is the
// guest's own and is not freed.
func (g *guest) types(ctx context.Context, p *Prepared) ([]byte, error) {
	if !p.cases[dispatchTypes] {
		return nil, Trapf(KindABI, "__pack_types has another type than (i32, i32) -> i32")
	}
	slots := g.arena + slotsAt
	status, err := g.invoke(ctx, dispatchTypes, slots, slots+4, 0, 0)
	if err != nil {
		return nil, err
	}
	if status != 0 {
		return nil, Trapf(KindABI, "__pack_types returned status %d", int32(status))
	}
	raw, err := g.take(exportTypes)
	g.result = block{}
	return append([]byte(nil), raw...), err
}

// globals are the values of the guest's own mutable globals.
func (g *guest) globals(p *Prepared) []api.MutableGlobal {
	globals := make([]api.MutableGlobal, len(p.Globals))
	for i, name := range p.Globals {
		globals[i] = g.instance.ExportedGlobal(name).(api.MutableGlobal)
	}
	return globals
}
