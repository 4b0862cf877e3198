package guest

import "github.com/theater-go/theater/wasm/guest/internal/abi"

// Init registers what runs first when the actor starts, and again after a
// restart, before any message. It is optional.
//
// The state s is the one the actor was given: by its supervisor, or its own
// last one where a restart keeps it, otherwise the zero value. The text is the
// manifest's initial_state, "" when there is none; an actor without this
// handler takes a text only if its state is a string. An error fails the start.
//
// It is called from an init function of the actor, once.
func Init[S any](handler func(s *S, text string) error) { abi.HandleInit(handler) }
