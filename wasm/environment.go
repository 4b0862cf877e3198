package wasm

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"time"
)

// initClock is the time that every module sees while it is initialised:
// 2000-01-01T00:00:00Z. With randomness keyed by the module's hash it makes
// initialisation a property of the module, not of the run.
const initClock = 946684800 * int64(time.Second)

// clock is the guest's time in unix nanoseconds. It only moves forward: to the
// time of a turn, by 1 ns at each read, and to recorded outcomes.
type clock struct{ now int64 }

func (c *clock) read() int64 {
	c.now++
	return c.now
}

func (c *clock) begin(now int64) int64 {
	c.now = max(now, c.now+1)
	return c.now
}

func (c *clock) forward(to int64) { c.now = max(c.now, to) }

// randomness expands a turn's key.
type randomness struct {
	source *rand.ChaCha8 // nil until the turn reads
	key    func() ([32]byte, error)
	spend  func(bytes int)
}

// Read fills p from the expanded key of the turn. A key that cannot be had ends
// the turn, for a guest must not go on with guessable bytes.
func (r *randomness) Read(p []byte) (int, error) {
	if r.source == nil {
		key, err := r.key()
		if err != nil {
			panic(err)
		}
		r.source = rand.NewChaCha8(key)
	}
	for rest := p; len(rest) > 0; {
		n := min(len(rest), spentAtOnce)
		r.spend(randomCost * n)
		r.source.Read(rest[:n])
		rest = rest[n:]
	}
	return len(p), nil
}

// randomCost is how many times as much as a byte that is copied a random one costs.
const randomCost = 4

// spentAtOnce is how many bytes the host works for the guest before it looks
// whether the guest may go on.
const spentAtOnce = 1 << 16

// console collects what the guest writes in a turn into lines.
type console struct {
	limit   int // bytes a turn may write
	written int
	emit    func(Stream, string)
	spend   func(bytes int)
	open    [2][]byte // the unfinished line of each stream
	fatal   string    // the first line by which a language runtime says that it dies
}

// begin forgets the turn before.
func (c *console) begin() { c.written, c.fatal = 0, "" }

// reset forgets all that an instance wrote.
func (c *console) reset() {
	c.begin()
	c.open = [2][]byte{c.open[0][:0], c.open[1][:0]}
}

// end emits unfinished lines.
func (c *console) end() {
	for i, line := range c.open {
		if len(line) > 0 {
			c.line(Stream(i+1), string(line))
			c.open[i] = line[:0]
		}
	}
}

func (c *console) line(s Stream, line string) {
	if s == Stderr && c.fatal == "" {
		for _, prefix := range []string{"panic: ", "fatal error: "} {
			if strings.HasPrefix(line, prefix) {
				c.fatal = strings.TrimPrefix(line, "panic: ")
			}
		}
	}
	if c.emit != nil {
		c.emit(s, line)
	}
}

// writer is the guest's file descriptor of stream s.
func (c *console) writer(s Stream) consoleWriter { return consoleWriter{c, s} }

type consoleWriter struct {
	console *console
	stream  Stream
}

// Write takes all of p; what is over the turn's limit is dropped, and said once.
func (w consoleWriter) Write(p []byte) (int, error) {
	c, n := w.console, len(p)
	c.spend(n)
	room := c.limit - c.written
	c.written += n
	if room <= 0 {
		return n, nil
	}
	cut := n > room
	if cut {
		p = p[:room]
	}
	open := &c.open[w.stream-1]
	for {
		line, rest, found := bytes.Cut(p, []byte{'\n'})
		*open = append(*open, line...)
		if !found {
			break
		}
		c.line(w.stream, string(*open))
		*open, p = (*open)[:0], rest
	}
	if cut {
		c.end()
		if c.emit != nil {
			c.emit(w.stream, "… the turn wrote more than its limit; the rest is dropped")
		}
	}
	return n, nil
}
