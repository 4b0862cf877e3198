package wasm

import "github.com/tetratelabs/wazero/experimental"

const pageSize = 65536

// heapMemory is a linear memory on the Go heap that refuses to grow beyond an
// actor's limit: the guest's memory.grow then answers -1.
type heapMemory struct {
	buf   []byte
	limit uint64 // bytes
}

// limitedMemory allocates linear memories of at most limit bytes.
func limitedMemory(limit uint64) experimental.MemoryAllocator {
	return experimental.MemoryAllocatorFunc(func(capacity, _ uint64) experimental.LinearMemory {
		return &heapMemory{buf: make([]byte, 0, min(capacity, limit)), limit: limit}
	})
}

// Reallocate returns the memory with size bytes, or nil beyond the limit.
func (m *heapMemory) Reallocate(size uint64) []byte {
	switch {
	case size > m.limit:
		return nil
	case size <= uint64(cap(m.buf)):
		m.buf = m.buf[:size]
	default:
		grown := make([]byte, size, min(max(size, size+size/4), m.limit))
		copy(grown, m.buf)
		m.buf = grown
	}
	return m.buf
}

// Free drops the memory.
func (m *heapMemory) Free() { m.buf = nil }
