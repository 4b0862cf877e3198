package actors_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// told is what handle-child-event was handed.
type told struct {
	child, kind string
	data        []byte
}

func (s *stage) told(h heard) told {
	s.t.Helper()
	v := value(s.t, s.log, h.call.Params)
	if v.Kind() != pack.KindTuple || v.Len() != 3 {
		s.t.Fatalf("it is handed %s", v)
	}
	child, _ := v.At(0).AsString()
	kind, _ := v.At(1).AsString()
	data, _ := v.At(2).AsBytes()
	return told{child, kind, data}
}

// heardOf are the turns that told of a child, the newest record of which is
// acknowledged once there are as many as the test waits for.
func (s *stage) heardOf(ref, child actors.Ref) []heard {
	s.t.Helper()
	var all []heard
	for _, h := range s.hears(ref, wasmtest.ChildEvent) {
		if s.told(h).child == child.ID.String() {
			all = append(all, h)
		}
	}
	return all
}

// hearsAll waits until a parent has been told of the newest event of a child.
func (s *stage) hearsAll(ref, child actors.Ref) []heard {
	s.t.Helper()
	var all []heard
	s.eventually("the parent has heard of the child's newest event", func() bool {
		all = s.heardOf(ref, child)
		newest := records(s.t, s.log, child.ID)
		record := newest[len(newest)-1]
		want := chain.Ref{Actor: child.ID, Record: record.Number, Index: uint32(len(record.Events) - 1)}
		return len(all) > 0 && all[len(all)-1].result != nil && all[len(all)-1].call.Cause.Event == want
	})
	return all
}

// follower is a home with a parent that answers each event with its bytes, and a
// child that answers requests.
func follower(tables string) home {
	return home{
		"parent": someone{listener(wasmtest.Guest{Untyped: true, Others: map[string]wasmtest.Behavior{wasmtest.ChildEvent: wasmtest.Echo()}}), ""},
		"kid":    someone{server(wasmtest.Echo()), grantsOfKids + tables},
	}
}

// grantsOfKids are those of children that have none themselves.
const grantsOfKids = grants

func TestAParentHearsOfEveryEventOfAChildThatItFollows(t *testing.T) {
	s := open(t)
	ref := s.settle(follower(""), "parent")
	kid := s.bears(ref, "kid.toml")
	s.follows(ref, kid)
	s.answers(kid, "hello", "hello")
	check(t, s.Send(kid, "test", []byte(strings.Repeat("long ", 2000))))
	s.answers(kid, "again", "again")
	all := s.hearsAll(ref, kid)
	at := all[0].call.Cause.Event
	for _, h := range all {
		event := s.at(h.call.Cause.Event)
		encoded, err := chain.AppendEvent(nil, event)
		check(t, err)
		if got := s.told(h); got.kind != chain.KindOf(event) || !bytes.Equal(got.data, encoded) {
			t.Errorf("it is handed %q %x, the event is %q %x", got.kind, got.data, chain.KindOf(event), encoded)
		}
		if named, ok := h.call.Params.Notice(); !ok || named != h.call.Cause.Event || h.call.Cause.Kind != chain.CauseEvent {
			t.Errorf("the chain keeps %+v of what %+v has caused", h.call.Params, h.call.Cause)
		}
		if h.call.Cause.Event != at {
			t.Fatalf("after the event before %+v comes %+v", at, h.call.Cause.Event)
		}
		at = s.after(at)
		// What the guest itself was handed: it answers with the bytes.
		response := value(t, s.log, h.result.Response)
		some, _, _ := response.At(0).Option()
		if b, _ := some.AsBytes(); !bytes.Equal(b, encoded) {
			t.Errorf("the guest was handed %x, the event is %x", b, encoded)
		}
	}
	s.replays(ref)
	s.replays(kid)
}

// after is the event that follows another on its chain.
func (s *stage) after(at chain.Ref) chain.Ref {
	s.t.Helper()
	if at.Index++; int(at.Index) == len(records(s.t, s.log, at.Actor)[at.Record].Events) {
		at.Record, at.Index = at.Record+1, 0
	}
	return at
}

