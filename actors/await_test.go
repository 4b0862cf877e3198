package actors_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestTheEndOfAnActorIsAwaited(t *testing.T) {
	s := open(t)
	ref := s.spawn("a", server(wasmtest.Echo()))
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Await(short, ref); !errors.Is(err, context.Canceled) {
		t.Errorf("without time it gives %v", err)
	}
	check(t, s.Dismiss(ref))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if exit, err := s.Await(ctx, ref); err != nil || exit.Reason != actors.ReasonShutdown {
		t.Errorf("it ends with %v, %v", exit, err)
	}
	for _, err := range []error{s.Dismiss(actors.Ref{}), func() error { _, err := s.Await(ctx, actors.Ref{}); return err }()} {
		if !errors.Is(err, actors.ErrNoActor) {
			t.Errorf("of nobody it gives %v", err)
		}
	}
}

func TestACensusIsTheTreeInOneList(t *testing.T) {
	s := open(t)
	var want []string
	for i := range 3 {
		want = append(want, s.spawn(fmt.Sprint("a", i), server(wasmtest.Echo())).Path)
	}
	var got []string
	check(t, s.Census(actors.Ref{}, func(i *actors.Info) bool {
		got = append(got, i.Path)
		if i.Fuel == 0 || i.Turns != 1 {
			t.Errorf("%s has spent %d in %d turns", i.Path, i.Fuel, i.Turns)
		}
		return true
	}))
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("it has %s", got)
	}
	seen := 0
	check(t, s.Census(actors.Ref{}, func(*actors.Info) bool { seen++; return seen < 2 }))
	if seen != 2 {
		t.Errorf("it goes on to %d after it was to end with 2", seen)
	}
	if err := s.Census(actors.Ref{ID: chain.ID{1}}, nil); !errors.Is(err, actors.ErrNoActor) {
		t.Errorf("that of nobody gives %v", err)
	}
}

func TestACensusOfManyLeavesNoMoreGarbageThanOneOfFew(t *testing.T) {
	s := open(t)
	garbage := func() float64 {
		return testing.AllocsPerRun(100, func() {
			check(t, s.Census(actors.Ref{}, func(*actors.Info) bool { return true }))
		})
	}
	s.spawn("first", server(wasmtest.Echo()))
	few := garbage()
	for i := range 200 {
		s.spawn(fmt.Sprint("a", i), server(wasmtest.Echo()))
	}
	if many := garbage(); many > few+5 {
		t.Errorf("of 201 actors a census makes %v pieces of garbage, of one %v", many, few)
	}
}
