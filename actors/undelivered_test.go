package actors_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// dropped waits for the record of a message that nobody will handle, and
// requires that it names a host call of the sender.
func (s *stage) dropped(ref actors.Ref) *chain.Lifecycle {
	s.t.Helper()
	var found *chain.Lifecycle
	s.eventually("the drop is on the chain", func() bool {
		for _, e := range of[*chain.Lifecycle](s.events(ref)) {
			if e.What == chain.LifecycleDropped {
				found = e
			}
		}
		return found != nil
	})
	switch s.at(found.Ref).(type) {
	case *chain.Host, *chain.Intent:
	default:
		s.t.Errorf("the drop names %+v, which is no message", found.Ref)
	}
	return found
}

func TestWhoWaitsForAnActorThatEndsIsAnsweredAtOnce(t *testing.T) {
	t.Run("a stop refuses what waits in the mailbox before the turn is over", func(t *testing.T) {
		s := open(t)
		waiting, holder, answer := s.blocked()
		queued := s.ask(waiting, "q")
		s.eventually("one message waits", func() bool { return s.info(waiting).Mailbox == 1 })
		stopped := make(chan actors.Exit, 1)
		go func() {
			exit, err := s.Stop(t.Context(), waiting)
			if err != nil {
				t.Error(err)
			}
			stopped <- exit
		}()
		if a := s.gets(queued); !errors.Is(a.err, actors.ErrStopped) {
			t.Errorf("what waited gets %+v", a)
		}
		if _, err := s.request(waiting, "x"); !errors.Is(err, actors.ErrStopped) {
			t.Errorf("what comes after gets %v", err)
		}
		if status := s.info(waiting).Status; status != actors.StatusStopping {
			t.Errorf("the actor is %s", status)
		}
		s.text(holder, "respond-to-request", to(s.outstanding(holder)[0], "")...)
		if a := s.gets(answer); a.err != nil || a.answer != "done" {
			t.Errorf("the turn that ran gets %+v, want its answer", a)
		}
		if exit := <-stopped; exit.Reason != actors.ReasonShutdown || exit.Failed() {
			t.Errorf("the exit is %v", exit)
		}
		s.events(waiting)
	})
	t.Run("a kill ends the turn that waits", func(t *testing.T) {
		s := open(t)
		waiting, _, answer := s.blocked()
		exit, err := s.Kill(t.Context(), waiting)
		if err != nil || exit.Reason != actors.ReasonKilled {
			t.Errorf("the exit is %v, %v", exit, err)
		}
		var trap *wasm.Trap
		if a := s.gets(answer); !errors.As(a.err, &trap) || trap.Kind != wasm.KindKilled {
			t.Errorf("the requester gets %+v", a)
		}
		all := s.events(waiting)
		if o, r := last[*chain.Outcome](t, all), last[*chain.Result](t, all); o.Status != chain.CallKilled || r.Status != chain.ResultKilled {
			t.Errorf("the chain has the outcome %v and the result %v", o.Status, r.Status)
		}
	})
	t.Run("an end answers the requests that it held", func(t *testing.T) {
		s := open(t)
		waiting, holder, answer := s.blocked()
		_, err := s.Kill(t.Context(), holder)
		check(t, err)
		if a := s.gets(answer); a.err != nil || a.answer != "done" {
			t.Errorf("the requester's requester gets %+v", a)
		}
		v := value(t, s.log, last[*chain.Outcome](t, s.events(waiting)).Output)
		if words, ok, _ := v.Result(); ok || !strings.Contains(words.String(), "has stopped") {
			t.Errorf("the requester was answered %s", v)
		}
	})
	t.Run("a trap answers the request, and those that waited behind it", func(t *testing.T) {
		s := open(t)
		holder := s.spawn("holder", puppet(wasmtest.Guest{}))
		ref := s.spawn("actor", server(request("/holder", "please", wasmtest.Trap())))
		first := s.ask(ref, "1")
		s.holds(holder, 1)
		second := s.ask(ref, "2")
		s.eventually("one message waits", func() bool { return s.info(ref).Mailbox == 1 })
		s.text(holder, "respond-to-request", to(s.outstanding(holder)[0], "")...)
		var trap *wasm.Trap
		if a := s.gets(first); !errors.As(a.err, &trap) {
			t.Errorf("the first gets %+v", a)
		}
		if a := s.gets(second); !errors.Is(a.err, actors.ErrStopped) {
			t.Errorf("the second gets %+v", a)
		}
	})
}

func TestASendThatCannotBeDeliveredIsRecordedAsDropped(t *testing.T) {
	t.Run("on the sender's chain when the target has ended meanwhile", func(t *testing.T) {
		// The line is logged between the call of send and its release.
		var s *stage
		var victim actors.Ref
		s = open(t, func(c *actors.Config) {
			c.Output = func(actors.Line) {
				if _, err := s.Stop(t.Context(), victim); err != nil {
					t.Error(err)
				}
			}
		})
		victim = s.spawn("victim", server(wasmtest.Keep()))
		sender := s.spawn("sender", server(send("/victim", "x", logs("now", wasmtest.Reply([]byte("sent"))))))
		s.answers(sender, "", "sent")
		dropped := s.dropped(sender)
		if dropped.Ref.Actor != sender.ID || !strings.Contains(dropped.Detail, actors.ErrStopped.Error()) {
			t.Errorf("the sender's chain has %+v", dropped)
		}
	})
	t.Run("on the receiver's chain when it ends with the message in its mailbox", func(t *testing.T) {
		s := open(t)
		waiting, _, answer := s.blocked()
		sender := s.spawn("sender", puppet(wasmtest.Guest{}))
		s.text(sender, "send", to("/waiting", "x")...)
		_, err := s.Kill(t.Context(), waiting)
		check(t, err)
		s.gets(answer)
		if dropped := s.dropped(waiting); dropped.Ref.Actor != sender.ID || dropped.Reason != string(actors.ReasonKilled) {
			t.Errorf("the receiver's chain has %+v", dropped)
		}
	})
}
