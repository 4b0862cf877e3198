package runtime

import (
	"fmt"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm/pack"
)

// Life is what the handler asks of an actor.
type Life interface {
	// Log takes a line that the guest logged.
	Log(line string)
	// Shutdown ends the actor normally with data, which is nil for none, once
	// its turn is over.
	Shutdown(data []byte)
}

// Handler serves theater:simple/runtime.
type Handler struct{ pact *pack.Interface }

// New makes the handler.
func New() *Handler { return &Handler{pact: pack.MustParsePact(pact)} }

// Type is "runtime".
func (*Handler) Type() string { return "runtime" }

// Interfaces is theater:simple/runtime.
func (h *Handler) Interfaces() []host.Interface {
	return []host.Interface{{Pact: h.pact, Kinds: kinds}}
}

// NewConfig returns the empty settings.
func (*Handler) NewConfig() any { return &Config{} }

// NewPolicy is nil: there is nothing to restrict.
func (*Handler) NewPolicy() any { return nil }

// Open starts a session for an actor, which must be a Life.
func (*Handler) Open(actor host.Actor, _ host.Grant) (host.Session, error) {
	life, ok := actor.(Life)
	if !ok {
		return nil, fmt.Errorf("actor %s cannot log or shut down", actor.Path())
	}
	return &session{actor: actor, life: life}, nil
}
