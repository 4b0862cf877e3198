package supervisor

import (
	"fmt"
	"time"

	"github.com/theater-go/theater/wasm/pack"
)

// Option says more of a child than its manifest does.
type Option func(*birth)

// birth is what the options of one child say.
type birth struct {
	state any
	given bool // there is a state
	code  []byte
}

// WithState gives the child a state of its own in place of the manifest's
// initial_state: any Go value that pack.Marshal takes.
func WithState(state any) Option {
	return func(b *birth) { b.state, b.given = state, true }
}

// WithPackage has the child run the wasm module in code in place of the
// manifest's package. Nil is the manifest's.
func WithPackage(code []byte) Option {
	return func(b *birth) { b.code = code }
}

// Spawn starts a child and waits for the end of its init, which may fail. The
// manifest is a path below the folder of this actor's own manifest. The child is
// known by the id returned. It is temporary, has 5s to stop and is called what its
// manifest says, unless the strategy is simple-one-for-one: then its template is
// the only manifest that may be named, and says all that.
func Spawn(manifest string, options ...Option) (child string, err error) {
	state, code, err := collect(options)
	if err != nil {
		return "", fmt.Errorf("spawn %s: %w", manifest, err)
	}
	id, err := parent.Try("spawn", hostSpawn, pack.String(manifest), state, code)
	return textOf(id), err
}

// SpawnAndWait does so and waits for the child's end: it returns what the child
// left at its shutdown, nil for nothing. It fails when the child fails or is
// stopped. A child that has not ended after the timeout is stopped, and that is
// an error too; without a timeout, which is 0, the host bounds the wait. The timeout
// begins when the init is over. The handler of HandleChildExit is called for this
// child too.
func SpawnAndWait(manifest string, timeout time.Duration, options ...Option) (data []byte, err error) {
	state, code, err := collect(options)
	if err != nil {
		return nil, fmt.Errorf("spawn %s: %w", manifest, err)
	}
	bound := pack.None(pack.TypeU64)
	if timeout > 0 {
		bound = pack.Some(pack.U64(uint64((timeout-1)/time.Millisecond) + 1))
	}
	left, err := parent.Try("spawn-and-wait", hostSpawnAndWait, pack.String(manifest), state, code, bound)
	if err != nil {
		return nil, err
	}
	if inner, present, _ := left.Option(); present {
		data, _ = inner.AsBytes()
	}
	return data, nil
}

// Resume starts a child that goes on where another has ended: with the state of
// WithState, which is that of State, and without an init.
func Resume(manifest string, options ...Option) (child string, err error) {
	state, code, err := collect(options)
	if err != nil {
		return "", fmt.Errorf("resume %s: %w", manifest, err)
	}
	if v, present, _ := state.Option(); present {
		encoded, err := pack.Encode(v)
		if err != nil {
			return "", fmt.Errorf("resume %s: encode the state: %w", manifest, err)
		}
		state = pack.Some(pack.Bytes(encoded))
	}
	id, err := parent.Try("resume", hostResume, pack.String(manifest), state, code)
	return textOf(id), err
}

// collect makes arguments of options: an option of the state and one of the module.
func collect(options []Option) (state, code pack.Value, err error) {
	var b birth
	for _, o := range options {
		o(&b)
	}
	state, code = pack.None(bytesType), pack.None(bytesType)
	if b.given {
		v, err := pack.Marshal(b.state)
		if err != nil {
			return state, code, fmt.Errorf("the state: %w", err)
		}
		state = pack.Some(v)
	}
	if b.code != nil {
		code = pack.Some(pack.Bytes(b.code))
	}
	return state, code, nil
}

var bytesType = pack.ListOf(pack.TypeU8)

func textOf(v pack.Value) string { s, _ := v.AsString(); return s }
