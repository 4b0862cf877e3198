package wasm

import "context"

// Host answers what a guest asks of the world outside its linear memory. A live
// actor's recording door is one, a chain being replayed is the other. All
// methods are called by the goroutine that runs the turn.
type Host interface {
	// Call serves import number imp of the module: a theater import with its
	// CGRF input, or a sleep (see SleepInput). The input lies in the guest's
	// memory: what the host keeps of it, it copies. An error that is a *Trap ends
	// the turn as that trap; any other ends it with KindHost. ctx ends when the
	// turn is killed. A host that waits does so in [Machine.Wait].
	Call(ctx context.Context, imp int, input []byte) (Reply, error)
	// Key gives the 32 random bytes from which all randomness of the turn
	// comes. It is asked at most once a turn.
	Key() ([32]byte, error)
	// Output takes a line that the guest wrote, without its end.
	Output(stream Stream, line string)
}

// Reply is the answer to a Call.
type Reply struct {
	Output []byte // CGRF; the machine only reads it
	Now    int64  // unix nanoseconds to set the guest's clock forward to; 0 leaves it
}

// Stream is where a guest writes text.
type Stream uint8

// The streams.
const (
	Stdout Stream = iota + 1
	Stderr
)
