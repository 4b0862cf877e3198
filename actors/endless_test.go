package actors_test

import (
	"context"
	"errors"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host/runtime"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// endless are the guests that log a line and then never end by themselves.
func endless(line string) map[string]wasmtest.Behavior {
	then := func(b wasmtest.Behavior) wasmtest.Behavior { return logs(line, b) }
	return map[string]wasmtest.Behavior{
		"spins":          then(wasmtest.Spin()),
		"recurses":       wasmtest.Dive(10_000, then(wasmtest.Keep())),
		"allocates":      then(wasmtest.Endless(wasmtest.Grow(1))),
		"calls the host": then(wasmtest.Endless(wasmtest.Do(runtime.Interface, "self", encode(pack.Unit), wasmtest.Keep()))),
		"logs":           then(wasmtest.Endless(logs("line", wasmtest.Keep()))),
		"prints":         then(wasmtest.Endless(wasmtest.Print(2, "line\n", wasmtest.Keep()))),
		"draws":          then(wasmtest.Endless(wasmtest.Random(50_000))),
	}
}

// beginning is what a guest logs that begins what it never ends.
const beginning = "it begins"

// unlimited lets a turn run for ever, and do as much as it likes.
const unlimited = "[limits]\nhost_calls = 1_000_000_000\nrecorded_bytes = \"4GiB\"\nlog_bytes = \"1GiB\"\n"

func TestAGuestThatNeverEndsIsEndedByItsBudgetItsTimeOrAKill(t *testing.T) {
	ends := []struct {
		name, limits string
		kind         wasm.Kind
		status       chain.ResultStatus
		reason       actors.Reason
	}{
		{"by its budget", "fuel = 3_000_000\nturn_time = \"1h\"", wasm.KindLimit, chain.ResultLimit, actors.ReasonLimit},
		{"by its time", "fuel = 1_000_000_000_000_000\nturn_time = \"5ms\"", wasm.KindDeadline, chain.ResultDeadline, actors.ReasonLimit},
		{"by a kill", "fuel = 1_000_000_000_000_000\nturn_time = \"1h\"", wasm.KindKilled, chain.ResultKilled, actors.ReasonKilled},
	}
	s := open(t)
	stopAsking := keepAsking(s, s.spawn("neighbour", server(wasmtest.Echo())))
	for does, behavior := range endless(beginning) {
		code := server(behavior)
		for _, end := range ends {
			t.Run("one that "+does+" "+end.name, func(t *testing.T) {
				ref := s.spawn("actor", code, unlimited+end.limits)
				before := s.heard(beginning)
				answer := s.ask(ref, "")
				if end.kind == wasm.KindKilled {
					s.eventually("it has begun", func() bool { return s.heard(beginning) > before })
					if _, err := s.Kill(t.Context(), ref); err != nil {
						t.Error(err)
					}
				}
				var trap *wasm.Trap
				if a := s.gets(answer); !errors.As(a.err, &trap) || trap.Kind != end.kind {
					t.Errorf("the requester gets %v, want %s", a.err, end.kind)
				}
				if exit := s.ends(ref); exit.Reason != end.reason {
					t.Errorf("the exit is %v, want %s", exit, end.reason)
				}
				result := last[*chain.Result](t, s.events(ref))
				if result.Status != end.status || result.Trap.Kind != string(end.kind) || result.Fuel == 0 {
					t.Errorf("the chain has %v of %q after %d of fuel", result.Status, result.Trap.Kind, result.Fuel)
				}
			})
		}
	}
	if stopAsking() == 0 {
		t.Error("the neighbour never answered")
	}
}

// heard is how often a line was logged.
func (s *stage) heard(line string) (times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		if l.Text == line {
			times++
		}
	}
	return times
}

func TestWhatAHandlerWaitsWithIsGoodWhenTheTurnIsOver(t *testing.T) {
	h := build(t)
	top := h.grow(plan{id: "top"})
	var kept context.Context
	h.keep(func(ctx context.Context, at string) error {
		kept = ctx
		return nil
	})
	h.answers(top, "g", "g")
	// A time-out does as much when it comes as the turn ends.
	if kept.Value(t) != nil || !errors.Is(kept.Err(), context.Canceled) {
		t.Errorf("it is %v", kept)
	}
}
