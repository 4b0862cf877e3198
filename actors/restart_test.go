package actors_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// parent is a plan of one actor with children.
func parent(supervision string, children ...plan) plan {
	return plan{id: "top", tables: "[supervision]\n" + supervision, children: children}
}

func child(id string, tables ...string) plan { return plan{id: id, tables: strings.Join(tables, "\n")} }

func TestAnActorThatFailsStartsAgainUnderItsNameAndOnItsChain(t *testing.T) {
	h := build(t)
	h.grow(parent("", child("a")))
	before := h.ref("/top/a")
	h.answers(before, "", first)
	h.answers(before, "", second)
	h.answers(before, "c", "\x01\x00\x00\x00")
	if _, err := h.request(before, "x"); !isTrap(wasm.KindUnreachable)(err) {
		t.Errorf("who made it trap gets %v", err)
	}
	h.restarted("/top/a", 1)
	after := h.ref("/top/a")
	if after.ID != before.ID {
		t.Errorf("it is another actor: %s, and was %s", after.ID, before.ID)
	}
	// State and memory are new, and it registered again.
	h.answers(before, "", first)
	h.answers(before, "c", "\x01\x00\x00\x00")

	all := h.events(before)
	genesis := of[*chain.Genesis](all)
	restart := last[*chain.Lifecycle](t, all)
	if restart.What != chain.LifecycleRestart || restart.Reason != "trap" || !strings.Contains(restart.Detail, "unreachable") ||
		restart.Count != 1 || restart.Wait != 0 || restart.Sum != genesis[0].InitialState || restart.Time == 0 {
		t.Errorf("the restart is %+v", restart)
	}
	if len(genesis) != 1 || inits(all) != 2 {
		t.Errorf("there are %d geneses and %d inits", len(genesis), inits(all))
	}
	info := h.info(before)
	if info.Restarts != 1 || info.Last == nil || info.Last.Reason != actors.ReasonTrap || !info.Registered || info.Status != actors.StatusRunning {
		t.Errorf("it is %+v", info)
	}
}

func TestARestartThatWaitsSaysHowLong(t *testing.T) {
	h := build(t)
	h.grow(parent("[supervision.backoff]\ninitial = \"3ms\"\nfactor = 2\njitter = 0", child("a")))
	a := h.ref("/top/a")
	for n := range int64(2) {
		_, _ = h.request(a, "x")
		h.eventually("it runs again", func() bool { i := h.info(a); return i.Restarts == n+1 && i.Status == actors.StatusRunning })
	}
	var waits []int64
	for _, l := range of[*chain.Lifecycle](h.events(a)) {
		waits = append(waits, l.Wait)
	}
	if want := []int64{3e6, 6e6}; !slices.Equal(waits, want) {
		t.Errorf("it waited %v, want %v", waits, want)
	}
}

func TestWhatWaitsForAnActorIsHandledAfterItsRestartInOrder(t *testing.T) {
	h := build(t)
	h.grow(parent("", child("a")))
	a := h.ref("/top/a")
	open := h.shut("/top/a g")
	trapped := h.ask(a, "X")
	h.eventually("it waits at the gate", func() bool { return h.waits("/top/a g") })
	want := []string{"o1", "o2", "o3"}
	for _, body := range want {
		check(t, h.Send(a, "test", []byte(body)))
	}
	later := h.ask(a, "o4")
	h.eventually("all wait", func() bool { return h.info(a).Mailbox == 4 })
	open(nil)
	if got := h.gets(trapped); !isTrap(wasm.KindUnreachable)(got.err) {
		t.Errorf("who made it trap gets %v", got.err)
	}
	if got := h.gets(later); got.err != nil || got.answer != "o4" {
		t.Errorf("who waited gets %q, %v", got.answer, got.err)
	}
	want = append(append([]string{"X"}, want...), "o4")
	got := h.handled(a)
	if !slices.Equal(got, want) {
		t.Errorf("it handled %q, want %q", got, want)
	}
}

func TestAnActorMayGoOnWithItsLastState(t *testing.T) {
	h := build(t)
	top := plan{id: "a", tables: "[supervision]\nrestart_state = \"last\"", children: []plan{child("below")}}
	h.grow(parent("", top))
	a, below := h.ref("/top/a"), h.ref("/top/a/below")
	h.answers(below, "", first)
	h.answers(a, "c", "\x01\x00\x00\x00") // which keeps no state
	h.answers(a, "", first)
	if _, err := h.request(a, "x"); err == nil {
		t.Fatal("x does not trap")
	}
	h.restarted("/top/a", 1)
	h.answers(a, "", second)
	h.answers(a, "c", "\x01\x00\x00\x00") // the memory is new
	h.answers(below, "", second)
	if again := h.ref("/top/a/below"); again.ID != below.ID || h.info(below).Restarts != 0 {
		t.Error("its child is another one")
	}
	all := h.events(a)
	if restart := last[*chain.Lifecycle](t, all); restart.What != chain.LifecycleRestart || !restart.Sum.IsZero() {
		t.Errorf("the restart is %+v", restart)
	}
	if n := inits(all); n != 1 {
		t.Errorf("init has run %d times", n)
	}
}

