package actors

import (
	"errors"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm"
)

// Exit is how an actor, or one incarnation of it, ended; Reason says why.
type (
	Exit   = supervision.Exit
	Reason = supervision.Reason
)

// The reasons of an exit.
const (
	ReasonNormal      = supervision.ReasonNormal
	ReasonShutdown    = supervision.ReasonShutdown
	ReasonKilled      = supervision.ReasonKilled
	ReasonTrap        = supervision.ReasonTrap
	ReasonError       = supervision.ReasonError
	ReasonLimit       = supervision.ReasonLimit
	ReasonInitFailed  = supervision.ReasonInitFailed
	ReasonChildren    = supervision.ReasonChildren
	ReasonInterrupted = supervision.ReasonInterrupted
	ReasonSuspended   = supervision.ReasonSuspended
	ReasonSuperseded  = supervision.ReasonSuperseded
	ReasonOrphaned    = supervision.ReasonOrphaned
	ReasonNoProc      = supervision.ReasonNoProc
)

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

// endOf is the reason of an exit that a turn with that end has brought about.
func endOf(status chain.ResultStatus) Reason {
	switch status {
	case chain.ResultKilled:
		return ReasonKilled
	case chain.ResultDeadline, chain.ResultLimit:
		return ReasonLimit
	case chain.ResultError:
		return ReasonError
	}
	return ReasonTrap
}
