package actors_test

import (
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

var callbacks = []string{wasmtest.ChildError, wasmtest.ChildExit, wasmtest.ChildExternalStop, wasmtest.ChildEvent}

// calledBack is how often an actor was called back, by callback.
func (s *stage) calledBack(ref actors.Ref) [4]int {
	s.t.Helper()
	var n [4]int
	for i, c := range callbacks {
		n[i] = len(s.hears(ref, c))
	}
	return n
}

func TestAParentIsCalledWithWhatBecomesOfItsChild(t *testing.T) {
	for _, c := range []struct {
		name     string
		does     func(s *stage, kid actors.Ref)
		callback int
		says     string // the second parameter, as far as it is known
	}{
		{"a trap", func(s *stage, kid actors.Ref) { check(s.t, s.Send(kid, "test", []byte("x"))) }, 0, "trap "},
		{"an err", func(s *stage, kid actors.Ref) { check(s.t, s.Send(kid, "test", []byte("e"))) }, 0, "error: told to"},
		{"a kill", func(s *stage, kid actors.Ref) { _, err := s.Kill(s.t.Context(), kid); check(s.t, err) }, 0, "killed: "},
		{"a shutdown with data", func(s *stage, kid actors.Ref) { check(s.t, s.Send(kid, "test", []byte("d"))) }, 1, "data"},
		{"a shutdown with empty data", func(s *stage, kid actors.Ref) { check(s.t, s.Send(kid, "test", []byte("m"))) }, 1, ""},
		{"a shutdown without", func(s *stage, kid actors.Ref) { check(s.t, s.Send(kid, "test", []byte("n"))) }, 1, "none"},
		{"a stop from outside", func(s *stage, kid actors.Ref) { _, err := s.Stop(s.t.Context(), kid); check(s.t, err) }, 2, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			ref := s.settle(family(""), "parent")
			kid := s.bears(ref, "kid.toml")
			c.does(s, kid)
			var want [4]int
			want[c.callback] = 1
			s.eventually("the parent is called", func() bool { return s.calledBack(ref) == want })
			s.ends(kid)
			s.settled()
			if got := s.calledBack(ref); got != want {
				t.Errorf("it is called %v times, want %v", got, want)
			}
			h := s.hears(ref, callbacks[c.callback])[0]
			if h.call.Cause.Kind != chain.CauseEvent || h.call.Cause.Event.Actor != kid.ID {
				t.Errorf("the call is caused by %+v", h.call.Cause)
			}
			if _, ok := s.at(h.call.Cause.Event).(*chain.Result); !ok {
				t.Errorf("the call is caused by a %T", s.at(h.call.Cause.Event))
			}
			s.handed(c.callback, value(t, s.log, h.call.Params), kid, c.says)
			s.replays(ref)
			s.replays(kid)
		})
	}
}

// handed holds what a callback was handed against the specification.
func (s *stage) handed(callback int, params pack.Value, kid actors.Ref, says string) {
	s.t.Helper()
	if callback == 2 {
		if got, ok := params.AsString(); !ok || got != kid.ID.String() {
			s.t.Errorf("it is handed %s", params)
		}
		return
	}
	if got, _ := params.At(0).AsString(); params.Len() != 2 || got != kid.ID.String() {
		s.t.Fatalf("it is handed %s", params)
	}
	option := params.At(1)
	if callback == 0 {
		v, ok := option.At(0).Variant()
		if !ok || v.Type != "wit-error-type" || v.Case != "internal" || v.Tag != 5 || option.Len() != 2 {
			s.t.Errorf("the error is %s", option)
		}
		option = option.At(1)
	}
	inner, present, ok := option.Option()
	b, _ := inner.AsBytes()
	if !ok || present != (says != "none") || present && !strings.HasPrefix(string(b), says) {
		s.t.Errorf("it is handed %s %q, want %s", option, b, says)
	}
}

func TestAParentIsNotCalledForWhatItDoesItself(t *testing.T) {
	s := open(t)
	ref := s.settle(family("[[child]]\nid = \"kid\"\nmanifest = \"kid.toml\"\n"), "parent")
	kid, other := s.lookup("/parent/kid"), s.bears(ref, "kid.toml")
	for _, c := range []actors.Ref{kid, other} {
		for _, function := range []string{"restart-child", "stop-child"} {
			if got := s.text(ref, function, id(c)); got != "ok(())" {
				t.Errorf("%s answers %s", function, got)
			}
		}
	}
	s.settled()
	if got := s.calledBack(ref); got != [4]int{} {
		t.Errorf("it is called %v times", got)
	}
	if _, err := s.Stop(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	s.replays(ref)
}

func TestAParentIsCalledOnlyWhereItExportsAndDeclaresTheCallback(t *testing.T) {
	mute := map[string]wasmtest.Behavior{}
	for _, c := range callbacks {
		mute[c] = wasmtest.Trap()
	}
	for name, code := range map[string][]byte{
		"exports none":  parental(wasmtest.Guest{}),
		"declares none": parental(wasmtest.Guest{Others: mute, Undeclared: callbacks}),
	} {
		t.Run("it "+name, func(t *testing.T) {
			s := open(t)
			h := family("")
			h["parent"] = someone{code, ""}
			ref := s.settle(h, "parent")
			for _, does := range []string{"x", "d"} {
				kid := s.bears(ref, "kid.toml")
				s.follows(ref, kid)
				check(t, s.Send(kid, "test", []byte(does)))
				s.ends(kid)
			}
			stopped := s.bears(ref, "kid.toml")
			_, err := s.Stop(t.Context(), stopped)
			check(t, err)
			turns := s.info(ref).Turns
			s.settled()
			if got := s.info(ref); got.Turns != turns || got.Failed != 0 {
				t.Errorf("it had %d turns more, %d failed", got.Turns-turns, got.Failed)
			}
		})
	}
}

func TestACallbackThatFailsFailsTheParent(t *testing.T) {
	s := open(t)
	h := family("")
	h["parent"] = someone{listener(wasmtest.Guest{Others: map[string]wasmtest.Behavior{wasmtest.ChildExit: wasmtest.Refuse("no exits")}}), ""}
	ref := s.settle(h, "parent")
	kid := s.bears(ref, "kid.toml")
	check(t, s.Send(kid, "test", []byte("n")))
	if exit := s.ends(ref); exit.Reason != actors.ReasonError || !strings.Contains(exit.Detail(), "no exits") {
		t.Errorf("it ends with %v", exit)
	}
}

func TestEachFailureOfAChildThatIsStartedAgainIsTold(t *testing.T) {
	s := open(t)
	ref := s.settle(family("[[child]]\nid = \"kid\"\nmanifest = \"kid.toml\"\n"), "parent")
	kid := s.lookup("/parent/kid")
	for n := range int64(3) {
		check(t, s.Send(kid, "test", []byte("x")))
		s.eventually("it is started again", func() bool { return s.info(kid).Restarts == n+1 && s.info(kid).Status == actors.StatusRunning })
	}
	s.eventually("the parent is told", func() bool { return s.calledBack(ref) == [4]int{3} })
	s.replays(ref)
	s.replays(kid)
}
