package cli

import (
	"strconv"
	"strings"
	"time"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// liveActor is an actor of a node as JSON shows it. What is not known is left out.
type liveActor struct {
	Path         string       `json:"path"`
	ID           string       `json:"id,omitempty"`
	Name         string       `json:"name"`
	Status       string       `json:"status"`
	Module       string       `json:"module,omitempty"` // sha256
	Parent       string       `json:"parent,omitempty"`
	Created      string       `json:"created,omitempty"`
	BusySince    string       `json:"busy_since,omitempty"` // left out while no turn runs
	Waits        bool         `json:"waits"`                // the turn does, for something outside its guest
	Restarts     int64        `json:"restarts"`
	LastFailure  *lastFailure `json:"last_failure"`
	Mailbox      int64        `json:"mailbox"` // messages that wait
	MailboxBytes int64        `json:"mailbox_bytes"`
	Turns        int64        `json:"turns"`
	FailedTurns  int64        `json:"failed_turns"`
	Fuel         int64        `json:"fuel"`
	MemoryBytes  int64        `json:"memory_bytes"`
	ChildCount   int32        `json:"child_count"`
}

func newLiveActor(a *theaterv1.Actor) liveActor {
	shown := liveActor{
		Path: a.Path, ID: a.Id, Name: a.Name, Status: a.Status, Module: a.Module, Parent: a.Parent,
		Restarts: a.Restarts, LastFailure: newLiveFailure(a.LastFailure), Mailbox: a.Mailbox, MailboxBytes: a.MailboxBytes,
		Waits: a.Waits, Turns: a.Turns, FailedTurns: a.FailedTurns, Fuel: a.Fuel, MemoryBytes: a.Memory, ChildCount: a.Children,
	}
	if a.Created != nil {
		shown.Created = moment3339(a.Created.AsTime().UnixNano())
	}
	if a.BusySince != nil {
		shown.BusySince = moment3339(a.BusySince.AsTime().UnixNano())
	}
	return shown
}

// busy says for how long the turn of an actor runs, and whether it waits; "" is that
// none runs.
func busy(a *theaterv1.Actor, now time.Time) string {
	if a.BusySince == nil {
		return ""
	}
	text := age(now.Sub(a.BusySince.AsTime()))
	if a.Waits {
		text = "waits " + text
	}
	return text
}

// newLiveFailure is an exit that a node tells of; nil is none.
func newLiveFailure(e *theaterv1.Exit) *lastFailure {
	if e == nil {
		return nil
	}
	f := &lastFailure{Reason: e.Reason, Detail: e.Detail}
	if e.Trap != nil {
		f.Trap = &trap{Kind: e.Trap.Kind, Function: e.Trap.Function}
	}
	return f
}

// whyLive is the same in one line, safe to be shown; nil is "".
func whyLive(e *theaterv1.Exit) string {
	if e == nil {
		return ""
	}
	detail := clip(trapWords(e.Detail))
	switch {
	case detail == "":
		return escape(e.Reason)
	case e.Reason == "trap" && strings.HasPrefix(detail, "trap "):
		return detail
	}
	return escape(e.Reason) + ": " + detail
}

// trapWords is a text about a trap without what its kind says already, and without
// the place in the function. Other texts it leaves as they are.
func trapWords(text string) string {
	kind, isTrap := strings.CutPrefix(text, "trap ")
	if !isTrap {
		return text
	}
	if at := strings.LastIndex(text, " at 0x"); at >= 0 && !strings.Contains(text[at+1+len("at "):], " ") {
		text = text[:at]
	}
	if kind, _, _ = strings.Cut(kind, ":"); strings.HasPrefix(text, "trap "+kind+": "+kind+" in ") {
		text = "trap " + strings.TrimPrefix(text, "trap "+kind+": ")
	}
	return text
}

// age is how long something has been there, in one or two units.
func age(d time.Duration) string {
	s := int(d / time.Second)
	switch {
	case s < 0:
		return "0s"
	case s < 2*60:
		return strconv.Itoa(s) + "s"
	case s < 10*60:
		return strconv.Itoa(s/60) + "m" + strconv.Itoa(s%60) + "s"
	case s < 3*3600:
		return strconv.Itoa(s/60) + "m"
	case s < 48*3600:
		return strconv.Itoa(s/3600) + "h"
	}
	return strconv.Itoa(s/(24*3600)) + "d"
}
