package actors

import (
	"sync/atomic"
	"time"
)

// running is what others see of the turn that runs. The actor's worker writes it, with
// no more than that costs; since is enough to know whether there is one.
type running struct {
	since  atomic.Int64 // when it began, in nanoseconds, negative while it waits; 0 for none
	export atomic.Int32
	in     atomic.Int32 // the import that it waits in
}

// begins says that a turn begins.
func (r *running) begins(export int, at int64) {
	if r.export.Load() != int32(export) {
		r.export.Store(int32(export))
	}
	r.since.Store(max(at, 1))
}

// waits says that the turn waits in an import, until it goes on.
func (r *running) waits(imp int) {
	r.in.Store(int32(imp))
	r.since.Store(-r.since.Load())
}

func (r *running) goesOn() { r.since.Store(-r.since.Load()) }

func (r *running) over() { r.since.Store(0) }

// now is since when a turn runs, the zero time for none, and whether it waits.
func (r *running) now() (since time.Time, waits bool) { return moment(r.since.Load()) }

func moment(at int64) (since time.Time, waits bool) {
	switch {
	case at < 0:
		return time.Unix(0, -at), true
	case at > 0:
		return time.Unix(0, at), false
	}
	return time.Time{}, false
}

// OpenTurn is a turn that runs now.
type OpenTurn struct {
	Export string    // its whole name
	Since  time.Time // as its chain will have it
	In     string    // the host function that it waits in, "" where it does not wait
}

// seen is what is known of one turn, and never of two.
func (r *running) seen() (at int64, export, in int32) {
	at, export, in = r.since.Load(), r.export.Load(), r.in.Load()
	for at != r.since.Load() { // meanwhile it has ended, or another one has begun
		at, export, in = r.since.Load(), r.export.Load(), r.in.Load()
	}
	return at, export, in
}

// openTurn is the turn that runs, nil for none.
func (c *control) openTurn() *OpenTurn {
	at, export, in := c.running.seen()
	since, waits := moment(at)
	if since.IsZero() {
		return nil
	}
	t := &OpenTurn{Export: c.module.Layout.ExportName(uint32(export)), Since: since}
	if waits {
		t.In = c.module.Layout.ImportName(uint32(in))
	}
	return t
}
