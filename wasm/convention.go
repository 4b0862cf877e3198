package wasm

import (
	"fmt"

	"github.com/theater-go/theater/wasm/pack"
)

// The state convention: an actor's state travels as the first item of every
// call's input and comes back as the first item of its result.

// DefaultState is the state of an actor whose manifest gives none.
func DefaultState() pack.Value { return pack.None(pack.ListOf(pack.TypeU8)) }

// callInput puts the state before the parameters: the items of a tuple each,
// any other value as it is.
func callInput(state, params pack.Value) pack.Value {
	if params.Kind() != pack.KindTuple {
		return pack.Tuple(state, params)
	}
	items := make([]pack.Value, 0, params.Len()+1)
	items = append(items, state)
	for i := range params.Len() {
		items = append(items, params.At(i))
	}
	return pack.Tuple(items...)
}

// splitOutput takes an export's result apart. A result that is an error leaves
// the state as it was.
func splitOutput(output pack.Value) (state, response pack.Value, err error) {
	if payload, ok, isResult := output.Result(); isResult {
		if !ok {
			return state, response, guestError(payload)
		}
		state, response = splitSuccess(payload)
		return state, response, nil
	}
	if v, isVariant := output.Variant(); isVariant {
		switch {
		case v.Tag == 0 && len(v.Payload) > 0:
			state, response = splitSuccess(v.Payload[0])
			return state, response, nil
		case v.Tag == 1 && len(v.Payload) > 0:
			return state, response, guestError(v.Payload[0])
		case v.Tag == 1:
			return state, response, &GuestError{Message: "(no message)"}
		}
		return state, response, Trapf(KindResult, "unexpected result variant tag: %d", v.Tag)
	}
	return output, pack.Unit, nil
}

func splitSuccess(x pack.Value) (state, response pack.Value) {
	if x.Kind() != pack.KindTuple || x.Len() == 0 {
		return x, pack.Unit
	}
	switch state = x.At(0); x.Len() {
	case 1:
		return state, pack.Unit
	case 2:
		return state, x.At(1)
	}
	rest := make([]pack.Value, 0, x.Len()-1)
	for i := 1; i < x.Len(); i++ {
		rest = append(rest, x.At(i))
	}
	return state, pack.Tuple(rest...)
}

func guestError(v pack.Value) error {
	message, ok := v.AsString()
	if !ok {
		message = v.String()
	}
	encoded, err := pack.Encode(v)
	if err != nil {
		return Trapf(KindResult, "the error value does not encode: %v", err)
	}
	return &GuestError{Message: clip(message), Value: encoded}
}

// signatures are the declared types of a module's exports by export name.
type signatures map[string]pack.FunctionSig

func signaturesOf(m pack.Metadata) signatures {
	s := make(signatures, len(m.Exports))
	for _, f := range m.Exports {
		name := f.Name
		if f.Interface != "" {
			name = f.Interface + "." + f.Name
		}
		s[name] = f
	}
	return s
}

// checkState holds the state against the export's first parameter.
func (s signatures) checkState(export string, state pack.Value) error {
	if len(s) == 0 {
		return nil
	}
	f, ok := s[export]
	if !ok {
		return Trapf(KindABI, "Function '%s' not found in cached type metadata", export)
	}
	if len(f.Params) == 0 {
		return nil
	}
	if err := pack.Validate(state, f.Params[0].Type); err != nil {
		return Trapf(KindABI, "State type mismatch for '%s': %v", export, err)
	}
	return nil
}

// checkOutput holds the raw output against the export's first result.
func (s signatures) checkOutput(export string, output pack.Value) error {
	f, ok := s[export]
	if !ok || len(f.Results) == 0 {
		return nil
	}
	if err := pack.Validate(output, f.Results[0]); err != nil {
		return Trapf(KindResult, "Return type violation from '%s': %v", export, err)
	}
	return nil
}

// SleepInput is the recorded input of a sleep through poll_oneoff: the duration
// in nanoseconds as u64.
func SleepInput(ns int64) []byte {
	b, err := pack.Encode(pack.U64(uint64(ns)))
	if err != nil {
		panic(fmt.Sprintf("a u64 does not encode: %v", err))
	}
	return b
}

// SleepDuration reads SleepInput back.
func SleepDuration(input []byte) (ns int64, err error) {
	v, err := pack.Decode(input)
	if err != nil {
		return 0, err
	}
	u, ok := v.AsU64()
	if !ok || u > 1<<63-1 {
		return 0, fmt.Errorf("%s is no duration", v)
	}
	return int64(u), nil
}
