package actors

import (
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// history is what a chain tells of how its actor has failed.
type history struct {
	layout   *wasm.Layout // names the functions of traps; nil where nobody asks for them
	errFails bool         // an err ends the actor
	resumed  bool         // it was brought back once
	failed   int64        // turns
	last     *Exit        // of the last incarnation that failed, nil for none
}

// ends takes the end of a turn, which may be one of init.
func (h *history) ends(e *chain.Result, init bool) {
	if e.Status == chain.ResultOK {
		return
	}
	h.failed++
	switch e.Status {
	case chain.ResultInterrupted:
		return
	case chain.ResultError:
		if !h.errFails && !init {
			return
		}
	}
	reason := endOf(e.Status)
	if init && reason != ReasonKilled {
		reason = ReasonInitFailed
	}
	h.last = &Exit{Reason: reason, Err: &pastError{e.Text, h.trapOf(e)}}
}

// trapOf is the trap that has ended a turn, nil for none.
func (h *history) trapOf(e *chain.Result) *wasm.Trap {
	if e.Trap.Kind == "" {
		return nil
	}
	t := &wasm.Trap{Kind: wasm.Kind(e.Trap.Kind), Index: e.Trap.Function, Known: e.Trap.Known, Fuel: int64(e.Fuel)}
	if t.Known && h.layout != nil {
		t.Function = h.layout.FunctionName(t.Index)
	}
	return t
}

// changes takes what happened between two turns.
func (h *history) changes(e *chain.Lifecycle) {
	switch e.What {
	case chain.LifecycleResumed:
		h.resumed = true
	case chain.LifecycleRestart, chain.LifecycleSuspended:
		reason := Reason(e.Reason)
		told := h.last != nil && h.last.Reason == reason && h.last.Detail() == e.Detail // by the turn
		if (Exit{Reason: reason}).Failed() && !told {
			h.last = &Exit{Reason: reason, Err: &pastError{text: e.Detail}}
		}
	}
}

// pastError is a failure in the words of a chain.
type pastError struct {
	text string
	trap *wasm.Trap // nil where it was none
}

func (e *pastError) Error() string { return e.text }

func (e *pastError) Unwrap() error {
	if e.trap == nil {
		return nil
	}
	return e.trap
}