func TestAParentIsToldOnceTheLogHasAcknowledged(t *testing.T) {
	g, option := gated()
	s := open(t, option)
	ref := s.settle(follower(""), "parent")
	kid := s.bears(ref, "kid.toml")
	g.set(func(g *gate) { g.hold = true })
	turn := func(what func(), of actors.Ref) {
		before := s.info(of).Turns
		what()
		s.eventually("the turn is over", func() bool { return s.info(of).Turns > before })
	}
	turn(func() { check(t, s.Send(kid, "test", []byte("before"))) }, kid)
	var done <-chan asked
	turn(func() { done = s.asks(ref, "subscribe-to-child", id(kid)) }, ref)
	first := chain.Ref{Actor: kid.ID, Record: uint64(len(records(t, s.log, kid.ID)))}
	turn(func() { check(t, s.Send(kid, "test", []byte("after"))) }, kid)
	if turns, waits := s.info(ref).Turns, s.info(ref).Mailbox; turns != 3 || waits != 0 {
		t.Errorf("before it is acknowledged it had %d turns, and %d wait", turns, waits)
	}
	g.open()
	s.gets(done)
	if got := s.hearsAll(ref, kid); len(got) != 2 || got[0].call.Cause.Event != first {
		t.Errorf("it hears of %d events, from %+v on", len(got), got[0].call.Cause.Event)
	}
}

func TestAParentThatHasNoHandlerIsNotTold(t *testing.T) {
	s := open(t)
	h := follower("")
	h["parent"] = someone{parental(wasmtest.Guest{}), ""}
	ref := s.settle(h, "parent")
	kid := s.bears(ref, "kid.toml")
	s.follows(ref, kid)
	s.answers(kid, "hello", "hello")
	before := s.info(ref).Turns
	s.text(ref, "list-children", pack.Unit)
	if got := s.info(ref).Turns - before; got != 1 {
		t.Errorf("%d turns instead of one", got)
	}
}

func TestAChainOfAnotherLogIsToldInFull(t *testing.T) {
	s := open(t)
	ref := s.settle(follower("[chain]\ndurability = \"memory\"\n"), "parent")
	kid := s.bears(ref, "kid.toml")
	s.follows(ref, kid)
	s.answers(kid, "hello", "hello")
	var all []heard
	s.eventually("it has heard of the answer", func() bool {
		all = s.hears(ref, wasmtest.ChildEvent)
		return len(all) > 1 && s.told(all[len(all)-1]).kind == "result"
	})
	for _, h := range all {
		if _, named := h.call.Params.Notice(); named || h.call.Params.Form != chain.FormInline {
			t.Errorf("the chain keeps %+v", h.call.Params)
		}
		if h.call.Cause.Event.Actor != kid.ID {
			t.Errorf("its cause is %+v", h.call.Cause)
		}
	}
	s.replays(ref)
}

func TestWhatIsToldOfASealedParentIsAReferenceToo(t *testing.T) {
	s := open(t)
	h := follower("")
	h["parent"] = someone{listener(wasmtest.Guest{}), "[chain]\nsealed = true\n"}
	ref := s.settle(h, "parent")
	kid := s.bears(ref, "kid.toml")
	s.follows(ref, kid)
	s.answers(kid, "hello", "hello")
	for _, h := range s.hearsAll(ref, kid) {
		if _, named := h.call.Params.Notice(); !named {
			t.Errorf("the chain keeps %+v", h.call.Params)
		}
	}
	s.replays(ref)
}

