package actors

import (
	"errors"
	"fmt"
	"strings"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/supervision"
)

var (
	// ErrNoActor is returned when no live actor has the given path, name or id.
	ErrNoActor = errors.New("no such actor")
	// ErrNotRegistered is returned for a message to an actor that has not
	// called register of message-server-host.
	ErrNotRegistered = errors.New("the actor takes no messages: it has not called theater:simple/message-server-host.register")
	// ErrStopped is returned to who waits for an actor that ends, or sends to
	// one that has.
	ErrStopped = errors.New("the actor has stopped")
	// ErrRecovering is returned for what must wait until Recover has brought back
	// the actors of earlier systems.
	ErrRecovering = errors.New("the actors of earlier runs are still being brought back")
	// ErrLeft is returned by Spawn for a path at which Recover has left an actor.
	ErrLeft = errors.New("an actor of an earlier run is left there, which could not be brought back: resume it, or supersede it")
	// ErrLongReplay is wrapped by what keeps an actor without snapshots from being
	// resumed, whose chain is longer than its manifest allows to be executed again.
	ErrLongReplay = errors.New("its chain is too long to be executed again")
	// ErrParentLeft is wrapped by what keeps an actor from being brought back whose
	// parent was not.
	ErrParentLeft = errors.New("its parent could not be brought back")
	// ErrClosed is returned by a System that is closed.
	ErrClosed = errors.New("the system is closed")
	// ErrCancelled is returned to a requester whose request was cancelled by
	// the actor that it was made to.
	ErrCancelled = errors.New("the request was cancelled")
	// ErrBusy is returned for a restart of an actor that starts or stops.
	ErrBusy = supervision.ErrBusy
	// These are returned for a restart of an actor that has ended, was stopped
	// meanwhile, or is below one that stops.
	ErrNoChild    = supervision.ErrNoChild
	ErrOvertaken  = supervision.ErrEnded
	ErrNoRestarts = supervision.ErrStopping
)

// LinkError says why a module's imports cannot be served.
type LinkError = host.LinkError

// errSuspended is the ErrStopped of an actor that goes on when it is resumed.
var errSuspended = suspended{}

type suspended struct{}

func (suspended) Error() string { return ErrStopped.Error() }

func (suspended) Unwrap() error { return ErrStopped }

// NotFoundError names an actor that guests cannot reach, in the words that
// they know.
type NotFoundError struct{ Target string }

func (e *NotFoundError) Error() string { return "Actor not found: " + e.Target }

// Is makes a NotFoundError an ErrNoActor.
func (e *NotFoundError) Is(target error) bool { return target == ErrNoActor }

// NoExportError says that an actor cannot handle a message.
type NoExportError struct{ Path, Export string }

func (e *NoExportError) Error() string {
	return fmt.Sprintf("actor %s does not export %s", e.Path, e.Export)
}

// FailedError is the answer to a request whose turn failed.
type FailedError struct {
	Path string
	Err  error // *wasm.Trap or *wasm.GuestError
}

func (e *FailedError) Error() string { return fmt.Sprintf("actor %s failed: %v", e.Path, e.Err) }

func (e *FailedError) Unwrap() error { return e.Err }

// LinkedError is what an actor fails with because one that it is linked to has.
type LinkedError struct {
	Path string // of the other
	Exit Exit
}

func (e *LinkedError) Error() string {
	return fmt.Sprintf("the linked actor %s failed: %s", e.Path, e.Exit)
}

func (e *LinkedError) Unwrap() error { return e.Exit.Err }

// CycleError refuses a wait that would never end.
type CycleError struct{ Paths []string }

func (e *CycleError) Error() string {
	return "refused: the actors would wait for each other: " + strings.Join(e.Paths, " -> ")
}

// DurabilityError says that a manifest asks for more than the data folder keeps.
type DurabilityError struct{ Wanted, Folder string }

func (e *DurabilityError) Error() string {
	return fmt.Sprintf("[chain] durability = %q needs a data folder of that durability, and this one is %q: start a new folder with --durability %s", e.Wanted, e.Folder, e.Wanted)
}
