package cli

import (
	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/wasm"
)

// maxWords bounds what a guest says of its end, in bytes of a line.
const maxWords = 160

// why is the reason of an end in one line, safe to be shown: the kind of the trap
// and the guest's function where there was one.
func why(exit actors.Exit) string {
	trap, ok := exit.Err.(*wasm.Trap)
	switch {
	case exit.Err == nil:
		return escape(string(exit.Reason))
	case !ok:
		return escape(string(exit.Reason)) + ": " + clip(exit.Err.Error())
	case trap.Kind == wasm.KindKilled:
		return escape(string(exit.Reason)) + ": " + clip(trap.Message)
	}
	text := trapText(trap)
	if exit.Reason != actors.ReasonTrap {
		text = escape(string(exit.Reason)) + ": " + text
	}
	return text
}

// trapText is a trap without what its kind says already.
func trapText(t *wasm.Trap) string {
	text := "trap " + escape(string(t.Kind))
	if t.Message != "" && t.Message != string(t.Kind) {
		text += ": " + cut(escape(t.Message), maxWords)
	}
	if t.Known {
		where := t.Function
		if where == "" {
			where = t.Where()
		}
		text += " in " + cut(escape(where), maxWords)
	}
	return text
}

// lastFailure is an exit as JSON shows it.
type lastFailure struct {
	Reason string `json:"reason"`
	Detail string `json:"detail"`
	Trap   *trap  `json:"trap,omitempty"`
}

func newLastFailure(exit *actors.Exit) *lastFailure {
	if exit == nil {
		return nil
	}
	f := &lastFailure{Reason: string(exit.Reason), Detail: exit.Detail()}
	if t, ok := exit.Err.(*wasm.Trap); ok { // and not that of another actor
		f.Trap = &trap{Kind: string(t.Kind), Function: t.Function}
		if t.Known {
			f.Trap.Index = &t.Index
		}
	}
	return f
}