func TestAParentThatStaysBehindIsToldHowMuchItMissed(t *testing.T) {
	for name, c := range map[string]struct {
		tables string
		sends  int
		most   int // notices that wait
	}{
		"as many as may wait":             {"", 400, 256},
		"as many as its mailbox takes":    {"[limits]\nmailbox_messages = 20\n", 60, 20},
		"as many as its bytes allow":      {"[limits]\nmailbox_bytes = \"4KiB\"\n", 60, 20},
		"none when there are not as many": {"", 100, 256},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			h := follower("")
			h["parent"] = someone{listener(wasmtest.Guest{}), c.tables}
			ref := s.settle(h, "parent")
			kid := s.bears(ref, "kid.toml")
			holder := s.spawn("holder", puppet(wasmtest.Guest{}))
			s.follows(ref, kid)
			s.answers(kid, "first", "first")
			first := s.hearsAll(ref, kid)[0].call.Cause.Event
			waits := s.asks(ref, "request", to(holder.Path, "hold")...)
			request := s.holds(holder, 1)[0]
			for range c.sends {
				s.answers(kid, "x", "x")
			}
			s.eventually("no more fit", func() bool { return s.info(ref).Mailbox >= min(c.most, 2*c.sends) || c.most == 20 })
			s.text(holder, "respond-to-request", to(request, "go on")...)
			s.gets(waits)
			lags := 2*c.sends > c.most
			s.settled()
			if all := s.heardOf(ref, kid); lags != (s.told(all[len(all)-1]).kind == "lagged") {
				t.Errorf("it is told last of %+v", s.told(all[len(all)-1]))
			}
			s.answers(kid, "last", "last")
			s.accounts(first, s.hearsAll(ref, kid), lags)
			s.replays(ref)
		})
	}
}

func TestAParentThatIsSlowHearsMoreOfEventsThanOfWhatItMissed(t *testing.T) {
	s := open(t)
	h := follower("")
	h["parent"] = someone{listener(wasmtest.Guest{Others: map[string]wasmtest.Behavior{wasmtest.ChildEvent: wasmtest.Burn(500_000, wasmtest.Keep())}}), ""}
	ref := s.settle(h, "parent")
	kid := s.bears(ref, "kid.toml")
	s.follows(ref, kid)
	for range 1500 {
		check(t, s.Send(kid, "test", nil))
		s.eventually("the child takes more", func() bool { return s.info(kid).Mailbox < 100 })
	}
	s.settled()
	after, lagged := 1000, 0
	for _, h := range s.heardOf(ref, kid) {
		if after++; s.told(h).kind != "lagged" {
			continue
		}
		if lagged++; after < 100 {
			t.Errorf("it missed something again after %d events", after)
		}
		after = 0
	}
	if lagged == 0 {
		t.Skip("the parent was not slow")
	}
}

// accounts holds that the notices tell of each event, or of how many there were
// that they do not tell of.
func (s *stage) accounts(at chain.Ref, all []heard, lags bool) {
	s.t.Helper()
	lagged := 0
	for _, h := range all {
		told := s.told(h)
		if told.kind == "lagged" {
			n, err := strconv.Atoi(string(told.data))
			if err != nil || n < 1 {
				s.t.Fatalf("it missed %q", told.data)
			}
			last := at
			for range n {
				last, at = at, s.after(at)
			}
			if lagged++; h.call.Params.Form != chain.FormInline || h.call.Cause.Event != last {
				s.t.Errorf("what it missed is kept as %+v, caused by %+v, not %+v", h.call.Params, h.call.Cause, last)
			}
			continue
		}
		if h.call.Cause.Event != at {
			s.t.Fatalf("it hears of %+v and not of %+v", h.call.Cause.Event, at)
		}
		at = s.after(at)
	}
	if (lagged > 0) != lags {
		s.t.Errorf("it was told %d times that it missed something", lagged)
	}
}

// asks has a puppet call a host function in the background.
func (s *stage) asks(ref actors.Ref, function string, args ...pack.Value) <-chan asked {
	ch := make(chan asked, 1)
	go func() {
		v, err := s.do(ref, function, args...)
		ch <- asked{fmt.Sprint(v), err}
	}()
	return ch
}

