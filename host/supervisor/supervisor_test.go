package supervisor_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm/pack"
)

func TestTheInterfaceIsThatOfTheOriginal(t *testing.T) {
	original := vector(t)
	ours := supervisor.New().Interfaces()[0]
	if got := ours.Pact.Hash().String(); got != original.Hash {
		t.Errorf("the hash of the interface is %s, want %s", got, original.Hash)
	}
	for _, f := range original.Functions {
		if ours.Kinds[f.Name] == 0 {
			t.Errorf("%s is not served", f.Name)
		}
	}
	if len(ours.Kinds) != len(original.Functions) {
		t.Errorf("%d functions are served, want %d", len(ours.Kinds), len(original.Functions))
	}
}

func TestAGuestMayDeclareAPartOfTheInterface(t *testing.T) {
	r, err := host.NewRegistry(supervisor.New())
	if err != nil {
		t.Fatal(err)
	}
	original := pack.MustParsePact(vector(t).Source)
	var part []pack.FunctionSig
	for _, name := range []string{"stop-child", "spawn", "resume"} {
		f, _ := original.Function(name)
		part = append(part, f)
	}
	tables := []host.Table{{Type: "supervisor", Config: &supervisor.Config{}}}
	imports := []host.Import{{Interface: supervisor.Interface, Function: "spawn"}}
	if _, err := r.Link(imports, pack.NewMetadata(part, nil), tables, host.Ceiling{}); err != nil {
		t.Error(err)
	}
}

// pactVector is an interface as the original implementation hashes it.
type pactVector struct {
	File, Source, Hash string
	Functions          []struct{ Name string }
}

func vector(t *testing.T) pactVector {
	t.Helper()
	b, err := os.ReadFile("../../wasm/pack/testdata/cgrf.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Interfaces []pactVector }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all.Interfaces, func(v pactVector) bool {
		return strings.HasSuffix(v.File, "theater-handler-supervisor/supervisor.pact")
	})
	if i < 0 {
		t.Fatal("the vectors have no interface of the supervisor")
	}
	return all.Interfaces[i]
}

func TestASpawnPassesOnWhatTheGuestGives(t *testing.T) {
	state := pack.Tuple(text("a"), pack.U8(1))
	for _, c := range []struct {
		name         string
		state, bytes pack.Value
		want         birth
	}{
		{"a reference alone", none, none, birth{}},
		{"with a state", pack.Some(state), none, birth{State: &state}},
		{"with none as the state", pack.Some(none), none, birth{State: &none}},
		{"with a module", none, pack.Some(body("code")), birth{Package: []byte("code")}},
		{"with an empty module", none, pack.Some(body("")), birth{Package: []byte{}}},
		{"with a list of nothing as the module", none, pack.Some(pack.List(pack.TypeString)), birth{Package: []byte{}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &family{}
			v, err := begin(t, f).call("spawn", text("child.toml"), c.state, c.bytes)
			if err != nil || !v.Equal(text("new")) || len(f.born) != 1 {
				t.Fatalf("spawn gives %s, %v and bears %d", v, err, len(f.born))
			}
			c.want.Manifest = "child.toml"
			same(t, f.born[0], c.want)
			if f.at != called {
				t.Errorf("the birth is known by %v", f.at)
			}
		})
	}
	f := &family{fail: errors.New("no such manifest")}
	if _, err := begin(t, f).call("spawn", text("child.toml"), none, none); !errors.Is(err, f.fail) {
		t.Errorf("a failed spawn gives %v", err)
	}
}

func TestAResumeTakesAnEncodedStateOrBytes(t *testing.T) {
	state := pack.Tuple(text("a"), pack.U8(1))
	encoded := string(pack.MustEncode(state))
	kept := pack.Some(body("just bytes"))
	for _, c := range []struct {
		name  string
		bytes pack.Value
		want  *pack.Value
	}{
		{"no state", none, nil},
		{"an encoded value", pack.Some(body(encoded)), &state},
		{"other bytes", pack.Some(body("just bytes")), &kept},
	} {
		f := &family{}
		v, err := begin(t, f).call("resume", text("child.toml"), c.bytes, pack.Some(body("code")))
		if err != nil || !v.Equal(text("new")) || len(f.born) != 1 {
			t.Fatalf("%s: resume gives %s, %v and bears %d", c.name, v, err, len(f.born))
		}
		same(t, f.born[0], birth{Manifest: "child.toml", State: c.want, Package: []byte("code"), Resumed: true})
	}
	f := &family{}
	_, err := begin(t, f).call("resume", text("child.toml"), pack.Some(body(encoded[:len(encoded)-1])), none)
	if err == nil || !strings.HasPrefix(err.Error(), "state-bytes begin as an encoded value and are none: ") || len(f.born) != 0 {
		t.Errorf("half a value gives %v and bears %d", err, len(f.born))
	}
}

