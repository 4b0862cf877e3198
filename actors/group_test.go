package actors_test

import (
	"slices"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// unhurried lets turns and waits take as long as they want.
const unhurried = "[limits]\nturn_time = \"1h\"\nwait_time = \"1h\""

func TestOneForAllStopsSiblingsLastFirstAndStartsAllInOrder(t *testing.T) {
	h := build(t)
	h.grow(parent(`strategy = "one-for-all"`, child("a"),
		child("busy"),
		plan{id: "asleep", tables: unhurried},
		plan{id: "spins", tables: unhurried, as: `shutdown = "100ms"`},
		child("idle")))
	busy, asleep, spins := h.ref("/top/busy"), h.ref("/top/asleep"), h.ref("/top/spins")
	open := h.shut("/top/busy g")
	atGate := h.ask(busy, "g")
	sleeping := h.ask(asleep, "s")
	spinning := h.ask(spins, "b")
	h.eventually("one is at the gate", func() bool { return h.waits("/top/busy g") })
	h.asleep(asleep)
	h.spins(1)
	h.sessions()
	h.forget()
	began := time.Now()
	check(t, h.Send(h.ref("/top/a"), "test", []byte("x")))
	if got := h.gets(spinning); !isTrap(wasm.KindKilled)(got.err) || time.Since(began) < 100*time.Millisecond {
		t.Errorf("who asks the one that spins gets %v after %v", got.err, time.Since(began))
	}
	if got := h.gets(sleeping); got.err == nil {
		t.Error("who asks the one that sleeps gets an answer")
	}
	kept := h.ask(busy, "o")
	h.eventually("a request comes while its receiver ends", func() bool { return h.info(busy).Mailbox == 1 })
	open(nil)
	if got := h.gets(atGate); got.err != nil || got.answer != "g" {
		t.Errorf("who asks the one in the middle of a turn gets %q, %v", got.answer, got.err)
	}
	if got := h.gets(kept); got.err != nil || got.answer != "o" {
		t.Errorf("who asks while it restarts gets %q, %v", got.answer, got.err)
	}
	h.sees("/top", "failed a restart", "started a", "started busy", "started asleep", "started spins", "started idle")
	want := []string{"close /top/a", "close /top/idle", "close /top/spins", "close /top/asleep", "close /top/busy",
		"open /top/a", "open /top/busy", "open /top/asleep", "open /top/spins", "open /top/idle"}
	if got := h.sessions(); !slices.Equal(got, want) {
		t.Errorf("the order is %q", got)
	}
	var before int64
	for _, id := range []string{"a", "busy", "asleep", "spins", "idle"} {
		restart := last[*chain.Lifecycle](t, h.events(h.ref("/top/"+id)))
		if restart.What != chain.LifecycleRestart || restart.Time < before || restart.Count != 1 {
			t.Errorf("%s is restarted by %+v", id, restart)
		}
		before = restart.Time
	}
	if r := of[*chain.Result](h.events(asleep))[1]; r.Status != chain.ResultInterrupted {
		t.Errorf("the turn that slept ends with %v", r.Status)
	}
	if r := of[*chain.Result](h.events(spins))[1]; r.Status != chain.ResultKilled {
		t.Errorf("the turn that spun ends with %v", r.Status)
	}
}

func TestRestForOneLeavesThoseBeforeAlone(t *testing.T) {
	h := build(t)
	h.grow(parent(`strategy = "rest-for-one"`, child("a"), child("b"), child("c"), child("d")))
	for _, id := range []string{"a", "b", "c", "d"} {
		h.answers(h.ref("/top/"+id), "", first)
	}
	h.sessions()
	h.forget()
	check(t, h.Send(h.ref("/top/b"), "test", []byte("x")))
	h.sees("/top", "failed b restart", "started b", "started c", "started d")
	want := []string{"close /top/b", "close /top/d", "close /top/c", "open /top/b", "open /top/c", "open /top/d"}
	if got := h.sessions(); !slices.Equal(got, want) {
		t.Errorf("the order is %q", got)
	}
	h.answers(h.ref("/top/a"), "", second)
	for _, id := range []string{"b", "c", "d"} {
		h.answers(h.ref("/top/"+id), "", first)
	}
}

func TestASiblingWithoutTimeToEndIsNotCutOffOnceItBeganAnew(t *testing.T) {
	const crashes = 100
	h := build(t)
	h.grow(parent("strategy = \"one-for-all\"\nmax_restarts = 1000", child("a"), plan{id: "b", as: `shutdown = "brutal-kill"`}))
	for i := range int64(crashes) {
		check(t, h.Send(h.ref("/top/a"), "test", []byte("x")))
		h.restarted("/top/a", i+1)
		h.restarted("/top/b", i+1)
	}
	for _, what := range h.seen("/top") {
		if what == "failed b restart" {
			t.Fatal("b was cut off after its restart")
		}
	}
}

func TestChildrenThatStayAreNotCutOffWhenTheirParentRestartsWithOthers(t *testing.T) {
	for _, time := range []string{"", `shutdown = "brutal-kill"`} {
		keepKid(t, build(t), time)
	}
}

func keepKid(t *testing.T, h *house, shutdown string) {
	keeps := plan{id: "b", as: shutdown, tables: "[supervision]\nrestart_state = \"last\"", children: []plan{{id: "kid", as: `shutdown = "20ms"`}}}
	h.grow(parent(`strategy = "one-for-all"`, child("a"), keeps))
	kid := h.ref("/top/b/kid")
	h.answers(kid, "", first)
	check(t, h.Send(h.ref("/top/a"), "test", []byte("x")))
	h.restarted("/top/b", 1)
	for began := time.Now(); time.Since(began) < 60*time.Millisecond; {
		h.answers(kid, "o", "o")
	}
	h.answers(kid, "", second)
	check(t, h.Send(kid, "test", []byte("x")))
	h.restarted("/top/b/kid", 1)
}

func TestAParentThatWaitsForItsChildIsAnsweredAfterTheChildsRestart(t *testing.T) {
	h := build(t)
	asks := guest(wasmtest.Guest{HandleRequest: wasmtest.Ask(message.Interface, "request", tell("/top/a", "o"))})
	top := h.grow(plan{id: "top", code: asks, children: []plan{child("a")}})
	a := h.ref("/top/a")
	open := h.shut("/top/a g")
	h.ask(a, "X")
	h.eventually("the child is at the gate", func() bool { return h.waits("/top/a g") })
	answer := h.ask(top, "")
	h.eventually("its parent waits for it", func() bool { return h.info(a).Mailbox == 1 })
	h.forget()
	began := time.Now()
	open(nil)
	got := h.gets(answer)
	took := time.Since(began)
	t.Logf("supervised and answered after %v", took)
	check(t, got.err)
	v, err := pack.Decode([]byte(got.answer))
	check(t, err)
	payload, _, _ := v.Result()
	if body, ok := payload.AsByteString(); !ok || body != "o" {
		t.Errorf("the parent is answered %s", v)
	}
	if took > 5*time.Second {
		t.Errorf("that took %v", took)
	}
	h.sees("/top", "failed a restart", "started a")
	if n := h.info(top).Restarts; n != 0 {
		t.Errorf("the parent was restarted %d times", n)
	}
}

func TestAParentWhoseInitSpawnsChildrenRestartsUnderTheSamePaths(t *testing.T) {
	h := build(t)
	none := pack.None(pack.TypeBytes)
	spawn := encode(pack.Tuple(pack.String("kid"), none, none))
	spawns := wasmtest.Guest{
		Interfaces: append(interfaces(), supervisor.New().Interfaces()[0].Pact),
		Init:       wasmtest.Do(supervisor.Interface, "spawn", spawn, wasmtest.Do(supervisor.Interface, "spawn", spawn, ready)),
		HandleSend: wasmtest.Trap(),
	}
	h.grow(parent("max_restarts = 100", plan{id: "a", code: spawns.Bytes(), spawns: []plan{child("kid")}}))
	a := h.ref("/top/a")
	for i := range int64(3) {
		var kids []actors.Ref
		for _, path := range []string{"/top/a/kid", "/top/a/kid~2"} {
			kid := h.ref(path)
			h.answers(kid, "", first)
			kids = append(kids, kid)
		}
		check(t, h.Send(a, "test", nil))
		h.restarted("/top/a", i+1)
		for _, kid := range kids {
			if exit := h.ends(kid); exit.Reason != actors.ReasonShutdown {
				t.Errorf("%s ends with %v", kid, exit)
			}
		}
		if n := len(h.List()); n != 4 {
			t.Errorf("%d actors live after restart %d, want 4", n, i+1)
		}
	}
}
