package host_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/host/runtime"
	"github.com/theater-go/theater/wasm/pack"
)

func registry(t *testing.T, handlers ...host.Handler) *host.Registry {
	t.Helper()
	r, err := host.NewRegistry(handlers...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func standard(t *testing.T) *host.Registry {
	t.Helper()
	return registry(t, runtime.New(), message.New())
}

// granted are tables of the given types.
func granted(types ...string) []host.Table {
	var tables []host.Table
	for _, t := range types {
		tables = append(tables, host.Table{Type: t})
	}
	return tables
}

func TestAnImportIsServedOnlyWhenItIsGranted(t *testing.T) {
	send := host.Import{Interface: message.Interface, Function: "send"}
	log := host.Import{Interface: runtime.Interface, Function: "log"}
	for _, c := range []struct {
		name    string
		imports []host.Import
		tables  []host.Table
		ceiling host.Ceiling
		reason  string // "" when it is served
		hint    string
	}{
		{"a granted import", []host.Import{send}, granted("message-server"), host.Ceiling{}, "", ""},
		{"no import at all", nil, nil, host.Ceiling{}, "", ""},
		{"an import without a table", []host.Import{send}, granted("runtime"), host.Ceiling{},
			"imports theater:simple/message-server-host.send, which its manifest does not grant", "[[handler]] table with type = \"message-server\""},
		{"the second of two imports", []host.Import{log, send}, granted("runtime"), host.Ceiling{},
			"message-server-host.send", "type = \"message-server\""},
		{"an interface that nobody serves", []host.Import{{Interface: "theater:simple/store", Function: "get"}}, granted("runtime"), host.Ceiling{},
			"no handler provides that interface", "message-server, runtime"},
		{"a function that the interface does not have", []host.Import{{Interface: runtime.Interface, Function: "get-chain"}}, granted("runtime"), host.Ceiling{},
			"theater:simple/runtime.get-chain, a function that handler \"runtime\" does not offer", ""},
		{"a channel, which is declared and not served", []host.Import{{Interface: message.Interface, Function: "open-channel"}}, granted("message-server"), host.Ceiling{},
			"theater:simple/message-server-host.open-channel, a function that handler \"message-server\" does not offer", ""},
		{"a table that a policy disallows", nil, granted("message-server"), host.Ceiling{}.Under(host.Rule{Capability: "message_server", Disallow: true}),
			"handler \"message-server\" is disallowed by [permission_policy]", "remove the [[handler]] table"},
		{"a table that a policy far above disallows", nil, granted("message-server"),
			host.Ceiling{}.Under(host.Rule{Capability: "message_server", Disallow: true}).Under(host.Rule{Capability: "message_server", Policy: &message.Policy{}}),
			"disallowed", "allow the capability there"},
		{"another capability that is disallowed", []host.Import{log}, granted("runtime"), host.Ceiling{}.Under(host.Rule{Capability: "message_server", Disallow: true}), "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			linked, err := standard(t).Link(c.imports, pack.Metadata{}, c.tables, c.ceiling)
			if c.reason == "" {
				if err != nil || len(linked.Functions) != len(c.imports) {
					t.Errorf("it gives %+v, %v", linked, err)
				}
				return
			}
			var refused *host.LinkError
			if !errors.As(err, &refused) || !strings.Contains(refused.Reason, c.reason) || !strings.Contains(refused.Hint, c.hint) || (c.hint == "") != (refused.Hint == "") {
				t.Errorf("it gives %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), c.hint) {
				t.Errorf("the text %q lacks the hint", err)
			}
		})
	}
}

func TestLinkGivesTheFunctionsInTheOrderOfTheImports(t *testing.T) {
	linked, err := standard(t).Link([]host.Import{
		{message.Interface, "request"}, {runtime.Interface, "self"}, {message.Interface, "send"},
	}, pack.Metadata{}, granted("runtime", "message-server"), host.Ceiling{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		name    string
		session int
		kind    host.Kind
	}{{"request", 1, host.Outcall}, {"self", 0, host.Local}, {"send", 1, host.Deferred}} {
		if f := linked.Functions[i]; f.Signature.Name != want.name || f.Session != want.session || f.Kind != want.kind {
			t.Errorf("function %d is %s of session %d, kind %d", i, f.Signature.Name, f.Session, f.Kind)
		}
	}
}

func TestAnInterfaceIsAcceptedByTheHashOfWhatIsUsedOrOfTheWhole(t *testing.T) {
	pact := message.New().Interfaces()[0].Pact
	subset := func(names ...string) pack.Hash {
		h, missing := pact.SubsetHash(names...)
		if len(missing) > 0 {
			t.Fatal(missing)
		}
		return h
	}
	declares := func(names ...string) (sigs []pack.FunctionSig) {
		for _, n := range names {
			f, _ := pact.Function(n)
			f.Interface = pact.Name
			sigs = append(sigs, f)
		}
		return sigs
	}
	for _, c := range []struct {
		name    string
		used    []string
		hash    pack.InterfaceHash
		refused string
	}{
		{"the hash of the functions that it imports", []string{"send", "request"}, pack.InterfaceHash{Name: pact.Name, Hash: subset("send", "request")}, ""},
		{"the hash of the whole, channels and all", []string{"send"}, pack.InterfaceHash{Name: pact.Name, Hash: pact.Hash()}, ""},
		{"the hash of other functions", []string{"send"}, pack.InterfaceHash{Name: pact.Name, Hash: subset("request")}, "Interface hash mismatch for 'theater:simple/message-server-host' (handler: message-server). The actor's function signatures don't match the handler's implementation. Actor imports functions: [send]. Actor hash: "},
		{"a function that the interface does not have", []string{"send", "made-up"}, pack.InterfaceHash{Name: pact.Name, Hash: pact.Hash()}, "Actor imports functions: [send, made-up]"},
		{"an interface that nobody serves", nil, pack.InterfaceHash{Name: "theater:simple/store"}, "no handler provides interface \"theater:simple/store\""},
	} {
		t.Run(c.name, func(t *testing.T) {
			sigs := declares(c.used...)
			for i := range sigs {
				sigs[i].Interface, sigs[i].Name = pact.Name, c.used[i]
			}
			_, err := standard(t).Link(nil, pack.Metadata{Imports: sigs, ImportHashes: []pack.InterfaceHash{c.hash}}, granted("message-server"), host.Ceiling{})
			var refused *host.LinkError
			switch {
			case c.refused == "" && err != nil:
				t.Errorf("it is refused: %v", err)
			case c.refused != "" && (!errors.As(err, &refused) || !strings.Contains(refused.Reason, c.refused)):
				t.Errorf("it gives %v, want %s", err, c.refused)
			}
		})
	}
}

func TestAnInterfaceIsDeclaredOnce(t *testing.T) {
	pact := message.New().Interfaces()[0].Pact
	hash := pack.InterfaceHash{Name: pact.Name, Hash: pact.Hash()}
	_, err := standard(t).Link(nil, pack.Metadata{ImportHashes: []pack.InterfaceHash{hash, hash}}, granted("message-server"), host.Ceiling{})
	var refused *host.LinkError
	if !errors.As(err, &refused) || !strings.Contains(refused.Reason, "twice") {
		t.Errorf("it gives %v", err)
	}
}

func TestAnOfferSaysWhatLinkWould(t *testing.T) {
	pact := message.New().Interfaces()[0].Pact
	send, _ := pact.Function("send")
	madeUp := send
	madeUp.Name = "made-up"
	subset, _ := pact.SubsetHash("send")
	whole, other := pact.Hash(), pack.Hash{1}
	for name, c := range map[string]struct {
		iface     string
		functions []string
		hash      *pack.Hash
		declared  []pack.FunctionSig
		offers    pack.Hash // zero: none
		refusals  int
	}{
		"the hash of the functions that are used":      {pact.Name, []string{"send"}, &subset, []pack.FunctionSig{send}, subset, 0},
		"the hash of the whole":                        {pact.Name, []string{"send"}, &whole, []pack.FunctionSig{send}, whole, 0},
		"no hash":                                      {pact.Name, []string{"send"}, nil, []pack.FunctionSig{send}, subset, 0},
		"another hash":                                 {pact.Name, []string{"send"}, &other, []pack.FunctionSig{send}, subset, 1},
		"two functions that are not served, and hash":  {pact.Name, []string{"made-up", "send", "open-channel"}, &other, []pack.FunctionSig{madeUp}, pack.Hash{}, 3},
		"an interface that nobody serves":              {"a:b/c", []string{"f", "g"}, &other, nil, pack.Hash{}, 1},
		"the same, declared but not imported":          {"a:b/c", nil, &other, nil, pack.Hash{}, 1},
		"declared without a function that is imported": {pact.Name, nil, &subset, []pack.FunctionSig{send}, subset, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := standard(t)
			declared := pack.Metadata{Imports: c.declared}
			if c.hash != nil {
				declared.ImportHashes = []pack.InterfaceHash{{Name: c.iface, Hash: *c.hash}}
			}
			o := r.Offer(c.iface, c.functions, c.hash, declared)
			if o.Hash != c.offers && o.Hashed || o.Hashed != (c.offers != pack.Hash{}) || len(o.Refusals) != c.refusals {
				t.Errorf("%+v", o)
			}
			if served := c.iface == pact.Name; (o.Handler == "message-server") != served {
				t.Errorf("served by %q", o.Handler)
			}
			var imports []host.Import
			for _, f := range c.functions {
				imports = append(imports, host.Import{Interface: c.iface, Function: f})
			}
			_, err := r.Link(imports, declared, granted("message-server"), host.Ceiling{})
			if (err == nil) != (c.refusals == 0) || err != nil && err.Error() != o.Refusals[0].Error() {
				t.Errorf("link gives %v", err)
			}
		})
	}
}

func TestARegistryRefusesTwoOfAKind(t *testing.T) {
	if _, err := host.NewRegistry(runtime.New(), runtime.New()); err == nil || !strings.Contains(err.Error(), `two handlers of type "runtime"`) {
		t.Errorf("two of a type: %v", err)
	}
	if _, err := host.NewRegistry(runtime.New(), fake{name: "other", pact: runtime.New().Interfaces()[0].Pact}); err == nil || !strings.Contains(err.Error(), "both serve theater:simple/runtime") {
		t.Errorf("two of an interface: %v", err)
	}
	r := standard(t)
	if got := strings.Join(r.HandlerTypes(), " "); got != "message-server runtime" {
		t.Errorf("types are %q", got)
	}
	if config, ok := r.NewConfig("message-server"); !ok || config.(*message.Config).Allow != nil {
		t.Errorf("NewConfig gives %v, %v", config, ok)
	}
	if _, ok := r.NewConfig("message_server"); ok {
		t.Error("NewConfig knows a capability's name")
	}
	if policy, ok := r.NewPolicy("message_server"); !ok || policy.(*message.Policy).Allow != nil {
		t.Errorf("NewPolicy gives %v, %v", policy, ok)
	}
	if policy, ok := r.NewPolicy("runtime"); !ok || policy != nil {
		t.Errorf("NewPolicy of what has nothing to restrict gives %v, %v", policy, ok)
	}
	if _, ok := r.NewPolicy("made_up"); ok {
		t.Error("NewPolicy knows what nobody has")
	}
}

// fake is a handler that notes its grant and may fail to open.
type fake struct {
	name   string
	pact   *pack.Interface
	fail   error
	grant  *host.Grant
	closed *[]string
}

func (f fake) Type() string                 { return f.name }
func (f fake) Interfaces() []host.Interface { return interfacesOf(f.pact) }
func (fake) NewConfig() any                 { return &struct{}{} }
func (fake) NewPolicy() any                 { return &struct{}{} }
func (f fake) Open(_ host.Actor, g host.Grant) (host.Session, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	if f.grant != nil {
		*f.grant = g
	}
	return f, nil
}
func (fake) Call(context.Context, *host.Call) (pack.Value, error) { return pack.Unit, nil }
func (fake) Release(any, host.Event)                              {}
func (f fake) Close(reason string)                                { *f.closed = append(*f.closed, f.name+" "+reason) }

func interfacesOf(p *pack.Interface) []host.Interface {
	if p == nil {
		return nil
	}
	return []host.Interface{{Pact: p}}
}

type nobody struct{}

func (nobody) ID() string   { return "id" }
func (nobody) Path() string { return "/nobody" }

// opened are the sessions of an actor whose module imports nothing.
func opened(t *testing.T, r *host.Registry, tables []host.Table, ceiling host.Ceiling) ([]host.Session, error) {
	t.Helper()
	linked, err := r.Link(nil, pack.Metadata{}, tables, ceiling)
	if err != nil {
		t.Fatal(err)
	}
	return linked.Open(nobody{})
}

func TestASessionIsToldItsTableAndAllRestrictionsAbove(t *testing.T) {
	var grant host.Grant
	r := registry(t, fake{name: "a-b", grant: &grant, closed: new([]string)}, fake{name: "c", closed: new([]string)})
	parent := host.Ceiling{}.Under(host.Rule{Capability: "a_b", Policy: "parent's"}, host.Rule{Capability: "c", Policy: "not its"})
	child := parent.Under(host.Rule{Capability: "a_b", Policy: "own"})
	sessions, err := opened(t, r, []host.Table{{Type: "c"}, {Type: "a-b", Config: "config"}}, child)
	if err != nil || len(sessions) != 2 || sessions[0].(fake).name != "c" || sessions[1].(fake).name != "a-b" {
		t.Fatalf("it opens %v, %v", sessions, err)
	}
	if grant.Config != "config" || len(grant.Above) != 2 || grant.Above[0] != "parent's" || grant.Above[1] != "own" {
		t.Errorf("the grant is %+v", grant)
	}
	// A child's rules do not change its parent's ceiling.
	if _, err := opened(t, r, granted("a-b"), parent); err != nil || len(grant.Above) != 1 {
		t.Errorf("the parent's grant is %+v, %v", grant, err)
	}
}

func TestASessionThatDoesNotOpenClosesTheOthers(t *testing.T) {
	var closed []string
	broken := errors.New("no room")
	r := registry(t, fake{name: "a", closed: &closed}, fake{name: "b", fail: broken})
	if _, err := opened(t, r, granted("a", "b"), host.Ceiling{}); !errors.Is(err, broken) || !strings.Contains(err.Error(), `handler "b"`) {
		t.Errorf("it gives %v", err)
	}
	if len(closed) != 1 || closed[0] != "a init-failed" {
		t.Errorf("closed are %q", closed)
	}
}
