package guest

import "github.com/theater-go/theater/wasm/guest/internal/abi"

// Init registers what runs first when the actor starts, before any message, and
// again when a restart gives it its initial state. After a restart that keeps the
// last state (restart_state = "last") it is not run. It is optional.
//
// The state s is the one the actor was given by its supervisor, otherwise the
// zero value. An actor that handles messages can be sent to by then, by its own
// Init too: it handles that when it has started. The text is the
// manifest's initial_state, "" when there is none; an actor without this
// handler takes a text only if its state is a string. An error fails the start.
//
// It is called from an init function of the actor, once.
func Init[S any](handler func(s *S, text string) error) { abi.HandleInit(handler) }
