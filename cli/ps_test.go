package cli_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/cli"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// row is an actor of a list.
func row(path, status string, restarts int64) *theaterv1.Actor {
	return &theaterv1.Actor{Id: "id of " + path, Path: path, Status: status, Restarts: restarts}
}

func TestAWatchShowsWhatHasChanged(t *testing.T) {
	renewed := row("/a", "running", 0)
	renewed.Id = "another"
	failed := row("/a", "running", 0)
	failed.LastFailure = &theaterv1.Exit{Reason: "killed"}
	busy := row("/a", "running", 0)
	busy.Turns, busy.Mailbox = 7, 3
	for name, c := range map[string]struct {
		before, now []*theaterv1.Actor
		want        string
	}{
		"all at first":                {nil, []*theaterv1.Actor{row("/a", "running", 0), row("/b", "running", 0)}, "[/a running 0] [/b running 0]"},
		"nothing when nothing is new": {[]*theaterv1.Actor{row("/a", "running", 0)}, []*theaterv1.Actor{row("/a", "running", 0)}, ""},
		"no numbers alone":            {[]*theaterv1.Actor{row("/a", "running", 0)}, []*theaterv1.Actor{busy}, ""},
		"a status":                    {[]*theaterv1.Actor{row("/a", "running", 0)}, []*theaterv1.Actor{row("/a", "restarting", 0)}, "[/a restarting 0]"},
		"a restart":                   {[]*theaterv1.Actor{row("/a", "running", 0)}, []*theaterv1.Actor{row("/a", "running", 1)}, "[/a running 1]"},
		"a failure":                   {[]*theaterv1.Actor{row("/a", "running", 0)}, []*theaterv1.Actor{failed}, "[/a running 0]"},
		"another at the same path":    {[]*theaterv1.Actor{row("/a", "running", 0)}, []*theaterv1.Actor{renewed}, "[/a running 0]"},
		"those that are gone, last":   {[]*theaterv1.Actor{row("/a", "running", 0), row("/b", "running", 2)}, []*theaterv1.Actor{row("/c", "running", 0)}, "[/c running 0] [/a gone 0] [/b gone 2]"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, a := range cli.ChangedActors(c.before, c.now) {
				got = append(got, fmt.Sprintf("[%s %s %d]", a.Path, a.Status, a.Restarts))
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("shown is %q, want %q", got, c.want)
			}
		})
	}
}

func TestAListOnATerminalFitsIt(t *testing.T) {
	var all []*theaterv1.Actor
	for i := range 10 {
		all = append(all, row(fmt.Sprintf("/actor-%d", i), "running", 0))
	}
	for room, want := range map[int]string{
		50: "PATH | /actor-0 | /actor-1 | /actor-2 | /actor-3 | /actor-4 | /actor-5 | /actor-6 | /actor-7 | /actor-8 | /actor-9",
		11: "PATH | /actor-0 | /actor-1 | /actor-2 | /actor-3 | /actor-4 | /actor-5 | /actor-6 | /actor-7 | /actor-8 | /actor-9",
		10: "PATH | /actor-0 | /actor-1 | /actor-2 | /actor-3 | /actor-4 | /actor-5 | /actor-6 | /actor-7 | … 2 more",
		4:  "PATH | /actor-0 | /actor-1 | … 8 more",
		0:  "PATH | /actor-0 | … 9 more",
	} {
		lines := cli.Page(all, room)
		for i, line := range lines[:len(lines)-1] {
			lines[i] = strings.Fields(line)[0]
		}
		if last := len(lines) - 1; !strings.HasPrefix(lines[last], "…") {
			lines[last] = strings.Fields(lines[last])[0]
		}
		if got := strings.Join(lines, " | "); got != want {
			t.Errorf("with %d lines it is %s", room, got)
		}
	}
	if got := cli.Repaint([]string{"wide and wider", "ä"}, 6); got != "\x1b[Hwide …\x1b[K\r\nä\x1b[K\r\n\x1b[J" {
		t.Errorf("it is painted as %q", got)
	}
}

func TestATerminalHasEachRowInOneLine(t *testing.T) {
	rows := [][]string{{"PATH", "LAST FAILURE"}, {"/a", "a word too many"}, {"/ä", ""}}
	if got, want := cli.Fitted(rows, 12), "PATH  LAST …\n/a    a wor…\n/ä\n"; got != want {
		t.Errorf("it is %q, want %q", got, want)
	}
}

func TestColumnsStayAsWideAsTheyWere(t *testing.T) {
	text := cli.Columns(
		[][]string{{"PATH", "STATUS", "WHY"}, {"/longer", "running", ""}, {"/ä", "x", "bell \a"}},
		[][]string{{"/b", "runs", "late"}, {"alone for long"}},
	)
	want := "PATH     STATUS   WHY\n/longer  running\n/ä       x        bell \\a\n/b       runs     late\nalone for long\n"
	if text != want {
		t.Errorf("the columns are\n%swant\n%s", text, want)
	}
}

func TestAnAgeHasOneOrTwoUnits(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "0s", 0: "0s", 119 * time.Second: "119s", 2 * time.Minute: "2m0s", 9*time.Minute + 59*time.Second: "9m59s",
		10 * time.Minute: "10m", 179 * time.Minute: "179m", 3 * time.Hour: "3h", 47 * time.Hour: "47h", 48 * time.Hour: "2d", 9000 * time.Hour: "375d",
	} {
		if got := cli.Age(d); got != want {
			t.Errorf("%s is %s, want %s", d, got, want)
		}
	}
}

func TestAFailureIsOneLine(t *testing.T) {
	trap := &theaterv1.Trap{Kind: "unreachable"}
	for name, c := range map[string]struct {
		exit *theaterv1.Exit
		want string
	}{
		"none":                        {nil, ""},
		"a reason alone":              {&theaterv1.Exit{Reason: "killed"}, "killed"},
		"a reason with words":         {&theaterv1.Exit{Reason: "error", Detail: "no \x1b[31mthanks"}, `error: no \x1b[31mthanks`},
		"a trap that says it twice":   {&theaterv1.Exit{Reason: "trap", Trap: trap, Detail: "trap unreachable: unreachable in f at 0x1f"}, "trap unreachable in f"},
		"a trap without a function":   {&theaterv1.Exit{Reason: "trap", Trap: trap, Detail: "trap unreachable"}, "trap unreachable"},
		"a panic with a place in it":  {&theaterv1.Exit{Reason: "trap", Trap: trap, Detail: "trap panic: nil at 0x0 again in f at 0x1f"}, "trap panic: nil at 0x0 again in f"},
		"a trap of another reason":    {&theaterv1.Exit{Reason: "limit", Trap: trap, Detail: "trap deadline: too long in f at 0x1f"}, "limit: trap deadline: too long in f"},
		"words that look like a trap": {&theaterv1.Exit{Reason: "error", Detail: "at 0x1 nothing"}, "error: at 0x1 nothing"},
	} {
		if got := cli.WhyLive(c.exit); got != c.want {
			t.Errorf("%s is %q, want %q", name, got, c.want)
		}
	}
}

func TestWhatAGuestAnswersLeavesATerminalAsItIs(t *testing.T) {
	got := cli.EscapeLines([]byte("one\r\ntwo \x1b[2J\n\tthree \xff\n"))
	if want := "one\ntwo \\x1b[2J\n\tthree \\xff\n"; !bytes.Equal(got, []byte(want)) {
		t.Errorf("shown is %q, want %q", got, want)
	}
}