func same(t *testing.T, got, want birth) {
	t.Helper()
	switch {
	case got.Manifest != want.Manifest || got.Resumed != want.Resumed:
		t.Errorf("the birth is %+v, want %+v", got, want)
	case (got.Package == nil) != (want.Package == nil) || string(got.Package) != string(want.Package):
		t.Errorf("the module is %#v, want %#v", got.Package, want.Package)
	case (got.State == nil) != (want.State == nil):
		t.Errorf("the state is %v, want %v", got.State, want.State)
	case want.State != nil && !got.State.Equal(*want.State):
		t.Errorf("the state is %s, want %s", got.State, want.State)
	}
}

func TestNoMoreChildrenThanTheGrantAndEveryPolicyAllow(t *testing.T) {
	for _, c := range []struct {
		name    string
		has     int
		most    int
		above   []int
		allowed bool
	}{
		{"one below the grant", 2, 3, nil, true},
		{"as many as the grant", 3, 3, nil, false},
		{"more than the grant", 4, 3, nil, false},
		{"none where none may be", 0, 0, nil, false},
		{"one below the lowest of two policies", 1, 9, []int{5, 2}, true},
		{"as many as the lower policy", 2, 9, []int{5, 2}, false},
		{"as many as the lower policy, which stands first", 2, 9, []int{2, 5}, false},
		{"as many as the grant under wider policies", 3, 3, []int{9, 9}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, function := range []string{"spawn", "spawn-and-wait", "resume"} {
				f := &family{children: make([]string, c.has), await: func() ([]byte, bool, error) { return nil, false, nil }}
				_, err := beginWith(t, f, c.most, c.above...).call(function, text("child.toml"), none, none, none)
				if c.allowed != (err == nil) || c.allowed != (len(f.born) == 1) {
					t.Errorf("%s gives %v and bears %d, want allowed %v", function, err, len(f.born), c.allowed)
				}
				if err != nil && (!errors.Is(err, host.ErrDenied) || !strings.Contains(err.Error(), "max_children")) {
					t.Errorf("%s is refused with %v", function, err)
				}
			}
		})
	}
}

func TestMaxChildrenIsBounded(t *testing.T) {
	h := supervisor.New()
	if c := h.NewConfig().(*supervisor.Config); c.MaxChildren != 1000 || c.Validate() != nil {
		t.Errorf("the default is %d, %v", c.MaxChildren, c.Validate())
	}
	if p := h.NewPolicy().(*supervisor.Policy); p.MaxChildren < 1_000_000 || p.Validate() != nil {
		t.Errorf("a policy that says nothing allows %d, %v", p.MaxChildren, p.Validate())
	}
	for n, valid := range map[int]bool{-1: false, 0: true, 1: true, 1_000_000: true, 1_000_001: false, math.MinInt: false} {
		config, policy := (&supervisor.Config{MaxChildren: n}).Validate(), (&supervisor.Policy{MaxChildren: n}).Validate()
		if valid != (config == nil) || valid != (policy == nil) {
			t.Errorf("%d: %v, %v, want valid %v", n, config, policy, valid)
		}
	}
}

func TestChildrenAreListedInTheirOrder(t *testing.T) {
	f := &family{children: []string{"b", "a"}}
	u := begin(t, f)
	for _, want := range []pack.Value{pack.List(pack.TypeString, text("b"), text("a")), pack.List(pack.TypeString)} {
		if v, err := u.call("list-children"); err != nil || !v.Equal(want) {
			t.Errorf("the children are %s, %v; want %s", v, err, want)
		}
		f.children = nil
	}
}

func TestAChildIsStoppedRestartedAndAskedForItsState(t *testing.T) {
	f := &family{children: []string{"a"}, state: pack.Tuple(pack.U64(7))}
	u := begin(t, f)
	for function, want := range map[string]pack.Value{"stop-child": pack.Unit, "restart-child": pack.Unit, "get-child-state": f.state} {
		f.did, f.fail = nil, nil
		if v, err := u.call(function, text("a")); err != nil || !v.Equal(want) || len(f.did) != 1 || !strings.HasSuffix(f.did[0], " a") {
			t.Errorf("%s gives %s, %v and did %q", function, v, err, f.did)
		}
		f.fail = errors.New("not now")
		if _, err := u.call(function, text("a")); !errors.Is(err, f.fail) {
			t.Errorf("a failed %s gives %v", function, err)
		}
	}
}

func TestOnlyAChildIsServed(t *testing.T) {
	f := &family{children: []string{"a"}}
	u := begin(t, f)
	for _, function := range []string{"stop-child", "restart-child", "get-child-state", "subscribe-to-child", "unsubscribe-from-child"} {
		_, err := u.call(function, text("stranger"))
		if want := function + ": stranger is not a child of this supervisor"; err == nil || err.Error() != want {
			t.Errorf("%s gives %v, want %s", function, err, want)
		}
	}
	u.end()
	if len(f.did)+len(f.watched) != 0 {
		t.Errorf("it did %q and watches %q", f.did, f.watched)
	}
}

