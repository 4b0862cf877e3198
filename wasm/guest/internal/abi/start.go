package abi

import (
	"fmt"

	"github.com/theater-go/theater/wasm/pack"
)

// Every actor has an init: a host that finds none refuses the module.
//
//lint:ignore U1000 the wasm export that serves it is in the wasip1 build
var actorInit = func() *Export {
	e := Callbacks(`interface actor {
		@package: string = "theater:simple"
		exports {
			init: func(state: value) -> result<tuple<value>, string>
		}
	}`).Export("init")
	e.Handle(start)
	return e
}()

var (
	beforeInit []func() error                             // what linked packages do first
	initial    func(given pack.Value) (pack.Value, error) // the author's; nil when there is none
)

// HandleInit gives init the author's handler, which is given the state and the
// text of the manifest. An actor has one: a second panics.
func HandleInit[S any](h func(s *S, text string) error) {
	if initial != nil {
		panic("guest: Init was called twice")
	}
	claim[S]()
	initial = func(given pack.Value) (pack.Value, error) {
		text, isText := given.AsString()
		s, err := load[S](given)
		if err != nil && !isText { // a text is no state, unless the state is a string
			return pack.Value{}, err
		}
		if err := h(&s, text); err != nil {
			return pack.Value{}, err
		}
		return store(s)
	}
}

// BeforeInit registers what an SDK package does at the beginning of init.
func BeforeInit(f func() error) { beforeInit = append(beforeInit, f) }

// start is the export init: what the linked packages do, then the author's
// handler, or the given state in its own type. A handler may send to its own
// actor, which the packages have made reachable.
func start(given pack.Value, _ []pack.Value) (next pack.Value, response []pack.Value, err error) {
	for _, f := range beforeInit {
		if err := f(); err != nil {
			return pack.Value{}, nil, err
		}
	}
	if initial != nil {
		next, err = initial(given)
	} else {
		next, err = adopt(given)
	}
	if err != nil {
		return pack.Value{}, nil, err
	}
	return next, nil, nil
}

// adopt is what happens to the given state of an actor without a handler for
// its start.
func adopt(given pack.Value) (pack.Value, error) {
	if state.adopt == nil {
		return given, nil
	}
	next, err := state.adopt(given)
	if text, isText := given.AsString(); isText && err != nil {
		return pack.Value{}, fmt.Errorf("the initial state is the text %.40q, which this actor does not take: handle it with guest.Init", text)
	}
	return next, err
}
