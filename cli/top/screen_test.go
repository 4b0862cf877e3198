package top_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/cli/top"
)

// stage is a screen with a clock that stands still.
type stage struct {
	*top.Screen
	t      *testing.T
	clock  time.Time
	source *fake
}

func open(t *testing.T) *stage {
	s := &stage{t: t, clock: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), source: &fake{}}
	s.Screen = top.NewScreen(s.source, func() time.Time { return s.clock })
	s.Resize(123, 14)
	return s
}

// shows fails unless the screen is as the text says.
func (s *stage) shows(want string) {
	s.t.Helper()
	if got := s.Text(); got != strings.TrimPrefix(want, "\n") {
		s.t.Errorf("the screen is\n%s\nand not\n%s", got, want)
	}
}

func (s *stage) has(parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if !strings.Contains(s.Text(), part) {
			s.t.Errorf("%q is not on the screen\n%s", part, s.Text())
		}
	}
}

func (s *stage) hasNot(parts ...string) {
	s.t.Helper()
	for _, part := range parts {
		if strings.Contains(s.Text(), part) {
			s.t.Errorf("%q is on the screen\n%s", part, s.Text())
		}
	}
}

func (s *stage) selects(path string) {
	s.t.Helper()
	if got := s.Selected(); got != path {
		s.t.Errorf("%q is selected and not %q", got, path)
	}
}

// shop is a node with a shop.
func shop(clock time.Time) *top.Snapshot {
	return &top.Snapshot{
		Node: top.Node{Name: "alpha", State: "ready", Address: "unix:/run/theater.sock", Started: clock.Add(-26*time.Hour - 5*time.Minute), Turns: 5000,
			Memory: 300 << 20, MemoryBudget: 1 << 30},
		Actors: []top.Actor{
			{ID: "a1", Path: "/clock", Status: "running", Busy: 12 * time.Second, Turns: 10, Fuel: 1e6, Memory: 64 << 10},
			{ID: "a2", Path: "/shop", Status: "running", Turns: 100, Fuel: 5e6, Memory: 2 << 20, Mailbox: 3},
			{ID: "a3", Path: "/shop/cart", Status: "running", Busy: 65 * time.Second, Waits: true, Turns: 1000, Fuel: 7e6, Memory: 4 << 20},
			{ID: "a4", Path: "/shop/till", Status: "restarting", Turns: 40, Fuel: 1e6, Restarts: 7, Failure: "trap unreachable in pay", Mailbox: 12},
			{Path: "/shop/till/audit", Status: "starting"},
			{ID: "a6", Path: "/zoo", Status: "running"},
		},
	}
}

// later is the same a second later.
func (s *stage) later() *top.Snapshot {
	next := shop(s.clock)
	s.clock = s.clock.Add(time.Second)
	next.Node.Turns += 1234
	next.Actors[1].Turns += 3
	next.Actors[2].Turns += 1231
	next.Actors[2].Fuel += 45_600_000
	return next
}

// started shows the shop after two looks.
func started(t *testing.T) *stage {
	s := open(t)
	s.Looked(shop(s.clock), nil)
	s.Looked(s.later(), nil)
	return s
}

func TestActorsStandInATreeWithWhatTheyDo(t *testing.T) {
	s := open(t)
	s.Looked(shop(s.clock), nil)
	s.shows(`
alpha  ready  up 1d02h  unix:/run/theater.sock
actors 6  turns/s –  fuel/s –  memory 300 MiB of 1.0 GiB
▾ACTOR                    STATUS      BUSY       MAILBOX  TURNS/S   FUEL/S    MEMORY  RESTARTS  LAST FAILURE
  /clock                  running     12s              0        –        –  64.0 KiB         0
▾ /shop                   running                      3        –        –   2.0 MiB         0
    cart                  running     waits 65s        0        –        –   4.0 MiB         0
  ▾ till                  restarting                  12        –        –       0 B         7  trap unreachable in pay
      audit               starting                     0        –        –       0 B         0
  /zoo                    running                      0        –        –       0 B         0




? keys  enter events  L logs  / filter  <> sort  S stop  R restart  K kill  q quit
`)
	s.Looked(s.later(), nil)
	s.shows(`
alpha  ready  up 1d02h  unix:/run/theater.sock
actors 6  turns/s 1.2k  fuel/s 45.6M  memory 300 MiB of 1.0 GiB
▾ACTOR                    STATUS      BUSY       MAILBOX  TURNS/S   FUEL/S    MEMORY  RESTARTS  LAST FAILURE
  /clock                  running     12s              0        0        0  64.0 KiB         0
▾ /shop                   running                      3      3.0        0   2.0 MiB         0
    cart                  running     waits 65s        0     1.2k    45.6M   4.0 MiB         0
  ▾ till                  restarting                  12        0        0       0 B         7  trap unreachable in pay
      audit               starting                     0        0        0       0 B         0
  /zoo                    running                      0        0        0       0 B         0




? keys  enter events  L logs  / filter  <> sort  S stop  R restart  K kill  q quit
`)
}

