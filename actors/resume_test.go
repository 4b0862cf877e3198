package actors_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/chain/replay"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// copied is a new log with an actor's chain as edit leaves it: what is left
// when the process ends at that moment, or what a liar makes of it.
func copied(t testing.TB, from chain.Reader, id chain.ID, edit func([]chain.Record) []chain.Record) chain.Log {
	t.Helper()
	log := memlog.New()
	w, err := log.Writer(context.Background())
	check(t, err)
	for i, r := range edit(records(t, from, id)) {
		for _, sum := range blobs(t, from, r) {
			if b, err := from.Blob(context.Background(), sum); err == nil {
				w.PutBlob(b)
			}
		}
		check(t, w.Append(chaintest.Draft(chain.Record{Actor: id, Number: uint64(i), Events: r.Events}), nil))
	}
	check(t, w.Close())
	return log
}

// blobs are the sums that a record may name blobs by.
func blobs(t testing.TB, from chain.Reader, r chain.Record) []chain.Hash {
	var sums []chain.Hash
	for _, event := range r.Events {
		switch e := event.(type) {
		case *chain.Genesis:
			sums = append(sums, e.Module, e.Manifest, e.InitialState)
			sums = append(sums, madeFrom(t, from, e.Children)...)
		case *chain.Call:
			sums = append(sums, e.Params.Sum)
		case *chain.Host:
			sums = append(sums, e.Input.Sum, e.Output.Sum)
		case *chain.Intent:
			sums = append(sums, e.Input.Sum)
		case *chain.Outcome:
			sums = append(sums, e.Input.Sum, e.Output.Sum)
		case *chain.Result:
			sums = append(sums, e.Response.Sum, e.Error.Sum, e.State.Sum)
		case *chain.Lifecycle:
			sums = append(sums, e.Sum)
		}
	}
	return sums
}

// madeFrom are the blobs of a list of children, and all that it names.
func madeFrom(t testing.TB, from chain.Reader, list chain.Hash) []chain.Hash {
	t.Helper()
	sums := []chain.Hash{list}
	children, err := chain.LoadChildren(context.Background(), from, list)
	check(t, err)
	for _, c := range children {
		sums = append(append(sums, c.Manifest, c.Module), madeFrom(t, from, c.Children)...)
	}
	return sums
}

func whole(r []chain.Record) []chain.Record { return r }

// resume continues an actor, which must succeed.
func (s *stage) resume(id chain.ID) actors.Ref {
	s.t.Helper()
	ref, err := s.Resume(context.Background(), id)
	check(s.t, err)
	return ref
}

// everything is a guest whose turns depend on all that a machine gives them.
func everything() []byte {
	return server(wasmtest.Switch(map[byte]wasmtest.Behavior{
		'r': wasmtest.Random(16),
		't': wasmtest.Clock(),
		's': wasmtest.Sleep(time.Millisecond, wasmtest.Calls()),
		'l': wasmtest.Ask(message.Interface, "list-outstanding-requests", encode(pack.Unit)),
		'q': wasmtest.Ask(message.Interface, "request", tell("/other", "q")),
		'p': send("/other", "p", logs("a line", wasmtest.Calls())),
		'e': wasmtest.Refuse("no"),
	}, wasmtest.Calls()))
}

