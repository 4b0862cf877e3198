package actors

import (
	"errors"
	"fmt"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// Reason says why an actor ended. Reasons are recorded: their texts never change.
type Reason string

// The reasons of an exit.
const (
	ReasonNormal      Reason = "normal"      // the actor ended itself
	ReasonShutdown    Reason = "shutdown"    // it was told to stop
	ReasonKilled      Reason = "killed"      // it was killed
	ReasonTrap        Reason = "trap"        // its guest trapped
	ReasonError       Reason = "error"       // its guest answered err
	ReasonLimit       Reason = "limit"       // it went over a limit
	ReasonInitFailed  Reason = "init-failed" // it never started
	ReasonInterrupted Reason = "interrupted" // its log could not go on
	ReasonSuspended   Reason = "suspended"   // the node ended; the actor can be resumed
	ReasonSuperseded  Reason = "superseded"  // a newer actor took its path
)

// Exit is how an actor ended.
type Exit struct {
	Reason Reason
	Err    error  // what failed, nil for an orderly end
	Data   []byte // what the guest handed to runtime.shutdown, nil for nothing
}

// Failed reports whether the end was a failure.
func (e Exit) Failed() bool {
	switch e.Reason {
	case ReasonNormal, ReasonShutdown, ReasonSuspended:
		return false
	}
	return true
}

// String is the reason, and what failed.
func (e Exit) String() string {
	if e.Err == nil {
		return string(e.Reason)
	}
	return fmt.Sprintf("%s: %v", e.Reason, e.Err)
}

// detail is what a chain keeps of the failure besides the reason.
func (e Exit) detail() string {
	if e.Err == nil {
		return ""
	}
	return e.Err.Error()
}

// exitOf is the exit of an actor whose turn failed with err.
func exitOf(err error) Exit {
	var trap *wasm.Trap
	var guest *wasm.GuestError
	switch {
	case errors.As(err, &guest):
		return Exit{Reason: ReasonError, Err: err}
	case !errors.As(err, &trap):
		return Exit{Reason: ReasonInterrupted, Err: err}
	}
	switch trap.Kind {
	case wasm.KindKilled:
		return Exit{Reason: ReasonKilled, Err: err}
	case wasm.KindDeadline, wasm.KindLimit:
		return Exit{Reason: ReasonLimit, Err: err}
	}
	return Exit{Reason: ReasonTrap, Err: err}
}

// resultStatus is how a chain calls a turn that failed with a trap.
func resultStatus(kind wasm.Kind) chain.ResultStatus {
	switch kind {
	case wasm.KindKilled:
		return chain.ResultKilled
	case wasm.KindDeadline:
		return chain.ResultDeadline
	case wasm.KindLimit:
		return chain.ResultLimit
	}
	return chain.ResultTrap
}
