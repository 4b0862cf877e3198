//go:build (linux || darwin) && (amd64 || arm64)

package wasm

import (
	"sync"
	"syscall"
)

// slabs keep linear memories outside the Go heap, in slots of two sizes that
// are carved out of large anonymous mappings: a process may have only some
// 65,000 mappings, and an actor should not need one. A memory begins in the
// smallest slot that holds it, whatever its limit, since a slot costs page
// tables and most guests stay small. One that outgrows the largest moves into
// a mapping of its own, as large as it may ever get.
//
// Free slots are zero. Small ones are cleared in place while few are free,
// which is cheaper than to fault their pages in again; the pages of all others
// go back to the system.
type slabs struct {
	bySize [2]slab // rising

	mu       sync.Mutex
	mappings [][]byte // guarded by mu; what close unmaps
	out      int      // guarded by mu; taken and not given back
	closed   bool     // guarded by mu
}

// slab are the slots of one size.
type slab struct {
	stride int // bytes of a slot
	slots  int // in a mapping
	keep   int // free slots that may keep their pages

	warm     [][]byte // guarded by slabs.mu; free, with their pages
	cold     [][]byte // guarded by slabs.mu; free, without
	clearing int      // guarded by slabs.mu; on their way to warm
}

const (
	smallSlot = 256 << 10 // of actors in C and the like
	largeSlot = 16 << 20  // of Rust, with a stack of 1 MiB, and small ones of Go
	keepSmall = 128       // 32 MiB at most
)

func newBacking() backing {
	return &slabs{bySize: [2]slab{
		{stride: smallSlot, slots: 256, keep: keepSmall},
		{stride: largeSlot, slots: 16},
	}}
}

// slabFor returns the slab whose slots hold n bytes, nil beyond the largest.
func (s *slabs) slabFor(n uint64) *slab {
	for i := range s.bySize {
		if c := &s.bySize[i]; n <= uint64(c.stride) {
			return c
		}
	}
	return nil
}

func (s *slabs) take(size, limit uint64) (b []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrEngineClosed
	}
	if c := s.slabFor(size); c != nil {
		b, err = s.slotLocked(c)
	} else {
		b, err = mapped(limit)
	}
	if err == nil {
		s.out++
	}
	return b, err
}

// slotLocked returns a free slot, warm ones first.
func (s *slabs) slotLocked(c *slab) ([]byte, error) {
	if len(c.warm) == 0 && len(c.cold) == 0 {
		m, err := mapped(uint64(c.stride * c.slots))
		if err != nil {
			return nil, err
		}
		s.mappings = append(s.mappings, m)
		for at := len(m) - c.stride; at >= 0; at -= c.stride {
			c.cold = append(c.cold, m[at:at+c.stride:at+c.stride])
		}
	}
	free := &c.cold
	if len(c.warm) > 0 {
		free = &c.warm
	}
	last := len(*free) - 1
	b := (*free)[last]
	*free = (*free)[:last]
	return b, nil
}

func (s *slabs) give(b []byte, used uint64) {
	c := s.slabFor(uint64(len(b)))
	if c == nil {
		s.giveMapping(b)
		return
	}
	s.mu.Lock()
	warm := len(c.warm)+c.clearing < c.keep
	if warm {
		c.clearing++
	}
	s.mu.Unlock()
	if warm {
		clear(b[:used])
	} else {
		discard(b[:used])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if warm {
		c.clearing--
		c.warm = append(c.warm, b)
	} else {
		c.cold = append(c.cold, b)
	}
	s.out--
	s.unmapLocked()
}

// giveMapping gives back a memory with a mapping of its own.
func (s *slabs) giveMapping(b []byte) {
	err := syscall.Munmap(b)
	if err != nil {
		discard(b) // the process has too many mappings to part one in two
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.mappings = append(s.mappings, b)
	}
	s.out--
	s.unmapLocked()
}

func (s *slabs) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.unmapLocked()
}

// unmapLocked unmaps everything once the slabs are closed and nothing of them
// is in use. What the system keeps all the same is zero and out of use.
func (s *slabs) unmapLocked() {
	if !s.closed || s.out > 0 {
		return
	}
	for _, m := range s.mappings {
		_ = syscall.Munmap(m)
	}
	s.mappings = nil
	for i := range s.bySize {
		s.bySize[i].warm, s.bySize[i].cold = nil, nil
	}
}

// mapped is a new mapping of n zero bytes, for which memory is found when they
// are first used.
func mapped(n uint64) ([]byte, error) {
	b, err := syscall.Mmap(-1, 0, int(n), syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	if err != nil {
		return nil, nodeMemory("the system refuses to map %d bytes: %v", n, err)
	}
	return b, nil
}
