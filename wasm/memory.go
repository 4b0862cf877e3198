package wasm

import (
	"bytes"
	"errors"
	"sync"

	"github.com/tetratelabs/wazero/experimental"
)

const pageSize = 65536

// ErrNodeMemory is what a *Trap wraps when the node, not the actor's own limit,
// has no memory for an instance to start or to grow. Another node may have it.
var ErrNodeMemory = errors.New("the node has no memory left for guests")

// memories are the linear memories of an engine's instances, and the bound on
// all of them together. They are safe for concurrent use.
type memories struct {
	budget  int64 // bytes; 0 is no bound
	backing backing

	mu    sync.Mutex
	inUse int64 // guarded by mu
}

// backing is where the bytes of linear memories are. It is safe for concurrent
// use.
type backing interface {
	// take gives zeroed bytes for a memory of size bytes that may grow to limit:
	// at least size of them, and what is beyond saves moving it. They are the
	// caller's until give.
	take(size, limit uint64) ([]byte, error)
	// give takes back what take gave, of which used bytes may have been written.
	// The caller keeps no slice of it.
	give(b []byte, used uint64)
	// close releases the backing when all that was taken has been given back.
	// After it there is nothing to take.
	close()
}

// linearMemory is the memory of one instance. wazero asks it for more; its
// owner, the machine, releases it.
type linearMemory struct {
	of       *memories
	limit    uint64 // bytes; the guest's memory.grow beyond it answers -1
	size     uint64 // bytes that count as in use
	bytes    []byte // size of them are the guest's, the rest are zero
	released bool
}

// open makes a memory of size bytes that may grow to limit, or is a *Trap that
// wraps ErrNodeMemory. size is at most limit.
func (m *memories) open(size, limit uint64) (*linearMemory, error) {
	l := &linearMemory{of: m, limit: limit}
	if err := l.resize(size); err != nil {
		return nil, err
	}
	return l, nil
}

// Allocate is how wazero gets the memory when it makes the instance.
func (l *linearMemory) Allocate(_, _ uint64) experimental.LinearMemory { return l }

// Reallocate returns the memory with size bytes, or nil beyond the actor's
// limit. Where the node has none left it panics with the *Trap that ends the
// turn, since what a guest computes depends on its own limit only.
func (l *linearMemory) Reallocate(size uint64) []byte {
	if size > l.limit || l.released {
		return nil
	}
	if err := l.resize(size); err != nil {
		panic(err)
	}
	return l.bytes[:size:size]
}

// content is what the guest has, valid until the memory grows. wazero counts its
// bytes in 32 bits, in which 4 GiB are none.
func (l *linearMemory) content() []byte { return l.bytes[:l.size] }

// Free does nothing: wazero calls it whenever the instance is closed, which a
// guest that exits does itself, in the middle of a call.
func (l *linearMemory) Free() {}

// resize makes room for size bytes. A memory never shrinks.
func (l *linearMemory) resize(size uint64) error {
	if size <= l.size && l.bytes != nil {
		return nil
	}
	if err := l.of.reserve(int64(size - l.size)); err != nil {
		return err
	}
	if l.bytes == nil || size > uint64(len(l.bytes)) {
		moved, err := l.of.backing.take(size, l.limit)
		if err != nil {
			l.of.unreserve(int64(size - l.size))
			return err
		}
		if l.bytes != nil {
			move(moved, l.bytes[:l.size])
			l.of.backing.give(l.bytes, l.size)
		}
		l.bytes = moved
	}
	l.size = size
	return nil
}

// move copies a memory to zeroed bytes. What is zero is left alone: most of a
// large memory has never been touched, and to write it is to have the system
// find pages for it, one by one, while nobody can end the guest.
func move(to, from []byte) {
	const grain = 4096
	var zeros [grain]byte
	for len(from) > 0 {
		n := min(grain, len(from))
		if !bytes.Equal(from[:n], zeros[:n]) {
			copy(to, from[:n])
		}
		from, to = from[n:], to[n:]
	}
}

// release gives the memory back, once: nothing may use it any more. Only the
// machine that owns it calls this, after it has closed the instance.
func (l *linearMemory) release() {
	if l.released {
		return
	}
	l.released = true
	l.of.backing.give(l.bytes, l.size)
	l.of.unreserve(int64(l.size))
	l.bytes = nil
}

func (m *memories) reserve(n int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.budget > 0 && n > m.budget-m.inUse {
		return nodeMemory("%d more bytes are asked for, %d of the node's budget of %d are in use", n, m.inUse, m.budget)
	}
	m.inUse += n
	return nil
}

func (m *memories) unreserve(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.inUse -= n
}

func (m *memories) used() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.inUse
}

// nodeMemory is the trap of an instance that the node has no memory for.
func nodeMemory(format string, args ...any) *Trap {
	t := Trapf(KindLimit, "node memory: "+format, args...)
	t.cause = ErrNodeMemory
	return t
}
