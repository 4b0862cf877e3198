package actors_test

import (
	"errors"

	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestASuspensionKeepsWhatIsWorthIt(t *testing.T) {
	for _, c := range []struct {
		name, tables    string
		times           int
		marks, replayed int
	}{
		{"after some turns", "", 5, 1, 0},
		{"without them", "", 0, 0, 1},
		{"where the manifest says no", "[snapshot]\non_suspend = false", 5, 0, 6},
		{"where nothing is kept at all", "[snapshot]\nenabled = false\nturns = 2", 5, 0, 6},
		{"of a sealed chain", "[chain]\nsealed = true", 5, 1, 0},
		{"right after a checkpoint", "[snapshot]\nturns = 6", 5, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			log := memlog.New()
			first := reopen(t, log)
			ref := first.spawn("counter", counter(), c.tables)
			first.count(ref, 0, c.times)
			first.close()
			all := marks(t, log, ref.ID)
			if len(all) != c.marks {
				t.Fatalf("there are %d checkpoints: %s", len(all), kinds(first.events(ref)))
			}
			for _, m := range all {
				kept, err := chain.LoadCheckpoint(t.Context(), log, ref.ID, m)
				check(t, err)
				if sealed := strings.Contains(c.tables, "sealed"); sealed == kept.Salt.IsZero() {
					t.Errorf("its salt is %s", kept.Salt)
				}
			}
			second := reopen(t, log)
			again := second.resume(ref.ID)
			if got := second.Stats().Replayed; got != int64(c.replayed) {
				t.Errorf("%d turns are executed again, want %d", got, c.replayed)
			}
			second.count(again, c.times, 2)
			second.close()
			third := reopen(t, log)
			third.count(third.resume(ref.ID), c.times+2, 1)
			third.replays(ref)
		})
	}
}

func TestAnActorWhoseLastTurnHasEndedItIsNotKeptAsItWasNot(t *testing.T) {
	for _, body := range []string{"x", "e"} { // a trap, and an err that fails the actor
		log := memlog.New()
		first := reopen(t, log)
		top := first.settle(home{
			"top":   someone{parental(wasmtest.Guest{}), "[supervision]\n[supervision.backoff]\ninitial = \"1h\"\ncap = \"1h\"\n[[child]]\nid = \"child\"\nmanifest = \"child.toml\"\n"},
			"child": someone{counter(), "[snapshot]\nturns = 3\n"},
		}, "top")
		child := first.lookup("/top/child")
		first.count(child, 0, 4)
		if _, err := first.request(child, body); err == nil {
			t.Fatal("it does not fail")
		}
		first.close()
		if got := len(marks(t, log, child.ID)); got != 1 {
			t.Errorf("%q: there are %d checkpoints: %s", body, got, kinds(first.events(child)))
		}
		second := reopen(t, log)
		second.resume(top.ID)
		second.count(second.lookup("/top/child"), 0, 1)
	}
}

func TestSubscriptionsOutliveASuspensionThatIsKept(t *testing.T) {
	for _, again := range []int{1, 2} {
		log := memlog.New()
		first := reopen(t, log)
		parent := first.settle(home{
			"parent": someone{listener(wasmtest.Guest{HandleRequest: tired(wasmtest.Calls()), Init: ready}), everySuspension},
			"child":  someone{server(wasmtest.Echo()), ""},
		}, "parent")
		child := first.bears(parent, "child.toml")
		first.follows(parent, child)
		first.answers(parent, "", calls(1))
		first.close()
		if len(marks(t, log, parent.ID)) == 0 {
			t.Fatal("there is no checkpoint")
		}
		for i := range again {
			s := reopen(t, log)
			s.resume(parent.ID)
			before := len(s.hears(parent, wasmtest.ChildEvent))
			s.answers(s.lookup(child.ID.String()), "x", "x")
			s.eventually("the parent hears of it", func() bool { return len(s.hears(parent, wasmtest.ChildEvent)) > before })
			s.answers(s.lookup("/parent"), "", calls(byte(2+i)))
			s.close()
		}
	}
}

// everySuspension has a checkpoint taken with every suspension.
const everySuspension = "[snapshot]\non_suspend = true\n"

