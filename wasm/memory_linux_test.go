//go:build amd64 || arm64

package wasm_test

import (
	"os"
	"syscall"
	"testing"
	"unsafe"

	"github.com/theater-go/theater/wasm"
)

// resident is how many pages of b are in memory.
func resident(t *testing.T, b []byte) (n int) {
	t.Helper()
	pages := make([]byte, len(b)/os.Getpagesize())
	_, _, errno := syscall.Syscall(syscall.SYS_MINCORE, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), uintptr(unsafe.Pointer(&pages[0])))
	if errno != 0 {
		t.Fatal(errno)
	}
	for _, p := range pages {
		n += int(p & 1)
	}
	return n
}

func TestPagesOfAReleasedMemoryGoBackToTheSystem(t *testing.T) {
	all := wasm.NewMemories(0)
	defer all.Close()
	large := open(t, all, mib, mib)
	b := large.Reallocate(mib)
	for i := range b {
		b[i] = 1
	}
	large.Release()
	if n := resident(t, b); n != 0 {
		t.Errorf("%d pages of a large one stay", n)
	}
	const kept, many = 128, 300
	var small []wasm.Memory
	var views [][]byte
	for range many {
		m := open(t, all, page, page)
		v := m.Reallocate(page)
		v[0] = 1
		small, views = append(small, m), append(views, v)
	}
	for _, m := range small {
		m.Release()
	}
	for i, v := range views {
		if stays := resident(t, v) > 0; stays != (i < kept) {
			t.Fatalf("it is %t that the pages of small memory %d stay", stays, i)
		}
	}
}
