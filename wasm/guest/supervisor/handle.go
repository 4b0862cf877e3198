package supervisor

import (
	"errors"

	"github.com/theater-go/theater/wasm/guest/internal/abi"
	"github.com/theater-go/theater/wasm/pack"
)

var handlers = abi.Callbacks(`interface supervisor-handlers {
	@package: string = "theater:simple"
	enum wit-error-type {
		operation-timeout, channel-closed, shutting-down, function-not-found, type-mismatch,
		internal, serialization-error, update-component-error, paused
	}
	exports {
		handle-child-error: func(state: value, child-id: string, error: tuple<wit-error-type, option<list<u8>>>)
			-> result<tuple<value>, string>
		handle-child-exit: func(state: value, child-id: string, result: option<list<u8>>) -> result<tuple<value>, string>
		handle-child-external-stop: func(state: value, child-id: string) -> result<tuple<value>, string>
		handle-child-event: func(state: value, child-id: string, event-type: string, event-data: list<u8>)
			-> result<tuple<value>, string>
	}
}`)

var (
	handleError        = handlers.Export("handle-child-error")
	handleExit         = handlers.Export("handle-child-exit")
	handleExternalStop = handlers.Export("handle-child-external-stop")
	handleEvent        = handlers.Export("handle-child-event")
)

// ChildError says why a child has failed.
type ChildError struct {
	Kind string // such as "internal", which is every failure of the guest itself
	Text string // what is known of it, "" for nothing
}

func (e ChildError) Error() string {
	if e.Text == "" {
		return e.Kind
	}
	return e.Kind + ": " + e.Text
}

// HandleChildError registers what hears that a child has failed, whatever its
// supervision does about it. S is the actor's state.
//
// It is called from an init function of the actor, once, as each of the
// functions below.
func HandleChildError[S any](handler func(s *S, child string, e ChildError) error) {
	handle(handleError, 2, func(s *S, child string, args []pack.Value) error {
		e, err := childErrorOf(args[0])
		if err != nil {
			return err
		}
		return handler(s, child, e)
	})
}

// HandleChildExit registers what hears that a child has shut itself down. Data
// is what it left, nil for nothing.
func HandleChildExit[S any](handler func(s *S, child string, data []byte) error) {
	handle(handleExit, 2, func(s *S, child string, args []pack.Value) error {
		data, ok := optionalBytes(args[0])
		if !ok {
			return errBadArguments
		}
		return handler(s, child, data)
	})
}

// HandleChildExternalStop registers what hears that a child was stopped before
// it came to an end of its own.
func HandleChildExternalStop[S any](handler func(s *S, child string) error) {
	handle(handleExternalStop, 1, func(s *S, child string, _ []pack.Value) error {
		return handler(s, child)
	})
}

// HandleChildEvent registers what hears of each event of the children that the
// actor subscribed to.
func HandleChildEvent[S any](handler func(s *S, child string, e Event) error) {
	handle(handleEvent, 3, func(s *S, child string, args []pack.Value) error {
		kind, isText := args[0].AsString()
		data, isBytes := args[1].AsBytes()
		if !isText || !isBytes {
			return errBadArguments
		}
		return handler(s, child, Event{kind, data})
	})
}

// handle registers a handler of n arguments, of which the first is the child's id.
func handle[S any](e *abi.Export, n int, handler func(s *S, child string, rest []pack.Value) error) {
	e.Handle(abi.Typed(func(s *S, args []pack.Value) ([]pack.Value, error) {
		if len(args) != n {
			return nil, errBadArguments
		}
		child, ok := args[0].AsString()
		if !ok {
			return nil, errBadArguments
		}
		return nil, handler(s, child, args[1:])
	}))
}

var errBadArguments = errors.New("supervisor: the host passed arguments of the wrong type")

// childErrorOf reads the pair of the kind of an error and its text.
func childErrorOf(v pack.Value) (ChildError, error) {
	if v.Kind() != pack.KindTuple || v.Len() != 2 {
		return ChildError{}, errBadArguments
	}
	kind, isVariant := v.At(0).Variant()
	text, isBytes := optionalBytes(v.At(1))
	if !isVariant || !isBytes {
		return ChildError{}, errBadArguments
	}
	return ChildError{kind.Case, string(text)}, nil
}

// optionalBytes reads an option of bytes; ok is false when v is none.
func optionalBytes(v pack.Value) (b []byte, ok bool) {
	inner, present, ok := v.Option()
	if !ok || !present {
		return nil, ok
	}
	return inner.AsBytes()
}
