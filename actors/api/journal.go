package api

import (
	"cmp"
	"time"

	"github.com/theater-go/theater/actors"
)

// JournalConfig bounds a Journal.
type JournalConfig struct {
	Lines int              // how many are remembered; 0 is 10,000
	Bytes int              // of their text; 0 is 16 MiB
	Now   func() time.Time // nil is the machine's
}

// Journal remembers the newest lines that guests have written, for Logs. It is
// safe for concurrent use.
type Journal struct {
	now   func() time.Time
	lines *ring[line]
}

// line is a line with its time.
type line struct {
	actors.Line
	time time.Time
}

// NewJournal makes an empty journal.
func NewJournal(config JournalConfig) *Journal {
	if config.Now == nil {
		config.Now = time.Now
	}
	size := func(l line) int { return len(l.Text) + len(l.Path) }
	return &Journal{now: config.Now, lines: newRing(cmp.Or(config.Lines, 10_000), cmp.Or(config.Bytes, 16<<20), size)}
}

// Add takes a line. It does not wait.
func (j *Journal) Add(l actors.Line) { j.lines.add(line{l, j.now()}) }

// keptChanges is how many changes a watch may be behind.
const keptChanges = 10_000

// Changes tells those who watch what becomes of actors. It is safe for concurrent
// use.
type Changes struct {
	now     func() time.Time
	changes *ring[change]
}

// change is a change with its time.
type change struct {
	actors.Change
	time time.Time
}

// NewChanges makes one that nobody watches. A nil now is the machine's.
func NewChanges(now func() time.Time) *Changes {
	if now == nil {
		now = time.Now
	}
	return &Changes{now: now, changes: newRing(keptChanges, keptChanges, func(change) int { return 0 })}
}

// Add takes a change. It does not wait.
func (c *Changes) Add(of actors.Change) { c.changes.add(change{of, c.now()}) }
