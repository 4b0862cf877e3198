package actors_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm"
)

// fromSource reads a committed guest that was built by another compiler.
func fromSource(t *testing.T, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{"..", "wasm", "testdata", "guests"}, path...)...))
	check(t, err)
	return b
}

func TestActorsInRustRunAndResume(t *testing.T) {
	for _, version := range []string{"0.7", "0.11", "0.21"} {
		t.Run("with packr-guest "+version, func(t *testing.T) {
			code := fromSource(t, "rust-counter", "counter-"+version+".wasm")
			log := memlog.New()
			first := reopen(t, log)
			// What stands before the first table is a key of the manifest's own.
			ref, err := first.Spawn(t.Context(), specOf(t, "counter", "initial_state = \"40\"\n", code))
			check(t, err)
			first.answers(ref, "increment", "41")
			if _, err := first.request(ref, "fail"); !isGuestError(err, "asked to fail") {
				t.Errorf("fail gives %v", err)
			}
			first.answers(ref, "increment", "42")
			if got := first.output(); !contains(got, "log: counter starts at 40") {
				t.Errorf("it logs %q", got)
			}
			first.close()
			second := reopen(t, log)
			again := second.resume(ref.ID)
			second.answers(again, "get", "42")
			check(t, second.Send(again, "test", []byte("increment")))
			second.answers(again, "get", "43")
			var trap *wasm.Trap
			if _, err := second.request(again, "crash"); !errors.As(err, &trap) {
				t.Errorf("crash gives %v", err)
			}
		})
	}
	t.Run("but not with a later encoding", func(t *testing.T) {
		s := open(t)
		_, err := s.Spawn(t.Context(), specOf(t, "counter", "", fromSource(t, "rust-counter", "counter-0.24.wasm")))
		var refused *wasm.ABIError
		if !errors.As(err, &refused) {
			t.Errorf("the spawn gives %v", err)
		}
	})
}

// specOf is an actor whose manifest begins with these keys. It goes on after an
// err, and a turn of it is short.
func specOf(t *testing.T, name, keys string, code []byte) actors.Spec {
	t.Helper()
	return actors.Spec{Package: code, Manifest: toml(t, name, keys+grants+
		"[limits]\nturn_time = \"500ms\"\n[supervision]\non_error = \"continue\"")}
}

func isGuestError(err error, words string) bool {
	var guest *wasm.GuestError
	return errors.As(err, &guest) && guest.Message == words
}

func TestActorsInCPlayPingPong(t *testing.T) {
	s := open(t)
	code := fromSource(t, "c-echo", "echo.wasm")
	ping, pong := s.spawn("ping", code), s.spawn("pong", code)
	s.answers(ping, "hello", "hello")
	const hops = 50
	check(t, s.Send(ping, "test", ball(pong, hops)))
	// Of the hops and the first send each has half; init and hello are turns too.
	s.eventually("the rally is over", func() bool {
		return slices.Equal([]int64{s.info(ping).Turns, s.info(pong).Turns}, []int64{2 + hops/2 + 1, 1 + hops/2})
	})
	s.answers(ping, "x", "x")
	s.answers(pong, "x", "x")
	s.events(ping)
	s.events(pong)
}

// ball is a message of the C guest: a target and a number, of hops or of
// messages in a burst.
func ball(target actors.Ref, number uint32) []byte {
	b := append([]byte{byte(len(target.Path))}, target.Path...)
	return append(binary.LittleEndian.AppendUint32(b, number), "payload"...)
}

func TestActorsInCSendBurstsAndTrapWhenTold(t *testing.T) {
	s := open(t)
	code := fromSource(t, "c-echo", "echo.wasm")
	from, to := s.spawn("from", code), s.spawn("to", code)
	const burst = 50
	check(t, s.Send(from, "test", append([]byte{0, 'b'}, ball(to, burst)...)))
	s.eventually("the burst is handled", func() bool { return s.info(to).Turns == 1+burst })
	for _, nothing := range [][]byte{{}, {0}, {0, 'x'}, {0, 'b'}, {0, 'b', 200}} {
		check(t, s.Send(from, "test", nothing))
	}
	s.answers(from, "x", "x")
	s.answers(to, "x", "x")
	s.events(from)
	s.events(to)
	check(t, s.Send(from, "test", []byte{0, 't'}))
	var trap *wasm.Trap
	if exit := s.ends(from); exit.Reason != actors.ReasonTrap || !errors.As(exit.Err, &trap) || trap.Kind != wasm.KindUnreachable {
		t.Errorf("it ended with %v", exit)
	}
}