func TestAParentThatStopsToFollowIsToldNoMore(t *testing.T) {
	s := open(t)
	ref := s.settle(follower(""), "parent")
	kid := s.bears(ref, "kid.toml")
	s.follows(ref, kid)
	s.follows(ref, kid)
	s.answers(kid, "hello", "hello")
	before := len(s.hearsAll(ref, kid))
	// What waits in its mailbox when it stops to is not told either.
	holder := s.spawn("holder", puppet(wasmtest.Guest{}))
	waits := s.asks(ref, "request", to(holder.Path, "hold")...)
	request := s.holds(holder, 1)[0]
	ends := s.asks(ref, "unsubscribe-from-child", id(kid))
	s.eventually("it is to unsubscribe", func() bool { return s.info(ref).Mailbox == 1 })
	s.answers(kid, "more", "more")
	s.eventually("it is to hear", func() bool { return s.info(ref).Mailbox == 3 })
	s.text(holder, "respond-to-request", to(request, "go on")...)
	s.gets(waits)
	s.gets(ends)
	s.answers(kid, "and more", "and more")
	s.text(ref, "list-children", pack.Unit)
	if got := len(s.heardOf(ref, kid)); got != before {
		t.Errorf("it was told %d times, and %d times after it ended that", before, got-before)
	}
	s.follows(ref, kid)
	s.answers(kid, "again", "again")
	if got := len(s.hearsAll(ref, kid)); got != before+2 {
		t.Errorf("once it follows again it hears of %d events, not of 2", got-before)
	}
}

func TestTheEndOfAChildIsTheLastThatItsParentHears(t *testing.T) {
	s := open(t)
	ref := s.settle(follower(""), "parent")
	kid := s.bears(ref, "kid.toml")
	s.follows(ref, kid)
	_, err := s.Stop(t.Context(), kid)
	check(t, err)
	all := s.hearsAll(ref, kid)
	if got := s.told(all[len(all)-1]).kind; got != "lifecycle" {
		t.Errorf("the last event is a %s", got)
	}
	want := "err: subscribe-to-child: " + kid.ID.String() + " is not a child of this supervisor"
	if got := s.text(ref, "subscribe-to-child", id(kid)); got != want {
		t.Errorf("of a child that has ended: %s", got)
	}
}

func TestAParentThatBeginsAnewFollowsNobody(t *testing.T) {
	for state, follows := range map[string]bool{"initial": false, "last": true} {
		t.Run("with its "+state+" state", func(t *testing.T) {
			s := open(t)
			h := follower("")
			h["parent"] = someone{listener(wasmtest.Guest{HandleSend: wasmtest.Trap(), HandleRequest: wasmtest.Echo()}),
				"[supervision]\nrestart_state = \"" + state + "\"\n[[child]]\nid = \"kid\"\nmanifest = \"kid.toml\"\n"}
			h["top"] = someone{parental(wasmtest.Guest{}), "[[child]]\nid = \"parent\"\nmanifest = \"parent.toml\"\n"}
			s.settle(h, "top")
			ref, kid := s.lookup("/top/parent"), s.lookup("/top/parent/kid")
			s.follows(ref, kid)
			s.answers(kid, "hello", "hello")
			before := len(s.hearsAll(ref, kid))
			// It is told of more after the message that restarts it.
			holder := s.spawn("holder", puppet(wasmtest.Guest{}))
			waits := s.asks(ref, "request", to(holder.Path, "hold")...)
			request := s.holds(holder, 1)[0]
			check(t, s.Send(ref, "test", nil))
			s.answers(kid, "more", "more")
			s.eventually("it is to hear", func() bool { return s.info(ref).Mailbox == 3 })
			s.text(holder, "respond-to-request", to(request, "go on")...)
			s.gets(waits)
			s.eventually("it is restarted", func() bool { return s.info(ref).Restarts == 1 && s.info(ref).Status == actors.StatusRunning })
			again := s.lookup("/top/parent/kid")
			if same := again.ID == kid.ID; same != follows {
				t.Fatalf("the same child is there: %v", same)
			}
			s.answers(again, "hello", "hello")
			if follows {
				if got := len(s.hearsAll(ref, again)); got != before+4 {
					t.Errorf("it hears of %d events more, not of 4", got-before)
				}
				return
			}
			s.settled()
			if got := len(s.hears(ref, wasmtest.ChildEvent)); got != before {
				t.Errorf("it hears of %d events more", got-before)
			}
			s.replays(ref)
		})
	}
}

