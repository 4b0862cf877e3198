package supervisor_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm/pack"
)

// birth is what a guest asked for.
type birth struct {
	Manifest string
	State    *pack.Value
	Package  []byte
	Resumed  bool
}

// family is an actor at /tree/me whose children are a list of ids.
type family struct {
	children []string
	born     []birth
	at       host.Event
	did      []string
	watched  []string
	state    pack.Value
	fail     error // of every call that can fail

	// await stands for the child that is awaited; nil is one that never ends.
	await func() (data []byte, stopped bool, err error)
}

func (*family) ID() string   { return "me" }
func (*family) Path() string { return "/tree/me" }

func (f *family) SpawnChild(_ context.Context, manifest string, state *pack.Value, code []byte, resumed bool, at host.Event) (string, error) {
	if f.fail != nil {
		return "", f.fail
	}
	f.born, f.at = append(f.born, birth{manifest, state, code, resumed}), at
	f.children = append(f.children, "new")
	return "new", nil
}

func (f *family) AwaitChild(ctx context.Context, id string) ([]byte, bool, error) {
	f.did = append(f.did, "await "+id)
	if f.await == nil {
		<-ctx.Done()
		return nil, false, ctx.Err()
	}
	return f.await()
}

func (f *family) Children() []string { return slices.Clone(f.children) }

func (f *family) StopChild(_ context.Context, id string) error {
	f.did = append(f.did, "stop "+id)
	return f.fail
}

func (f *family) RestartChild(_ context.Context, id string) error {
	f.did = append(f.did, "restart "+id)
	return f.fail
}

func (f *family) ChildState(_ context.Context, id string) (pack.Value, error) {
	f.did = append(f.did, "state "+id)
	return f.state, f.fail
}

func (f *family) SubscribeChild(id string) error {
	if !f.IsChild(id) {
		return errors.New("no such child")
	}
	f.watched = append(f.watched, id)
	return f.fail
}

func (f *family) UnsubscribeChild(id string) {
	f.watched = slices.DeleteFunc(f.watched, func(w string) bool { return w == id })
}

func (f *family) IsChild(id string) bool { return slices.Contains(f.children, id) }

// turn makes calls of a session as the recording door does within a turn.
type turn struct {
	t       *testing.T
	session host.Session
	pending []any
}

// called is the event of every call.
var called = host.Event{Actor: [16]byte{1}, Record: 2, Index: 3}

func (u *turn) call(function string, args ...pack.Value) (pack.Value, error) {
	u.t.Helper()
	return u.callWithin(u.t.Context(), function, args...)
}

func (u *turn) callWithin(ctx context.Context, function string, args ...pack.Value) (pack.Value, error) {
	u.t.Helper()
	c := &host.Call{Interface: supervisor.Interface, Function: function, Args: args, At: called, Pending: slices.Values(u.pending)}
	v, err := u.session.Call(ctx, c)
	if err != nil && c.Effect() != nil {
		u.t.Errorf("%s fails with %v and leaves an effect", function, err)
	}
	if c.Effect() != nil {
		u.pending = append(u.pending, c.Effect())
	}
	return v, err
}

func (u *turn) end() {
	for _, e := range u.pending {
		u.session.Release(e, host.Event{})
	}
	u.pending = nil
}

func begin(t *testing.T, f *family) *turn {
	t.Helper()
	return beginWith(t, f, supervisor.New().NewConfig().(*supervisor.Config).MaxChildren)
}

func beginWith(t *testing.T, f *family, most int, above ...int) *turn {
	t.Helper()
	g := host.Grant{Config: &supervisor.Config{MaxChildren: most}}
	for _, n := range above {
		g.Above = append(g.Above, &supervisor.Policy{MaxChildren: n})
	}
	s, err := supervisor.New().Open(f, g)
	if err != nil {
		t.Fatal(err)
	}
	return &turn{t: t, session: s}
}

func text(s string) pack.Value { return pack.String(s) }
func body(s string) pack.Value { return pack.Bytes([]byte(s)) }

// none is an absent option of any type.
var none = pack.None(pack.ListOf(pack.TypeU8))
