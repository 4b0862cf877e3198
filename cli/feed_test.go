package cli_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/cli"
)

func TestTheFeed(t *testing.T) {
	some := func(n int, name string) (lines []string) {
		for i := range n {
			lines = append(lines, fmt.Sprintf("failed %s%d", name, i))
		}
		return lines
	}
	tell := func(f cli.Feed, lines []string) {
		for _, line := range lines {
			what, text, _ := strings.Cut(line, " ")
			f.Tell(what, text, true)
		}
	}
	const second = time.Second + time.Millisecond
	for name, c := range map[string]struct {
		coloured bool
		f        func(cli.Feed)
		want     []string
	}{
		"shows what guests write and what becomes of them in order": {f: func(f cli.Feed) {
			f.Put(actors.Line{Path: "/a", Text: "hello \x1b"})
			f.Tell("failed", "/a: trap", true)
			f.Put(actors.Line{Path: "/a", Text: "again"})
		}, want: []string{`[/a] hello \x1b`, "failed /a: trap", "[/a] again"}},
		"paints what is bad red on a terminal": {coloured: true, f: func(f cli.Feed) {
			f.Tell("failed", "/a: trap", true)
			f.Tell("started", "/a", false)
		}, want: []string{"\x1b[31mfailed\x1b[0m /a: trap", "started /a"}},
		"shows 20 news of a second": {f: func(f cli.Feed) {
			tell(f, some(20, "a"))
			time.Sleep(second)
			tell(f, some(20, "b"))
		}, want: append(some(20, "a"), some(20, "b")...)},
		"says how many it has left out once the second is over": {f: func(f cli.Feed) {
			tell(f, some(1000, "a"))
			time.Sleep(second)
			tell(f, some(2, "b"))
		}, want: append(some(20, "a"), "… 980 more lines like these came too fast to be shown", "failed b0", "failed b1")},
		"says it at the end too": {f: func(f cli.Feed) { tell(f, some(21, "a")) },
			want: append(some(20, "a"), "… 1 more line like these came too fast to be shown")},
		"keeps what guests write out of it": {f: func(f cli.Feed) {
			tell(f, some(20, "a"))
			f.Put(actors.Line{Path: "/a", Text: "hello"})
		}, want: append(some(20, "a"), "[/a] hello")},
		"takes nothing once it is closed": {f: func(f cli.Feed) {
			f.Close()
			f.Tell("failed", "late", true)
			f.Put(actors.Line{Path: "/a", Text: "late"})
		}, want: []string{"1 line of the actors were not shown: they came too fast"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				f := cli.NewFeed(&out, c.coloured)
				c.f(f)
				synctest.Wait()
				f.Close()
				if got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n"); !slices.Equal(got, c.want) {
					t.Errorf("shown: %q\nwant: %q", got, c.want)
				}
			})
		})
	}
}

// slow is a terminal that shows nothing until it is let.
type slow struct {
	let <-chan struct{}
	bytes.Buffer
}

func (s *slow) Write(b []byte) (int, error) {
	<-s.let
	return s.Buffer.Write(b)
}

func TestNobodyWaitsForASlowTerminalAndGuestsDoNotHideFailures(t *testing.T) {
	let := make(chan struct{})
	out := &slow{let: let}
	f := cli.NewFeed(out, false)
	for range 100_000 {
		f.Put(actors.Line{Path: "/a", Text: "loud"})
	}
	f.Tell("failed", "/b: trap", true)
	close(let)
	f.Close()
	shown := strings.Count(out.String(), "loud")
	if shown < 1000 || shown > 10_000 {
		t.Errorf("%d lines of the guest are shown", shown)
	}
	if left := fmt.Sprintf("%d lines of the actors were not shown: they came too fast\n", 100_000-shown); !strings.HasSuffix(out.String(), left) {
		t.Errorf("it does not say %q", left)
	}
	if !strings.Contains(out.String(), "failed /b: trap\n") {
		t.Error("the failure is lost")
	}
}
