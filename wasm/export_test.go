package wasm

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"time"
)

// DispatchStart is what runs the start function through the dispatcher.
const DispatchStart = 1<<32 + dispatchStart

// HasStart reports whether the module has a start function to run.
func (p *Prepared) HasStart() bool { return p.cases[dispatchStart] }

// Small reports whether an engine compiles the module in its own process
// whatever its configuration.
func (p *Prepared) Small() bool { return p.small() }

// LimitData is what a compiling process does where the system can.
func LimitData(bytes int64) error { return limitData(bytes) }

// Waiting is how many callers wait for the module.
func (e *Engine) Waiting(code []byte) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.modules[sha256.Sum256(code)]; c != nil {
		return c.waiting
	}
	return 0
}

// Memories are linear memories without instances.
type Memories struct{ memories }

// NewMemories returns memories where this system keeps them, and HeapMemories
// on the Go heap.
func NewMemories(budget int64) *Memories {
	return &Memories{memories{budget: budget, backing: newBacking()}}
}

func HeapMemories(budget int64) *Memories {
	return &Memories{memories{budget: budget, backing: heapBacking{}}}
}

// Memory is one of them.
type Memory struct{ *linearMemory }

func (m *Memories) Open(size, limit uint64) (Memory, error) {
	l, err := m.open(size, limit)
	return Memory{l}, err
}

func (m *Memories) InUse() int64 { return m.used() }

func (m *Memories) Close() { m.backing.close() }

func (m Memory) Release() { m.release() }

// OnHeap keeps the memories of instances made from now on on the Go heap.
func (e *Engine) OnHeap() { e.memories.backing = heapBacking{} }

// Bytes is the linear memory itself, valid until it grows.
func (m *Machine) Bytes() []byte { return m.memory.content() }

// Difference says in what two machines of one module differ that decides what
// their guests compute, and "" when in nothing.
func Difference(a, b *Machine) string {
	x, y := a.guest.globals(a.module.prepared), b.guest.globals(b.module.prepared)
	for i := range x {
		if x[i].Get() != y[i].Get() {
			return fmt.Sprintf("global %d: %d and %d", i, x[i].Get(), y[i].Get())
		}
	}
	switch {
	case !bytes.Equal(a.Bytes(), b.Bytes()):
		return fmt.Sprintf("memory of %d and %d bytes", len(a.Bytes()), len(b.Bytes()))
	case a.guest.arena != b.guest.arena || a.guest.result != b.guest.result || a.pending != b.pending:
		return "what they have allocated in the guest"
	}
	return ""
}

// Instance tells the machine's instance from others.
func Instance(m *Machine) any { return m.guest.instance }

// OnOffer has f called, before the next turn, when a guest offers its core.
func (e *Engine) OnOffer(f func()) { e.courtesy.offer = f }

// AttendAt is Attend at that time, and before that never.
func (e *Engine) AttendAt(now time.Time) { e.courtesy.attend(now) }

// Courteous is how long guests mind who has come.
const Courteous = courteous