func TestNoticesThatAreNotHandledAreLostAndNotDropped(t *testing.T) {
	s := open(t)
	h := follower("")
	h["parent"] = someone{listener(wasmtest.Guest{HandleSend: wasmtest.Trap()}),
		"[supervision]\nrestart_state = \"last\"\nmailbox = \"drop\"\n[[child]]\nid = \"kid\"\nmanifest = \"kid.toml\"\n"}
	h["top"] = someone{parental(wasmtest.Guest{}), "[[child]]\nid = \"parent\"\nmanifest = \"parent.toml\"\n"}
	s.settle(h, "top")
	ref, kid := s.lookup("/top/parent"), s.lookup("/top/parent/kid")
	s.follows(ref, kid)
	// waits has the parent wait while the child does something.
	holder := s.spawn("holder", puppet(wasmtest.Guest{}))
	waits := func(meanwhile func()) {
		waits := s.asks(ref, "request", to(holder.Path, "hold")...)
		request := s.holds(holder, 1)[0]
		meanwhile()
		s.text(holder, "respond-to-request", to(request, "go on")...)
		s.gets(waits)
	}
	waits(func() {
		check(t, s.Send(ref, "test", nil))
		s.answers(kid, "lost", "lost")
		s.eventually("it is to hear", func() bool { return s.info(ref).Mailbox == 3 })
	})
	s.eventually("it is restarted", func() bool { return s.info(ref).Restarts == 1 && s.info(ref).Status == actors.StatusRunning })
	s.answers(kid, "hello", "hello")
	all := s.hearsAll(ref, kid)
	if got := s.told(all[0]); len(all) != 3 || got.kind != "lagged" || string(got.data) != "2" {
		t.Errorf("it hears of %d events, and first of %s %q", len(all), got.kind, got.data)
	}
	ended := make(chan struct{})
	waits(func() {
		s.answers(kid, "lost", "lost")
		s.eventually("it is to hear", func() bool { return s.info(ref).Mailbox == 2 })
		go func() {
			defer close(ended)
			_, err := s.Stop(t.Context(), ref)
			check(t, err)
		}()
		s.eventually("it is told to stop", func() bool { return s.info(ref).Status == actors.StatusStopping })
	})
	<-ended
	if got := kinds(s.events(ref)); strings.Contains(got, "dropped") {
		t.Errorf("the chain is %s", got)
	}
}

func TestAParentThatIsResumedFollowsAgain(t *testing.T) {
	log := memlog.New()
	first := reopen(t, log)
	ref := first.settle(follower(""), "parent")
	kid, other := first.bears(ref, "kid.toml"), first.bears(ref, "kid.toml")
	first.follows(ref, kid)
	first.follows(ref, other)
	first.text(ref, "unsubscribe-from-child", id(other))
	first.answers(kid, "hello", "hello")
	first.hearsAll(ref, kid)
	first.close()
	before := len(first.heardOf(ref, kid))
	turns := int64(len(of[*chain.Call](first.events(ref))))

	second := reopen(t, log)
	again := second.resume(ref.ID)
	if got := second.info(again).Turns; got < turns { // it hears of the child's being resumed
		t.Errorf("it is resumed with %d turns, and had %d", got, turns)
	}
	kid, other = second.lookup(kid.ID.String()), second.lookup(other.ID.String())
	second.answers(other, "hello", "hello")
	second.answers(kid, "hello", "hello")
	if got := len(second.hearsAll(again, kid)); got < before+2 {
		t.Errorf("it hears of %d events more", got-before)
	}
	if got := len(second.heardOf(again, other)); got != 0 {
		t.Errorf("it hears of %d events of a child that it had stopped to follow", got)
	}
	second.replays(again)
	second.close()

	third := reopen(t, log)
	third.resume(ref.ID)
	third.replays(ref)
}
