package message

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm/pack"
)

type session struct {
	actor host.Actor
	post  Post
	allow [][]string // of the actor and of each policy above it; all must name a target of another tree
	last  host.Actor // the latest that may be addressed; most actors have one

	registered bool
}

// The effects of deferred calls.
type (
	send struct {
		to   host.Actor
		body string
	}
	respond struct{ request, body string }
	cancel  struct{ request string }
)

func (s *session) Call(ctx context.Context, c *host.Call) (pack.Value, error) {
	text := func(i int) string { v, _ := c.Args[i].AsString(); return v }
	bytes := func(i int) string { v, _ := c.Args[i].AsByteString(); return v }
	switch c.Function {
	case "register":
		return pack.Unit, s.register()
	case "send":
		to, err := s.target(text(0))
		if err != nil {
			return pack.Value{}, err
		}
		c.Defer(send{to, bytes(1)})
		return pack.Unit, nil
	case "request":
		to, err := s.target(text(0))
		if err != nil {
			return pack.Value{}, err
		}
		answer, err := s.post.Request(ctx, to, bytes(1), c.At)
		return pack.ByteString(answer), err
	case "list-outstanding-requests":
		var ids []pack.Value
		for _, id := range s.outstanding(c.Pending) {
			ids = append(ids, pack.String(id))
		}
		return pack.List(pack.TypeString, ids...), nil
	case "respond-to-request":
		return pack.Unit, s.settle(c, text(0), respond{text(0), bytes(1)})
	case "cancel-request":
		return pack.Unit, s.settle(c, text(0), cancel{text(0)})
	}
	return pack.Value{}, fmt.Errorf("%s.%s is not served", c.Interface, c.Function)
}

// target resolves a target and holds it against the grant.
func (s *session) target(name string) (host.Actor, error) {
	to, err := s.post.Resolve(name)
	if err != nil {
		return nil, err
	}
	if to != s.last {
		if err := s.check(to.Path()); err != nil {
			return nil, err
		}
		s.last = to
	}
	return to, nil
}

// check says why the actor at path may not be addressed.
func (s *session) check(path string) error {
	if tree(path) == tree(s.actor.Path()) {
		return nil
	}
	for _, paths := range s.allow {
		if !slices.ContainsFunc(paths, func(p string) bool { return under(path, p) }) {
			return fmt.Errorf("%w: %s may not address %s: name it in allow of its [[handler]] of type \"message-server\", and in every [permission_policy] above", host.ErrDenied, s.actor.Path(), path)
		}
	}
	return nil
}

// tree is the root of a path: its first segment.
func tree(path string) string {
	root, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return root
}

// under reports whether path is at or below base.
func under(path, base string) bool {
	base = strings.TrimSuffix(base, "/")
	return path == base || strings.HasPrefix(path, base+"/")
}

// outstanding lists what is unanswered, as the turn sees it.
func (s *session) outstanding(pending iter.Seq[any]) []string {
	ids := s.post.Outstanding()
	for effect := range pending {
		if i := slices.Index(ids, settles(effect)); i >= 0 {
			ids = slices.Delete(ids, i, i+1)
		}
	}
	return ids
}

// settles is the request that an effect ends, "" for none.
func settles(effect any) string {
	switch e := effect.(type) {
	case respond:
		return e.request
	case cancel:
		return e.request
	}
	return ""
}

// settle defers the end of a request that is still open.
func (s *session) settle(c *host.Call, request string, effect any) error {
	if !slices.Contains(s.outstanding(c.Pending), request) {
		//lint:ignore ST1005 the original's words, which guests compare
		return fmt.Errorf("Request ID not found: %s", request)
	}
	c.Defer(effect)
	return nil
}

func (s *session) Release(effect any, at host.Event) {
	switch e := effect.(type) {
	case send:
		s.post.Send(e.to, e.body, at)
	case respond:
		s.post.Respond(e.request, e.body)
	case cancel:
		s.post.Cancel(e.request)
	}
}

func (*session) Close(string) {}

func (s *session) register() error {
	err := s.post.Register()
	s.registered = s.registered || err == nil
	return err
}

// Restore makes an actor that has registered reachable again.
func (s *session) Restore(crossings iter.Seq[host.Crossing]) error {
	for c := range crossings {
		if c.Function != "register" {
			continue
		}
		if _, ok, _ := c.Output.Result(); ok {
			return s.register()
		}
	}
	return nil
}

// Standing is the registration.
func (s *session) Standing() []host.Crossing {
	if !s.registered {
		return nil
	}
	ok := pack.Ok(pack.TypeString, pack.TypeString, pack.Unit)
	return []host.Crossing{{Interface: Interface, Function: "register", Input: pack.Unit, Output: ok}}
}
