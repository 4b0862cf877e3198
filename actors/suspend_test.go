package actors_test

import (
	"context"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestATurnThatIsCutOffByTheEndOfTheNodeLeavesItsActorSuspended(t *testing.T) {
	log := memlog.New()
	first := reopen(t, log)
	guest := server(wasmtest.Switch(map[byte]wasmtest.Behavior{'s': wasmtest.Print(1, "begins\n", wasmtest.Spin())}, wasmtest.Calls()))
	ref := first.spawn("actor", guest, "[limits]\nturn_time = \"1h\"")
	first.answers(ref, "x", "\x01\x00\x00\x00")
	spinning := make(chan error, 1)
	go func() {
		_, err := first.request(ref, "spin")
		spinning <- err
	}()
	first.eventually("it spins", func() bool { return contains(first.output(), "stdout: begins") })
	over, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	check(t, first.Suspend(over))
	if err := <-spinning; err == nil {
		t.Error("who waited for the turn gets an answer")
	}
	if s := first.Stats(); s.Ended[actors.ReasonSuspended] != 1 {
		t.Errorf("it ended otherwise: %v", s.Ended)
	}
	all := first.events(ref)
	if end := last[*chain.Lifecycle](t, all); end.What != chain.LifecycleSuspended {
		t.Errorf("its chain ends with %s", kinds(all))
	}
	if result := last[*chain.Result](t, all); result.Status != chain.ResultInterrupted {
		t.Errorf("its turn ends as %v", result.Status)
	}
	first.close()

	second := reopen(t, log)
	again, err := second.Resume(t.Context(), ref.ID)
	check(t, err)
	second.answers(again, "x", "\x02\x00\x00\x00")
}
