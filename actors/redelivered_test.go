package actors_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// says has an actor of a house send a message.
func (h *house) says(from, to, body string) {
	h.t.Helper()
	if got := h.text(h.ref(from), "send", pack.String(to), pack.Bytes([]byte(body))); got != "ok(())" {
		h.t.Fatalf("send answers %s", got)
	}
}

// drops are the messages that a chain says were dropped, by their reasons.
func (h *house) drops(id chain.ID) []string {
	h.t.Helper()
	var all []string
	for _, e := range of[*chain.Lifecycle](events(h.t, h.log, id)) {
		if e.What == chain.LifecycleDropped {
			all = append(all, e.Reason)
		}
	}
	return all
}

// sends are the bodies of the messages that an actor has handled and others had sent.
func (h *house) sends(path string, bodies ...string) {
	h.t.Helper()
	h.eventually(path+" has handled "+strings.Join(bodies, " "), func() bool {
		all := slices.DeleteFunc(h.handled(h.ref(path)), func(b string) bool { return b == "" })
		return slices.Equal(all, bodies)
	})
}

func TestMessagesThatWaitWhenTheNodeEndsWaitWhenItIsBack(t *testing.T) {
	for name, end := range map[string]func(h *house, open func(error)) chain.Log{
		"suspended": func(h *house, open func(error)) chain.Log {
			closed := make(chan struct{})
			go func() { defer close(closed); h.close() }()
			h.eventually("it is told to end", func() bool { return h.info(h.ref("/top/b")).Status == actors.StatusStopping })
			open(nil)
			<-closed
			return h.log
		},
		"killed": func(h *house, open func(error)) chain.Log {
			log := h.crashed(nil)
			open(nil)
			return log
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			h.grow(parent("", child("a"), child("m", inMemory), child("b"), child("sealed", "[chain]\nsealed = true")))
			open := h.shut("/top/b g")
			big := "y" + strings.Repeat("b", 10_000)
			b := h.ref("/top/b")
			check(t, h.Send(b, "test", []byte("g")))
			h.eventually("b waits at the gate", func() bool { return h.waits("/top/b g") })
			h.says("/top/a", "/top/b", "1")
			h.says("/top/sealed", b.ID.String(), "2")
			h.says("/top/m", "/top/b", "lost")
			check(t, h.Send(b, "test", []byte("lost too")))
			h.says("/top/a", strings.ToUpper(b.ID.String()), big)
			h.says("/top/a", "/top/m", "elsewhere")
			log := end(h, open)

			h = rebuild(t, log)
			got := h.recover()
			if got.Delivered != 3 || len(got.Left)+len(got.Ended) > 0 {
				t.Errorf("it gives %+v", got)
			}
			h.sends("/top/b", "g", "1", "2", big)
			h.answers(h.ref("/top/b"), "o", "o")
			want := 0
			if name == "suspended" { // what came from memory
				want = 1
			}
			if drops := h.drops(b.ID); len(drops) != want {
				t.Errorf("dropped are %q", drops)
			}
			for _, call := range of[*chain.Call](h.events(b)) {
				if call.Delivery != 1 {
					t.Errorf("it is delivered %d times", call.Delivery)
				}
			}
		})
	}
}

func TestAMessageToAnActorThatIsBeingSuspendedWaitsToo(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	again := wasmtest.Guest{Init: ready, HandleSend: wasmtest.Switch(map[byte]wasmtest.Behavior{
		'g': pass("g", send("/clock", "tick", wasmtest.Keep())),
	}, wasmtest.Keep()), HandleRequest: wasmtest.Echo(), Interfaces: append(interfaces(), newPorter().Interfaces()[0].Pact)}.Bytes()
	clock := h.grow(plan{id: "clock", code: again})
	open := h.shut("/clock g")
	check(t, h.Send(clock, "test", []byte("g")))
	h.eventually("it waits at the gate", func() bool { return h.waits("/clock g") })
	closed := make(chan struct{})
	go func() { defer close(closed); h.close() }()
	h.eventually("it is told to end", func() bool { return h.info(clock).Status == actors.StatusStopping })
	open(nil)
	<-closed
	if drops := h.drops(clock.ID); len(drops) > 0 {
		t.Errorf("dropped are %q", drops)
	}
	h = rebuild(t, log)
	h.resume(clock.ID)
	h.sends("/clock", "g", "tick")
}

func TestAMessageWhoseTurnWasCutShortIsDeliveredAsOftenAsItMayBe(t *testing.T) {
	for _, c := range []struct {
		name, tables, says string
		suspended          bool
		deliveries         []uint32 // of the message
		drops              int
	}{
		{"once by a kill", "", "g", false, []uint32{1}, 1},
		{"twice by a kill", "[supervision]\nmax_deliveries = 2", "g", false, []uint32{1, 2}, 0},
		{"once by a suspension", "", "s", true, []uint32{1}, 1},
		{"twice by a suspension", "[supervision]\nmax_deliveries = 2", "s", true, []uint32{1, 2}, 0},
		{"twice, and it traps", "[supervision]\nmax_deliveries = 2", "X", false, []uint32{1, 2}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := build(t)
			h.grow(parent("", child("a"), child("b", c.tables, "[limits]\nwait_time = \"2h\"")))
			b := h.ref("/top/b")
			open := h.shut("/top/b g")
			h.says("/top/a", "/top/b", c.says)
			if c.says == "s" {
				h.asleep(b)
			} else {
				h.eventually("it waits", func() bool { return h.waits("/top/b g") })
			}
			h.says("/top/a", "/top/b", "next")
			log := h.log
			if c.suspended {
				h.close()
			} else {
				log = h.crashed(nil)
				open(nil)
			}
			again := rebuild(t, log)
			again.recover()
			if c.says == "s" && c.drops == 0 { // it sleeps again
				again.asleep(b)
				check(t, again.System.Restart(t.Context(), again.ref("/top/b")))
				c.drops = 1
			}
			again.eventually("the next one is handled", func() bool { return contains(again.handled(b), "next") })
			var deliveries []uint32
			for _, call := range of[*chain.Call](again.events(b)) {
				if p := value(t, again.log, call.Params); p.Len() > 0 && call.Cause.Kind == chain.CauseEvent {
					if body, _ := p.At(p.Len() - 1).AsByteString(); body == c.says {
						deliveries = append(deliveries, call.Delivery)
					}
				}
			}
			if !slices.Equal(deliveries, c.deliveries) || len(again.drops(b.ID)) != c.drops {
				t.Errorf("it is delivered %v, dropped are %q", deliveries, again.drops(b.ID))
			}
			again.close()
			third := rebuild(t, log)
			if got := third.recover(); got.Delivered+got.Dropped > 0 {
				t.Errorf("afterwards there wait: %+v", got)
			}
		})
	}
}