func TestAResumedActorIsWhatItWas(t *testing.T) {
	for _, sealed := range []string{"", "[chain]\nsealed = true\n"} {
		log := memlog.New()
		first := reopen(t, log)
		first.spawn("other", server(wasmtest.Echo()))
		ref := first.spawn("actor", everything(), sealed+"[supervision]\non_error = \"continue\"")
		big := strings.Repeat("b", 10_000)
		for _, body := range []string{"", "r", "t", "s", "l", "q", "p", big} {
			if _, err := first.request(ref, body); err != nil {
				t.Fatalf("%q: %v", body, err)
			}
		}
		if _, err := first.request(ref, "e"); err == nil {
			t.Fatal("e does not fail")
		}
		first.answers(ref, "", "\x05\x00\x00\x00")
		lines := len(first.output())
		before := first.info(ref)
		first.close()

		second := reopen(t, log)
		listener := second.spawn("other", guest(wasmtest.Guest{HandleSend: logs("heard", wasmtest.Keep())}))
		again := second.resume(ref.ID)
		if got := second.info(again); got.Memory != before.Memory || got.Turns != before.Turns || got.Status != actors.StatusRunning {
			t.Errorf("it is resumed as %+v, and was %+v", got, before)
		}
		if again.ID != ref.ID || again.Path != ref.Path {
			t.Errorf("it goes on as %s %s", again.ID, again)
		}
		second.answers(again, "", "\x06\x00\x00\x00")
		second.answers(listener, "", "")
		if got := second.output(); len(got) != 0 || lines == 0 {
			t.Errorf("handlers run again: %q", got)
		}
		after := second.info(again)
		if after.Turns != before.Turns+1 || after.Memory != before.Memory || !after.Registered {
			t.Errorf("it is %+v, and was %+v", after, before)
		}
		got := kinds(second.events(again))
		if !strings.Contains(got, "suspended resumed call") {
			t.Errorf("the chain goes on with %s", got)
		}
		// Its randomness and clock go on too: nothing is given twice.
		for _, body := range []string{"r", "t"} {
			one, _ := second.request(again, body)
			two, _ := second.request(again, body)
			if one == two {
				t.Errorf("%q gives %q twice", body, one)
			}
		}
		second.close()

		third := reopen(t, log)
		third.answers(third.resume(ref.ID), "", "\x07\x00\x00\x00")
	}
}

func TestAResumedActorHasItsState(t *testing.T) {
	log := memlog.New()
	first := reopen(t, log)
	ref, err := first.Spawn(t.Context(), actors.Spec{Manifest: toml(t, "counter", grants), Package: wasmtest.Guest{
		Init: ready, HandleRequest: wasmtest.Calls(),
	}.Bytes()})
	check(t, err)
	check(t, first.Send(ref, "test", nil))
	first.answers(ref, "", "\x01\x00\x00\x00")
	first.close()

	counter := copied(t, log, ref.ID, whole)
	second := reopen(t, counter)
	second.answers(second.resume(ref.ID), "", "\x02\x00\x00\x00")
	second.events(ref)
}

func TestATurnThatWasCutShortIsClosedAsInterrupted(t *testing.T) {
	s := open(t)
	waiting, _, _ := s.blocked()
	s.answersLater(waiting)
	cut := copied(t, s.log, waiting.ID, whole)

	t.Run("when the actor is resumed, which goes on without it", func(t *testing.T) {
		log := copied(t, cut, waiting.ID, whole)
		again := reopen(t, log)
		ref := again.resume(waiting.ID)
		again.answers(ref, "hello", "hello")
		all := again.events(ref)
		if got, want := kinds(all), "genesis call host result call intent result resumed call result"; got != want {
			t.Errorf("the chain is %q, want %q", got, want)
		}
		if got := of[*chain.Result](all)[1]; got.Status != chain.ResultInterrupted {
			t.Errorf("the turn ends with %v", got.Status)
		}
		again.close()
		twice := reopen(t, log)
		twice.answers(twice.resume(waiting.ID), "hello", "hello")
	})
	t.Run("when another actor takes its path", func(t *testing.T) {
		again := reopen(t, copied(t, cut, waiting.ID, whole))
		again.spawn("waiting", server(wasmtest.Echo()))
		if got, want := kinds(again.events(waiting)), "genesis call host result call intent result stopped"; got != want {
			t.Errorf("the chain is %q, want %q", got, want)
		}
	})
}

// answersLater lets the stage end without waiting for an actor that is blocked.
func (s *stage) answersLater(ref actors.Ref) {
	s.t.Cleanup(func() {
		_, err := s.Kill(context.Background(), ref)
		check(s.t, err)
	})
}

