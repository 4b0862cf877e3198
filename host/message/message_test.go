package message_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/wasm/pack"
)

// post is an actor at /tree/me whose world is a list of paths.
type post struct {
	registered  int
	outstanding []string
	did         []string
	answer      string
	fail        error
}

func (*post) ID() string   { return "me" }
func (*post) Path() string { return "/tree/me" }

func (p *post) Register() error {
	if p.registered++; p.registered > 1 {
		return errors.New("Already registered") //nolint:staticcheck // as guests know it
	}
	return nil
}

func (p *post) Resolve(target string) (host.Actor, error) {
	if target == "nobody" {
		return nil, errors.New("Actor not found: nobody") //nolint:staticcheck // as guests know it
	}
	return at(target), nil
}

// at is the actor at a path.
type at string

func (a at) ID() string   { return "the id of " + string(a) }
func (a at) Path() string { return string(a) }

func (p *post) Send(to host.Actor, body string, _ host.Event) {
	p.did = append(p.did, "send "+to.Path()+" "+body)
}

func (p *post) Request(_ context.Context, to host.Actor, body string, _ host.Event) (string, error) {
	p.did = append(p.did, "request "+to.Path()+" "+body)
	return p.answer, p.fail
}

func (p *post) Outstanding() []string { return slices.Clone(p.outstanding) }
func (p *post) Respond(request, body string) {
	p.did = append(p.did, "respond "+request+" "+body)
}
func (p *post) Cancel(request string) { p.did = append(p.did, "cancel "+request) }

// turn makes calls of a session as the recording door does within a turn.
type turn struct {
	t       *testing.T
	session host.Session
	pending []any
}

