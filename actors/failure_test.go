package actors_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/host/runtime"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestAGuestThatFailsEndsAloneAndSaysWhy(t *testing.T) {
	garbage := []byte("\xff\x00 no value at all \x80")
	cases := []struct {
		name   string
		does   wasmtest.Behavior
		kind   wasm.Kind
		status chain.ResultStatus
		reason actors.Reason
	}{
		{"it executes unreachable", wasmtest.Trap(), wasm.KindUnreachable, chain.ResultTrap, actors.ReasonTrap},
		{"it divides by zero", wasmtest.DivideByZero(), wasm.KindDivide, chain.ResultTrap, actors.ReasonTrap},
		{"it reads outside its memory", wasmtest.OutOfBounds(), wasm.KindMemory, chain.ResultTrap, actors.ReasonTrap},
		{"it calls a function as another type", wasmtest.WrongCall(), wasm.KindIndirect, chain.ResultTrap, actors.ReasonTrap},
		{"it recurses for ever", wasmtest.Recurse(), wasm.KindStack, chain.ResultTrap, actors.ReasonTrap},
		{"it exits", wasmtest.Exit(3), wasm.KindExit, chain.ResultTrap, actors.ReasonTrap},
		{"it cannot decode its input", wasmtest.Fail("decode error"), wasm.KindABI, chain.ResultTrap, actors.ReasonTrap},
		{"it returns garbage", wasmtest.Return(garbage), wasm.KindResult, chain.ResultTrap, actors.ReasonTrap},
		{"it returns nothing", wasmtest.ReturnAt(0, 0), wasm.KindResult, chain.ResultTrap, actors.ReasonTrap},
		{"it returns a pointer outside its memory", wasmtest.ReturnAt(0xffff_0000, 64), wasm.KindResult, chain.ResultTrap, actors.ReasonTrap},
		{"it returns a length that overflows", wasmtest.ReturnAt(16, 0xffff_ffff), wasm.KindResult, chain.ResultTrap, actors.ReasonTrap},
		{"it returns a wrong type", wasmtest.Return(encode(pack.U64(1))), wasm.KindResult, chain.ResultTrap, actors.ReasonTrap},
		{"it calls an import with garbage", wasmtest.Do(message.Interface, "register", garbage, wasmtest.Keep()), wasm.KindABI, chain.ResultTrap, actors.ReasonTrap},
		{"it calls an import that has no err with a wrong type", wasmtest.Do(runtime.Interface, "log", encode(pack.U64(1)), wasmtest.Keep()), wasm.KindABI, chain.ResultTrap, actors.ReasonTrap},
		{"it calls an import with a pointer outside its memory", wasmtest.DoAt(message.Interface, "register", 0xffff_0000, 64, wasmtest.Keep()), wasm.KindABI, chain.ResultTrap, actors.ReasonTrap},
		{"it never answers", wasmtest.Spin(), wasm.KindDeadline, chain.ResultDeadline, actors.ReasonLimit},
	}
	s := open(t)
	stopAsking := keepAsking(s, s.spawn("neighbour", server(wasmtest.Echo())))
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ref := s.spawn("actor", server(c.does), "[limits]\nturn_time = \"2s\"\nfuel = 1000000000000")
			_, err := s.request(ref, "x")
			var trap *wasm.Trap
			var failed *actors.FailedError
			if !errors.As(err, &trap) || !errors.As(err, &failed) {
				t.Fatalf("the requester gets %T %v, want a *FailedError of a *Trap", err, err)
			}
			if trap.Kind != c.kind || failed.Path != ref.Path {
				t.Errorf("the requester gets kind %q of %s, want %q of %s: %v", trap.Kind, failed.Path, c.kind, ref, err)
			}
			if exit := s.ends(ref); exit.Reason != c.reason || !exit.Failed() || !errors.As(exit.Err, &trap) {
				t.Errorf("the exit is %v, want %s", exit, c.reason)
			}
			all := s.events(ref)
			result := last[*chain.Result](t, all)
			if result.Status != c.status || result.Trap.Kind != string(c.kind) || result.Text == "" {
				t.Errorf("the chain has result %v of %+v, %q; want %v of %q", result.Status, result.Trap, result.Text, c.status, c.kind)
			}
			stopped := last[*chain.Lifecycle](t, all)
			if stopped.What != chain.LifecycleStopped || stopped.Reason != string(c.reason) || stopped.Detail == "" {
				t.Errorf("the chain ends with %+v, want stopped with %s and a detail", stopped, c.reason)
			}
			if _, err := s.Lookup(ref.Path); !errors.Is(err, actors.ErrNoActor) {
				t.Errorf("the failed actor is still found: %v", err)
			}
		})
	}
	if answers := stopAsking(); answers < len(cases) {
		t.Errorf("the neighbour answered %d times meanwhile", answers)
	}
}