func TestAnActorWhoseInitDidNotEndIsNotResumedAsIfItHad(t *testing.T) {
	t.Run("init runs when it never began", func(t *testing.T) {
		s := open(t)
		ref := s.spawn("actor", server(wasmtest.Echo()))
		again := reopen(t, copied(t, s.log, ref.ID, func(r []chain.Record) []chain.Record { return r[:1] }))
		again.answers(again.resume(ref.ID), "x", "x")
		if got, want := kinds(again.events(ref)), "genesis resumed call host result call result"; got != want {
			t.Errorf("the chain is %q, want %q", got, want)
		}
	})
	ends := func(t *testing.T, log chain.Log, id chain.ID, want string) {
		t.Helper()
		again := reopen(t, log)
		if _, err := again.Resume(t.Context(), id); err == nil || !strings.Contains(err.Error(), "init") {
			t.Errorf("the resume gives %v", err)
		}
		all := events(t, log, id)
		if got := kinds(all); got != want {
			t.Errorf("the chain is %q, want %q", got, want)
		}
		if got := last[*chain.Lifecycle](t, all); got.Reason != string(actors.ReasonInitFailed) {
			t.Errorf("the chain ends with %+v", got)
		}
	}
	t.Run("it ends when init was cut short", func(t *testing.T) {
		s := open(t)
		holder := s.spawn("holder", puppet(wasmtest.Guest{}))
		spawned := make(chan error, 1)
		go func() {
			_, err := s.try("actor", guest(wasmtest.Guest{Init: request("/holder", "x", wasmtest.Keep())}))
			spawned <- err
		}()
		id := s.holds(holder, 1)[0]
		ref, err := s.Lookup("/actor")
		check(t, err)
		ends(t, copied(t, s.log, ref.ID, whole), ref.ID, "genesis call intent result stopped")
		s.text(holder, "respond-to-request", to(id, "")...)
		check(t, <-spawned)
	})
	t.Run("it ends when init had failed", func(t *testing.T) {
		s := open(t)
		_, err := s.try("actor", guest(wasmtest.Guest{Init: wasmtest.Refuse("no")}))
		if err == nil {
			t.Fatal("the spawn succeeds")
		}
		id := s.only().ID
		ends(t, copied(t, s.log, id, func(r []chain.Record) []chain.Record { return r[:2] }), id, "genesis call result stopped")
	})
}

func TestAChainThatIsNotWhatTheGuestDoesIsNotResumed(t *testing.T) {
	s := open(t)
	s.spawn("other", server(wasmtest.Echo()))
	ref := s.spawn("actor", everything())
	for _, body := range []string{"p", "r", "q", "s", ""} {
		_, err := s.request(ref, body)
		check(t, err)
	}
	_, err := s.Stop(t.Context(), ref)
	check(t, err)
	other := chain.Payload{Bytes: encode(pack.Tuple(pack.String("other")))}
	for _, c := range []struct {
		name string
		edit func(event chain.Event) bool // what is changed; true once it is
	}{
		{"another response", func(e chain.Event) bool {
			r, ok := e.(*chain.Result)
			if ok {
				r.Response = other
			}
			return ok
		}},
		{"another state", func(e chain.Event) bool {
			r, ok := e.(*chain.Result)
			if ok {
				r.State = chain.NewState(other.Bytes)
			}
			return ok
		}},
		{"an err where the guest succeeds", func(e chain.Event) bool {
			r, ok := e.(*chain.Result)
			if ok {
				*r = chain.Result{Status: chain.ResultError, Error: other}
			}
			return ok
		}},
		{"another input of a host call", func(e chain.Event) bool {
			h, ok := e.(*chain.Host)
			if ok {
				h.Input = other
			}
			return ok
		}},
		{"another import", func(e chain.Event) bool {
			h, ok := e.(*chain.Host)
			if ok {
				h.Import++
			}
			return ok
		}},
		{"another input of an outcall", func(e chain.Event) bool {
			i, ok := e.(*chain.Intent)
			if ok {
				i.Input = other
			}
			return ok
		}},
		{"another answer of an outcall", func(e chain.Event) bool {
			o, ok := e.(*chain.Outcome)
			if ok && o.Input.IsZero() {
				o.Output = other
			}
			return ok && o.Input.IsZero()
		}},
		{"another length of a sleep", func(e chain.Event) bool {
			o, ok := e.(*chain.Outcome)
			if ok && !o.Input.IsZero() {
				o.Input = other
			}
			return ok && !o.Input.IsZero()
		}},
		{"other randomness", func(e chain.Event) bool {
			k, ok := e.(*chain.Key)
			if ok {
				k.Key[0]++
			}
			return ok
		}},
		{"another message", func(e chain.Event) bool {
			call, ok := e.(*chain.Call)
			if !ok || call.Cause.Kind == chain.CauseNone {
				return false
			}
			id := value(t, s.log, call.Params).At(0)
			call.Params.Bytes = encode(pack.Tuple(id, pack.Bytes([]byte("l"))))
			return true
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			edited := false
			log := copied(t, s.log, ref.ID, func(r []chain.Record) []chain.Record {
				r = r[:len(r)-1] // without the stop
				for _, record := range r {
					for _, e := range record.Events {
						if !edited {
							edited = c.edit(e)
						}
					}
				}
				return r
			})
			if !edited {
				t.Fatal("nothing was edited")
			}
			before := len(records(t, log, ref.ID))
			again := reopen(t, log)
			_, err := again.Resume(t.Context(), ref.ID)
			var diverged *replay.Divergence
			if !errors.As(err, &diverged) {
				t.Errorf("the resume gives %v, want a divergence", err)
			}
			if after := len(records(t, log, ref.ID)); after != before {
				t.Errorf("the chain had %d records and has %d", before, after)
			}
			if list := again.List(); len(list) != 0 {
				t.Errorf("there is an actor %v", list)
			}
		})
	}
	t.Run("but the chain as it was is", func(t *testing.T) {
		again := reopen(t, copied(t, s.log, ref.ID, func(r []chain.Record) []chain.Record { return r[:len(r)-1] }))
		again.resume(ref.ID)
	})
}

