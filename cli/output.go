package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// choice is a flag that takes one of several words.
type choice struct {
	value string
	words []string
	given string // as it was written
}

func choose(words ...string) *choice { return &choice{value: words[0], words: words} }

// Set is called by the flag parser.
func (c *choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		return fmt.Errorf("it is one of %s", strings.Join(c.words, ", "))
	}
	if c.value, c.given = word, word; word == formatYAML {
		c.value = formatJSON // which is translated on its way out
	}
	return nil
}

// String is what was given, or else the default, for help texts and for the flag
// parser, which sets a flag by each of its names.
func (c *choice) String() string { return cmp.Or(c.given, c.value) }

// outputFlag has a command write its results as text, or as JSON where format is
// that. YAML is JSON to the command: see translated.
func outputFlag(format *choice) cli.Flag {
	format.words = append(format.words, formatYAML)
	return &cli.GenericFlag{Name: "output", Aliases: []string{"o"}, Value: format, Usage: "write results as `FORMAT`: text, json or yaml"}
}

const (
	formatJSON = "json"
	formatYAML = "yaml"
)

// writeJSON writes one value on a line, or indented.
func (p *program) writeJSON(v any, indent bool) error {
	b, err := encodeJSON(v, indent)
	if err != nil {
		return err
	}
	_, err = p.out.Write(append(b, '\n'))
	return err
}

// encodeJSON is v in JSON without a line break at the end.
func encodeJSON(v any, indent bool) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if indent {
		e.SetIndent("", "  ")
	}
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode result: %w", err)
	}
	return escapeJSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}

// escapeJSON escapes what encoding/json leaves as it is and a terminal would
// act upon. Such characters can only stand within strings.
func escapeJSON(b []byte) []byte {
	if !slices.ContainsFunc(b, func(c byte) bool { return c >= 0x7f }) {
		return b // as most are
	}
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r >= 0x7f && !unicode.IsGraphic(r) {
			if r > 0xffff {
				r -= 0x10000
				out = fmt.Appendf(out, `\u%04x`, 0xd800+r>>10)
				r = 0xdc00 + r&0x3ff
			}
			out = fmt.Appendf(out, `\u%04x`, r)
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

// escape makes a text of others safe to show in one line: control characters
// and bytes that are no text are written as Go would.
func escape(s string) string {
	if plain(s) {
		return s // as most are
	}
	clean := true
	for _, r := range s {
		clean = clean && (r == '\t' || unicode.IsGraphic(r) && r != utf8.RuneError)
	}
	if clean {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\t' || unicode.IsGraphic(r):
			b.WriteString(s[:n])
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[n:]
	}
	return b.String()
}

// plain reports whether a text has nothing but visible ASCII and blanks.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// count is a number with its noun.
func count[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// size is a number of bytes for people.
func size[N int | int64 | uint64](n N) string {
	switch {
	case n < 1<<10:
		return strconv.Itoa(int(n)) + " B"
	case n < 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<10), 'f', 1, 64) + " KiB"
	case n < 1<<30:
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB"
	}
	return strconv.FormatFloat(float64(n)/(1<<30), 'f', 1, 64) + " GiB"
}

// rounded is a time that something takes, to the millisecond where that leaves
// something of it.
func rounded(d time.Duration) time.Duration {
	if d < time.Millisecond {
		return d
	}
	return d.Round(time.Millisecond)
}

// moment is a time for people: local, to the millisecond.
func moment(unixNano int64) string {
	return time.Unix(0, unixNano).Format("2006-01-02 15:04:05.000")
}

// moment3339 is a time for programs.
func moment3339(unixNano int64) string {
	return time.Unix(0, unixNano).UTC().Format(time.RFC3339Nano)
}
