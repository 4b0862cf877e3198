package actors_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestActorsComeAndGoWhileOthersTalkToThem(t *testing.T) {
	s := open(t)
	const rounds, askers = 15, 4
	echo := server(wasmtest.Echo())
	relay := server(wasmtest.Switch(map[byte]wasmtest.Behavior{
		't': wasmtest.Trap(),
	}, send("/target", "s", request("/target", "r", wasmtest.Echo()))))
	ctx := context.Background()
	var done atomic.Bool
	var group sync.WaitGroup
	var answered atomic.Int64
	for i := range askers {
		name := fmt.Sprintf("relay%d", i)
		ref := s.spawn(name, relay)
		group.Go(func() {
			for !done.Load() {
				// The target may be gone; the relay answers all the same.
				if answer, err := s.request(ref, "x"); err != nil || answer != "x" {
					t.Errorf("%s answers %q, %v", ref, answer, err)
					return
				}
				answered.Add(1)
			}
		})
	}
	group.Go(func() { // with the lock of each actor's acknowledgements
		for !done.Load() {
			for _, info := range s.List() {
				if d, err := s.Detail(info.Ref); err != nil && !errors.Is(err, actors.ErrNoActor) {
					t.Errorf("%s with %d records: %v", info.Path, d.Records, err)
				}
			}
		}
	})
	var targets []actors.Ref
	for i := range rounds {
		ref := s.spawn("target", echo)
		targets = append(targets, ref)
		for range 5 {
			s.answers(ref, "x", "x")
		}
		end := s.Stop
		if i%2 == 0 {
			end = s.Kill
		}
		if _, err := end(ctx, ref); err != nil {
			t.Fatal(err)
		}
	}
	done.Store(true)
	group.Wait()
	if answered.Load() == 0 {
		t.Error("nobody was answered")
	}
	for _, ref := range targets {
		if got := last[*chain.Lifecycle](t, s.events(ref)); got.What != chain.LifecycleStopped {
			t.Errorf("the chain of %s ends with %v", ref, got.What)
		}
	}
}
