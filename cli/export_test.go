package cli

import (
	"io"
	"time"

	"github.com/theater-go/theater/actors"
)

// During runs f and shows its progress on w, as on a terminal or not. f is
// given the writer of other messages, and says with next what it does next.
func During(w io.Writer, terminal bool, what string, quiet time.Duration, f func(w io.Writer, next func(string)) error) error {
	s := newStatus(w)
	s.terminal = terminal
	return s.during(what, quiet, func(next func(string)) error { return f(s, next) })
}

// Escape is how text of others is shown, EscapeJSON what is done to JSON.
func Escape(s string) string     { return escape(s) }
func EscapeJSON(b string) string { return string(escapeJSON([]byte(b))) }

// NewTraces shortens the stacks of guests, or does not.
func NewTraces(all bool) func(actors.Line) []string {
	t := &traces{all: all, of: map[string]*trace{}}
	return t.shorten
}
