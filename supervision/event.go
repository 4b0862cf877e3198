package supervision

import "time"

// EventKind says what has happened to a child.
type EventKind string

// What happens to children.
const (
	EventStarted EventKind = "started" // an incarnation is ready
	EventEnded   EventKind = "ended"   // an incarnation ended in order
	EventFailed  EventKind = "failed"  // an incarnation failed
	EventGone    EventKind = "gone"    // its process has ended
)

// Directive is what a supervisor does about an end.
type Directive string

// The directives.
const (
	DirectiveRestart  Directive = "restart"  // it starts again, after Event.Wait
	DirectiveStop     Directive = "stop"     // it does not start again
	DirectiveEscalate Directive = "escalate" // the supervisor ends
)

// Event is something that a supervisor has seen or decided.
type Event struct {
	Child     string
	Of        Child
	What      EventKind
	Exit      Exit          // of ended, failed and gone
	Directive Directive     // of ended and failed
	Wait      time.Duration // until the restart
	Restarts  int           // of the child so far
}

func ended(exit Exit) EventKind {
	if exit.Failed() {
		return EventFailed
	}
	return EventEnded
}
