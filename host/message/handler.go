package message

import (
	"context"
	"fmt"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm/pack"
)

// Post is what the handler asks of an actor. Bodies are bytes in strings, so
// that they pass from actor to actor without a copy.
type Post interface {
	// Register makes the actor reachable; it fails when it is already.
	Register() error
	// Resolve finds a reachable actor by its id or path. It gives the same
	// value for the same actor.
	Resolve(target string) (host.Actor, error)
	// Send delivers body to an actor that the same Post has resolved. What
	// cannot be delivered, since the actor has ended, is recorded.
	Send(to host.Actor, body string, at host.Event)
	// Request does so and waits for the answer, or until ctx ends.
	Request(ctx context.Context, to host.Actor, body string, at host.Event) (string, error)
	// Outstanding lists the requests that the actor has not answered, oldest first.
	Outstanding() []string
	// Respond answers one of them.
	Respond(request, body string)
	// Cancel answers one of them with an error.
	Cancel(request string)
}

// Handler serves theater:simple/message-server-host, but for channels.
type Handler struct{ pact *pack.Interface }

// New makes the handler.
func New() *Handler { return &Handler{pact: pack.MustParsePact(pact)} }

// Type is "message-server".
func (*Handler) Type() string { return "message-server" }

// Interfaces is theater:simple/message-server-host.
func (h *Handler) Interfaces() []host.Interface {
	return []host.Interface{{Pact: h.pact, Kinds: kinds}}
}

// NewConfig returns a Config that allows the own tree only.
func (*Handler) NewConfig() any { return &Config{} }

// NewPolicy returns a Policy that allows no other tree.
func (*Handler) NewPolicy() any { return &Policy{} }

// Open starts a session for an actor, which must be a Post.
func (*Handler) Open(actor host.Actor, grant host.Grant) (host.Session, error) {
	post, ok := actor.(Post)
	if !ok {
		return nil, fmt.Errorf("actor %s has no post", actor.Path())
	}
	s := &session{actor: actor, post: post, allow: [][]string{grant.Config.(*Config).Allow}}
	for _, p := range grant.Above {
		s.allow = append(s.allow, p.(*Policy).Allow)
	}
	return s, nil
}
