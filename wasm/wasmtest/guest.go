package wasmtest

import "github.com/theater-go/theater/wasm/pack"

// Names of the exports of an actor.
const (
	Init          = "theater:simple/actor.init"
	HandleSend    = "theater:simple/message-server-client.handle-send"
	HandleRequest = "theater:simple/message-server-client.handle-request"
)

// Names of the exports by which an actor hears of its children; a Guest has them
// among its Others.
const (
	ChildError        = "theater:simple/supervisor-handlers.handle-child-error"
	ChildExit         = "theater:simple/supervisor-handlers.handle-child-exit"
	ChildExternalStop = "theater:simple/supervisor-handlers.handle-child-external-stop"
	ChildEvent        = "theater:simple/supervisor-handlers.handle-child-event"
)

// Guest describes an actor module. The zero Guest is a correct actor: it keeps
// its state and answers every request with nothing.
//
// It allocates by moving a mark, frees nothing, and grows its memory as far as
// it is let. The zero Behavior is Keep, for a request an empty answer.
type Guest struct {
	Init, HandleSend, HandleRequest Behavior

	// Others are further exports by full name; each takes and gives any values.
	Others map[string]Behavior

	// Interfaces declares the host functions that behaviors call, so that the
	// metadata can name them with their types and hash. A called interface that
	// is not among them is imported but not declared.
	Interfaces []*pack.Interface

	// Untyped declares every export's state and result as value, so that a host
	// accepts whatever a behavior returns; otherwise the state is declared as
	// option<list<u8>>.
	Untyped bool

	// Undeclared lists exports that the metadata leaves out.
	Undeclared []string

	// Metadata replaces the bytes that __pack_types gives, unless it is nil.
	Metadata []byte

	// Alloc and Start replace the body of __pack_alloc (size in local 0, address
	// left on the stack) and add a start function.
	Alloc, Start Code

	// Without lists exports to leave out, for example memory or __pack_types.
	Without []string

	extend func(*Module) // adds to the module when all else is there
}

// Counter is an actor whose state is a u64: every request and send adds one, and
// a request is answered with the new state as 8 bytes, little endian. A state of
// another type counts as 0.
func Counter() []byte {
	return Guest{
		Init:          count(0, pack.Unit),
		HandleSend:    count(1, pack.Unit),
		HandleRequest: Count(),
		Untyped:       true,
	}.Bytes()
}

// On is the actor that shows the behavior on every request.
func On(b Behavior) []byte { return Guest{HandleRequest: b}.Bytes() }
