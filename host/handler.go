package host

import (
	"context"
	"iter"

	"github.com/theater-go/theater/wasm/pack"
)

// Kind says what a call of a host function does to the turn that makes it.
type Kind uint8

// The kinds of host functions.
const (
	// Local functions are answered from the actor's own data.
	Local Kind = iota + 1
	// Deferred functions are answered at once and act when the turn's events
	// are on the chain; they act not at all when the turn fails before.
	Deferred
	// Outcall functions leave the actor and wait for an answer. An intent is on
	// the chain before they leave.
	Outcall
	// Wait functions send nothing and wait.
	Wait
)

// Handler offers one capability. It is safe for concurrent use.
type Handler interface {
	// Type is the name by which a manifest's [[handler]] table asks for it.
	Type() string
	// Interfaces are what it serves.
	Interfaces() []Interface
	// NewConfig returns a pointer to the handler's settings in a [[handler]]
	// table, with their defaults, for TOML to be decoded into.
	NewConfig() any
	// NewPolicy returns a pointer to what [permission_policy] may restrict, or
	// nil when the capability can only be allowed or disallowed.
	NewPolicy() any
	// Open starts the handler's part of one actor's life. It must not block.
	Open(actor Actor, grant Grant) (Session, error)
}

// Interface is a Pact interface and the functions of it that are served.
type Interface struct {
	Pact  *pack.Interface
	Kinds map[string]Kind // by function name; others are refused at spawn
}

// Actor is an actor as handlers know it. Those that need more of the one that a
// session belongs to declare an interface of their own that it satisfies as well.
type Actor interface {
	ID() string
	Path() string
}

// Grant is what a manifest allows an actor of one capability.
type Grant struct {
	Config any   // what NewConfig returned, decoded; never nil
	Above  []any // the restrictions of the actor and its parents, outermost first; each must allow a call
}

// Session is a handler's part of one actor. Its methods are called one at a
// time.
type Session interface {
	// Call answers a guest's call. The arguments have the types of the Pact.
	// An error reaches the guest as the function's err, or ends the turn where
	// the function has none. Outcalls and waits return when ctx ends.
	Call(ctx context.Context, call *Call) (pack.Value, error)
	// Release lets a deferred effect act. It must not block.
	Release(effect any, at Event)
	// Close ends the session. reason is the actor's exit reason.
	Close(reason string)
}

// Restorer is a Session that outlives its process: it is given the actor's
// crossings again, in order, when the actor is resumed from its chain.
type Restorer interface {
	Restore(crossings iter.Seq[Crossing]) error
	// Standing returns crossings that restore what the session is now, between two
	// turns: a checkpoint keeps them in place of all that were before.
	Standing() []Crossing
}

// Crossing is a call that a session has answered before.
type Crossing struct {
	Interface, Function string
	Input, Output       pack.Value
}

// Event names an event of a chain: what an effect or a call is known by.
type Event struct {
	Actor  [16]byte
	Record uint64
	Index  uint32
}

// Call is one call of a host function.
type Call struct {
	Interface, Function string
	Args                []pack.Value // valid during the call
	At                  Event        // the event that records the call
	Now                 int64        // the guest's time, unix nanoseconds

	// Pending are the effects of this session that the turn has not released
	// yet, oldest first. It may be asked during the call only.
	Pending iter.Seq[any]

	effect any
}

// Reset makes the call another one, for who keeps one for many.
func (c *Call) Reset(f *Function, args []pack.Value, at Event, now int64, pending iter.Seq[any]) {
	c.Interface, c.Function, c.Args = f.Interface, f.Signature.Name, args
	c.At, c.Now, c.Pending, c.effect = at, now, pending, nil
}

// Defer leaves an effect to be released after the turn's events are recorded.
// A call leaves at most one.
func (c *Call) Defer(effect any) { c.effect = effect }

// Effect returns what Defer left, or nil.
func (c *Call) Effect() any { return c.effect }