func TestASubscriptionActsAtTheRelease(t *testing.T) {
	f := &family{children: []string{"a", "b"}}
	u := begin(t, f)
	for _, c := range [][2]string{{"subscribe-to-child", "a"}, {"subscribe-to-child", "b"}, {"unsubscribe-from-child", "a"}, {"unsubscribe-from-child", "a"}} {
		if v, err := u.call(c[0], text(c[1])); err != nil || !v.Equal(pack.Unit) {
			t.Errorf("%s gives %s, %v", c[0], v, err)
		}
	}
	if len(f.watched) != 0 {
		t.Errorf("before the release it watches %q", f.watched)
	}
	u.end()
	if want := []string{"b"}; !slices.Equal(f.watched, want) {
		t.Errorf("it watches %q, want %q", f.watched, want)
	}
}

func TestAChildMayBeGoneWhenASubscriptionActs(t *testing.T) {
	f := &family{children: []string{"a"}}
	u := begin(t, f)
	if _, err := u.call("subscribe-to-child", text("a")); err != nil {
		t.Fatal(err)
	}
	f.children = nil
	u.end()
	if len(f.watched) != 0 {
		t.Errorf("it watches %q", f.watched)
	}
}

func TestSubscriptionsAreRestored(t *testing.T) {
	ok := pack.Ok(pack.TypeString, pack.TypeString, pack.Unit)
	refused := pack.Err(pack.TypeString, pack.TypeString, text("no"))
	on := func(child string, output pack.Value) host.Crossing {
		return host.Crossing{Interface: supervisor.Interface, Function: "subscribe-to-child", Input: text(child), Output: output}
	}
	off := func(child string, output pack.Value) host.Crossing {
		return host.Crossing{Interface: supervisor.Interface, Function: "unsubscribe-from-child", Input: text(child), Output: output}
	}
	list := host.Crossing{Interface: supervisor.Interface, Function: "list-children", Input: pack.Unit, Output: pack.Ok(pack.TypeString, pack.TypeString, pack.List(pack.TypeString, text("b")))}
	for _, c := range []struct {
		name string
		past []host.Crossing
		want []string
	}{
		{"that follows two", []host.Crossing{on("b", ok), list, on("a", ok)}, []string{"a", "b"}},
		{"that subscribed twice", []host.Crossing{on("a", ok), on("a", ok)}, []string{"a"}},
		{"that was refused", []host.Crossing{on("a", refused)}, nil},
		{"that follows no more", []host.Crossing{on("a", ok), on("b", ok), off("a", ok)}, []string{"b"}},
		{"whose end of it was refused", []host.Crossing{on("a", ok), off("a", refused)}, []string{"a"}},
		{"that follows again", []host.Crossing{on("a", ok), off("a", ok), on("a", ok)}, []string{"a"}},
		{"whose child is gone", []host.Crossing{on("gone", ok), on("b", ok)}, []string{"b"}},
	} {
		f := &family{children: []string{"a", "b"}}
		first := begin(t, f).session.(host.Restorer)
		if err := first.Restore(slices.Values(c.past)); err != nil || !slices.Equal(f.watched, c.want) {
			t.Errorf("an actor %s watches %q, %v; want %q", c.name, f.watched, err, c.want)
		}
		f = &family{children: []string{"a", "b"}}
		if err := begin(t, f).session.(host.Restorer).Restore(slices.Values(first.Standing())); err != nil || !slices.Equal(f.watched, c.want) {
			t.Errorf("an actor %s, of which %v stands, watches %q, %v; want %q", c.name, first.Standing(), f.watched, err, c.want)
		}
	}
	f := &family{children: []string{"a"}, fail: errors.New("no queue")}
	if err := begin(t, f).session.(host.Restorer).Restore(slices.Values([]host.Crossing{on("a", ok)})); !errors.Is(err, f.fail) {
		t.Errorf("a subscription that fails gives %v", err)
	}
}

func TestSubscriptionsToChildrenThatHaveEndedAreForgotten(t *testing.T) {
	f := &family{}
	u := begin(t, f)
	for i := range 1000 {
		f.children = []string{"lasts", fmt.Sprint(i)}
		for _, child := range f.children {
			if _, err := u.call("subscribe-to-child", text(child)); err != nil {
				t.Fatal(err)
			}
		}
		u.end()
	}
	standing := u.session.(host.Restorer).Standing()
	if !slices.ContainsFunc(standing, func(c host.Crossing) bool { return c.Input.String() == text("lasts").String() }) || len(standing) > 50 {
		t.Errorf("%d subscriptions stand", len(standing))
	}
	if _, err := u.call("unsubscribe-from-child", text("lasts")); err != nil {
		t.Fatal(err)
	}
	u.end()
	if len(u.session.(host.Restorer).Standing()) != len(standing)-1 {
		t.Error("one that was ended stands")
	}
}

func TestOnlyAParentIsServed(t *testing.T) {
	if _, err := supervisor.New().Open(barren{}, host.Grant{Config: &supervisor.Config{}}); err == nil || !strings.Contains(err.Error(), "/barren") {
		t.Errorf("it gives %v", err)
	}
	if _, err := begin(t, &family{}).call("made-up"); err == nil {
		t.Error("a function that is not of the interface is served")
	}
}

type barren struct{}

func (barren) ID() string   { return "barren" }
func (barren) Path() string { return "/barren" }
