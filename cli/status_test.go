package cli_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/theater-go/theater/cli"
)

func TestProgress(t *testing.T) {
	wait := func(d time.Duration, say ...string) func(io.Writer, func(string)) error {
		return func(w io.Writer, _ func(string)) error {
			for _, line := range say {
				time.Sleep(d)
				fmt.Fprintln(w, line)
			}
			time.Sleep(d)
			return nil
		}
	}
	steps := func(x, y, z time.Duration) func(io.Writer, func(string)) error {
		return func(_ io.Writer, next func(string)) error {
			time.Sleep(x)
			next("y")
			time.Sleep(y)
			next("z")
			time.Sleep(z)
			return nil
		}
	}
	counts := func(_ io.Writer, next func(string)) error {
		for n := range 4 {
			next(fmt.Sprintf("y, %d of 3", n))
			time.Sleep(400 * time.Millisecond)
		}
		return nil
	}
	for name, c := range map[string]struct {
		terminal bool
		f        func(io.Writer, func(string)) error
		want     string
	}{
		"what is quick says nothing":                {f: wait(300 * time.Millisecond), want: ""},
		"what is slow is one line in the end":       {f: wait(6200 * time.Millisecond), want: "building x … 6.2s\n"},
		"a message in between has its own line":     {f: wait(time.Second, "hello"), want: "building x …\nhello\nbuilding x … 2.0s\n"},
		"a terminal shows what is quick no less":    {terminal: true, f: wait(300 * time.Millisecond), want: ""},
		"a terminal is left with one line":          {terminal: true, f: wait(700 * time.Millisecond), want: "building x … 0.7s\n"},
		"a message on a terminal clears the line":   {terminal: true, f: wait(600*time.Millisecond, "hello"), want: "hello\nbuilding x … 1.2s\n"},
		"a failure leaves the line as success does": {f: func(io.Writer, func(string)) error { time.Sleep(time.Second); return errors.New("no") }, want: "building x … 1.0s\n"},
		"each step has its line and its time":       {f: steps(time.Second, 2*time.Second, 600*time.Millisecond), want: "building x … 1.0s\ny … 2.0s\nz … 0.6s\n"},
		"a step that is quick says nothing":         {f: steps(100*time.Millisecond, time.Second, 300*time.Millisecond), want: "y … 1.0s\n"},
		"a step that is counted has one line":       {terminal: true, f: counts, want: "y, 3 of 3 … 1.6s\n"},
		"and where it is not drawn again, two":      {f: counts, want: "y, 1 of 3 …\ny, 3 of 3 … 1.6s\n"},
		"on a terminal steps have their lines too":  {terminal: true, f: steps(100*time.Millisecond, time.Second, time.Second), want: "y … 1.0s\nz … 1.0s\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				err := cli.During(&out, c.terminal, "building x", 500*time.Millisecond, c.f)
				if (err != nil) != strings.Contains(name, "failure") {
					t.Errorf("error: %v", err)
				}
				if got := screen(out.String()); got != c.want {
					t.Errorf("shown: %q, want %q", got, c.want)
				}
			})
		})
	}
}

// screen is what is left of a text on a terminal that is told to clear lines.
func screen(text string) string {
	var lines []string
	for line := range strings.SplitAfterSeq(text, "\n") {
		if i := strings.LastIndex(line, "\r\x1b[2K"); i >= 0 {
			line = line[i+len("\r\x1b[2K"):]
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "")
}

func TestTextOfOthersCannotActOnATerminal(t *testing.T) {
	for text, want := range map[string]string{
		"plain, ü, 世界, \t tab": "plain, ü, 世界, \t tab",
		"line\r\nbreak":        `line\r\nbreak`,
		"\x1b]0;title\a":       `\x1b]0;title\a`,
		"\u009b31m":            `\u009b31m`,
		"right\u202eleft":      `right\u202eleft`,
		"bad \xff byte":        `bad \xff byte`,
		"honest \ufffd":        "honest \ufffd",
	} {
		if got := cli.Escape(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestJSONHoldsNoControlCharactersAndMeansTheSame(t *testing.T) {
	text := "a\u007fb\u009bc\u202ed\U000e0001e\n世界"
	encoded, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	escaped := cli.EscapeJSON(string(encoded))
	if want := `"a\u007fb\u009bc\u202ed\udb40\udc01e\n世界"`; escaped != want {
		t.Errorf("escaped: %s, want %s", escaped, want)
	}
	var back string
	if err := json.Unmarshal([]byte(escaped), &back); err != nil || back != text {
		t.Errorf("means %q, %v", back, err)
	}
}
