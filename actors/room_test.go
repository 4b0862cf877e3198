package actors_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// cellar is a house whose log has no room when the test says so, and looks for some
// when the test lets time pass.
type cellar struct {
	*house
	*gate

	mu   sync.Mutex
	look func() // guarded by mu; nil while none is due
}

func dig(t *testing.T) *cellar {
	t.Helper()
	g, option := gated()
	c := &cellar{house: build(t, option), gate: g}
	c.LooksBy(func(d time.Duration, look func()) func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.look != nil || d != time.Second {
			t.Errorf("another look in %v", d)
		}
		c.look = look
		return func() bool { return true }
	})
	return c
}

// fill leaves the log without room for turns, and empty gives it room.
func (c *cellar) fill() {
	c.gate.set(func(g *gate) { g.none = fmt.Errorf("the cellar has 1 MiB free: %w", chain.ErrNoSpace) })
}

func (c *cellar) empty() { c.gate.set(func(g *gate) { g.none = nil }) }

// pass lets a second pass.
func (c *cellar) pass() {
	c.t.Helper()
	c.mu.Lock()
	look := c.look
	c.look = nil
	c.mu.Unlock()
	if look == nil {
		c.t.Fatal("nothing looks for room")
	}
	look()
}

func (c *cellar) isLooking() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.look != nil
}

// promise has an actor a send messages to b, which the log has no room for.
func (c *cellar) promise(bodies ...string) (b actors.Ref) {
	c.t.Helper()
	all := wasmtest.Keep()
	for i := range bodies {
		all = send("/b", bodies[len(bodies)-1-i], all)
	}
	sender := wasmtest.Guest{Init: ready, HandleSend: pass("g", all), Interfaces: append(interfaces(), newPorter().Interfaces()[0].Pact)}.Bytes()
	b = c.grow(plan{id: "b"})
	a := c.grow(plan{id: "a", code: sender})
	open := c.shut("/a g")
	check(c.t, c.Send(a, "test", []byte("g")))
	c.eventually("a waits at the gate", func() bool { return c.waits("/a g") })
	c.fill()
	open(nil)
	c.eventually("b has them", func() bool { return c.isLooking() && c.info(b).Mailbox == len(bodies) })
	return b
}

func TestMessagesThatWerePromisedWaitUntilTheLogHasRoom(t *testing.T) {
	c := dig(t)
	b := c.promise("1", "2", "3")
	for range 3 {
		c.pass()
		if got := c.info(b); got.Mailbox != 3 || got.Turns != 1 || got.Status != actors.StatusRunning {
			t.Fatalf("without room it is %+v", got)
		}
	}
	c.empty()
	c.pass()
	c.sends("/b", "1", "2", "3")
	c.eventually("nothing looks for room any more", func() bool { return !c.isLooking() })
	if drops := c.drops(b.ID); len(drops) > 0 {
		t.Errorf("dropped are %q", drops)
	}
	for _, call := range of[*chain.Call](c.events(b)) {
		if call.Delivery != 1 {
			t.Errorf("it is delivered %d times", call.Delivery)
		}
	}
}

func TestMessagesThatWaitForRoomAreNotLostWithTheNode(t *testing.T) {
	for name, end := range map[string]func(*cellar) chain.Log{
		"killed":    func(c *cellar) chain.Log { return c.crashed(nil) },
		"suspended": func(c *cellar) chain.Log { c.close(); return c.log },
	} {
		t.Run(name, func(t *testing.T) {
			c := dig(t)
			c.promise("1", "2")
			h := rebuild(t, end(c))
			if got := h.recover(); got.Delivered != 2 || len(got.Left)+len(got.Ended) > 0 {
				t.Errorf("it gives %+v", got)
			}
			h.sends("/b", "1", "2")
		})
	}
}

