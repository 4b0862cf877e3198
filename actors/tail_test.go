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
	"github.com/theater-go/theater/wasm/wasmtest"
)

// reader goes along a tail and counts what the log has of each actor.
type reader struct {
	s     *stage
	tail  *actors.Tail
	seen  map[chain.ID]uint64
	ended map[chain.ID]bool
}

func (s *stage) tailOf(ref actors.Ref, below bool) *reader {
	s.t.Helper()
	tail, heads, err := s.Tail(ref, below)
	check(s.t, err)
	s.t.Cleanup(tail.Close)
	r := &reader{s: s, tail: tail, seen: map[chain.ID]uint64{}, ended: map[chain.ID]bool{}}
	r.take(heads)
	return r
}

func (r *reader) take(heads []actors.Head) {
	r.s.t.Helper()
	for _, h := range heads {
		if h.Records < r.seen[h.ID] {
			r.s.t.Errorf("%s goes back from %d to %d", h.Ref, r.seen[h.ID], h.Records)
		}
		if sum, err := r.s.log.Summary(context.Background(), h.ID); h.Records > 0 && (err != nil || sum.Records < h.Records) {
			r.s.t.Errorf("of %d records of %s the log has %d, %v", h.Records, h.Ref, sum.Records, err)
		}
		r.seen[h.ID], r.ended[h.ID] = h.Records, h.Ended
	}
}

// until waits until the actor has ended.
func (r *reader) until(ref actors.Ref) {
	r.s.t.Helper()
	for !r.ended[ref.ID] {
		select {
		case <-r.tail.Changed():
			r.take(r.tail.Take())
		case <-time.After(patience):
			r.s.t.Fatalf("nothing is told of the end of %s", ref)
		}
	}
}

func TestATailComesToTheEndOfEachChain(t *testing.T) {
	s := open(t)
	first, second := s.spawn("first", server(wasmtest.Echo())), s.spawn("second", server(wasmtest.Echo()))
	all, one := s.tailOf(actors.Ref{}, false), s.tailOf(first, false)
	var over sync.WaitGroup
	for _, ref := range []actors.Ref{first, second} {
		over.Go(func() {
			for range 200 {
				s.answers(ref, "a", "a")
			}
			if _, err := s.Stop(context.Background(), ref); err != nil {
				t.Error(err)
			}
		})
	}
	one.until(first)
	all.until(first)
	all.until(second)
	over.Wait()
	for _, ref := range []actors.Ref{first, second} {
		if sum, err := s.log.Summary(t.Context(), ref.ID); err != nil || all.seen[ref.ID] != sum.Records {
			t.Errorf("of %s %d records were told of, of %d, %v", ref, all.seen[ref.ID], sum.Records, err)
		}
	}
	if len(one.seen) != 1 {
		t.Errorf("one that is of one actor tells of %v", one.seen)
	}
	late := s.tailOf(first, true)
	if !late.ended[first.ID] || late.seen[first.ID] != all.seen[first.ID] {
		t.Errorf("after the end a tail begins with %v", late.seen)
	}
	if _, _, err := s.Tail(actors.Ref{ID: chain.ID{1}}, false); !errors.Is(err, actors.ErrNoActor) {
		t.Errorf("a tail of nobody gives %v", err)
	}
}

func TestATailOfATreeTellsOfThoseThatComeLater(t *testing.T) {
	s := open(t)
	top := s.spawn("top", server(wasmtest.Echo()))
	r := s.tailOf(top, true)
	s.spawn("top-not", server(wasmtest.Echo()))
	s.answers(top, "a", "a")
	if _, err := s.Stop(t.Context(), top); err != nil {
		t.Error(err)
	}
	r.until(top)
	r.tail.Close()
	r.tail.Close()
	if len(r.seen) != 1 {
		t.Errorf("it tells of %d actors", len(r.seen))
	}
}

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
