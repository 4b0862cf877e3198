package message

import (
	"context"
	"fmt"
	"strings"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm/pack"
)

// Interface is the name of the interface that guests import.
const Interface = "theater:simple/message-server-host"

const pact = `interface message-server-host {
	@package: string = "theater:simple"
	exports {
		register: func() -> result<_, string>
		send: func(actor-id: string, msg: list<u8>) -> result<_, string>
		request: func(actor-id: string, msg: list<u8>) -> result<list<u8>, string>
		list-outstanding-requests: func() -> list<string>
		respond-to-request: func(request-id: string, response: list<u8>) -> result<_, string>
		cancel-request: func(request-id: string) -> result<_, string>
		open-channel: func(actor-id: string, initial-msg: list<u8>) -> result<string, string>
		send-on-channel: func(channel-id: string, msg: list<u8>) -> result<_, string>
		close-channel: func(channel-id: string) -> result<_, string>
	}
}`

// Config is the [[handler]] table of type "message-server".
type Config struct {
	// Allow lists paths of other trees whose actors may be addressed: the actor
	// at the path and all below it. The own tree may always be addressed.
	Allow []string `toml:"allow"`
}

// Policy restricts the targets outside the own tree, as Config.Allow does, for
// an actor and all below it.
type Policy struct {
	Allow []string `toml:"allow"`
}

// Validate is asked by the manifest's decoder.
func (c *Config) Validate() error { return validate(c.Allow) }

// Validate is asked by the manifest's decoder.
func (p *Policy) Validate() error { return validate(p.Allow) }

func validate(allow []string) error {
	for _, path := range allow {
		if !strings.HasPrefix(path, "/") {
			return fmt.Errorf("allow has %q: a path begins with /", path)
		}
	}
	return nil
}

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
	return []host.Interface{{Pact: h.pact, Kinds: map[string]host.Kind{
		"register":                  host.Local,
		"send":                      host.Deferred,
		"request":                   host.Outcall,
		"list-outstanding-requests": host.Local,
		"respond-to-request":        host.Deferred,
		"cancel-request":            host.Deferred,
	}}}
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