func TestABlobThatIsGoneIsNotADivergence(t *testing.T) {
	s := open(t)
	ref := s.spawn("actor", server(send("/actor", strings.Repeat("x", 10_000), wasmtest.Reply(nil))))
	s.answers(ref, "", "")
	var gone chain.Hash
	for _, h := range of[*chain.Host](s.events(ref)) {
		if h.Input.Form == chain.FormBlob {
			gone = h.Input.Sum
		}
	}
	log := copied(t, s.log, ref.ID, whole)
	again := reopen(t, without{log, gone})
	_, err := again.Resume(t.Context(), ref.ID)
	if diverged := (*replay.Divergence)(nil); !errors.Is(err, chain.ErrNotFound) || errors.As(err, &diverged) {
		t.Errorf("the resume gives %v, want that the blob is not found", err)
	}
}

// without is a log that lost a blob.
type without struct {
	chain.Log
	gone chain.Hash
}

func (w without) Blob(ctx context.Context, sum chain.Hash) ([]byte, error) {
	if sum == w.gone {
		return nil, chain.ErrNotFound
	}
	return w.Log.Blob(ctx, sum)
}

func TestOnlyAnActorThatIsNeitherStoppedNorLiveIsResumed(t *testing.T) {
	s := open(t)
	live := s.spawn("live", server(wasmtest.Echo()))
	if _, err := s.Resume(t.Context(), live.ID); err == nil || !strings.Contains(err.Error(), "already running") {
		t.Errorf("a live actor: %v", err)
	}
	s.answers(live, "x", "x")
	_, err := s.Stop(t.Context(), live)
	check(t, err)
	if _, err := s.Resume(t.Context(), live.ID); !errors.Is(err, actors.ErrStopped) || !strings.Contains(err.Error(), "shutdown") {
		t.Errorf("a stopped actor: %v", err)
	}
	if _, err := s.Resume(t.Context(), chain.ID{1}); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("an actor that never was: %v", err)
	}
}

func TestATurnThatASuspensionInterruptedIsLeftOutOnResume(t *testing.T) {
	log := memlog.New()
	first := reopen(t, log)
	ref := first.spawn("actor", server(wasmtest.Switch(map[byte]wasmtest.Behavior{
		's': wasmtest.Sleep(time.Hour, wasmtest.Calls()),
	}, wasmtest.Calls())), "[limits]\nwait_time = \"1h\"")
	first.answers(ref, "", "\x01\x00\x00\x00")
	answer := first.ask(ref, "s")
	first.asleep(ref)
	first.close()
	first.gets(answer)

	second := reopen(t, log)
	second.answers(second.resume(ref.ID), "", "\x02\x00\x00\x00")
	second.events(ref)
}

