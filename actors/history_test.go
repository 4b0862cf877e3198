package actors_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// failing is a guest that fails as a request asks for.
func failing() []byte {
	return server(wasmtest.Switch(map[byte]wasmtest.Behavior{
		't': wasmtest.Trap(), 'e': wasmtest.Refuse("no thanks"), 's': wasmtest.Spin(),
	}, wasmtest.Echo()))
}

// counted is what an actor has done, and how it failed last.
func (h *house) counted(path string) string {
	h.t.Helper()
	i := h.info(h.ref(path))
	text := fmt.Sprintf("%d turns, %d failed, %d restarts, %d fuel", i.Turns, i.Failed, i.Restarts, i.Fuel)
	if i.Last == nil {
		return text
	}
	var trap *wasm.Trap
	if errors.As(i.Last.Err, &trap) {
		text += fmt.Sprintf(", %s in %q", trap.Kind, trap.Function)
	}
	return text + ", " + string(i.Last.Reason) + ", " + i.Last.Detail()
}

func TestWhatAnActorHasDoneAndHowItFailedIsKnownAfterARecovery(t *testing.T) {
	for name, c := range map[string]struct {
		asks   string
		tables string
		turns  int // of no interest, before and after
	}{
		"a trap":                           {"t", "", 1},
		"a trap, and then an err":          {"te", "", 1},
		"a deadline":                       {"s", "", 1},
		"nothing":                          {"", "", 1},
		"an err that does not end it":      {"tee", "[supervision]\non_error = \"continue\"", 1},
		"a trap, and the state is kept":    {"t", "[supervision]\nrestart_state = \"last\"", 1},
		"all of it before a checkpoint":    {"tet", "", 40},
		"a deadline before one, and after": {"ses", "", 40},
	} {
		t.Run(name, func(t *testing.T) {
			log := memlog.New()
			h := rebuild(t, log)
			h.grow(plan{id: "top", tables: "[supervision]\nmax_restarts = 100", children: []plan{
				{id: "a", code: failing(), tables: "[limits]\nturn_time = \"20ms\"\n" + c.tables},
			}})
			for _, ask := range c.asks {
				for range c.turns {
					h.answers(h.ref("/top/a"), "a", "a")
				}
				_, err := h.request(h.ref("/top/a"), string(ask))
				if err == nil {
					t.Fatalf("%c succeeds", ask)
				}
				h.eventually("it is there again", func() bool { return h.info(h.ref("/top/a")).Status == actors.StatusRunning })
			}
			for range c.turns {
				h.answers(h.ref("/top/a"), "a", "a")
			}
			want := h.counted("/top/a")
			h.close()
			for _, log := range []chain.Log{log, h.crashed(map[string]int{"/top": 1, "/top/a": 1})} {
				again := rebuild(t, log, recovers)
				again.recover()
				if got := again.counted("/top/a"); got != want {
					t.Errorf("after it there is\n\t%s\nbefore\n\t%s", got, want)
				}
				again.close()
			}
		})
	}
}

func TestATurnThatWasCutShortIsOneThatFailed(t *testing.T) {
	h := build(t)
	h.grow(plan{id: "a", code: server(wasmtest.Switch(map[byte]wasmtest.Behavior{'w': wasmtest.Sleep(time.Hour, wasmtest.Echo())}, wasmtest.Echo())), tables: hour})
	h.answers(h.ref("/a"), "a", "a")
	answer := h.ask(h.ref("/a"), "w")
	h.asleep(h.ref("/a"))
	before := h.crashed(nil)
	h.close()
	h.gets(answer)
	again := rebuild(t, before, recovers)
	again.recover()
	if i := again.info(again.ref("/a")); i.Turns != 3 || i.Failed != 1 || i.Last != nil {
		t.Errorf("it has had %d turns, %d failed, and failed last with %v", i.Turns, i.Failed, i.Last)
	}
	again.close()
	again = rebuild(t, again.log, recovers)
	again.recover()
	if i := again.info(again.ref("/a")); i.Turns != 3 || i.Failed != 1 {
		t.Errorf("the next time it has had %d turns, %d failed", i.Turns, i.Failed)
	}
}
