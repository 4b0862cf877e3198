package wasm

import (
	"fmt"

	"github.com/theater-go/theater/wasm/pack"
)

// The state convention: an actor's state travels as the first item of every
// call's input and comes back as the first item of its result.

// DefaultState is the state of an actor whose manifest gives none.
func DefaultState() pack.Value { return pack.None(pack.ListOf(pack.TypeU8)) }

var defaultState, unit = pack.MustEncode(DefaultState()), pack.MustEncode(pack.Unit)

// split takes an export's result apart, where it lies in the guest's memory: it
// keeps the state and returns the response. A result that is an error leaves the
// state as it was.
func (m *Machine) split(s *signature, raw []byte) (response []byte, err error) {
	v := &m.view
	var known pack.Part
	if s.result == nil || s.after == m.stateType && s.after != anyType {
		known = m.state
	}
	if !v.ScanAfter(raw, known, s.left) {
		// Guests may write what an encoder does not, such as shared nodes.
		value, err := pack.Decode(raw)
		if err == nil {
			raw, err = pack.Encode(value)
		}
		if err != nil || !v.Scan(raw) {
			return nil, Trapf(KindResult, "%s returned bytes that are no value: %v", s.name, err)
		}
	}
	root := v.Root()
	if s.result != nil && !v.Fits(root, s.result) {
		if err := validate(raw, s.result); err != nil {
			return nil, Trapf(KindResult, "Return type violation from '%s': %v", s.name, err)
		}
	}
	if !v.IsOk(root) {
		return m.splitValue(raw)
	}
	payload := v.At(root, 0)
	n := v.Len(payload)
	if v.Kind(payload) != pack.KindTuple || n == 0 {
		m.keep(payload, s.after)
		return unit, nil
	}
	switch n {
	case 1:
		response = unit
	case 2:
		m.response = v.Append(m.response[:0], v.At(payload, 1))
		response = m.response
	default:
		return m.splitValue(raw)
	}
	m.keep(v.At(payload, 0), s.after)
	return response, nil
}

// keep makes a part of the result the state, of that type.
func (m *Machine) keep(part, typ int) {
	m.stateType = typ
	if m.view.IsKnown(part) {
		return
	}
	next := m.view.Part(part, m.spare[:0])
	m.states.Lock()
	defer m.states.Unlock()
	m.spare = nil
	if m.kept { // else the bytes belong to who set them
		m.spare = m.state.Bytes
	}
	m.state, m.kept = next, true
}

// splitValue is split for results of rare shapes.
func (m *Machine) splitValue(raw []byte) (response []byte, err error) {
	output, err := pack.Decode(raw)
	if err != nil {
		return nil, Trapf(KindResult, "the result does not decode: %v", err)
	}
	state, answer, err := splitOutput(output)
	if err != nil {
		return nil, err
	}
	encoded, err := pack.Encode(state)
	if err == nil {
		response, err = pack.Encode(answer)
	}
	if err != nil {
		return nil, Trapf(KindResult, "the result does not encode: %v", err)
	}
	m.SetState(encoded)
	return response, nil
}

func validate(encoded []byte, t *pack.TypeDesc) error {
	v, err := pack.Decode(encoded)
	if err != nil {
		return err
	}
	return pack.Validate(v, *t)
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

// signature is what a module declares of one of its exports.
type signature struct {
	name     string
	declared bool           // in metadata that declares any
	params   []pack.Param   // the state is the first
	state    *pack.TypeDesc // of the first parameter; nil without one
	result   *pack.TypeDesc // the first; nil without one
	// Numbers of types, equal for equal types: of the state that the export
	// takes, and of the state that it leaves where its result is what it
	// declares. anyType is none.
	before, after int
	left          *pack.TypeDesc // that of the state in result; nil where result leaves it open
	callable      bool           // it has the type of an actor's export
}

// anyType is the number of no type.
const anyType = -1

// signaturesOf are the signatures of a module's exports, by index.
func signaturesOf(l *Layout, p *Prepared, m pack.Metadata) []signature {
	declared := make(map[string]*pack.FunctionSig, len(m.Exports))
	for i, f := range m.Exports {
		name := f.Name
		if f.Interface != "" {
			name = f.Interface + "." + f.Name
		}
		declared[name] = &m.Exports[i]
	}
	numbers := map[pack.Hash]int{}
	number := func(t *pack.TypeDesc) int {
		if t == nil {
			return anyType
		}
		h := t.Hash()
		if _, ok := numbers[h]; !ok {
			numbers[h] = len(numbers)
		}
		return numbers[h]
	}
	signatures := make([]signature, len(l.Exports))
	for i, name := range l.Exports {
		s := &signatures[i]
		*s = signature{name: name, declared: len(declared) == 0, before: anyType, after: anyType, callable: p.cases[int32(i)]}
		f := declared[name]
		if f == nil {
			continue
		}
		s.declared, s.params = true, f.Params
		if len(f.Params) > 0 {
			s.state = &f.Params[0].Type
			s.before = number(s.state)
		}
		if len(f.Results) > 0 {
			s.result = &f.Results[0]
			s.left = stateIn(s.result)
			s.after = number(s.left)
		}
	}
	return signatures
}

// stateIn is the type of the state in a result of type t, nil where t leaves that
// open.
func stateIn(t *pack.TypeDesc) *pack.TypeDesc {
	if t.Kind != pack.KindResult {
		return nil
	}
	switch ok := &t.Items[0]; ok.Kind {
	case pack.KindTuple:
		if len(ok.Items) == 0 {
			return nil
		}
		return &ok.Items[0]
	case pack.KindValue, pack.KindRef:
		return nil
	default:
		return ok
	}
}

// checkState holds the state against the export's first parameter.
func (m *Machine) checkState(s *signature) error {
	switch {
	case !s.declared:
		return Trapf(KindABI, "Function '%s' not found in cached type metadata", s.name)
	case s.state == nil, s.before == m.stateType:
		return nil
	}
	if err := validate(m.state.Bytes, s.state); err != nil {
		return Trapf(KindABI, "State type mismatch for '%s': %v", s.name, err)
	}
	m.stateType = s.before
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
