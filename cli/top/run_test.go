package top_test

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/theater-go/theater/cli/top"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// paper is a terminal that keeps what is written, and can be waited for.
type paper struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func (p *paper) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.Write(b)
	select {
	case p.more <- struct{}{}:
	default:
	}
	return len(b), nil
}

func (p *paper) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func (p *paper) await(t *testing.T, part string) {
	t.Helper()
	late := time.After(20 * time.Second)
	for !strings.Contains(p.String(), part) {
		select {
		case <-p.more:
		case <-late:
			t.Fatalf("%q did not come:\n%q", part, p.String())
		}
	}
}

// run runs a screen of a shop in which the clock is renamed with each look. The new
// name differs from the old one in each letter, for only what differs is written.
func run(t *testing.T, ctx context.Context, env ...string) (out *paper, keys io.Writer, over chan error) {
	f := &fake{look: func(n int) (*top.Snapshot, error) {
		s := shop(time.Now())
		s.Actors[0].Path = fmt.Sprint("/again-", n)
		return s, nil
	}}
	in, keys := io.Pipe()
	out, over = &paper{more: make(chan struct{}, 1)}, make(chan error, 1)
	go func() {
		over <- top.Run(ctx, top.Config{Source: f, First: shop(time.Now()), Interval: time.Millisecond,
			In: in, Out: out, Env: append(env, "TERM=xterm-256color", "TTY_FORCE=1"), Width: 112, Height: 14})
		in.Close()
	}()
	return out, keys, over
}

func TestAScreenLooksAgainUntilItIsLeft(t *testing.T) {
	out, keys, over := run(t, t.Context())
	out.await(t, "again")
	out.await(t, "\x1b[7m")
	fmt.Fprint(keys, "q")
	if err := <-over; err != nil {
		t.Error(err)
	}
	if got := out.String(); !strings.Contains(got, "\x1b[?1049l") {
		t.Errorf("the terminal is not as before: %q", got)
	}
}

func TestAScreenEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, _, over := run(t, ctx)
	out.await(t, "again")
	cancel()
	if err := <-over; err != nil {
		t.Error(err)
	}
}

func TestNobodyIsShownColoursWhoWantsNone(t *testing.T) {
	colour := regexp.MustCompile(`\x1b\[([0-9;]*;)?3[0-9]m`)
	for _, env := range []string{"", "NO_COLOR=1"} {
		out, keys, over := run(t, t.Context(), env)
		out.await(t, "again")
		fmt.Fprint(keys, "q")
		if err := <-over; err != nil {
			t.Error(err)
		}
		if got := out.String(); colour.MatchString(got) != (env == "") {
			t.Errorf("with %q there is a colour: %v in\n%q", env, env != "", got)
		}
	}
}

// crowd is a node with so many actors, a hundred below each at the top.
func crowd(n int) *top.Snapshot {
	s := shop(time.Unix(0, 0))
	s.Actors = s.Actors[:0]
	for i := range n {
		path := fmt.Sprintf("/group-%d", i/100)
		if i%100 > 0 {
			path += fmt.Sprintf("/member-%d", i%100)
		}
		s.Actors = append(s.Actors, top.Actor{ID: fmt.Sprint(i), Path: path, Status: "running", Turns: int64(i)})
	}
	return s
}

func TestWhatIsNotOnTheScreenCostsNothingToShow(t *testing.T) {
	cost := func(n int) float64 {
		s := open(t)
		s.Looked(crowd(n), nil)
		s.Press("end")
		s.has("member-99")
		return testing.AllocsPerRun(5, func() { s.View(); s.Press("up") })
	}
	few, many := cost(200), cost(20_000)
	if many > few*1.5 {
		t.Errorf("a screen and a key cost %.0f allocations with 200 actors and %.0f with 20,000", few, many)
	}
}

func BenchmarkALookAtTenThousandActors(b *testing.B) {
	for name, keys := range map[string][]string{"tree": nil, "sorted": {"<"}, "filtered": {"/", "9"}} {
		b.Run(name, func(b *testing.B) {
			f := &fake{}
			s := top.NewScreen(f, time.Now)
			s.Press(keys...)
			all := crowd(10_000)
			for b.Loop() {
				s.Looked(all, nil)
				s.View()
			}
		})
	}
}
