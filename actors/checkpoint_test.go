package actors_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// often is a policy by which every third turn is followed by a checkpoint, and a
// suspension by none.
const often = "[snapshot]\nturns = 3\non_suspend = false\n"

// tired works for so long that a checkpoint is worth its while.
func tired(then wasmtest.Behavior) wasmtest.Behavior { return wasmtest.Burn(2_000_000, then) }

// counter is a guest that counts in its memory, which only a checkpoint or all the
// turns before bring back, and can do more.
func counter() []byte {
	return server(tired(wasmtest.Switch(map[byte]wasmtest.Behavior{
		'r': wasmtest.Random(16),
		't': wasmtest.Clock(),
		's': wasmtest.Sleep(time.Millisecond, wasmtest.Calls()),
		'l': wasmtest.Ask(message.Interface, "list-outstanding-requests", encode(pack.Unit)),
		'e': wasmtest.Refuse("no"),
		'x': wasmtest.Trap(),
	}, wasmtest.Calls())))
}

// calls is what a counter answers to its n-th message that asks it to count.
func calls(n byte) string { return string([]byte{n, 0, 0, 0}) }

// count has an actor count so often, and requires that it was asked from times
// before.
func (s *stage) count(ref actors.Ref, from, times int) {
	s.t.Helper()
	for i := range times {
		s.answers(ref, "", calls(byte(from+i+1)))
	}
}

// marks are the checkpoints on an actor's chain.
func marks(t testing.TB, log chain.Reader, id chain.ID) (all []chain.Marker) {
	t.Helper()
	for _, r := range records(t, log, id) {
		for _, e := range of[*chain.Lifecycle](r.Events) {
			if e.What == chain.LifecycleCheckpoint {
				all = append(all, chain.Marker{Record: r.Number, Sum: e.Sum})
			}
		}
	}
	return all
}

// eventsOf are the events of records.
func eventsOf(records []chain.Record) (all [][]chain.Event) {
	for _, r := range records {
		all = append(all, r.Events)
	}
	return all
}

// unmarked is a log without its checkpoints' blobs.
type unmarked struct{ chain.Log }

func (u unmarked) Blob(ctx context.Context, sum chain.Hash) ([]byte, error) {
	b, err := u.Log.Blob(ctx, sum)
	if err == nil && bytes.HasPrefix(b, []byte("thC")) {
		return nil, chain.ErrNotFound
	}
	return b, err
}

// said is what a system logs.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func logging(s *said) option {
	return func(c *actors.Config) { c.Logger = slog.New(slog.NewTextHandler(s, nil)) }
}

func TestAResumeExecutesOnlyTheTurnsAfterTheNewestCheckpoint(t *testing.T) {
	for _, sealed := range []string{"", "[chain]\nsealed = true\n"} {
		log := memlog.New()
		first := reopen(t, log)
		ref := first.spawn("counter", counter(), often+sealed)
		first.count(ref, 0, 10) // with init 11 turns, checkpoints after 3, 6 and 9
		before := first.info(ref)
		first.close()
		all := marks(t, log, ref.ID)
		if len(all) != 3 {
			t.Fatalf("there are checkpoints in %v: %s", all, kinds(first.events(ref)))
		}
		for i, m := range all {
			if _, err := log.Blob(t.Context(), m.Sum); (err == nil) != (i > 0) {
				t.Errorf("the log has the blob of checkpoint %d: %v", i, err)
			}
		}
		second := reopen(t, log)
		again := second.resume(ref.ID)
		if got := second.Stats().Replayed; got != 2 {
			t.Errorf("%d turns are executed again", got)
		}
		if got := second.info(again); got.Turns != before.Turns || got.Memory != before.Memory || !got.Registered {
			t.Errorf("it is resumed as %+v, and was %+v", got, before)
		}
		second.count(again, 10, 3)
		second.replays(again)
		second.close()

		// Without any checkpoint it is the same.
		third := reopen(t, unmarked{log})
		third.count(third.resume(ref.ID), 13, 1)
		if got := third.Stats().Replayed; got != 14 {
			t.Errorf("%d turns are executed again without checkpoints", got)
		}
	}
}

