package actors_test

import (
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/wasmtest"
)

const hour = "[limits]\nturn_time = \"1h\"\nwait_time = \"1h\""

// runs holds what is seen of the turn that an actor runs against its import that it
// waits in, "" for none, and against who answers.
func (s *stage) runs(ref actors.Ref, in, of string) {
	s.t.Helper()
	d, err := s.Detail(ref)
	check(s.t, err)
	if d.Turn == nil || d.Turn.Export != wasmtest.HandleRequest || d.Turn.In != in || d.WaitsFor != of {
		s.t.Errorf("%s runs %+v and waits for %q, want %s in %q that waits for %q", ref, d.Turn, d.WaitsFor, wasmtest.HandleRequest, in, of)
		return
	}
	if !d.Busy.Equal(d.Turn.Since) || d.Waits != (in != "") || time.Since(d.Busy) < 0 || time.Since(d.Busy) > patience {
		s.t.Errorf("it is busy since %v, and waits %v; its turn is %+v", d.Busy, d.Waits, d.Turn)
	}
}

// rests says that an actor runs no turn.
func (s *stage) rests(ref actors.Ref) {
	s.t.Helper()
	d, err := s.Detail(ref)
	check(s.t, err)
	if d.Turn != nil || !d.Busy.IsZero() || d.Waits {
		s.t.Errorf("%s runs %+v, busy since %v", ref, d.Turn, d.Busy)
	}
}

func TestATurnIsSeenWhileItRuns(t *testing.T) {
	t.Run("and spins", func(t *testing.T) {
		s := open(t)
		ref := s.spawn("actor", server(wasmtest.Switch(map[byte]wasmtest.Behavior{'s': spin()}, wasmtest.Echo())), hour, "[supervision]\n")
		s.rests(ref)
		s.answers(ref, "a", "a")
		s.rests(ref)
		answer := s.ask(ref, "s")
		s.spins(1)
		s.runs(ref, "", "")
		_, err := s.Kill(t.Context(), ref)
		check(t, err)
		s.gets(answer)
		s.rests(ref)
	})
	t.Run("and waits for another actor", func(t *testing.T) {
		s := open(t)
		waiting, holder, answer := s.blocked()
		s.runs(waiting, "theater:simple/message-server-host.request", "/holder")
		s.rests(holder) // it answers later
		d, err := s.Detail(waiting)
		check(t, err)
		if calls := of[*chain.Call](s.events(waiting)); calls[len(calls)-1].Time != d.Busy.UnixNano() {
			t.Errorf("it is busy since %v, and its chain says %v", d.Busy, time.Unix(0, calls[len(calls)-1].Time))
		}
		s.text(holder, "respond-to-request", to(s.outstanding(holder)[0], "")...)
		s.gets(answer)
		s.rests(waiting)
	})
	t.Run("and sleeps, and goes on", func(t *testing.T) {
		s := open(t)
		ref := s.spawn("actor", server(wasmtest.Sleep(300*time.Millisecond, spin())), hour)
		answer := s.ask(ref, "a")
		s.asleep(ref)
		if d, err := s.Detail(ref); err != nil || d.Turn == nil || d.Turn.In != "wasi_snapshot_preview1.poll_oneoff" && d.Turn.In != "" {
			t.Errorf("it runs %+v, %v", d.Turn, err)
		}
		s.spins(1)
		s.runs(ref, "", "")
		_, err := s.Kill(t.Context(), ref)
		check(t, err)
		s.gets(answer)
	})
}
