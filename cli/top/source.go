package top

import (
	"context"
	"time"
)

// Source is the node that is shown. Its methods may be called at the same time. All
// text that it gives is safe on a terminal: who makes it has escaped what guests say.
type Source interface {
	// Look is the node and its actors as they are now, each before those below it.
	Look(ctx context.Context) (*Snapshot, error)
	// Follow begins to read the newest lines of an actor, and those that come. The
	// caller closes it; ctx ends it.
	Follow(ctx context.Context, feed Feed, a Actor) (Lines, error)
	// Do does something to an actor and returns when it is done.
	Do(ctx context.Context, deed Deed, a Actor) error
}

// Lines are read one by one.
type Lines interface {
	// Next waits for a line; io.EOF is that there will be none.
	Next() (string, error)
	Close() error
}

// Feed is what can be followed of an actor.
type Feed string

// The feeds.
const (
	Events Feed = "events"
	Logs   Feed = "logs"
)

// Deed is what can be done to an actor.
type Deed string

// The deeds.
const (
	Stop    Deed = "stop"
	Restart Deed = "restart"
	Kill    Deed = "kill"
)

// Snapshot is what a look shows.
type Snapshot struct {
	Node   Node
	Actors []Actor
}

// Node is the process that the actors are in.
type Node struct {
	Name, State, Address string
	Started              time.Time
	Turns                int64 // since then
	Memory, MemoryBudget int64 // bytes of guests; a budget of 0 is no bound
}

// Actor is one of them. Turns and Fuel only grow.
type Actor struct {
	ID, Path, Status, Failure string // an actor without an ID is known by its path
	Mailbox, Restarts         int64
	Busy                      time.Duration // for how long a turn runs, 0 for none
	Waits                     bool          // that turn does
	Turns, Fuel               int64
	Memory                    int64 // bytes
}

// key is what an actor is known by from one look to the next.
func (a Actor) key() string {
	if a.ID != "" {
		return a.ID
	}
	return a.Path
}