// keepAsking asks an echo until the returned function is called, which gives
// the number of answers.
func keepAsking(s *stage, echo actors.Ref) (stop func() int) {
	quit := make(chan struct{})
	answers := 0
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-quit:
				return
			default:
			}
			began := time.Now()
			if answer, err := s.request(echo, "still there?"); err != nil || answer != "still there?" {
				s.t.Errorf("the neighbour answers %q, %v", answer, err)
				return
			}
			if took := time.Since(began); took > 2*time.Second {
				s.t.Errorf("the neighbour took %v", took)
			}
			answers++
		}
	})
	return func() int {
		close(quit)
		wg.Wait()
		return answers
	}
}

func TestAnErrFromAGuestFailsItsActor(t *testing.T) {
	s := open(t)
	ref := s.spawn("actor", server(wasmtest.Refuse("not today")))
	_, err := s.request(ref, "x")
	var guest *wasm.GuestError
	if !errors.As(err, &guest) || guest.Message != "not today" {
		t.Fatalf("the requester gets %v, want the guest's own words", err)
	}
	if exit := s.ends(ref); exit.Reason != actors.ReasonError || !errors.As(exit.Err, &guest) {
		t.Errorf("the exit is %v", exit)
	}
	result := last[*chain.Result](t, s.events(ref))
	if words, _ := value(t, s.log, result.Error).AsString(); result.Status != chain.ResultError || words != "not today" {
		t.Errorf("the chain has %v, %q", result.Status, words)
	}
}

func TestAWrongTypeIsAnErrWhereTheFunctionHasOne(t *testing.T) {
	s := open(t)
	ref := s.spawn("actor", puppet(wasmtest.Guest{}))
	for _, input := range []pack.Value{pack.U64(1), pack.Tuple(pack.String("/x")), pack.Tuple(pack.U8(1), pack.Bytes(nil)), pack.Unit} {
		if got := s.text(ref, "send", input); got[:5] != "err: " {
			t.Errorf("send(%s) answers %s, want an err", input, got)
		}
	}
	if got := s.text(ref, "self"); got != pack.String(ref.ID.String()).String() {
		t.Errorf("afterwards it learns that it is %s", got)
	}
}

func TestWithOnErrorContinueAnErrKeepsInstanceAndState(t *testing.T) {
	s := open(t)
	ref := s.spawn("actor", server(wasmtest.Switch(map[byte]wasmtest.Behavior{
		'e': wasmtest.Refuse("no"), 't': wasmtest.Trap(),
	}, wasmtest.Calls())), "[supervision]\non_error = \"continue\"")
	s.answers(ref, "", "\x01\x00\x00\x00")
	if _, err := s.request(ref, "e"); err == nil {
		t.Fatal("the err is not told to the requester")
	}
	s.answers(ref, "", "\x02\x00\x00\x00")
	info, err := s.Inspect(ref)
	check(t, err)
	if info.Turns != 4 || info.Failed != 1 || info.Status != actors.StatusRunning {
		t.Errorf("%d turns, %d failed, %s", info.Turns, info.Failed, info.Status)
	}
	if _, err := s.request(ref, "t"); err == nil {
		t.Fatal("the trap is not told to the requester")
	}
	if exit := s.ends(ref); exit.Reason != actors.ReasonTrap {
		t.Errorf("a trap ends it with %v all the same", exit)
	}
}

