package actors

import (
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// What becomes of an actor, and what its supervisor does about it.
const (
	ChangeStarted = supervision.EventStarted
	ChangeEnded   = supervision.EventEnded
	ChangeFailed  = supervision.EventFailed
	ChangeGone    = supervision.EventGone

	DirectiveRestart  = supervision.DirectiveRestart
	DirectiveStop     = supervision.DirectiveStop
	DirectiveEscalate = supervision.DirectiveEscalate
)

// Change is something that has become of an actor, and what its supervisor does
// about it.
type Change struct {
	Ref  // of a child in Go, only the path
	What supervision.EventKind
	// Exit is of an incarnation that has ended or failed, and of the actor when it
	// is gone.
	Exit      Exit
	Directive supervision.Directive // about one that has ended or failed
	Wait      time.Duration         // until it starts again
	Restarts  int                   // so far
}

// observe is told what happens to the actors at the root.
func (s *System) observe(e supervision.Event) { s.changed("", e) }

// observe is told what happens to the actor's children.
func (c *control) observe(e supervision.Event) {
	c.system.changed(c.path, e)
	if m, ok := e.Of.(*member); ok {
		c.call(m.actor.Load(), e)
	}
}

func (s *System) changed(parent string, e supervision.Event) {
	change := Change{Ref: Ref{Path: parent + "/" + e.Child}, What: e.What, Exit: e.Exit, Directive: e.Directive, Wait: e.Wait, Restarts: e.Restarts}
	if m, ok := e.Of.(*member); ok {
		if c := m.actor.Load(); c != nil {
			change.Ref, change.Restarts = c.ref(), int(c.restarts.Load())
		}
	}
	s.config.Observe(change)
}

// callback is an export by which a parent hears of its children.
type callback string

const (
	callbackError        callback = "theater:simple/supervisor-handlers.handle-child-error"
	callbackExit         callback = "theater:simple/supervisor-handlers.handle-child-exit"
	callbackExternalStop callback = "theater:simple/supervisor-handlers.handle-child-external-stop"
	callbackEvent        callback = "theater:simple/supervisor-handlers.handle-child-event"
)

// callbacksOf are the export indexes of those that a guest has.
func callbacksOf(module *wasm.Module) map[callback]int {
	var found map[callback]int
	for _, c := range []callback{callbackError, callbackExit, callbackExternalStop, callbackEvent} {
		if index, ok := module.Callable(string(c)); ok {
			if found == nil {
				found = map[callback]int{}
			}
			found[c] = index
		}
	}
	return found
}

// call has the guest hear what has become of a child, if it wants to.
func (c *control) call(child *control, e supervision.Event) {
	if child == nil || len(c.callbacks) == 0 {
		return
	}
	id := pack.String(child.text)
	switch e.What {
	case supervision.EventFailed:
		if e.Restarts == 0 && e.Exit.Reason == ReasonInitFailed {
			return // there has been no child: who asked for it is told
		}
		text := pack.Some(pack.Bytes([]byte(child.saying(e.Exit))))
		c.callBack(callbackError, child, pack.Tuple(id, pack.Tuple(errorInternal, text)))
	case supervision.EventEnded:
		data := pack.None(pack.ListOf(pack.TypeU8))
		if e.Exit.Data != nil {
			data = pack.Some(pack.Bytes(e.Exit.Data))
		}
		c.callBack(callbackExit, child, pack.Tuple(id, data))
	case supervision.EventGone:
		child.mu.Lock()
		foreign := child.foreign
		child.mu.Unlock()
		if foreign {
			c.callBack(callbackExternalStop, child, id)
		}
	}
}

// errorInternal is the kind of every failure of a guest, in the original's words.
var errorInternal = pack.Variant("wit-error-type", "internal", 5)

// callBack queues the message, caused by the last turn of the child.
func (c *control) callBack(to callback, child *control, params pack.Value) {
	index, ok := c.callbacks[to]
	if !ok {
		return
	}
	encoded, err := pack.Encode(params)
	if err != nil {
		return // what a guest has left is bounded as all that crosses a sandbox is
	}
	child.mu.Lock()
	cause, marks := chain.Cause{Kind: chain.CauseEvent, Event: child.closedAt}, child.closedBy
	child.mu.Unlock()
	// A mailbox that is full or closed refuses it: the parent is overwhelmed, or
	// ends.
	_ = c.deliver(&envelope{form: formCall, export: index, params: encoded, cause: cause, marks: marks}, nil)
}