func TestTheSelectionStaysWithItsActor(t *testing.T) {
	s := started(t)
	s.Press("down", "down", "down")
	s.selects("/shop/till")
	next := s.later()
	next.Actors = append([]top.Actor{{ID: "new", Path: "/aaa", Status: "running"}}, next.Actors...)
	s.Looked(next, nil)
	s.selects("/shop/till")
	s.Press(">", ">")
	s.selects("/shop/till")
	s.Press("t")
	s.selects("/shop/till")
	next.Actors = next.Actors[:4]
	s.Looked(next, nil)
	s.selects("/shop/cart") // the last one that is there
	s.Looked(&top.Snapshot{Node: next.Node}, nil)
	s.selects("")
	s.has("there are no actors")
	s.Press("down", "K", "enter", "left", "right", "*", "end") // there is nothing to do it to
	s.hasNot("y or n")
}

func TestActorsAreSortedByAColumn(t *testing.T) {
	s := started(t)
	s.Press(">", ">", ">", ">") // TURNS/S
	s.has("▾TURNS/S")
	paths := func() (all []string) {
		for line := range strings.Lines(s.Text()) {
			if strings.HasPrefix(line, "/") {
				all = append(all, strings.Fields(line)[0])
			}
		}
		return all
	}
	if got := fmt.Sprint(paths()); got != "[/shop/cart /shop /clock /shop/till /shop/till/audit /zoo]" {
		t.Errorf("by turns they are %s", got)
	}
	s.Press("i")
	s.has("▴TURNS/S")
	if got := fmt.Sprint(paths()); !strings.HasSuffix(got, "/shop /shop/cart]") {
		t.Errorf("the other way round they are %s", got)
	}
	for column, first := range map[int]string{1: "/shop/till", 2: "/shop/cart", 3: "/shop/till", 5: "/shop/cart", 6: "/shop/cart", 7: "/shop/till", 8: "/shop/till"} {
		s.Press("t")
		for range column {
			s.Press(">")
		}
		if got := paths(); got[0] != first {
			t.Errorf("by column %d the first is %s", column, got[0])
		}
	}
	s.Press("t", "<", ">")
	s.has("▾ACTOR")
	s.Press("<")
	s.has("▾LAST FAILURE")
}

func TestAFilterShowsWhatItFindsAndWhatIsAbove(t *testing.T) {
	s := started(t)
	s.Press("/", "T", "i", "x", "backspace")
	s.has("/ti▏ 3 of 6")
	s.hasNot("cart", "zoo")
	s.Press("enter")
	s.has("/ti 3 of 6, esc all")
	s.Looked(s.later(), nil)
	s.hasNot("cart")
	s.Press("esc")
	s.has("cart", "zoo")
	s.Press("/")
	s.Paste("unreach\x1b[2Jable")
	s.has("/unreach[2jable▏ 0 of 6", "no actors that the filter finds")
	s.Press("esc", "/", "a", "4")
	s.has("till", "2 of 6")
	s.Press("esc", "q")
	if len(s.Asked) != 1 {
		t.Error("the screen is not left")
	}
}

func TestWhatIsBelowAnActorIsHidden(t *testing.T) {
	s := started(t)
	s.Press("down", "left")
	s.has("▸ /shop (3)")
	s.hasNot("cart", "audit")
	s.Looked(s.later(), nil)
	s.has("▸ /shop (3)")
	s.Press("down")
	s.selects("/zoo")
	s.Press("up", "right", "down", "down", "down")
	s.selects("/shop/till/audit")
	s.Press("left")
	s.selects("/shop/till")
	s.Press("space")
	s.has("▸ till (1)")
	s.Press("space")
	s.has("▾ till")
	s.Press("*")
	s.selects("/shop")
	s.has("▸ /shop (3)")
	s.Press("*")
	s.has("audit")
}

