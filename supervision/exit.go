package supervision

import (
	"fmt"
	"strings"
)

// Reason says why an actor ended. Reasons are recorded: their texts never change.
type Reason string

// The reasons of an exit.
const (
	ReasonNormal      Reason = "normal"      // it ended itself
	ReasonShutdown    Reason = "shutdown"    // it was told to stop
	ReasonKilled      Reason = "killed"      // it was killed
	ReasonTrap        Reason = "trap"        // its guest trapped
	ReasonError       Reason = "error"       // its guest answered err, or its Go code failed
	ReasonLimit       Reason = "limit"       // it went over a limit
	ReasonInitFailed  Reason = "init-failed" // it never started
	ReasonChildren    Reason = "children"    // its children failed more often than its supervisor restarts them
	ReasonInterrupted Reason = "interrupted" // its log could not go on, or its own process failed
	ReasonSuspended   Reason = "suspended"   // the node ended; the actor can be resumed
	ReasonSuperseded  Reason = "superseded"  // a newer actor took its path
	ReasonOrphaned    Reason = "orphaned"    // its parent was cut off before it knew of it
	ReasonNoProc      Reason = "noproc"      // there was nobody
)

// Exit is how an actor, or one incarnation of it, ended.
type Exit struct {
	Reason Reason
	Err    error  // what failed, nil for an orderly end
	Data   []byte // what the guest handed to runtime.shutdown, nil for nothing
}

// Failed reports whether the end was a failure: a transient child is then
// started again.
func (e Exit) Failed() bool {
	switch e.Reason {
	case ReasonNormal, ReasonShutdown, ReasonSuspended:
		return false
	}
	return true
}

// Final reports whether no restart may follow, whatever the restart type: the
// actor cannot go on here.
func (e Exit) Final() bool {
	switch e.Reason {
	case ReasonInterrupted, ReasonSuspended, ReasonSuperseded, ReasonOrphaned:
		return true
	}
	return false
}

// String is the reason, and what failed.
func (e Exit) String() string {
	if e.Err == nil {
		return string(e.Reason)
	}
	text := e.Err.Error()
	if strings.HasPrefix(text, string(e.Reason)+" ") { // it says so itself
		return text
	}
	return fmt.Sprintf("%s: %s", e.Reason, text)
}

// Detail is what failed, in words, "" for an orderly end.
func (e Exit) Detail() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// ChildError is what a supervisor fails with because of a child: one that did
// not start, or one failure more than it restarts.
type ChildError struct {
	Child string // its id
	Exit  Exit   // its last
	What  string // such as "failed 4 times within 5s"
	Of    Child  // what its spec starts
}

func (e *ChildError) Error() string { return fmt.Sprintf("child %s %s: %s", e.Child, e.What, e.Exit) }

// Unwrap is what the child failed with.
func (e *ChildError) Unwrap() error { return e.Exit.Err }
