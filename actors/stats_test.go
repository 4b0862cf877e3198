package actors_test

import (
	"maps"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestStatsCountWhatASystemHasDoneAndWhatWaits(t *testing.T) {
	h := build(t)
	h.grow(parent("", child("a"), child("b")))
	a := h.ref("/top/a")
	h.answers(a, "", first)
	before := h.Stats()
	if before.Live() != before.Actors[actors.StatusRunning] || before.Live() != len(h.List()) ||
		before.Spawned != int64(before.Live()) || before.Fuel <= 0 || len(before.Failed)+len(before.Ended) != 0 {
		t.Fatalf("at first: %+v", before)
	}

	open := h.shut("/top/a g")
	failing := h.ask(a, "X")
	h.eventually("it waits at the gate", func() bool { return h.waits("/top/a g") })
	check(t, h.Send(a, "test", []byte("later")))
	if s := h.Stats(); s.Busy == 0 || s.Mailbox != 1 || s.MailboxBytes < int64(len("later")) {
		t.Errorf("while one message waits: %+v", s)
	}
	open(nil)
	h.gets(failing)
	h.eventually("what waited is handled", func() bool { return h.Stats().Turns == before.Turns+3 })
	after := h.Stats()
	if after.Restarts != 1 || !maps.Equal(after.Failed, map[actors.Reason]int64{actors.ReasonTrap: 1}) ||
		after.Dropped != 1 || after.Mailbox != 0 || after.Fuel <= before.Fuel {
		t.Errorf("after a failure, an init and a message: %+v", after)
	}

	_, err := h.Stop(t.Context(), h.ref("/top"))
	check(t, err)
	gone := h.Stats()
	if gone.Turns < after.Turns || gone.Fuel < after.Fuel || gone.Live() != after.Live()-3 || gone.Ended[actors.ReasonShutdown] != 3 {
		t.Errorf("after the end of three actors: %+v", gone)
	}
}

func TestAResumedActorIsNoNewOneInStats(t *testing.T) {
	log := memlog.New()
	first := reopen(t, log)
	ref := first.spawn("actor", server(wasmtest.Echo()))
	first.answers(ref, "x", "x")
	first.close()
	if s := first.Stats(); s.Ended[actors.ReasonSuspended] != 1 || s.Live() != 0 || s.Turns != 2 {
		t.Errorf("of the first system: %+v", s)
	}
	second := reopen(t, log)
	_, err := second.Resume(t.Context(), ref.ID)
	check(t, err)
	if s := second.Stats(); s.Spawned != 0 || s.Resumed != 1 || s.Live() != 1 || s.Turns != 0 {
		t.Errorf("of the second: %+v", s)
	}
}

func TestAMessageThatWaitsWhenItsActorEndsIsDropped(t *testing.T) {
	h := build(t)
	h.grow(parent("", child("a")))
	a := h.ref("/top/a")
	open := h.shut("/top/a g")
	failing := h.ask(a, "X")
	h.eventually("it waits at the gate", func() bool { return h.waits("/top/a g") })
	check(t, h.Send(a, "test", []byte("never")))
	ended := make(chan error, 1)
	go func() {
		_, err := h.Stop(t.Context(), h.ref("/top"))
		ended <- err
	}()
	h.eventually("it is told to end", func() bool { return h.info(a).Status == actors.StatusStopping })
	open(nil)
	h.gets(failing)
	check(t, <-ended)
	if s := h.Stats(); s.Dropped < 1 {
		t.Errorf("after an end with a message in the mailbox: %+v", s)
	}
}