func TestAnActorThatWasResumedFromACheckpointWritesWhatItWouldHaveWritten(t *testing.T) {
	log := memlog.New()
	first := reopen(t, log)
	first.spawn("other", server(wasmtest.Echo()))
	ref := first.spawn("counter", counter(), often+"[supervision]\non_error = \"continue\"")
	for _, body := range strings.Split("r t s l e r t", " ") {
		if _, err := first.request(ref, body); (err != nil) != (body == "e") {
			t.Fatalf("%q: %v", body, err)
		}
	}
	first.close()
	heads, at := map[string]chain.Hash{}, time.Now().Add(time.Hour)
	for name, log := range map[string]chain.Log{"from a checkpoint": copied(t, log, ref.ID, whole), "without": unmarked{copied(t, log, ref.ID, whole)}} {
		again := reopen(t, log, func(c *actors.Config) { c.Now = func() time.Time { return at } })
		resumed := again.resume(ref.ID)
		if got := again.Stats().Replayed; (got == 2) != (name == "from a checkpoint") {
			t.Errorf("%s %d turns are executed again", name, got)
		}
		for _, body := range strings.Split("r t s l e t", " ") {
			_, _ = again.request(resumed, body)
		}
		again.close()
		if got := len(marks(t, log, ref.ID)); got != 4 {
			t.Errorf("%s there are %d checkpoints in the end", name, got)
		}
		sum, err := log.Summary(t.Context(), ref.ID)
		check(t, err)
		heads[name] = sum.Head
	}
	if one, two := heads["from a checkpoint"], heads["without"]; one != two {
		t.Errorf("the chains end with %s, without a checkpoint %s", one, two)
	}
}

func TestAnActorThatIsCutOffAnywhereAfterACheckpointIsResumed(t *testing.T) {
	s := open(t)
	ref := s.spawn("counter", counter(), often)
	s.count(ref, 0, 5)
	if _, err := s.request(ref, "s"); err != nil {
		t.Fatal(err)
	}
	all := records(t, s.log, ref.ID)
	for n := 2; n <= len(all); n++ {
		log := copied(t, s.log, ref.ID, func(r []chain.Record) []chain.Record { return r[:n] })
		again := reopen(t, log)
		resumed := again.resume(ref.ID)
		closed, since := 0, 0
		for _, e := range slices.Concat(eventsOf(all[:n])...) {
			switch e.(type) {
			case *chain.Result:
				closed++
				since++
			case *chain.Lifecycle:
				since = 0
			}
		}
		if got := again.Stats().Replayed; got != int64(since) {
			t.Errorf("after record %d %d turns are executed again, want %d", n-1, got, since)
		}
		again.count(resumed, closed-1, 1) // init does not count
		again.events(ref)
		again.close()
	}
}

func TestARestartAfterACheckpointIsResumed(t *testing.T) {
	for _, state := range []string{"initial", "last"} {
		for _, afterwards := range []int{0, 1, 4} {
			t.Run(fmt.Sprintf("with the %s state and %d turns", state, afterwards), func(t *testing.T) {
				log := memlog.New()
				first := reopen(t, log)
				top := first.settle(home{
					"top":   someone{parental(wasmtest.Guest{}), "[[child]]\nid = \"child\"\nmanifest = \"child.toml\"\n"},
					"child": someone{counter(), often + "[supervision]\nrestart_state = \"" + state + "\"\n"},
				}, "top")
				child := first.lookup("/top/child")
				first.count(child, 0, 4)
				if _, err := first.request(child, "x"); err == nil {
					t.Fatal("it does not trap")
				}
				first.eventually("it is up again", func() bool {
					i := first.info(child)
					return i.Restarts == 1 && i.Status == actors.StatusRunning
				})
				first.count(child, 0, afterwards)
				first.close()
				if len(marks(t, log, child.ID)) == 0 {
					t.Fatal("there is no checkpoint")
				}

				second := reopen(t, log)
				second.resume(top.ID)
				again := second.lookup("/top/child")
				if got := second.info(again); got.Restarts != 1 || again.ID != child.ID {
					t.Errorf("it is %+v", got)
				}
				second.count(again, afterwards, 1)
				second.replays(again)
			})
		}
	}
}

