package api_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// ask sends an actor a request.
func (s *stage) ask(target, body string) {
	s.t.Helper()
	_, err := s.Messages.Request(s.ctx(), &theaterv1.RequestRequest{Target: target, Body: []byte(body)})
	check(s.t, err)
}

func TestChainsAreReadAndVerifiedOverTheAPI(t *testing.T) {
	s := open(t)
	ref := s.spawn("echo", echo(), "")
	s.spawn("other", echo(), "")
	long := strings.Repeat("long", 5000)
	for range 300 {
		s.ask("/echo", long)
	}
	r := s.Reader()
	report, err := chain.Verify(s.ctx(), r, ref.ID)
	if err != nil || report.Records < 300 {
		t.Errorf("the chain: %+v, %v", report, err)
	}
	found, err := chain.Find(s.ctx(), r, "/echo")
	want, wantErr := s.node.Log.Summary(t.Context(), ref.ID)
	if err != nil || wantErr != nil || found != want {
		t.Errorf("its summary is %+v, %v; want %+v", found, err, want)
	}
	records := 0
	for record, err := range r.Records(s.ctx(), ref.ID, 5) {
		if check(t, err); record.Number != uint64(5+records) || record.Prev == (chain.Hash{}) {
			t.Fatalf("record %d comes as number %d, after %s", record.Number, records, record.Prev)
		}
		records++
	}
	if records != int(want.Records)-5 {
		t.Errorf("there are %d records of %d", records, want.Records)
	}
	for _, err := range r.Records(s.ctx(), chain.ID{1}, 0) {
		if !errors.Is(err, chain.ErrNotFound) {
			t.Errorf("an unknown actor gives %v", err)
		}
	}
	if _, err := r.Blob(s.ctx(), chain.Hash{1}); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("an unknown blob gives %v", err)
	}
	if b, err := r.Blob(s.ctx(), want.Module); err != nil || len(b) < 100 {
		t.Errorf("the module has %d bytes, %v", len(b), err)
	}
}

func TestRecordsAreFollowedWithoutAGapUntilTheActorEnds(t *testing.T) {
	s := open(t)
	ref := s.spawn("echo", echo(), "")
	s.ask("/echo", "before")
	next := uint64(0)
	for record, err := range s.Follow(s.ctx(), "/echo", 0) {
		check(t, err)
		if record.Number != next {
			t.Fatalf("record %d comes after %d others", record.Number, next)
		}
		switch next++; {
		case next < 100:
			s.ask("/echo", "more")
		case next == 100:
			_, err := s.Actors.Stop(s.ctx(), &theaterv1.StopRequest{Target: "/echo"})
			check(t, err)
		}
	}
	if sum, err := s.node.Log.Summary(t.Context(), ref.ID); err != nil || next != sum.Records {
		t.Errorf("%d records were followed, of %d, %v", next, sum.Records, err)
	}
}

// seam is a log in which something happens just before a chain is read and just after.
type seam struct {
	chain.Tailer
	happens *func()
}

func (s seam) Records(ctx context.Context, id chain.ID, from uint64) iter.Seq2[chain.Record, error] {
	return func(yield func(chain.Record, error) bool) {
		(*s.happens)()
		s.Tailer.Records(ctx, id, from)(yield)
		(*s.happens)()
	}
}

func TestWhatIsWrittenWhileAChainIsReadIsFollowedOnce(t *testing.T) {
	happens := func() {}
	s := open(t, func(c *api.Config) { c.Log = seam{c.Log, &happens} })
	s.spawn("echo", echo(), "")
	happens = func() { s.ask("/echo", "meanwhile") }
	next := uint64(0)
	for record, err := range s.Follow(s.ctx(), "/echo", 0) {
		if check(t, err); record.Number != next {
			t.Fatalf("record %d comes after %d others", record.Number, next)
		}
		if next++; next == 4 { // of two there were, and of two asked meanwhile
			happens = func() {}
			_, err := s.Actors.Stop(s.ctx(), &theaterv1.StopRequest{Target: "/echo"})
			check(t, err)
		}
	}
	if next != 5 {
		t.Errorf("%d records are followed, not 5", next)
	}
}

