package host

import (
	"errors"
	"fmt"

	"github.com/theater-go/theater/wasm/pack"
)

var (
	// ErrDenied is wrapped by a session's error when a policy forbids the call.
	ErrDenied = errors.New("denied")
	// ErrArguments is wrapped by the error of a call whose input has not the
	// types that the function declares.
	ErrArguments = errors.New("wrong arguments")
)

// Args takes the input of a call apart: nothing for no parameter, the bare
// value for one, a tuple for more. Each argument is held against its type; an
// error wraps ErrArguments. The result is not to be changed.
func (f *Function) Args(input pack.Value) ([]pack.Value, error) {
	params := f.Signature.Params
	var args []pack.Value
	switch len(params) {
	case 0:
	case 1:
		args = []pack.Value{input}
	default:
		if input.Kind() != pack.KindTuple || input.Len() != len(params) {
			return nil, fmt.Errorf("%w: expected a tuple of %d", ErrArguments, len(params))
		}
		args = input.Items()
	}
	return args, f.check(args)
}

// check holds the arguments against their types.
func (f *Function) check(args []pack.Value) error {
	for i := range args {
		p := &f.Signature.Params[i]
		if err := pack.Validate(args[i], p.Type); err != nil {
			return fmt.Errorf("%w: parameter %s: %w", ErrArguments, p.Name, err)
		}
	}
	return nil
}

// FlatArgs is Args where the input has no parts but the arguments, and they have
// none. It returns false for others, and for those that Args refuses.
func (f *Function) FlatArgs(input *pack.View, room []pack.Value) ([]pack.Value, bool) {
	n := len(f.Signature.Params)
	if n == 0 {
		return nil, true
	}
	if tuple := input.Kind(input.Root()) == pack.KindTuple; tuple != (n > 1) {
		return nil, false
	}
	args, flat := input.Flat(room[:0])
	return args, flat && len(args) == n && f.check(args) == nil
}

// Output is the value that the guest is handed for a session's answer. Where
// the function has a result type the error is its err; where it has none,
// Output returns the error. The headers are those of every host result of the
// original: ok and err are strings, whatever the payload.
func (f *Function) Output(v pack.Value, err error) (pack.Value, error) {
	results := f.Signature.Results
	switch {
	case len(results) == 1 && results[0].Kind == pack.KindResult && err != nil:
		return pack.Err(pack.TypeString, pack.TypeString, pack.String(err.Error())), nil
	case len(results) == 1 && results[0].Kind == pack.KindResult:
		return pack.Ok(pack.TypeString, pack.TypeString, v), nil
	}
	return v, err
}

// AnswersUnit reports whether the guest is handed ok(()) when the session answers v.
func (f *Function) AnswersUnit(v pack.Value) bool {
	results := f.Signature.Results
	return len(results) == 1 && results[0].Kind == pack.KindResult && v.Kind() == pack.KindTuple && v.Len() == 0
}