func TestACheckpointThatIsOfNoUseIsPassedOver(t *testing.T) {
	log := memlog.New()
	first := reopen(t, log)
	ref := first.spawn("counter", counter(), often)
	first.count(ref, 0, 10)
	first.close()
	edit := func(edit func(*chain.Checkpoint)) func([]byte) []byte {
		return func(b []byte) []byte {
			c, err := chain.DecodeCheckpoint(bytes.Clone(b))
			check(t, err)
			edit(c)
			return c.Append(nil)
		}
	}
	bad := encode(pack.Unit)[:5]
	for name, damage := range map[string]func([]byte) []byte{
		"missing":             func([]byte) []byte { return nil },
		"of a later version":  func(b []byte) []byte { b = bytes.Clone(b); b[4]++; return b },
		"of another machine":  edit(func(c *chain.Checkpoint) { c.Machine[3]++ }),
		"with a bad crossing": edit(func(c *chain.Checkpoint) { c.Crossings[0].Input = bad }),
		"with a bad state":    edit(func(c *chain.Checkpoint) { c.State = bad }),
		"with a machine cut":  edit(func(c *chain.Checkpoint) { c.Machine = c.Machine[:40] }),
		"of another place":    edit(func(c *chain.Checkpoint) { c.Record++ }),
	} {
		for gone, replayed := range map[int]int64{1: 5, 2: 11} {
			t.Run(fmt.Sprintf("%s, %d of them", name, gone), func(t *testing.T) {
				var lines said
				again := reopen(t, remade(t, log, ref.ID, gone, damage), logging(&lines))
				resumed := again.resume(ref.ID)
				if got := again.Stats().Replayed; got != replayed {
					t.Errorf("%d turns are executed again, want %d", got, replayed)
				}
				if got := strings.Count(lines.String(), "a checkpoint is of no use"); got != gone {
					t.Errorf("it is said %d times: %s", got, &lines)
				}
				again.count(resumed, 10, 1)
			})
		}
	}
	t.Run("damaged on the disk", func(t *testing.T) {
		var lines said
		newest := marks(t, log, ref.ID)[2].Sum
		again := reopen(t, damaged{log, newest}, logging(&lines))
		again.count(again.resume(ref.ID), 10, 1)
		if again.Stats().Replayed != 5 || !strings.Contains(lines.String(), "have another hash") {
			t.Errorf("%d turns are executed again: %s", again.Stats().Replayed, &lines)
		}
	})
}

// remade is a copy of a log in which an actor's newest checkpoints are what edit
// makes of them; nil is that the blob is gone.
func remade(t testing.TB, from chain.Reader, id chain.ID, newest int, edit func([]byte) []byte) chain.Log {
	t.Helper()
	all := marks(t, from, id)
	var blobs [][]byte
	log := copied(t, from, id, func(records []chain.Record) []chain.Record {
		for _, m := range all[len(all)-newest:] {
			b, err := from.Blob(context.Background(), m.Sum)
			check(t, err)
			sum := chain.Hash{9}
			if b = edit(b); b != nil {
				sum, blobs = sha256.Sum256(b), append(blobs, b)
			}
			records[m.Record].Events[0].(*chain.Lifecycle).Sum = sum
		}
		return records
	})
	w, err := log.Writer(context.Background())
	check(t, err)
	for _, b := range blobs {
		w.PutBlob(b)
	}
	check(t, w.Close())
	return log
}

// damaged is a log on whose disk a bit of a blob has changed.
type damaged struct {
	chain.Log
	sum chain.Hash
}

func (d damaged) Blob(ctx context.Context, sum chain.Hash) ([]byte, error) {
	b, err := d.Log.Blob(ctx, sum)
	if sum == d.sum && err == nil {
		b = bytes.Clone(b)
		b[len(b)/2] ^= 1
	}
	return b, err
}