func TestWhatAFailedTurnDidOutsideItselfIsKeptOnResume(t *testing.T) {
	log := memlog.New()
	first := reopen(t, log)
	ref := first.spawn("actor", guest(wasmtest.Guest{
		Init:          wasmtest.Keep(),
		HandleRequest: wasmtest.Echo(),
		Others: map[string]wasmtest.Behavior{
			"test.register": wasmtest.Do(message.Interface, "register", encode(pack.Unit), wasmtest.Refuse("and yet")),
		},
	}), "[supervision]\non_error = \"continue\"")
	if _, err := first.Call(t.Context(), ref, "test", "test.register", pack.Unit); err == nil {
		t.Fatal("the turn did not fail")
	}
	first.answers(ref, "x", "x")
	first.close()
	second := reopen(t, log)
	second.answers(second.resume(ref.ID), "x", "x")
}

func TestASpawnAfterAResumeThatEndedTheActorSucceeds(t *testing.T) {
	s := open(t)
	if _, err := s.try("actor", guest(wasmtest.Guest{Init: wasmtest.Refuse("no")})); err == nil {
		t.Fatal("the spawn succeeds")
	}
	id := s.only().ID
	log := &late{Log: copied(t, s.log, id, func(r []chain.Record) []chain.Record { return r[:2] })}
	again := reopen(t, log)
	if _, err := again.Resume(t.Context(), id); err == nil {
		t.Fatal("the resume succeeds")
	}
	log.is = true
	again.answers(again.spawn("actor", server(wasmtest.Echo())), "x", "x")
	if got := last[*chain.Lifecycle](t, events(t, log, id)); got.Reason != string(actors.ReasonInitFailed) {
		t.Errorf("the first ended with %+v", got)
	}
}

// late is a log whose summaries, once it is, have not seen the newest record,
// as those of a log that acknowledges later.
type late struct {
	chain.Log
	is bool
}

func (l *late) Summary(ctx context.Context, id chain.ID) (chain.Summary, error) {
	sum, err := l.Log.Summary(ctx, id)
	if err != nil || !l.is {
		return sum, err
	}
	var stale chain.Summary
	for r, err := range l.Records(ctx, id, 0) {
		if err == nil && r.Number < sum.Records-1 {
			stale.Apply(r)
		}
	}
	return stale, nil
}

func TestAnActorThatTrappedIsNotResumedWhereItsEndWasLost(t *testing.T) {
	s := open(t)
	ref := s.spawn("actor", server(wasmtest.Trap()))
	_, err := s.request(ref, "")
	if err == nil {
		t.Fatal("it does not trap")
	}
	s.ends(ref)
	log := copied(t, s.log, ref.ID, func(r []chain.Record) []chain.Record { return r[:len(r)-1] })
	again := reopen(t, log)
	if _, err := again.Resume(t.Context(), ref.ID); err == nil || !strings.Contains(err.Error(), "has failed") {
		t.Errorf("the resume gives %v", err)
	}
	again.spawn("actor", server(wasmtest.Echo()))
	if got := kinds(events(t, log, ref.ID)); !strings.HasSuffix(got, "call result stopped") {
		t.Errorf("the chain is %s", got)
	}
}

func TestAResumeThatIsGivenUpLeavesTheChainAsItIs(t *testing.T) {
	s := open(t)
	ref := s.spawn("actor", server(wasmtest.Echo()))
	s.answers(ref, "x", "x")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log := &watched{Log: copied(t, s.log, ref.ID, whole)}
	again := reopen(t, log)
	log.read = cancel
	if _, err := again.Resume(ctx, ref.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("the resume gives %v", err)
	}
	if live := again.List(); len(live) != 0 {
		t.Errorf("there are %v", live)
	}
	log.read = func() {}
	if got := kinds(events(t, log, ref.ID)); got != kinds(s.events(ref)) {
		t.Errorf("the chain is %s", got)
	}
	again.answers(again.resume(ref.ID), "x", "x")
}

// watched is a log that tells when records are read.
type watched struct {
	chain.Log
	read func()
}

func (w *watched) Records(ctx context.Context, id chain.ID, from uint64) iter.Seq2[chain.Record, error] {
	w.read()
	return w.Log.Records(ctx, id, from)
}
