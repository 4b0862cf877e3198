package abi

import (
	"fmt"
	"runtime"

	"github.com/theater-go/theater/wasm/pack"
)

// A Handler answers one call of an export. It is given the state the host kept
// and the arguments after it, and returns the state to keep and the values of
// the response. On an error the host keeps the old state.
type Handler func(state pack.Value, args []pack.Value) (next pack.Value, response []pack.Value, err error)

// Export is one callback of the actor.
type Export struct {
	of      *Interface
	name    string
	handler Handler
}

// Export declares the callback name of i. It has no handler yet.
func (i *Interface) Export(name string) *Export {
	e := &Export{of: i, name: name}
	i.exports = append(i.exports, e)
	return e
}

// Handle gives e its handler. The callback of an actor has one: a second is a
// mistake of the actor's author and panics.
func (e *Export) Handle(h Handler) {
	if e.handler != nil {
		panic("guest: two handlers for " + e.of.Name() + "." + e.name)
	}
	e.handler = h
}

// Handled says whether e has a handler.
func (e *Export) Handled() bool { return e.handler != nil }

var turn struct {
	number uint64 // how many turns began
	open   bool
}

// Turn numbers the turn that runs, from 1, within this instance.
func Turn() uint64 { return turn.number }

// Run handles one call of e: input holds the encoded tuple of state and
// arguments. It returns the encoded result and status 0, or a text and status
// -1 when the input or the result cannot be expressed. The bytes returned are
// the caller's.
func (e *Export) Run(input []byte) (output []byte, status int32) {
	turn.number++
	turn.open = true
	// A wasm export runs and returns on one goroutine without passing the
	// scheduler: without this, a collection that has begun may never get to run,
	// while memory grows.
	runtime.Gosched()
	defer func() { turn.open = false }()
	in, err := pack.Decode(input)
	if err != nil {
		return []byte("decode error: " + err.Error()), -1
	}
	output, err = pack.Encode(e.answer(in))
	if err != nil {
		return []byte("encode error: " + err.Error()), -1
	}
	return output, 0
}

// answer calls the handler and gives its answer the form that hosts expect:
// ok(state, response...) or err(text).
func (e *Export) answer(in pack.Value) pack.Value {
	next, response, err := e.call(in)
	if err != nil {
		return pack.Err(pack.TypeBool, pack.TypeString, pack.String(err.Error()))
	}
	items := append(make([]pack.Value, 0, 2), next)
	return pack.Ok(anyTuple, pack.TypeString, pack.Tuple(append(items, response...)...))
}

// anyTuple stands in the header of a result for the tuple that it holds,
// whatever that has: hosts do not read it, and other SDKs write the same.
var anyTuple = pack.TupleOf(pack.TypeBool, pack.TypeBool)

func (e *Export) call(in pack.Value) (next pack.Value, response []pack.Value, err error) {
	if e.handler == nil {
		return next, nil, fmt.Errorf("the actor has no handler for %s.%s", e.of.Name(), e.name)
	}
	if in.Kind() != pack.KindTuple || in.Len() == 0 {
		return next, nil, fmt.Errorf("%s.%s: expected tuple with state and params, got %s", e.of.Name(), e.name, in.Type())
	}
	args := make([]pack.Value, in.Len()-1)
	for i := range args {
		args[i] = in.At(i + 1)
	}
	return e.handler(in.At(0), args)
}