func TestARestartMayDropWhatWaits(t *testing.T) {
	h := build(t)
	h.grow(parent("", child("a", "[supervision]\nmailbox = \"drop\""), plan{id: "b", code: puppet(wasmtest.Guest{})}))
	a, b := h.ref("/top/a"), h.ref("/top/b")
	open := h.shut("/top/a g")
	trapped := h.ask(a, "X")
	h.eventually("it waits at the gate", func() bool { return h.waits("/top/a g") })
	if got := h.text(b, "send", to("/top/a", "o1")...); got != "ok(())" {
		t.Fatalf("the send gives %s", got)
	}
	check(t, h.Send(a, "test", []byte("o2")))
	later := h.ask(a, "o3")
	h.eventually("all wait", func() bool { return h.info(a).Mailbox == 3 })
	open(nil)
	h.gets(trapped)
	if got := h.gets(later); !errors.Is(got.err, actors.ErrStopped) {
		t.Errorf("who waited gets %q, %v", got.answer, got.err)
	}
	h.restarted("/top/a", 1)
	h.answers(a, "o4", "o4")
	var calls, drops int
	for _, e := range h.events(a) {
		switch e := e.(type) {
		case *chain.Call:
			calls++
		case *chain.Lifecycle:
			if e.What == chain.LifecycleDropped {
				drops++
				if _, ok := h.at(e.Ref).(*chain.Host); !ok || e.Ref.Actor != b.ID || e.Reason != "trap" {
					t.Errorf("the drop is %+v", e)
				}
			}
		}
	}
	if calls != 4 || drops != 1 { // two inits, X and o4; of what is dropped only b's has a cause on a chain
		t.Errorf("there are %d calls and %d drops", calls, drops)
	}
}

func TestAMessageIsDeliveredAsOftenAsItMayBe(t *testing.T) {
	for deliveries, tables := range map[int]string{1: "", 3: "[supervision]\nmax_deliveries = 3"} {
		h := build(t)
		h.grow(parent("", child("a", tables), plan{id: "b", code: puppet(wasmtest.Guest{})}))
		a, b := h.ref("/top/a"), h.ref("/top/b")
		var turns, failed int
		if got := h.text(b, "request", to("/top/a", "x")...); !strings.HasPrefix(got, "err: ") || !strings.Contains(got, "unreachable") {
			t.Errorf("who asks gets %s", got)
		}
		h.restarted("/top/a", int64(deliveries))
		h.answers(a, "o", "o")
		var got []uint32
		var dropped []chain.Ref
		for _, e := range h.events(a) {
			switch e := e.(type) {
			case *chain.Call:
				if e.Cause.Kind == chain.CauseEvent {
					got = append(got, e.Delivery)
				}
				turns++
			case *chain.Result:
				if e.Status == chain.ResultTrap {
					failed++
				}
			case *chain.Lifecycle:
				if e.What == chain.LifecycleDropped {
					dropped = append(dropped, e.Ref)
				}
			}
		}
		want := []uint32{1, 2, 3}[:deliveries]
		if !slices.Equal(got, want) || failed != deliveries {
			t.Errorf("with max_deliveries = %d it is delivered as %v and fails %d times", deliveries, got, failed)
		}
		if len(dropped) != 1 || dropped[0].Actor != b.ID {
			t.Errorf("with max_deliveries = %d there is dropped %v", deliveries, dropped)
		}
		h.close()
	}
}

func TestAMessageThatIsDeliveredAgainComesBeforeThoseThatWaited(t *testing.T) {
	h := build(t)
	h.grow(parent("", child("a", "[supervision]\nmax_deliveries = 2")))
	a := h.ref("/top/a")
	open := h.shut("/top/a g")
	poisonous := h.ask(a, "g")
	h.eventually("it waits at the gate", func() bool { return h.waits("/top/a g") })
	next := h.ask(a, "o")
	h.eventually("one waits", func() bool { return h.info(a).Mailbox == 1 })
	open(errors.New("locked"))
	if got := h.gets(poisonous); got.err != nil || got.answer != "g" {
		t.Errorf("who asked gets %q, %v: the second delivery succeeds", got.answer, got.err)
	}
	if got := h.gets(next); got.err != nil || got.answer != "o" {
		t.Errorf("who came after gets %q, %v", got.answer, got.err)
	}
	var got []uint32
	for _, call := range of[*chain.Call](h.events(a)) {
		if call.Cause.Kind == chain.CauseExternal {
			got = append(got, call.Delivery)
		}
	}
	if want := []uint32{1, 2, 1}; !slices.Equal(got, want) {
		t.Errorf("the deliveries are %v, want %v", got, want)
	}
}

func TestARestartedActorIsServedByNewSessionsAlone(t *testing.T) {
	h := build(t)
	h.grow(parent("", child("a")))
	a := h.ref("/top/a")
	for restarts := range int64(3) {
		h.restarted("/top/a", restarts)
		h.sessions()
		h.answers(a, "l", "l")
		if got, want := h.sessions(), []string{"/top/a leaves after 0", "/top/a leaves after 1"}; !slices.Equal(got, want) {
			t.Errorf("after %d restarts %q", restarts, got)
		}
		check(t, h.Send(a, "test", []byte("x")))
	}
}
