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
	list, err := s.Census(actors.Ref{})
	check(t, err)
	var got []string
	for _, i := range list {
		got = append(got, i.Path)
		if i.Fuel == 0 || i.Turns != 1 {
			t.Errorf("%s has spent %d in %d turns", i.Path, i.Fuel, i.Turns)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("it has %s", got)
	}
	if _, err := s.Census(actors.Ref{ID: chain.ID{1}}); !errors.Is(err, actors.ErrNoActor) {
		t.Errorf("that of nobody gives %v", err)
	}
}