func TestWhoFollowsOneActorAndIsFarBehindHasNoGapEither(t *testing.T) {
	s := open(t)
	s.server.BehindAt(0) // and so begins anew with each lot
	s.spawn("echo", echo(), "")
	s.spawn("other", echo(), "")
	var busy sync.WaitGroup
	defer busy.Wait()
	ctx, cancel := context.WithCancel(s.ctx())
	defer cancel()
	for _, target := range []string{"/echo", "/other", "/other"} {
		busy.Go(func() {
			for ctx.Err() == nil {
				_, _ = s.Messages.Request(ctx, &theaterv1.RequestRequest{Target: target, Body: []byte("x")})
			}
		})
	}
	next := uint64(0)
	for record, err := range s.Follow(ctx, "/echo", 0) {
		check(t, err)
		if record.Number != next {
			t.Fatalf("record %d comes after %d others", record.Number, next)
		}
		if next++; next == 300 {
			break
		}
	}
}

// collect reads events until enough says so, or they end.
func (s *stage) collect(r *theaterv1.EventsRequest, enough func(*theaterv1.Event) bool) []string {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.ctx())
	defer cancel()
	stream, err := s.Chain.Events(ctx, r)
	check(s.t, err)
	defer stream.Close()
	var all []string
	for stream.Receive() {
		e := stream.Msg().Event
		if e == nil {
			continue
		}
		all = append(all, fmt.Sprintf("%s %d.%d %s %s", e.Path, e.Ref.Record, e.Ref.Index, e.Kind, e.What+e.Status))
		if enough != nil && enough(e) {
			return all
		}
	}
	check(s.t, stream.Err())
	return all
}

func TestEventsAreChosenByKindPlaceAndCount(t *testing.T) {
	s := open(t)
	s.spawn("echo", echo(), "")
	s.spawn("other", echo(), "")
	s.ask("/echo", "a")
	s.ask("/other", "b")
	for name, c := range map[string]struct {
		request *theaterv1.EventsRequest
		want    string
	}{
		"one actor": {&theaterv1.EventsRequest{Target: "/echo"},
			"[/echo 0.0 genesis  /echo 1.0 call  /echo 1.1 host answered /echo 1.2 result ok /echo 2.0 call  /echo 2.1 result ok]"},
		"a limit":        {&theaterv1.EventsRequest{Target: "/echo", Limit: 2}, "[/echo 0.0 genesis  /echo 1.0 call ]"},
		"a place":        {&theaterv1.EventsRequest{Target: "/echo", From: new(uint64(2))}, "[/echo 2.0 call  /echo 2.1 result ok]"},
		"a place beyond": {&theaterv1.EventsRequest{Target: "/echo", From: new(uint64(7))}, "[]"},
		"a kind":         {&theaterv1.EventsRequest{Types: []string{"genesis"}}, "[/echo 0.0 genesis  /other 0.0 genesis ]"},
		"a function": {&theaterv1.EventsRequest{Types: []string{"host:theater:simple/message-server-host.register"}},
			"[/echo 1.1 host answered /other 1.1 host answered]"},
		"a status": {&theaterv1.EventsRequest{Target: "/echo", Types: []string{"result:trap", "lifecycle:restart"}}, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fmt.Sprint(s.collect(c.request, nil)); got != c.want {
				t.Errorf("the events are %s", got)
			}
		})
	}
	stream, err := s.Chain.Events(s.ctx(), &theaterv1.EventsRequest{Types: []string{"nonsense"}})
	check(t, err)
	stream.Receive()
	refuses(t, stream.Err(), api.CodeInvalid, "types")
}

