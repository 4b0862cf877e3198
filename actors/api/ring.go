package api

import (
	"context"
	"slices"
	"sync"
)

// ring remembers the newest of what was added. Readers go along it at their own
// pace; what has gone before they came to it they have missed, and know how many.
type ring[T any] struct {
	most, bytes int
	size        func(T) int

	mu      sync.Mutex
	kept    []T           // guarded by mu; a circle, the oldest at first
	first   int           // guarded by mu
	count   int           // guarded by mu
	taken   int           // guarded by mu; bytes
	added   uint64        // guarded by mu; ever
	readers []*ringReader // guarded by mu
}

// ringReader is woken when something was added.
type ringReader struct {
	next  uint64 // of what was added
	woken chan struct{}
}

func newRing[T any](most, bytes int, size func(T) int) *ring[T] {
	return &ring[T]{most: most, bytes: bytes, size: size}
}

// add does not wait.
func (r *ring[T]) add(item T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept = make([]T, r.most)
	}
	for n := r.size(item); r.count > 0 && (r.count == r.most || r.taken+n > r.bytes); {
		r.forgetLocked()
	}
	r.kept[(r.first+r.count)%r.most] = item
	r.count++
	r.added++
	r.taken += r.size(item)
	for _, reader := range r.readers {
		select {
		case reader.woken <- struct{}{}:
		default:
		}
	}
}

func (r *ring[T]) forgetLocked() {
	var none T
	r.taken -= r.size(r.kept[r.first])
	r.kept[r.first] = none
	r.first = (r.first + 1) % r.most
	r.count--
}

// open begins a reader at the oldest, or behind the newest. The caller closes it.
func (r *ring[T]) open(old bool) *ringReader {
	r.mu.Lock()
	defer r.mu.Unlock()
	reader := &ringReader{next: r.added, woken: make(chan struct{}, 1)}
	if old {
		reader.next = r.added - uint64(r.count)
	}
	r.readers = append(r.readers, reader)
	return reader
}

func (r *ring[T]) close(reader *ringReader) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.readers = slices.DeleteFunc(r.readers, func(other *ringReader) bool { return other == reader })
}

// take returns what the reader has not read yet, at most so many, and how many it has
// missed before that.
func (r *ring[T]) take(reader *ringReader, most int) (items []T, missed uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if oldest := r.added - uint64(r.count); reader.next < oldest {
		missed, reader.next = oldest-reader.next, oldest
	}
	for ; reader.next < r.added && len(items) < most; reader.next++ {
		behind := int(r.added - reader.next)
		items = append(items, r.kept[(r.first+r.count-behind)%r.most])
	}
	return items, missed
}

// wait returns when there is something to take, with an error when that is never.
func (r *ringReader) wait(ctx, base context.Context) error {
	select {
	case <-r.woken:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-base.Done():
		return errEnding
	}
}
