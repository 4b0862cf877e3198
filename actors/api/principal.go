package api

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Scope is what a client may do. Each includes those before it.
type Scope int

// The scopes. Who reads sees what guests hold: their states, messages and lines.
const (
	ScopeNone    Scope = iota
	ScopeRead          // look
	ScopeOperate       // start and end actors, and send them messages
	ScopeAdmin         // end the node, and spawn what lies on its machine
)

var scopeNames = [...]string{"none", "read", "operate", "admin"}

func (s Scope) String() string {
	if s < 0 || int(s) >= len(scopeNames) {
		return "none"
	}
	return scopeNames[s]
}

// ParseScope reads what String writes of a scope that clients may have.
func ParseScope(text string) (Scope, error) {
	for s, name := range scopeNames {
		if s > 0 && name == text {
			return Scope(s), nil
		}
	}
	return ScopeNone, fmt.Errorf("scope %q is none of read, operate and admin", text)
}

// MarshalText writes the form of String.
func (s Scope) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the form of String.
func (s *Scope) UnmarshalText(b []byte) (err error) {
	*s, err = ParseScope(string(b))
	return err
}

// Principal is who calls.
type Principal struct {
	Name  string // as chains name the cause of its messages
	Scope Scope
}

// Certificate is a client's, which was verified.
type Certificate = *x509.Certificate

// Via is the way by which calls come.
type Via int

// The ways.
const (
	// ViaSocket is the node's own unix socket: who can open it is "local" and an
	// admin.
	ViaSocket Via = iota
	// ViaNetwork is all else: who calls is known by a token or a certificate.
	ViaNetwork
)

// localName is who calls through the node's own socket.
const localName = "local"

type principalKey struct{}

// caller is who has made the call.
func caller(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}

// authenticate finds out who calls. A token counts, and a certificate where there
// is none.
func (s *Server) authenticate(via Via, r *http.Request) (Principal, error) {
	if via == ViaSocket {
		return Principal{Name: localName, Scope: ScopeAdmin}, nil
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		return s.certified(r)
	}
	kind, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(kind, "Bearer") {
		return Principal{}, refuse(CodeUnauthenticated, "authorization %.20q is no bearer token", kind)
	}
	if s.Tokens != nil {
		if p, ok := s.Tokens.Check(strings.TrimSpace(secret), s.Now()); ok {
			return p, nil
		}
	}
	return Principal{}, refuse(CodeUnauthenticated, "the token is not known here, or has expired")
}

func (s *Server) certified(r *http.Request) (Principal, error) {
	if r.TLS != nil && len(r.TLS.VerifiedChains) > 0 && s.Certificates != nil {
		if p, ok := s.Certificates(r.TLS.VerifiedChains[0][0]); ok {
			return p, nil
		}
		return Principal{}, refuse(CodeUnauthenticated, "the client's certificate is of nobody who is known here")
	}
	return Principal{}, refuse(CodeUnauthenticated, "the call has no token").hinting("send the header Authorization: Bearer TOKEN")
}

// attendTime is how long a stream goes on whose caller is not let in any more.
const attendTime = time.Second

// attended is the context of a stream, which ends when its token does.
func (s *Server) attended(ctx context.Context, via Via, r *http.Request) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	shown := &http.Request{Header: r.Header.Clone(), TLS: r.TLS}
	var look func()
	look = func() {
		if ctx.Err() != nil {
			return
		}
		if _, err := s.authenticate(via, shown); err != nil {
			cancel(err)
			return
		}
		time.AfterFunc(attendTime, look)
	}
	time.AfterFunc(attendTime, look)
	return ctx, func() { cancel(nil) }
}

// permit holds a caller to its scope.
func permit(p Principal, needs Scope) error {
	if p.Scope >= needs {
		return nil
	}
	return refuse(CodeForbidden, "this needs the scope %s, and %s has %s", needs, p.Name, p.Scope)
}