func TestEventsOfAllActorsAreFollowedAlsoOfThoseThatComeLater(t *testing.T) {
	s := open(t)
	s.spawn("first", echo(), "")
	ctx, cancel := context.WithCancel(s.ctx())
	defer cancel()
	stream, err := s.Chain.Events(ctx, &theaterv1.EventsRequest{Follow: true})
	check(t, err)
	defer stream.Close()
	if !stream.Receive() || stream.Msg().Event != nil {
		t.Fatalf("it begins with %v, %v", stream.Msg(), stream.Err())
	}
	s.ask("/first", "a")
	s.spawn("second", echo(), "")
	var got []string
	for len(got) < 6 && stream.Receive() {
		e := stream.Msg().Event
		got = append(got, e.Path+" "+e.Kind)
	}
	if want := "[/first call /first result /second genesis /second call /second host /second result]"; fmt.Sprint(got) != want {
		t.Errorf("it tells %s, %v", got, stream.Err())
	}
	s.server.Close()
	for stream.Receive() {
	}
	refuses(t, stream.Err(), api.CodeStopping, "")
}

func TestEventsOfManyAreFollowedInTheOrderOfTheLog(t *testing.T) {
	s := open(t)
	s.spawn("first", echo(), "")
	s.spawn("second", echo(), "")
	stream, err := s.Chain.Events(s.ctx(), &theaterv1.EventsRequest{Follow: true, Types: []string{"call"}})
	check(t, err)
	defer stream.Close()
	if !stream.Receive() || stream.Msg().Event != nil {
		t.Fatalf("it begins with %v, %v", stream.Msg(), stream.Err())
	}
	var want []string
	for i := range 60 {
		target := []string{"/first", "/second"}[i/3%2]
		s.ask(target, "x") // which is on the log before the next is asked
		want = append(want, target)
	}
	var got []string
	for len(got) < len(want) && stream.Receive() {
		got = append(got, stream.Msg().Event.GetPath())
	}
	if !slices.Equal(got, want) {
		t.Errorf("it tells of %v, %v", got, stream.Err())
	}
}

func TestNothingIsMissedOnceTheStreamHasBegun(t *testing.T) {
	s := open(t)
	s.spawn("echo", echo(), "")
	for range 50 {
		ctx, cancel := context.WithCancel(s.ctx())
		stream, err := s.Chain.Events(ctx, &theaterv1.EventsRequest{Target: "/echo", Follow: true, Limit: 2})
		check(t, err)
		stream.Receive()
		s.ask("/echo", "x")
		for range 2 {
			if !stream.Receive() {
				t.Fatalf("an event after the first message is missed: %v", stream.Err())
			}
		}
		cancel()
		stream.Close()
	}
}

func TestEventsOfATreeAreFollowedToItsEnd(t *testing.T) {
	s := open(t)
	s.family()
	s.spawn("top-not", echo(), "")
	ctx := s.ctx()
	stream, err := s.Chain.Events(ctx, &theaterv1.EventsRequest{Target: "/top", Under: true, Follow: true})
	check(t, err)
	defer stream.Close()
	if !stream.Receive() || stream.Msg().Event != nil {
		t.Fatalf("it begins with %v, %v", stream.Msg(), stream.Err())
	}
	s.ask("/top-not", "x")
	s.ask("/top/b", "x")
	_, err = s.Actors.Stop(ctx, &theaterv1.StopRequest{Target: "/top"})
	check(t, err)
	var got []string
	for stream.Receive() {
		e := stream.Msg().Event
		got = append(got, e.Path+" "+e.Kind+e.What)
	}
	check(t, stream.Err())
	if want := "[/top/b call /top/b result /top/b lifecyclestopped /top/a lifecyclestopped /top lifecyclestopped]"; fmt.Sprint(got) != want {
		t.Errorf("it tells of %s", got)
	}
	// Of one that has ended it tells what there is, and nothing of those that were below.
	if got := s.collect(&theaterv1.EventsRequest{Target: "/top", Under: true, Follow: true}, nil); len(got) != 5 {
		t.Errorf("after the end it tells of %s", got)
	}
}