func TestWithoutRoomWhatComesFromOutsideIsRefusedBeforeItIsAccepted(t *testing.T) {
	c := dig(t)
	b := c.promise("1")
	for what, ask := range map[string]func() error{
		"send":    func() error { return c.Send(b, "test", []byte("x")) },
		"request": func() error { _, err := c.request(b, "x"); return err },
		"call": func() error {
			_, err := c.Call(t.Context(), b, "test", "theater:simple/actor.init", pack.Unit)
			return err
		},
		"spawn": func() error { _, err := c.try("c", server(wasmtest.Echo())); return err },
		"spawn of a child": func() error {
			_, err := c.SpawnChild(t.Context(), b, actors.Child{Spec: actors.Spec{Manifest: toml(t, "c", grants), Package: server(wasmtest.Echo())}})
			return err
		},
	} {
		if err := ask(); !errors.Is(err, chain.ErrNoSpace) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if n := len(c.List()); n != 2 || c.info(b).Mailbox != 1 {
		t.Errorf("%d actors live, and %+v", n, c.info(b))
	}
	c.empty()
	c.pass()
	c.answers(b, "o", "o")
	c.sends("/b", "1", "o")
}

func TestWithoutRoomAnActorInMemoryGoesOn(t *testing.T) {
	c := dig(t)
	c.fill()
	ref := c.spawn("m", server(wasmtest.Echo()), "[chain]\ndurability = \"memory\"")
	c.answers(ref, "x", "x")
}

// Others may fill a disk in the time between the look and the turn.
func TestWhoWaitsForAnAnswerIsToldThatThereIsNoRoom(t *testing.T) {
	c := dig(t)
	slow := c.grow(plan{id: "slow"})
	open := c.shut("/slow g")
	check(t, c.Send(slow, "test", []byte("g")))
	c.eventually("it waits at the gate", func() bool { return c.waits("/slow g") })
	first := c.ask(slow, "x")
	c.eventually("the first is there", func() bool { return c.info(slow).Mailbox == 1 })
	check(t, c.Send(slow, "test", []byte("kept")))
	second := c.ask(slow, "x")
	c.eventually("the second is there", func() bool { return c.info(slow).Mailbox == 3 })
	c.fill()
	open(nil)
	for _, asked := range []<-chan asked{first, second} {
		if a := c.gets(asked); !errors.Is(a.err, chain.ErrNoSpace) {
			t.Errorf("who waits is told %+v", a)
		}
	}
	if n := c.info(slow).Mailbox; n != 1 {
		t.Errorf("%d messages wait", n)
	}
	c.eventually("the one that is kept waits for room", c.isLooking) // those who ask are told before
	c.empty()
	c.pass()
	c.sends("/slow", "g", "kept")
}

func TestAnActorThatStartsAgainWaitsForRoomAndHasNotFailedByIt(t *testing.T) {
	c := dig(t)
	top := c.grow(parent("", child("b")))
	b := c.ref("/top/b")
	restarted := make(chan error, 1)
	c.fill()
	go func() { restarted <- c.Restart(context.Background(), b) }()
	for range 5 {
		c.eventually("it looks for room", c.isLooking)
		c.pass()
	}
	c.eventually("it looks for room", c.isLooking)
	c.empty()
	c.pass()
	check(t, <-restarted)
	c.answers(b, "o", "o")
	if got := c.info(top); got.Restarts != 0 {
		t.Errorf("its parent is %+v", got)
	}
}

func TestAnActorThatWaitsForRoomCanBeEnded(t *testing.T) {
	for name, end := range map[string]func(*cellar, actors.Ref) error{
		"stopped": func(c *cellar, ref actors.Ref) error { _, err := c.Stop(c.t.Context(), ref); return err },
		"killed":  func(c *cellar, ref actors.Ref) error { _, err := c.Kill(c.t.Context(), ref); return err },
	} {
		t.Run("in its mailbox, "+name, func(t *testing.T) {
			c := dig(t)
			b := c.promise("1")
			check(t, end(c, b))
			c.ends(b)
			if drops := c.drops(b.ID); len(drops) != 1 {
				t.Errorf("dropped are %q", drops)
			}
		})
		t.Run("in its init, "+name, func(t *testing.T) {
			c := dig(t)
			b := c.grow(plan{id: "b"})
			c.fill()
			go func() { _ = c.Restart(context.Background(), b) }() // which the end cuts short
			c.eventually("it looks for room", c.isLooking)
			check(t, end(c, b))
			c.ends(b)
		})
	}
}
