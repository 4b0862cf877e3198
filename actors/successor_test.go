package actors_test

import (
	"context"
	"errors"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/supervision"
)

// Actors that have the id among their siblings which another one had.

func idling() *supervision.Go { return &supervision.Go{Actor: func() actor.Actor { return idle{} }} }

func TestWhatIsAskedOfAnActorThatHasEndedIsNotDoneToItsSuccessor(t *testing.T) {
	h := build(t)
	top := h.grow(parent("", child("a")))
	before := h.ref("/top/a")
	check(t, h.System.Restart(t.Context(), top))
	next := h.ref("/top/a")
	if next.ID == before.ID {
		t.Fatal("it is the same actor")
	}
	if exit, err := h.Stop(t.Context(), before); err != nil || exit.Reason != actors.ReasonShutdown {
		t.Errorf("the stop gives %v, %v", exit, err)
	}
	if err := h.System.Restart(t.Context(), before); !errors.Is(err, supervision.ErrNoChild) {
		t.Errorf("the restart gives %v", err)
	}
	// Who asks the supervisor comes after what was asked before.
	_, err := h.SpawnChild(t.Context(), top, actors.Child{Spec: actors.Spec{Name: "go"}, Go: idling()})
	check(t, err)
	if info := h.info(next); info.Status != actors.StatusRunning || info.Restarts != 0 {
		t.Errorf("the successor is %s and was restarted %d times", info.Status, info.Restarts)
	}
}

func TestASpawnThatIsGivenUpStopsNoOtherChildOfItsName(t *testing.T) {
	h := build(t)
	top := h.grow(parent("", child("a")))
	spawn := func(ctx context.Context, name string) error {
		_, err := h.SpawnChild(ctx, top, actors.Child{Spec: actors.Spec{Name: name}, Go: idling()})
		return err
	}
	check(t, spawn(t.Context(), "w"))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // it may be refused before it is given up
		if err := spawn(over, "w"); err == nil {
			t.Error("there are two of a name")
		}
	}
	check(t, spawn(t.Context(), "next"))
	h.stands(top, "/top running 0 -", "/top/a running 0 -", "/top/w running 0 -", "/top/next running 0 -")
}
