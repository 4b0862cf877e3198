package supervisor

import (
	"context"
	"fmt"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm/pack"
)

// Parent is what the handler asks of an actor. A method with a ctx waits; when
// ctx ends it returns an error at once, and what it has begun goes on.
type Parent interface {
	// SpawnChild starts a child from the manifest that the guest has named and
	// waits for the end of its init. It returns the child's id. A nil state and a
	// nil package are the manifest's. One that is resumed has no init: its state
	// is that of an actor which has been initialised before.
	SpawnChild(ctx context.Context, manifest string, state *pack.Value, code []byte, resumed bool, at host.Event) (id string, err error)
	// AwaitChild waits for the end of a child that the same call has spawned,
	// which may be over, and returns what it handed to shutdown, nil for
	// nothing, or that it was told to stop, or what it failed with. When ctx ends
	// first that is the error, and when the child waits for the actor; then the
	// child is told to stop.
	AwaitChild(ctx context.Context, id string) (data []byte, stopped bool, err error)
	// Children lists the ids of the children, oldest first.
	Children() []string
	// StopChild stops a child as its specification says and waits for its end.
	StopChild(ctx context.Context, id string) error
	// RestartChild restarts a child and waits for the end of its init.
	RestartChild(ctx context.Context, id string) error
	// ChildState is the child's state after its last closed turn.
	ChildState(ctx context.Context, id string) (pack.Value, error)
	// SubscribeChild has the child's events delivered to the actor's
	// handle-child-event. A second subscription changes nothing.
	SubscribeChild(id string) error
	// UnsubscribeChild ends that, if it was so.
	UnsubscribeChild(id string)
	// IsChild reports whether id is among Children.
	IsChild(id string) bool
}

// Handler serves theater:simple/supervisor.
type Handler struct{ pact *pack.Interface }

// New makes the handler.
func New() *Handler { return &Handler{pact: pack.MustParsePact(pact)} }

// Type is "supervisor".
func (*Handler) Type() string { return "supervisor" }

// Interfaces is theater:simple/supervisor.
func (h *Handler) Interfaces() []host.Interface {
	return []host.Interface{{Pact: h.pact, Kinds: kinds}}
}

// NewConfig returns a Config that allows 1,000 children.
func (*Handler) NewConfig() any { return &Config{MaxChildren: defaultChildren} }

// NewPolicy returns a Policy that restricts nothing.
func (*Handler) NewPolicy() any { return &Policy{MaxChildren: maxChildren} }

// Open starts a session for an actor, which must be a Parent.
func (*Handler) Open(actor host.Actor, grant host.Grant) (host.Session, error) {
	parent, ok := actor.(Parent)
	if !ok {
		return nil, fmt.Errorf("actor %s cannot have children", actor.Path())
	}
	s := &session{actor: actor, parent: parent, most: grant.Config.(*Config).MaxChildren}
	for _, p := range grant.Above {
		s.most = min(s.most, p.(*Policy).MaxChildren)
	}
	return s, nil
}