func TestAPackageThatCannotBeSnapshottedIsSaidToBeSoOnce(t *testing.T) {
	var lines said
	log := memlog.New()
	first := reopen(t, log, logging(&lines))
	fixed := server(wasmtest.Switch(map[byte]wasmtest.Behavior{'t': wasmtest.GrowTable(wasmtest.Calls())}, wasmtest.Calls()))
	policy := "[snapshot]\nturns = 2\nmax_replay = 1000\n"
	ref := first.spawn("one", fixed, policy)
	first.spawn("two", fixed, policy)
	if got := strings.Count(lines.String(), "have no snapshots"); got != 1 || !strings.Contains(lines.String(), "it changes its tables") {
		t.Errorf("it is said %d times: %s", got, &lines)
	}
	for i := range 990 {
		_, err := first.request(ref, "")
		check(t, err)
		if i == 900 && strings.Contains(lines.String(), "snapshot.max_replay") {
			t.Error("it is said too early that the chain is long")
		}
	}
	first.close()
	if n := len(marks(t, log, ref.ID)); n != 0 {
		t.Errorf("there are %d checkpoints", n)
	}

	second := reopen(t, log, logging(&lines))
	ref = second.resume(ref.ID)
	if got := second.Stats().Replayed; got != 991 {
		t.Errorf("%d turns are executed again", got)
	}
	for range 20 {
		_, err := second.request(ref, "")
		check(t, err)
	}
	if got := strings.Count(lines.String(), "snapshot.max_replay"); got != 1 {
		t.Errorf("it is said %d times that the chain is long: %s", got, &lines)
	}
	second.close()

	third := reopen(t, log)
	_, err := third.Resume(t.Context(), ref.ID)
	if !errors.Is(err, actors.ErrLongReplay) || !strings.Contains(err.Error(), "snapshot.max_replay is 1000") || !strings.Contains(err.Error(), "it changes its tables") {
		t.Errorf("the resume gives %v", err)
	}
	if third.Stats().Replayed != 0 {
		t.Error("turns are executed before that")
	}
}

func TestActorsOfWhichNothingIsKeptHaveNoCheckpoints(t *testing.T) {
	s := open(t)
	ref := s.spawn("counter", counter(), "[snapshot]\nturns = 2\n[chain]\ndurability = \"memory\"\n")
	s.count(ref, 0, 6)
	if got := s.Stats().Checkpoints; got != 0 {
		t.Errorf("%d are taken", got)
	}
}

func TestOfALongLifeOnlyTheTailIsExecutedAgain(t *testing.T) {
	const turns = 100_000
	log := memlog.New()
	first := reopen(t, log)
	ref := first.spawn("counter", server(wasmtest.Calls()), "[snapshot]\non_suspend = false\n")
	for i := range turns {
		if _, err := first.request(ref, ""); err != nil {
			t.Fatal(i, err)
		}
	}
	taken := first.Stats().Checkpoints
	first.close()
	var kept []chain.Marker
	for _, m := range marks(t, log, ref.ID) {
		if _, err := log.Blob(t.Context(), m.Sum); err == nil {
			kept = append(kept, m)
		}
	}
	if taken != turns/1000 || len(kept) != 2 {
		t.Errorf("%d checkpoints are taken, and %d kept", taken, len(kept))
	}
	sum, err := log.Summary(t.Context(), ref.ID)
	check(t, err)
	if slices.Reverse(kept); !slices.Equal(sum.Checkpoints[:], kept) {
		t.Errorf("the summary has %v, the log %v", sum.Checkpoints, kept)
	}
	second := reopen(t, log)
	again := second.resume(ref.ID)
	if got := second.Stats().Replayed; got > 1000 {
		t.Errorf("%d turns are executed again", got)
	}
	n := turns + 1
	second.answers(again, "", string([]byte{byte(n), byte(n >> 8), byte(n >> 16), 0}))
}

// BenchmarkResume resumes an actor that has taken 10,000 turns.
func BenchmarkResume(b *testing.B) {
	for _, policy := range []string{"enabled = true", "enabled = false"} {
		b.Run(policy, func(b *testing.B) {
			log := memlog.New()
			first := reopen(b, log)
			ref := first.spawn("counter", server(wasmtest.Calls()), "[snapshot]\non_suspend = false\n"+policy)
			for range 10_500 {
				_, err := first.request(ref, "")
				check(b, err)
			}
			first.close()
			var replayed int64
			for b.Loop() {
				b.StopTimer()
				s := reopen(b, log)
				b.StartTimer()
				s.resume(ref.ID)
				b.StopTimer()
				replayed = s.Stats().Replayed
				s.close()
				b.StartTimer()
			}
			b.ReportMetric(float64(replayed), "turns")
		})
	}
}
