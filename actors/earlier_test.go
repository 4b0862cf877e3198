package actors_test

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// left is a log with a suspended actor at each path, and their ids.
func left(t *testing.T, paths ...string) (chain.Log, map[string]chain.ID) {
	t.Helper()
	log := memlog.New()
	w, err := log.Writer(t.Context())
	check(t, err)
	ids := map[string]chain.ID{}
	for i, path := range paths {
		id := chain.ID{byte(i + 1)}
		ids[path] = id
		check(t, w.Append(chaintest.Draft(chain.Record{Actor: id, Events: []chain.Event{&chain.Genesis{Path: path}}}), nil))
		check(t, w.Append(chaintest.Draft(chain.Record{Actor: id, Number: 1, Events: []chain.Event{&chain.Lifecycle{What: chain.LifecycleSuspended}}}), nil))
	}
	check(t, w.Close())
	return log, ids
}

// suspended are the paths of the actors that can be resumed.
func suspended(t *testing.T, log chain.Log, ids map[string]chain.ID) []string {
	t.Helper()
	var paths []string
	for path, id := range ids {
		sum, err := log.Summary(t.Context(), id)
		check(t, err)
		if sum.Status == chain.StatusSuspended {
			paths = append(paths, path)
		}
	}
	return slices.Sorted(slices.Values(paths))
}

func TestASpawnSupersedesTheTreeAtItsPathAndNoOther(t *testing.T) {
	log, ids := left(t, "/actor", "/actor/child", "/actor/child/deep", "/actors", "/actors/child", "/actor~2", "/other", "/other/actor")
	s := reopen(t, log)
	s.spawn("actor", server(wasmtest.Echo()))
	if got, want := suspended(t, log, ids), []string{"/actors", "/actors/child", "/actor~2", "/other", "/other/actor"}; !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("suspended are still %q, want %q", got, want)
	}
	s.spawn("other", server(wasmtest.Echo()))
	if got, want := suspended(t, log, ids), []string{"/actors", "/actors/child", "/actor~2"}; !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("suspended are still %q, want %q", got, want)
	}
}

func TestSpawnsDoNotSearchTheLog(t *testing.T) {
	log := memlog.New()
	first := reopen(t, log)
	for range 3 {
		first.spawn("actor", server(wasmtest.Echo()))
	}
	first.close()
	counted := &counted{Log: log}
	s := reopen(t, counted)
	for range 3 {
		s.spawn("actor", server(wasmtest.Echo()))
		s.spawn("other", server(wasmtest.Echo()))
	}
	if counted.searches != 1 {
		t.Errorf("the log was searched %d times, want once", counted.searches)
	}
	if counted.asked != 3 {
		t.Errorf("the log was asked for %d summaries, want those of the 3 superseded actors", counted.asked)
	}
}

// counted is a log that counts how it is read.
type counted struct {
	chain.Log
	searches, asked int
	blobs           map[chain.Hash]int
}

func (c *counted) Blob(ctx context.Context, sum chain.Hash) ([]byte, error) {
	if c.blobs == nil {
		c.blobs = map[chain.Hash]int{}
	}
	c.blobs[sum]++
	return c.Log.Blob(ctx, sum)
}

func (c *counted) Actors(ctx context.Context) iter.Seq2[chain.Summary, error] {
	c.searches++
	return c.Log.Actors(ctx)
}

func (c *counted) Summary(ctx context.Context, id chain.ID) (chain.Summary, error) {
	c.asked++
	return c.Log.Summary(ctx, id)
}

func TestAResumedActorIsNotSuperseded(t *testing.T) {
	log := memlog.New()
	first := reopen(t, log)
	ref := first.spawn("actor", server(wasmtest.Echo()))
	first.close()
	s := reopen(t, log)
	again := s.resume(ref.ID)
	second := s.spawn("actor", server(wasmtest.Echo()))
	if second.Path != "/actor~2" {
		t.Errorf("the second is %s", second)
	}
	s.answers(again, "x", "x")
	_, err := s.Stop(t.Context(), again)
	check(t, err)
	third := s.spawn("actor", server(wasmtest.Echo()))
	if third.Path != "/actor" {
		t.Errorf("the third is %s", third)
	}
	if got := last[*chain.Lifecycle](t, s.events(again)); got.Reason != string(actors.ReasonShutdown) {
		t.Errorf("the first ended with %+v", got)
	}
}

func TestAResumedActorBelowTheNewOnesPathLivesOn(t *testing.T) {
	first := open(t)
	child := first.spawn("child", server(wasmtest.Echo()))
	log := copied(t, first.log, child.ID, func(r []chain.Record) []chain.Record {
		r[0].Events[0].(*chain.Genesis).Path = "/parent/child"
		return r
	})
	s := reopen(t, log)
	again := s.resume(child.ID)
	s.spawn("parent", server(wasmtest.Echo()))
	s.answers(again, "x", "x")
	if got := kinds(s.events(again)); strings.Contains(got, "stopped") {
		t.Errorf("its chain is %q", got)
	}
}

func TestAnEarlierActorThatCannotBeSupersededFailsTheSpawnAndIsLeft(t *testing.T) {
	log, ids := left(t, "/actor", "/actor/child")
	hooked := &prompted{Log: log, f: func() {}}
	s := reopen(t, hooked)
	hooked.fail = errors.New("the disk is gone")
	if _, err := s.try("actor", server(wasmtest.Echo())); !errors.Is(err, hooked.fail) || !strings.Contains(err.Error(), "/actor/child") {
		t.Errorf("the spawn gives %v", err)
	}
	if list := s.List(); len(list) != 0 {
		t.Errorf("there is an actor %v", list)
	}
	hooked.fail = nil
	s.spawn("actor", server(wasmtest.Echo()))
	if got := suspended(t, log, ids); len(got) != 0 {
		t.Errorf("suspended are still %q", got)
	}
}

func TestWhoWaitsForAnActorThatDoesNotStartIsAnswered(t *testing.T) {
	log, _ := left(t, "/actor")
	hooked := &prompted{Log: log, fail: errors.New("the disk is gone")}
	s := reopen(t, hooked)
	called := make(chan error, 1)
	hooked.f = func() {
		ref, err := s.Lookup("/actor")
		check(t, err)
		go func() {
			_, err := s.Call(context.Background(), ref, "test", wasmtest.HandleRequest, pack.Tuple(pack.String("1"), pack.Bytes(nil)))
			called <- err
		}()
		s.eventually("the call waits", func() bool { return s.info(ref).Mailbox == 1 })
	}
	if _, err := s.try("actor", server(wasmtest.Echo())); !errors.Is(err, hooked.fail) {
		t.Errorf("the spawn gives %v", err)
	}
	if err := <-called; !errors.Is(err, actors.ErrStopped) {
		t.Errorf("the call gives %v", err)
	}
}

func TestALogThatCannotBeSearchedDoesNotOpen(t *testing.T) {
	log := memlog.New()
	writer, err := log.Writer(t.Context())
	check(t, err)
	check(t, log.Close())
	handlers, err := node.Handlers()
	check(t, err)
	engine, err := wasm.OpenEngine(t.Context(), wasm.EngineConfig{})
	check(t, err)
	defer engine.Close(context.Background())
	_, err = actors.Open(t.Context(), actors.Config{
		Log: log, Writer: writer, Memory: writer, Engine: engine, Handlers: handlers,
		Logger: slog.New(slog.DiscardHandler), Now: time.Now, Random: newRandom(),
	})
	if !errors.Is(err, chain.ErrClosed) || !strings.Contains(err.Error(), "earlier actors") {
		t.Errorf("it gives %v", err)
	}
}