func (u *turn) call(function string, args ...pack.Value) (pack.Value, error) {
	u.t.Helper()
	c := &host.Call{Interface: message.Interface, Function: function, Args: args, Pending: slices.Values(u.pending)}
	v, err := u.session.Call(u.t.Context(), c)
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

func begin(t *testing.T, p *post, allow []string, above ...[]string) *turn {
	t.Helper()
	g := host.Grant{Config: &message.Config{Allow: allow}}
	for _, a := range above {
		g.Above = append(g.Above, &message.Policy{Allow: a})
	}
	s, err := message.New().Open(p, g)
	if err != nil {
		t.Fatal(err)
	}
	return &turn{t: t, session: s}
}

func text(s string) pack.Value { return pack.String(s) }
func body(s string) pack.Value { return pack.Bytes([]byte(s)) }

func TestATargetOfAnotherTreeNeedsTheGrantAndEveryPolicy(t *testing.T) {
	for _, c := range []struct {
		name    string
		target  string
		allow   []string
		above   [][]string
		allowed bool
	}{
		{"itself", "/tree/me", nil, nil, true},
		{"a sibling", "/tree/other", nil, nil, true},
		{"the root of its tree", "/tree", nil, nil, true},
		{"its own tree under a policy that names none", "/tree/other", nil, [][]string{{}}, true},
		{"another root", "/bush", nil, nil, false},
		{"a root whose name only begins as its own", "/trees", nil, nil, false},
		{"what allow names", "/bush/leaf", []string{"/bush/leaf"}, nil, true},
		{"what is below it", "/bush/leaf/vein", []string{"/bush/leaf"}, nil, true},
		{"what is above it", "/bush", []string{"/bush/leaf"}, nil, false},
		{"what only begins so", "/bush/leaflet", []string{"/bush/leaf"}, nil, false},
		{"with a slash at the end", "/bush/leaf", []string{"/bush/"}, nil, true},
		{"the second of allow", "/bush", []string{"/a", "/bush"}, nil, true},
		{"all", "/bush", []string{"/"}, nil, true},
		{"both of two policies", "/bush/leaf", []string{"/"}, [][]string{{"/bush"}, {"/bush/leaf"}}, true},
		{"one of two policies", "/bush/leaf", []string{"/"}, [][]string{{"/bush"}, {"/bush/thorn"}}, false},
		{"the other of two policies", "/bush/leaf", []string{"/"}, [][]string{{"/bush/thorn"}, {"/bush"}}, false},
		{"policies alone", "/bush", nil, [][]string{{"/bush"}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &post{}
			u := begin(t, p, c.allow, c.above...)
			_, sent := u.call("send", text(c.target), body("x"))
			_, asked := u.call("request", text(c.target), body("x"))
			for _, err := range []error{sent, asked} {
				if c.allowed != (err == nil) || err != nil && (!errors.Is(err, host.ErrDenied) || !strings.Contains(err.Error(), c.target)) {
					t.Errorf("to %s: %v, want allowed %v", c.target, err, c.allowed)
				}
			}
			u.end()
			if did := len(p.did); c.allowed && did != 2 || !c.allowed && did != 0 {
				t.Errorf("it did %q", p.did)
			}
		})
	}
}

func TestASendActsAtTheReleaseAndARequestAtOnce(t *testing.T) {
	p := &post{answer: "yes"}
	u := begin(t, p, nil)
	if v, err := u.call("send", text("/tree/a"), body("s")); err != nil || !v.Equal(pack.Unit) {
		t.Errorf("send gives %s, %v", v, err)
	}
	if len(p.did) != 0 {
		t.Errorf("before the release it did %q", p.did)
	}
	if v, err := u.call("request", text("/tree/a"), body("r")); err != nil || !v.Equal(body("yes")) {
		t.Errorf("request gives %s, %v", v, err)
	}
	u.end()
	if want := []string{"request /tree/a r", "send /tree/a s"}; !slices.Equal(p.did, want) {
		t.Errorf("it did %q, want %q", p.did, want)
	}
	p.fail = errors.New("too late")
	if _, err := u.call("request", text("/tree/a"), body("r")); !errors.Is(err, p.fail) {
		t.Errorf("a failed request gives %v", err)
	}
	for _, f := range []string{"send", "request"} {
		if _, err := u.call(f, text("nobody"), body("")); err == nil || err.Error() != "Actor not found: nobody" {
			t.Errorf("%s to nobody gives %v", f, err)
		}
	}
}

func TestATargetThatMayBeAddressedSaysNothingOfTheNext(t *testing.T) {
	u := begin(t, &post{}, []string{"/bush"})
	for _, c := range []struct {
		target  string
		allowed bool
	}{{"/thorn", false}, {"/bush", true}, {"/thorn", false}, {"/bush", true}, {"/bush", true}, {"/tree", true}, {"/thorn", false}} {
		if _, err := u.call("send", text(c.target), body("x")); c.allowed != (err == nil) {
			t.Errorf("to %s: %v, want allowed %v", c.target, err, c.allowed)
		}
	}
}

func TestRegisterIsPassedOn(t *testing.T) {
	u := begin(t, &post{}, nil)
	if v, err := u.call("register"); err != nil || !v.Equal(pack.Unit) {
		t.Errorf("register gives %s, %v", v, err)
	}
	if _, err := u.call("register"); err == nil || err.Error() != "Already registered" {
		t.Errorf("the second gives %v", err)
	}
}

func TestARequestIsSettledOnceEvenWithinATurn(t *testing.T) {
	p := &post{outstanding: []string{"a", "b", "c"}}
	u := begin(t, p, nil)
	list := func() string {
		t.Helper()
		v, err := u.call("list-outstanding-requests")
		if err != nil {
			t.Fatal(err)
		}
		return v.String()
	}
	if got, want := list(), pack.List(pack.TypeString, text("a"), text("b"), text("c")).String(); got != want {
		t.Errorf("outstanding are %s, want %s", got, want)
	}
	if _, err := u.call("respond-to-request", text("b"), body("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := u.call("cancel-request", text("c")); err != nil {
		t.Fatal(err)
	}
	if got, want := list(), pack.List(pack.TypeString, text("a")).String(); got != want {
		t.Errorf("after a response and a cancel it sees %s, want %s", got, want)
	}
	for _, id := range []string{"b", "c", "made up"} {
		want := "Request ID not found: " + id
		if _, err := u.call("respond-to-request", text(id), body("y")); err == nil || err.Error() != want {
			t.Errorf("respond gives %v, want %s", err, want)
		}
		if _, err := u.call("cancel-request", text(id)); err == nil || err.Error() != want {
			t.Errorf("cancel gives %v, want %s", err, want)
		}
	}
	if len(p.did) != 0 {
		t.Errorf("before the release it did %q", p.did)
	}
	u.end()
	if want := []string{"respond b x", "cancel c"}; !slices.Equal(p.did, want) {
		t.Errorf("it did %q, want %q", p.did, want)
	}
	p.outstanding = nil
	if got, want := list(), pack.List(pack.TypeString).String(); got != want {
		t.Errorf("without any it is %s, want %s", got, want)
	}
}

func TestAnActorThatHadRegisteredIsRegisteredAgain(t *testing.T) {
	ok := pack.Ok(pack.TypeString, pack.TypeString, pack.Unit)
	refused := pack.Err(pack.TypeString, pack.TypeString, text("Already registered"))
	crossing := func(function string, output pack.Value) host.Crossing {
		return host.Crossing{Interface: message.Interface, Function: function, Output: output}
	}
	for _, c := range []struct {
		name string
		past []host.Crossing
		want int
	}{
		{"that had not", []host.Crossing{crossing("send", ok)}, 0},
		{"that had", []host.Crossing{crossing("send", ok), crossing("register", ok)}, 1},
		{"that had tried twice", []host.Crossing{crossing("register", ok), crossing("register", refused)}, 1},
		{"that was refused", []host.Crossing{crossing("register", refused)}, 0},
	} {
		p := &post{}
		u := begin(t, p, nil)
		if err := u.session.(host.Restorer).Restore(slices.Values(c.past)); err != nil || p.registered != c.want {
			t.Errorf("an actor %s registers %d times, %v; want %d", c.name, p.registered, err, c.want)
		}
		again := &post{}
		standing := u.session.(host.Restorer).Standing()
		if err := begin(t, again, nil).session.(host.Restorer).Restore(slices.Values(standing)); err != nil || again.registered != c.want {
			t.Errorf("an actor %s has %v, of which it registers %d times, %v; want %d", c.name, standing, again.registered, err, c.want)
		}
	}
}

func TestAllowTakesPathsOnly(t *testing.T) {
	for _, allow := range [][]string{nil, {"/"}, {"/a", "/b/c"}} {
		if err := (&message.Config{Allow: allow}).Validate(); err != nil {
			t.Errorf("%q: %v", allow, err)
		}
	}
	for _, allow := range [][]string{{""}, {"a"}, {"/a", "b/"}} {
		if (&message.Config{Allow: allow}).Validate() == nil || (&message.Policy{Allow: allow}).Validate() == nil {
			t.Errorf("%q is accepted", allow)
		}
	}
}

func TestOnlyAnActorWithAPostIsServed(t *testing.T) {
	if _, err := message.New().Open(mute{}, host.Grant{Config: &message.Config{}}); err == nil || !strings.Contains(err.Error(), "/mute") {
		t.Errorf("it gives %v", err)
	}
	u := begin(t, &post{}, nil)
	for _, f := range []string{"open-channel", "made-up"} {
		if _, err := u.call(f, text("/tree/a"), body("")); err == nil {
			t.Errorf("%s is served", f)
		}
	}
}

type mute struct{}

func (mute) ID() string   { return "mute" }
func (mute) Path() string { return "/mute" }
