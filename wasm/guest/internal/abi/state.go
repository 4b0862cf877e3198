package abi

import (
	"fmt"
	"reflect"

	"github.com/theater-go/theater/wasm/pack"
)

// state is the Go type that the handlers of the actor share, and how a value of
// the host becomes a canonical value of it. Both are unset until the first
// typed handler is registered.
var state struct {
	goType reflect.Type
	adopt  func(pack.Value) (pack.Value, error)
}

// Typed makes a Handler of one that works on the actor's state as a Go value.
// The handlers of an actor share one state type: another one is a mistake of
// the actor's author and panics.
func Typed[S any](h func(s *S, args []pack.Value) (response []pack.Value, err error)) Handler {
	claim[S]()
	return func(v pack.Value, args []pack.Value) (pack.Value, []pack.Value, error) {
		s, err := load[S](v)
		if err != nil {
			return pack.Value{}, nil, err
		}
		response, err := h(&s, args)
		if err != nil {
			return pack.Value{}, nil, err
		}
		next, err := store(s)
		return next, response, err
	}
}

func claim[S any]() {
	t := reflect.TypeFor[S]()
	refuseLoss(t)
	if state.goType == nil {
		state.goType = t
		state.adopt = func(v pack.Value) (pack.Value, error) {
			s, err := load[S](v)
			if err != nil {
				return pack.Value{}, err
			}
			return store(s)
		}
	}
	if state.goType != t {
		panic(fmt.Sprintf("guest: the handlers disagree about the state: %s and %s", state.goType, t))
	}
}

// refuseLoss panics when a field of the state would not be kept although its
// author did not say so.
func refuseLoss(t reflect.Type) {
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[pack.Value]() || t.Implements(reflect.TypeFor[pack.Marshaler]()) {
		return
	}
	for f := range t.Fields() {
		if !f.IsExported() && f.Tag.Get("pack") != "-" {
			panic(fmt.Sprintf("guest: field %s of %s is not exported, so it would not be kept from turn to turn: export it, or tag it `pack:\"-\"`", f.Name, t))
		}
	}
}

// load reads a state. None is how a host says that there is no state yet.
func load[S any](v pack.Value) (s S, err error) {
	if _, present, isOption := v.Option(); isOption && !present {
		return s, nil
	}
	if err := pack.Unmarshal(v, &s); err != nil {
		var zero S // Unmarshal may have begun
		return zero, fmt.Errorf("the state is a %s, which does not fit %s: %w", v.Type(), reflect.TypeFor[S](), err)
	}
	return s, nil
}

func store[S any](s S) (pack.Value, error) {
	v, err := pack.Marshal(s)
	if err != nil {
		return pack.Value{}, fmt.Errorf("write the state as %s: %w", reflect.TypeFor[S](), err)
	}
	return v, nil
}
