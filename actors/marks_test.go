package actors_test

import (
	"reflect"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// echoes is a parent that sends each event on to whom the path names.
func echoes(path string) []byte {
	return listener(wasmtest.Guest{Others: map[string]wasmtest.Behavior{wasmtest.ChildEvent: send(path, "event", wasmtest.Keep())}})
}

func TestWhatAParentDoesWhenItIsToldIsNotToldToIt(t *testing.T) {
	s := open(t)
	ref := s.settle(home{
		"parent": someone{echoes("/parent/kid"), ""},
		// The child passes what it is told on to the other child.
		"kid":   someone{guest(wasmtest.Guest{HandleSend: send("/parent/other", "on", wasmtest.Keep()), HandleRequest: wasmtest.Echo()}), ""},
		"other": someone{guest(wasmtest.Guest{HandleSend: request("/parent/third", "on", wasmtest.Keep()), HandleRequest: wasmtest.Echo()}), ""},
		"third": someone{server(wasmtest.Echo()), ""},
	}, "parent")
	kid, other, third := s.bears(ref, "kid.toml"), s.bears(ref, "other.toml"), s.bears(ref, "third.toml")
	for i, c := range []actors.Ref{kid, other, third} {
		s.follows(ref, c)
		s.answers(c, "hello", "hello")
		want := 2 * (i + 1)
		s.eventually("it has heard of the request", func() bool { return len(s.hears(ref, wasmtest.ChildEvent)) >= want })
		s.settled()
		// Each notice brings about one turn of each child, none of which is told.
		if got := len(s.hears(ref, wasmtest.ChildEvent)); got != want {
			t.Fatalf("it is told of %d events, want %d", got, want)
		}
		if got := s.turnsOf(third, "handle-request"); i < 2 && got != want || i == 2 && got != want+1 {
			t.Errorf("%d notices have come to %d turns", want, got)
		}
	}
	// What others do is told.
	before := len(s.hears(ref, wasmtest.ChildEvent))
	_, err := s.Stop(t.Context(), third)
	check(t, err)
	s.eventually("it has heard of the end", func() bool { return len(s.hears(ref, wasmtest.ChildEvent)) == before+1 })
	s.replays(ref)
}

func TestWhatAChildDoesThatAParentSpawnsWhenItIsToldIsNotToldToIt(t *testing.T) {
	s := open(t)
	spawns := wasmtest.Do(supervisor.Interface, "spawn", encode(pack.Tuple(pack.String("herald.toml"), none, none)), wasmtest.Keep())
	ref := s.settle(home{
		"parent": someone{listener(wasmtest.Guest{Others: map[string]wasmtest.Behavior{wasmtest.ChildEvent: spawns}}), ""},
		"kid":    someone{server(wasmtest.Echo()), ""},
		"herald": someone{guest(wasmtest.Guest{Init: send("/parent/kid", "born", wasmtest.Keep())}), ""},
	}, "parent")
	kid := s.bears(ref, "kid.toml")
	s.follows(ref, kid)
	s.answers(kid, "hello", "hello")
	s.eventually("two are born", func() bool { return len(s.List()) == 4 })
	s.settled()
	if got := len(s.List()); got != 4 {
		t.Errorf("%d actors live, want one more for each of two events", got)
	}
}

// settled waits until no actor has anything to do: none has at two looks that see
// the same, between which the logs have acknowledged all that they were given.
func (s *stage) settled() {
	s.t.Helper()
	s.eventually("nothing is to be done", func() bool {
		before := s.Stats()
		if before.Busy+before.Mailbox > 0 {
			return false
		}
		check(s.t, s.flush(s.t.Context()))
		return reflect.DeepEqual(before, s.Stats())
	})
}

// turnsOf counts the turns of exports.
func (s *stage) turnsOf(ref actors.Ref, names ...string) int {
	s.t.Helper()
	n := 0
	for _, name := range names {
		index := s.export(ref, "theater:simple/message-server-client."+name)
		for _, call := range of[*chain.Call](s.events(ref)) {
			if int(call.Export) == index {
				n++
			}
		}
	}
	return n
}

func TestAChildThatItsParentRestartsWhenItIsToldRestartsOnce(t *testing.T) {
	for _, function := range []string{"restart-child", "stop-child"} {
		t.Run(function, func(t *testing.T) {
			s := open(t)
			tells := wasmtest.DoWithID(supervisor.Interface, function, wasmtest.Keep())
			ref := s.settle(home{
				"parent": someone{listener(wasmtest.Guest{Others: map[string]wasmtest.Behavior{wasmtest.ChildEvent: tells}}),
					"[[child]]\nid = \"kid\"\nmanifest = \"kid.toml\"\n"},
				"kid": someone{server(wasmtest.Echo()), ""},
			}, "parent")
			kid := s.lookup("/parent/kid")
			s.follows(ref, kid)
			check(t, s.Send(kid, "test", nil))
			s.eventually("it has heard of a turn", func() bool { return len(s.hears(ref, wasmtest.ChildEvent)) >= 2 })
			s.settled()
			if got := len(s.hears(ref, wasmtest.ChildEvent)); got != 2 {
				t.Errorf("it is told of %d events, want the two of the message", got)
			}
			if function == "stop-child" {
				return
			}
			if got := s.info(kid).Restarts; got != 2 {
				t.Errorf("it is restarted %d times, want once for each event", got)
			}
			_, err := s.Stop(t.Context(), kid)
			check(t, err)
			s.eventually("it has heard of the end", func() bool { return len(s.hears(ref, wasmtest.ChildEvent)) == 3 })
		})
	}
}

func TestAFailureThatAParentCausesWhenItIsToldIsNotToldToIt(t *testing.T) {
	s := open(t)
	// Whatever it hears of the child it sends it a message, which crashes it.
	crashes := send("/parent/kid", "x", wasmtest.Keep())
	ref := s.settle(home{
		"parent": someone{listener(wasmtest.Guest{Others: map[string]wasmtest.Behavior{
			wasmtest.ChildEvent: crashes, wasmtest.ChildError: request("/parent/kid", "why", wasmtest.Keep()),
		}}), "[supervision]\nmax_restarts = 100\nperiod = \"1m\"\n[[child]]\nid = \"kid\"\nmanifest = \"kid.toml\"\n"},
		"kid": someone{guest(wasmtest.Guest{HandleSend: wasmtest.Trap(), HandleRequest: wasmtest.Echo()}), ""},
	}, "parent")
	kid := s.lookup("/parent/kid")
	s.follows(ref, kid)
	s.answers(kid, "hello", "hello")
	s.eventually("it has heard of both failures", func() bool { return len(s.hears(ref, wasmtest.ChildError)) == 2 })
	s.settled()
	if got := len(s.hears(ref, wasmtest.ChildEvent)); got != 2 {
		t.Errorf("it is told of %d events, want the two of the request", got)
	}
	if got := s.info(kid).Restarts; got != 2 {
		t.Errorf("the child is restarted %d times", got)
	}
}

func TestFollowersAboveAreToldOfWhatAFollowerDoes(t *testing.T) {
	s := open(t)
	top := s.settle(home{
		"top":  someone{echoes("/top/mid/low"), ""},
		"mid":  someone{echoes("/top"), ""},
		"low":  someone{server(wasmtest.Echo()), ""},
		"none": someone{server(wasmtest.Echo()), ""},
	}, "top")
	mid := s.bears(top, "mid.toml")
	low := s.bears(mid, "low.toml")
	s.follows(mid, low)
	s.answers(low, "hello", "hello")
	s.hearsAll(mid, low)
	s.settled()
	s.follows(top, mid)
	s.answers(low, "again", "again")
	// Each of the two events is a turn of mid, so two events and more for top,
	// which low gets, and of which neither mid nor top hears again.
	s.eventually("top has heard", func() bool { return len(s.heardOf(top, mid)) > 0 })
	s.settled()
	for _, h := range s.heardOf(top, mid) {
		if call, ok := s.at(h.call.Cause.Event).(*chain.Call); ok && call.Cause.Event.Actor == top.ID {
			t.Errorf("top is told of what it has caused: %+v", call)
		}
	}
	for _, h := range s.heardOf(mid, low) {
		if call, ok := s.at(h.call.Cause.Event).(*chain.Call); ok && call.Cause.Kind == chain.CauseEvent {
			t.Errorf("mid is told of what it has caused through top: %+v", call)
		}
	}
}