func TestAMessageToWhoHasEndedMeanwhileIsDroppedByItsSender(t *testing.T) {
	h := build(t)
	h.grow(parent("", child("a"), plan{id: "b", as: `restart = "temporary"`}))
	a, b := h.ref("/top/a"), h.ref("/top/b")
	h.says("/top/a", "/top/b", "hello")
	h.sends("/top/b", "hello")
	// The process ended when b had stopped, and before that was written of the message.
	log := h.crashed(map[string]int{"/top/b": 1})
	w, err := log.Writer(t.Context())
	check(t, err)
	sum, err := log.Summary(t.Context(), b.ID)
	check(t, err)
	stopped := &chain.Lifecycle{What: chain.LifecycleStopped, Reason: "normal", Time: time.Now().UnixNano()}
	check(t, w.Append(chaintest.Draft(chain.Record{Actor: b.ID, Number: sum.Records, Events: []chain.Event{stopped}}), nil))
	check(t, w.Close())

	for i := range 2 {
		h = rebuild(t, log)
		if got := h.recover(); got.Dropped != 1-i || got.Delivered != 0 {
			t.Errorf("it gives %+v", got)
		}
		h.close()
	}
	if drops := h.drops(a.ID); !slices.Equal(drops, []string{"undeliverable"}) {
		t.Errorf("dropped are %q", drops)
	}
	if drops := h.drops(b.ID); len(drops) > 0 {
		t.Errorf("the chain that is complete has %q", drops)
	}
}

func TestMessagesToAnOrphanAreDroppedWithIt(t *testing.T) {
	h := &house{stage: open(t)}
	top := h.settle(home{
		"top": someone{code: parental(wasmtest.Guest{})},
		"kid": someone{code: parental(wasmtest.Guest{})},
	}, "top")
	lost := h.bears(top, "kid.toml")
	below := h.bears(lost, "kid.toml")
	if got := h.text(below, "send", pack.String(lost.Path), pack.Bytes([]byte("hello"))); got != "ok(())" {
		t.Fatal(got)
	}
	h.eventually("it is handled", func() bool { return h.info(lost).Turns == 3 })
	log := h.crashed(map[string]int{"/top": 1, lost.Path: 1}) // the spawn has no outcome, the message is not received
	again := &house{stage: reopen(t, log)}
	got := again.recover()
	if got.Dropped != 1 || got.Resumed != 1 || len(got.Ended) != 2 {
		t.Errorf("it gives %+v", got)
	}
	if drops := again.drops(lost.ID); !slices.Equal(drops, []string{"orphaned"}) {
		t.Errorf("dropped are %q", drops)
	}
}

func TestWhoComesUpFirstReachesWhoIsStillToCome(t *testing.T) {
	h := build(t)
	first := wasmtest.Guest{Init: ready, HandleSend: wasmtest.Switch(map[byte]wasmtest.Behavior{
		'1': send("/top/z", "hi", request("/top/z", "o", send("/solo", "hi", wasmtest.Keep()))),
	}, wasmtest.Keep()), Interfaces: interfaces()}.Bytes()
	h.grow(parent("", plan{id: "a", code: first}, child("m"), child("z")))
	h.grow(child("solo"))
	h.says("/solo", "/top/a", "1")
	h.eventually("all is handled", func() bool { return contains(h.handled(h.ref("/solo")), "hi") })
	ids := map[string]chain.ID{}
	for _, path := range h.paths() {
		ids[path] = h.ref(path).ID
	}
	h.close()
	// The message waits; m is in its init, so that z does not come up.
	log := h.losing(func(sum chain.Summary) int {
		keep := map[string]int{"/top": int(sum.Records) - 1, "/top/a": 2, "/top/m": 2, "/top/z": 3, "/solo": 4}[sum.Path]
		return int(sum.Records) - keep
	})
	h = rebuild(t, log)
	open := h.shut("/top/m init")
	over := make(chan struct{})
	go func() { defer close(over); h.recover() }()
	h.eventually("a waits for z", func() bool { return len(of[*chain.Intent](events(t, log, ids["/top/a"]))) == 1 })
	if _, err := h.Lookup("/top/z"); err == nil {
		t.Error("z is up")
	}
	open(nil)
	<-over
	h.sends("/top/z", "hi", "o")
	h.eventually("solo has handled it", func() bool { return contains(h.handled(h.ref("/solo")), "hi") })
	for _, host := range of[*chain.Host](events(t, log, ids["/top/a"])) {
		if _, ok, isResult := value(t, log, host.Output).Result(); !isResult || !ok {
			t.Errorf("a host call of a fails with %s", value(t, log, host.Output))
		}
	}
}
