package wasm

import (
	"sync"
	"testing"
	"testing/synctest"
)

func TestASlotGoesToWhoHasSpentNothingButForEveryEighth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1)
		s.acquire(make(chan struct{}, 1), false)
		var mu sync.Mutex
		var order []byte
		wait := func(name byte, hasSpent bool) {
			go func() {
				s.acquire(make(chan struct{}, 1), hasSpent)
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				s.release()
			}()
			synctest.Wait()
		}
		for range 2 {
			wait('s', true)
		}
		for range 9 {
			wait('f', false)
		}
		if !s.contended() {
			t.Error("nobody is said to wait")
		}
		s.release()
		synctest.Wait()
		if want := "fffffffsffs"; string(order) != want {
			t.Errorf("the slot went to %s, want %s", order, want)
		}
		if s.contended() || s.free.Load() != 1 {
			t.Errorf("%d slots are free", s.free.Load())
		}
	})
}

func TestNoMoreGuestsRunThanThereAreSlots(t *testing.T) {
	const n = 2
	s := newSlots(n)
	var mu sync.Mutex
	inside, most := 0, 0
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			wake := make(chan struct{}, 1)
			for range 500 {
				s.acquire(wake, i%2 == 0)
				mu.Lock()
				inside++
				most = max(most, inside)
				mu.Unlock()
				mu.Lock()
				inside--
				mu.Unlock()
				s.release()
			}
		})
	}
	wg.Wait()
	if most > n || s.free.Load() != n || s.contended() {
		t.Errorf("%d were inside, %d slots are free", most, s.free.Load())
	}
}
