package message

import (
	"context"
	"fmt"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm/pack"
)

// Post is what the handler asks of an actor. Targets are ids or paths.
type Post interface {
	// Register makes the actor reachable; it fails when it is already.
	Register() error
	// Resolve returns the path of a reachable actor.
	Resolve(target string) (path string, err error)
	// Send delivers body to target. What cannot be delivered is recorded.
	Send(target string, body []byte, at host.Event)
	// Request delivers body and waits for the answer, or until ctx ends.
	Request(ctx context.Context, target string, body []byte, at host.Event) ([]byte, error)
	// Outstanding lists the requests that the actor has not answered, oldest first.
	Outstanding() []string
	// Respond answers one of them.
	Respond(request string, body []byte)
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
