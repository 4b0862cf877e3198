package cli

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// status is standard error: messages, and a line that shows the progress of
// something slow and makes way for them. It is safe for concurrent use.
type status struct {
	terminal bool // progress is drawn again and again
	colour   bool

	mu      sync.Mutex
	w       io.Writer // guarded by mu
	pending string    // guarded by mu; the progress line that is open, without its end
}

func newStatus(w io.Writer) *status {
	s := &status{w: w, terminal: onTerminal(w)}
	s.colour = s.terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return s
}

func (s *status) red(text string) string { return s.paint("31", text) }

func (s *status) dim(text string) string { return s.paint("2", text) }

func (s *status) paint(colour, text string) string {
	if !s.colour {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// Write writes whole lines.
func (s *status) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endPendingLocked()
	return s.w.Write(b)
}

const clearLine = "\r\x1b[2K"

// endPendingLocked makes way for other lines.
func (s *status) endPendingLocked() {
	if s.pending == "" {
		return
	}
	end := "\n"
	if s.terminal {
		end = clearLine
	}
	io.WriteString(s.w, end)
	s.pending = ""
}

const progressInterval = 100 * time.Millisecond

// during runs f, and when that takes longer than quiet shows what is being done
// and in the end how long it took. f may say that it goes on to something else,
// which is shown in the same way, or how far it is: what only changes behind the last
// comma is no other step.
func (s *status) during(what string, quiet time.Duration, f func(next func(what string)) error) error {
	start := time.Now()
	done, over, steps := make(chan error, 1), make(chan struct{}), make(chan string)
	defer close(over)
	next := func(what string) {
		select {
		case steps <- what:
		case <-over:
		}
	}
	go func() { done <- f(next) }()
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	shown := false
	finish := func() {
		if shown {
			s.finish(what, time.Since(start))
		}
	}
	for {
		select {
		case err := <-done:
			finish()
			return err
		case step := <-steps:
			if stepOf(step) == stepOf(what) {
				what = step
				continue
			}
			finish()
			what, start, shown = step, time.Now(), false
		case <-tick.C:
			if elapsed := time.Since(start); elapsed >= quiet {
				s.progress(what, elapsed, shown)
				shown = true
			}
		}
	}
}

// stepOf is what is done, without how far that is.
func stepOf(what string) string {
	if i := strings.LastIndex(what, ", "); i >= 0 {
		return what[:i]
	}
	return what
}

var spinner = []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

func (s *status) progress(what string, elapsed time.Duration, again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.terminal:
		s.pending = what
		turn := spinner[int(elapsed/progressInterval)%len(spinner)]
		fmt.Fprintf(s.w, "%s%c %s … %.0fs", clearLine, turn, what, elapsed.Seconds())
	case !again:
		s.endPendingLocked()
		s.pending = what
		fmt.Fprintf(s.w, "%s …", what)
	}
}

func (s *status) finish(what string, elapsed time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending == what && !s.terminal {
		s.pending = ""
		fmt.Fprintf(s.w, " %.1fs\n", elapsed.Seconds())
		return
	}
	s.endPendingLocked()
	fmt.Fprintf(s.w, "%s … %.1fs\n", what, elapsed.Seconds())
}