func TestADeferredEffectOfAFailedTurnDoesNotAct(t *testing.T) {
	s := open(t)
	to := s.spawn("to", guest(wasmtest.Guest{HandleSend: logs("heard", wasmtest.Keep()), HandleRequest: wasmtest.Echo()}))
	from := s.spawn("from", server(wasmtest.Switch(map[byte]wasmtest.Behavior{
		'f': send("/to", "a", wasmtest.Refuse("no")),
		'o': send("/to", "b", request("/to", "c", send("/to", "d", wasmtest.Refuse("no")))),
	}, wasmtest.Keep())), "[supervision]\non_error = \"continue\"")

	if _, err := s.request(from, "f"); err == nil {
		t.Fatal("the turn did not fail")
	}
	s.answers(to, "sync", "sync")
	if heard := s.output(); len(heard) != 0 {
		t.Fatalf("a send of a failed turn arrived: %q", heard)
	}
	if _, err := s.request(from, "o"); err == nil {
		t.Fatal("the turn did not fail")
	}
	s.answers(to, "sync", "sync")
	if heard := s.output(); len(heard) != 1 {
		t.Errorf("heard %q: want the send before the outcall and not the one after", heard)
	}
	calls := of[*chain.Call](s.events(to))
	var sends []string
	for _, c := range calls {
		if p := value(t, s.log, c.Params); p.Len() == 1 && p.At(0).Kind() == pack.KindList {
			b, _ := p.At(0).AsBytes()
			sends = append(sends, string(b))
		}
	}
	if len(sends) != 1 || sends[0] != "b" {
		t.Errorf("delivered %q, want only b", sends)
	}
	s.events(from)
}

func TestWhoWaitsForAnActorHearsWhatItHasFailedWith(t *testing.T) {
	s := open(t)
	t.Run("in the turn of the message, which was to be delivered once more", func(t *testing.T) {
		ref := s.spawn("actor", server(wasmtest.Trap()), "[supervision]\nmax_deliveries = 2")
		_, err := s.request(ref, "a")
		var trap *wasm.Trap
		if !errors.As(err, &trap) || trap.Kind != wasm.KindUnreachable || trap.Function != wasmtest.HandleRequest || errors.Is(err, actors.ErrStopped) {
			t.Errorf("it hears %v", err)
		}
	})
	t.Run("before the message", func(t *testing.T) {
		ref := s.spawn("actor", server(spin()), "[limits]\nturn_time = \"1h\"")
		first := s.ask(ref, "a")
		s.spins(1)
		second := s.ask(ref, "b")
		s.eventually("the second waits", func() bool { return s.info(ref).Mailbox == 1 })
		_, err := s.Kill(t.Context(), ref)
		check(t, err)
		s.gets(first)
		var trap *wasm.Trap
		if err := s.gets(second).err; !errors.Is(err, actors.ErrStopped) || !errors.As(err, &trap) || trap.Kind != wasm.KindKilled {
			t.Errorf("it hears %v", err)
		}
	})
	t.Run("after the turn of the message, which was to be answered later", func(t *testing.T) {
		ref := s.spawn("actor", puppet(wasmtest.Guest{Others: map[string]wasmtest.Behavior{"puppet.trap": wasmtest.Trap()}}))
		held := s.ask(ref, "a")
		s.holds(ref, 1)
		_, _ = s.Call(t.Context(), ref, "test", "puppet.trap", pack.Unit)
		var trap *wasm.Trap
		if err := s.gets(held).err; !errors.Is(err, actors.ErrStopped) || !errors.As(err, &trap) || trap.Kind != wasm.KindUnreachable {
			t.Errorf("it hears %v", err)
		}
	})
}