func TestADeedIsDoneOnceItIsConfirmed(t *testing.T) {
	s := started(t)
	s.Press("down", "K")
	s.has("kill /shop in the middle of its turn? y or n")
	next := s.later()
	next.Actors = next.Actors[2:] // meanwhile another one is selected
	s.Looked(next, nil)
	s.Press("y")
	s.has("killing /shop …")
	s.Answer()
	s.has("killed /shop")
	s.Press("R", "n")
	s.has("nothing was done to ")
	s.source.err = errors.New("no such\x1b[31m actor")
	s.Press("S", "y")
	s.Asked = s.Asked[1:] // a look
	s.Answer()
	s.has("stop /shop/till: no such[31m actor")
	if got := fmt.Sprint(s.source.deeds); got != "[kill /shop stop /shop/till]" {
		t.Errorf("it did %s", got)
	}
}

func TestANodeThatIsAwayIsShownUntilItIsBack(t *testing.T) {
	s := started(t)
	s.Press("down", "down")
	s.clock = s.clock.Add(7 * time.Second)
	s.Looked(nil, errors.New("no node answers at \x1b]0;x\x07unix:/run/theater.sock"))
	s.has("nothing new for 7s: no node answers at ]0;xunix:/run/theater.sock", "cart")
	next := s.later()
	next.Node.Started = s.clock // it has begun anew, and so have its counters
	next.Node.Turns, next.Actors[2].Turns = 4, 2
	s.Looked(next, nil)
	s.has("turns/s –", "up 0s")
	s.hasNot("nothing new")
	s.selects("/shop/cart")
	s.clock = s.clock.Add(2 * time.Second)
	next.Node.Turns, next.Actors[2].Turns = 44, 42
	s.Looked(next, nil)
	s.has("turns/s 20")
}

func TestEveryTerminalIsLargeEnough(t *testing.T) {
	for name, keys := range map[string][]string{
		"the table": nil, "the keys": {"?"}, "a pane": {"enter"}, "a question": {"K"}, "a filter": {"/", "o"}, "a list": {">"},
	} {
		t.Run(name, func(t *testing.T) {
			s := started(t)
			s.Looked(s.later(), nil)
			s.Press(keys...)
			if name == "a pane" {
				s.source.lines = []string{"a line that is longer than the terminal is wide", "\tx", "界界界界界界界"}
				for len(s.Asked) > 0 {
					s.Answer()
				}
			}
			for width := 1; width < 140; width += 3 {
				for _, height := range []int{1, 2, 3, 4, 5, 9, 40} {
					s.Resize(width, height)
					if lines, widest := s.Widest(); lines > height || widest > width {
						t.Fatalf("on %d×%d it has %d lines of up to %d", width, height, lines, widest)
					}
				}
			}
		})
	}
}

func TestNarrowTerminalsShowFewerColumns(t *testing.T) {
	s := started(t)
	s.Resize(60, 12)
	s.has("STATUS", "MAILBOX", "TURNS/S")
	s.hasNot("FUEL", "MEMORY", "FAILURE")
	s.Resize(30, 12)
	s.hasNot("STATUS")
	s.has("▾ /shop")
}

func TestAFrameIsAsHighAsItTakes(t *testing.T) {
	s := open(t)
	got := top.Frame(shop(s.clock), s.later(), time.Second, 112, s.clock)
	for _, part := range []string{"alpha  ready  up 1d02h", "turns/s 1.2k", "/zoo"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is not in\n%s", part, got)
		}
	}
	if strings.Contains(got, "\x1b") || strings.Contains(got, "? keys") {
		t.Errorf("it is not for paper:\n%q", got)
	}
}

func TestAFrameOfANodeWithoutActorsSaysSo(t *testing.T) {
	s := open(t)
	empty := &top.Snapshot{}
	if got := top.Frame(empty, empty, time.Second, 80, s.clock); !strings.Contains(got, "there are no actors\n") {
		t.Errorf("it is\n%s", got)
	}
}

func TestNumbersAreShort(t *testing.T) {
	for got, want := range map[string]string{
		top.Number(0): "0", top.Number(99_999): "99999", top.Number(100_000): "100k", top.Number(1 << 62): "4.6E",
		top.Pace(0): "0", top.Pace(0.04): "0.0", top.Pace(9.94): "9.9", top.Pace(9.96): "10", top.Pace(999.4): "999", top.Pace(999.6): "1.0k", top.Pace(123_456): "123k",
		top.Bytes(0): "0 B", top.Bytes(1023): "1.0 KiB", top.Bytes(5 << 30): "5.0 GiB",
		top.Span(-time.Hour): "0s", top.Span(61 * time.Second): "1m01s", top.Span(25 * time.Hour): "1d01h",
	} {
		if got != want {
			t.Errorf("%s is to be %s", got, want)
		}
	}
}
