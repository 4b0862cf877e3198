package actors_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// unended is a chain without its end, and with further records.
func unended(further ...[]chain.Event) func([]chain.Record) []chain.Record {
	return func(records []chain.Record) []chain.Record {
		kept := records[:len(records)-1]
		for _, events := range further {
			kept = append(kept, chain.Record{Events: events})
		}
		return kept
	}
}

func TestAnActorIsResumedAfterARestart(t *testing.T) {
	restart := &chain.Lifecycle{What: chain.LifecycleRestart, Reason: "trap", Count: 1}
	dropped := &chain.Lifecycle{What: chain.LifecycleDropped, Reason: "trap", Ref: chain.Ref{Record: 1}}
	for name, c := range map[string]struct {
		fresh bool
		ends  bool // a trap ended the instance before
		inits int
	}{
		"with its initial state, after a trap":           {true, true, 2},
		"with its last state, after a trap":              {false, true, 1},
		"with its initial state, after a turn that held": {true, false, 2},
		"with its last state, after a turn that held":    {false, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			first := open(t)
			ref := first.spawn("actor", server(wasmtest.Switch(map[byte]wasmtest.Behavior{'x': wasmtest.Trap()}, wasmtest.Calls())))
			first.answers(ref, "", "\x01\x00\x00\x00")
			first.answers(ref, "", "\x02\x00\x00\x00")
			if c.ends {
				if _, err := first.request(ref, "x"); err == nil {
					t.Fatal("x does not trap")
				}
				first.ends(ref)
			} else {
				first.close()
			}
			again := *restart
			if c.fresh {
				again.Sum = of[*chain.Genesis](first.events(ref))[0].InitialState
			}
			log := copied(t, first.log, ref.ID, unended([]chain.Event{dropped, &again}))

			second := reopen(t, log)
			resumed := second.resume(ref.ID)
			second.answers(resumed, "", "\x01\x00\x00\x00") // a fresh instance that is registered
			if init := inits(second.events(ref)); init != c.inits {
				t.Errorf("init has run %d times, want %d: %s", init, c.inits, kinds(second.events(ref)))
			}
			for _, h := range of[*chain.Host](second.events(ref)) { // its handlers began anew too
				if answer := value(t, log, h.Output).String(); !strings.HasPrefix(answer, "ok") {
					t.Errorf("it is answered %s", answer)
				}
			}
			second.close()

			third := reopen(t, log)
			third.answers(third.resume(ref.ID), "", "\x02\x00\x00\x00")
		})
	}
}

func TestAnActorThatIsRestartedSeesWhatItsTurnHasDone(t *testing.T) {
	s := open(t)
	cancels := wasmtest.DoWithID(message.Interface, "cancel-request", wasmtest.Ask(message.Interface, "list-outstanding-requests", encode(pack.Unit)))
	s.settle(home{
		"top":   someone{parental(wasmtest.Guest{}), "[[child]]\nid = \"actor\"\nmanifest = \"actor.toml\"\n"},
		"actor": someone{guest(wasmtest.Guest{HandleRequest: cancels}), ""},
	}, "top")
	ref := s.lookup("/top/actor")
	for range 2 {
		if _, err := s.request(ref, ""); !errors.Is(err, actors.ErrCancelled) {
			t.Fatalf("the request is answered with %v", err)
		}
		if left := value(t, s.log, last[*chain.Host](t, s.events(ref)).Output); !strings.Contains(left.String(), "[]") {
			t.Errorf("after it is cancelled it is still there: %s", left)
		}
		check(t, s.Restart(t.Context(), ref))
	}
}

// inits are how many turns of init there are among events.
func inits(events []chain.Event) (n int) {
	calls := of[*chain.Call](events)
	for _, call := range calls {
		if call.Export == calls[0].Export {
			n++
		}
	}
	return n
}
