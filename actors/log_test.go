package actors_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// gate is a writer whose acknowledgements a test can hold back, and that a test
// can make refuse.
type gate struct {
	chain.Writer

	mu   sync.Mutex
	held []func() // guarded by mu; acknowledgements that wait
	hold bool     // guarded by mu
	full error    // guarded by mu; what an append gives
	lost error    // guarded by mu; what an acknowledgement gives
	wait bool     // guarded by mu; a turn waits for room until it is ended
	none error    // guarded by mu; what a turn gets instead of room, and who looks for some
	gone error    // guarded by mu; what a turn gets alone
}

func (g *gate) Reserve(ctx context.Context, bytes int) error {
	g.mu.Lock()
	wait, none := g.wait, cmp.Or(g.none, g.gone)
	g.mu.Unlock()
	if wait {
		<-ctx.Done()
		return ctx.Err()
	}
	if none != nil {
		return none
	}
	return g.Writer.Reserve(ctx, bytes)
}

func (g *gate) Room() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.none != nil {
		return g.none
	}
	return g.Writer.Room()
}

func (g *gate) Append(d *chain.Draft, ack chain.Acknowledger) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.full != nil {
		d.Discard()
		return g.full
	}
	if ack == nil {
		return g.Writer.Append(d, nil)
	}
	lost := g.lost
	g.full = cmp.Or(g.full, lost) // a log that has lost one takes no more
	return g.Writer.Append(d, chaintest.Ack(func(rec *chain.Stored, err error) {
		if err == nil {
			err = lost
		}
		g.mu.Lock()
		hold := g.hold
		if hold {
			kept := *rec
			kept.Events = bytes.Clone(rec.Events)
			g.held = append(g.held, func() { ack.Acknowledged(&kept, err) })
		}
		g.mu.Unlock()
		if !hold {
			ack.Acknowledged(rec, err)
		}
	}))
}

func (g *gate) set(f func(*gate)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f(g)
}

// open lets go of what is held back, in order.
func (g *gate) open() {
	g.mu.Lock()
	held := g.held
	g.held, g.hold = nil, false
	g.mu.Unlock()
	for _, done := range held {
		done()
	}
}

func gated() (*gate, option) {
	g := &gate{}
	return g, func(c *actors.Config) {
		g.Writer = c.Writer
		c.Writer = g
	}
}

// TestAnAnswerLeavesTheLogOnlyWhenItIsAcknowledged holds guarantee 4.
func TestAnAnswerLeavesTheLogOnlyWhenItIsAcknowledged(t *testing.T) {
	g, option := gated()
	s := open(t, option)
	echo := s.spawn("echo", server(wasmtest.Echo()))
	ref := s.spawn("actor", server(request("/echo", "x", wasmtest.Reply([]byte("done")))))
	g.set(func(g *gate) { g.hold = true })
	answer := s.ask(ref, "")
	// The actors of one log do not wait for it: the whole turn goes on.
	s.eventually("the turn is over", func() bool { return s.info(ref).Turns == 2 && s.info(echo).Turns == 2 })
	select {
	case a := <-answer:
		t.Errorf("the answer is there before its record: %+v", a)
	default:
	}
	g.open()
	if a := s.gets(answer); a.err != nil || a.answer != "done" {
		t.Errorf("afterwards it is %+v", a)
	}
}

// TestAnAnswerWhoseRecordIsLostIsNoAnswer holds guarantee 5.
func TestAnAnswerWhoseRecordIsLostIsNoAnswer(t *testing.T) {
	g, option := gated()
	s := open(t, option)
	ref := s.spawn("actor", server(wasmtest.Echo()))
	lost := errors.New("the disk is gone")
	g.set(func(g *gate) { g.lost = lost })
	if answer, err := s.request(ref, "x"); !errors.Is(err, lost) || answer != "" {
		t.Errorf("the requester gets %q, %v", answer, err)
	}
}

func TestALogThatTakesNothingMoreInterruptsTheActor(t *testing.T) {
	g, option := gated()
	s := open(t, option)
	to := s.spawn("to", guest(wasmtest.Guest{HandleSend: logs("heard", wasmtest.Keep()), HandleRequest: wasmtest.Echo()}))
	ref := s.spawn("actor", server(send("/to", "x", wasmtest.Echo())))
	refused := errors.New("the log is stopped")
	g.set(func(g *gate) { g.full = refused })
	if _, err := s.request(ref, "x"); !errors.Is(err, refused) {
		t.Errorf("the requester gets %v", err)
	}
	if exit := s.ends(ref); exit.Reason != actors.ReasonInterrupted || !errors.Is(exit.Err, refused) {
		t.Errorf("the exit is %v", exit)
	}
	g.set(func(g *gate) { g.full = nil })
	s.answers(to, "sync", "sync")
	if heard := s.output(); len(heard) != 0 {
		t.Errorf("an effect of a turn that is not on the chain acts: %q", heard)
	}
	if got, want := kinds(s.events(ref)), "genesis call host result"; got != want {
		t.Errorf("the chain is %q, want %q", got, want)
	}
}

func TestALogThatStopsHaltsWhatRunsAtItsNextYield(t *testing.T) {
	g, option := gated()
	s := open(t, option)
	echo := s.spawn("echo", server(wasmtest.Echo()))
	idle := s.spawn("idle", server(wasmtest.Echo()))
	spins := s.spawn("spins", server(logs(beginning, wasmtest.Spin())), unlimited+"fuel = 1_000_000_000_000\nturn_time = \"1h\"\n")
	sleeps := s.spawn("sleeps", server(logs(beginning, wasmtest.Sleep(time.Hour, wasmtest.Keep()))), "[limits]\nwait_time = \"2h\"\n")
	asked := map[string]<-chan asked{"spins": s.ask(spins, ""), "sleeps": s.ask(sleeps, "")}
	s.eventually("both have begun", func() bool { return len(s.output()) == 2 })
	lost := errors.New("the disk is gone")
	g.set(func(g *gate) { g.lost = lost })
	if _, err := s.request(echo, "x"); !errors.Is(err, lost) {
		t.Errorf("the requester gets %v", err)
	}
	for name, answer := range asked {
		if a := s.gets(answer); !errors.Is(a.err, lost) {
			t.Errorf("who waits for %s gets %v", name, a)
		}
	}
	for _, ref := range []actors.Ref{spins, sleeps} {
		if exit := s.ends(ref); exit.Reason != actors.ReasonInterrupted {
			t.Errorf("the exit of %s is %v", ref, exit)
		}
	}
	g.set(func(g *gate) { g.gone = lost })
	if _, err := s.request(idle, "x"); !errors.Is(err, lost) {
		t.Errorf("who asks an idle actor gets %v", err)
	}
	if exit := s.ends(idle); exit.Reason != actors.ReasonInterrupted {
		t.Errorf("its exit is %v", exit)
	}
}

func TestAKillEndsAnActorThatWaitsForRoom(t *testing.T) {
	g, option := gated()
	s := open(t, option)
	ref := s.spawn("actor", server(wasmtest.Echo()))
	g.set(func(g *gate) { g.wait = true })
	answer := s.ask(ref, "x")
	s.eventually("the message was taken", func() bool { return s.info(ref).Mailbox == 0 })
	if exit, err := s.Kill(t.Context(), ref); err != nil || exit.Reason != actors.ReasonKilled {
		t.Errorf("the exit is %v, %v", exit, err)
	}
	if a := s.gets(answer); !isTrap(wasm.KindKilled)(a.err) && !errors.Is(a.err, actors.ErrStopped) {
		t.Errorf("the requester gets %v", a.err)
	}
	s.events(ref)
}
