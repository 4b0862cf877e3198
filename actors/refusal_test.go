package actors_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestAGuestNamesManifestsBelowItsOwnOnly(t *testing.T) {
	const secret = "s3cret"
	s := open(t)
	h := family("")
	h["secret.txt"] = secret
	h["bad.toml"] = "name = \"" + secret + "\"\n" + secret + " = 1\n"
	h["nowhere.toml"] = person("nowhere", grants)
	h["text.toml"] = strings.Replace(person("text", grants), "text.wasm", "secret.txt", 1)
	h["up.toml"] = strings.Replace(person("up", grants), "up.wasm", "../secret.txt", 1)
	h["orphan.toml"] = person("kid", grants+"[[child]]\nid = \""+secret+"\"\nmanifest = \"bad.toml\"\n")
	h["below/kid"] = someone{kid(), grants}
	dir := h.build(t)
	ref := s.enter(dir, "parent")
	for _, c := range []struct{ ref, want string }{
		{"../manifest.toml", "has .. in it"},
		{"below/../kid.toml", "has .. in it"},
		{filepath.ToSlash(filepath.Join(dir, "kid.toml")), "is an absolute path"},
		{"store://x/kid", "is in a store"},
		{"https://example.com/kid.toml", "is a URL"},
		{"http://example.com/kid.toml", "is a URL"},
		{"", "is empty"},
		{"nobody.toml", "is not there"},
		{"bad.toml", "is not valid: it has"},
		{"orphan.toml", "is not valid"},
		{"secret.txt", "is not valid"},
		{"nowhere.toml", "there is no file"},
		{"text.toml", "package secret.txt: "},
		{"up.toml", "package: "},
	} {
		got, _ := s.spawns(ref, "spawn", pack.String(c.ref), none, none)
		if !strings.HasPrefix(got, "err: ") || !strings.Contains(got, c.want) {
			t.Errorf("%s answers %s, want %s", c.ref, got, c.want)
		}
		if words := strings.ReplaceAll(got, c.ref, ""); strings.Contains(words, secret) || strings.Contains(words, dir) {
			t.Errorf("the guest is told %s", got)
		}
		if e := last[*chain.Outcome](t, s.events(ref)); e.Status != chain.CallAnswered {
			t.Errorf("the outcome is %v", e.Status)
		}
	}
	for _, good := range []string{"kid.toml", "./kid.toml", "below/kid.toml"} {
		if got, child := s.spawns(ref, "spawn", pack.String(good), none, none); child.ID == (chain.ID{}) {
			t.Errorf("%s answers %s", good, got)
		}
	}
	s.replays(ref)
}

// policy is a [permission_policy] of a capability.
func policy(capability, how string) string {
	return "[permission_policy." + capability + "]\n" + how + "\n"
}

func TestAChildIsGrantedNoMoreThanThoseAboveAllow(t *testing.T) {
	const disallow, other = `type = "disallow"`, "type = \"restrict\"\nconfig = { allow = [\"/other\"] }"
	const supervises = "[[handler]]\ntype = \"supervisor\"\n"
	for _, c := range []struct {
		name     string
		top, mid string // policies
		spawned  bool
		reaches  []string
	}{
		{"all that its own manifest says", "", "", true, []string{"/other", "/else"}},
		{"nothing that its parent's policy disallows", "", policy("message_server", disallow), false, nil},
		{"nothing that the policy above that disallows", policy("message_server", disallow), "", false, nil},
		{"no more than its parent's policy allows", "", policy("message_server", other), true, []string{"/other"}},
		{"no more than the policy above that allows", policy("message_server", other), "", true, []string{"/other"}},
		{"no more than both policies allow", policy("message_server", other), policy("message_server", "type = \"restrict\"\nconfig = { allow = [\"/else\"] }"), true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			for _, name := range []string{"other", "else"} {
				s.spawn(name, server(wasmtest.Echo()))
			}
			manager := guest(wasmtest.Guest{Init: wasmtest.Keep(), Others: map[string]wasmtest.Behavior{"puppet.spawn": wasmtest.Forward("theater:simple/supervisor", "spawn")}})
			low := guest(wasmtest.Guest{Others: map[string]wasmtest.Behavior{"puppet.send": wasmtest.Forward(message.Interface, "send")}})
			ref := s.settle(home{
				"top": someone{manager, supervises + c.top}, "mid": someone{manager, supervises + c.mid}, "low": someone{low, grants},
			}, "top")
			mid := s.bears(ref, "mid.toml")
			answer, child := s.spawns(mid, "spawn", pack.String("low.toml"), none, none)
			if !c.spawned {
				if !strings.HasPrefix(answer, "err: ") || !strings.Contains(answer, "message") {
					t.Errorf("spawn answers %s", answer)
				}
				if got := len(s.List()); got != 4 {
					t.Errorf("%d actors live", got)
				}
				return
			}
			for _, target := range []string{"/other", "/else"} {
				got := s.text(child, "send", to(target, "x")...)
				if want := contains(c.reaches, target); want != (got == "ok(())") || !want && !strings.HasPrefix(got, "err: denied: ") {
					t.Errorf("send to %s answers %s", target, got)
				}
			}
		})
	}
}

func TestAnActorHasNoMoreChildrenThanItMay(t *testing.T) {
	for name, tables := range map[string]string{
		"by its own grant":     grants + "[[handler]]\ntype = \"supervisor\"\nmax_children = 2\n",
		"by a policy above it": familyGrants + policy("supervisor", "type = \"restrict\"\nconfig = { max_children = 2 }"),
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			ref := s.settle(family(tables+"[[child]]\nid = \"declared\"\nmanifest = \"kid.toml\"\n"), "parent")
			first := s.bears(ref, "kid.toml")
			for _, function := range []string{"spawn", "spawn-and-wait", "resume"} {
				args := []pack.Value{pack.String("kid.toml"), none, none}
				if function == "spawn-and-wait" {
					args = append(args, none)
				}
				if got := s.text(ref, function, args...); !strings.HasPrefix(got, "err: denied: ") || !strings.Contains(got, "max_children") {
					t.Errorf("%s answers %s", function, got)
				}
				if e := last[*chain.Outcome](t, s.events(ref)); e.Status != chain.CallDenied {
					t.Errorf("the outcome is %v", e.Status)
				}
			}
			s.text(ref, "stop-child", id(first))
			s.bears(ref, "kid.toml")
			s.replays(ref)
		})
	}
}

// refusesCycle holds that what an actor was answered names a cycle.
func (s *stage) refusesCycle(ref actors.Ref, paths ...string) {
	s.t.Helper()
	want := "the actors would wait for each other: " + strings.Join(paths, " -> ")
	for _, o := range of[*chain.Outcome](s.events(ref)) {
		if !o.Output.IsZero() && strings.Contains(value(s.t, s.log, o.Output).String(), want) {
			return
		}
	}
	s.t.Errorf("%s is not told that %s", ref, want)
}

func TestAChildWhoseInitAsksItsParentIsRefused(t *testing.T) {
	s := open(t)
	h := family("")
	h["asks"] = someone{guest(wasmtest.Guest{Init: request("/parent", "?", wasmtest.Keep())}), grants}
	ref := s.settle(h, "parent")
	child := s.bears(ref, "asks.toml")
	s.refusesCycle(child, "/parent/asks", "/parent", "/parent/asks")
}

func TestAGrandchildWhoseInitAsksTheOneThatSpawnsIsRefused(t *testing.T) {
	s := open(t)
	h := family("")
	h["asks"] = someone{guest(wasmtest.Guest{Init: request("/parent", "?", wasmtest.Keep())}), grants}
	h["mid"] = someone{kid(), grants + "[[child]]\nid = \"asks\"\nmanifest = \"asks.toml\"\n"}
	ref := s.settle(h, "parent")
	s.bears(ref, "mid.toml")
	s.refusesCycle(s.lookup("/parent/mid/asks"), "/parent/mid/asks", "/parent", "/parent/mid", "/parent/mid/asks")
}

// held is a home whose parent asks /holder before it stops or restarts a child, so
// that the child can ask the parent first.
func held(function string) home {
	h := family("[[child]]\nid = \"kid\"\nmanifest = \"kid.toml\"\n[[child]]\nid = \"mid\"\nmanifest = \"mid.toml\"\n")
	h["mid"] = someone{kid(), grants + "[[child]]\nid = \"kid\"\nmanifest = \"kid.toml\"\n"}
	slow := request("/holder", "hold", wasmtest.Forward("theater:simple/supervisor", function))
	h["parent"] = someone{listener(wasmtest.Guest{HandleRequest: wasmtest.Echo(), Others: map[string]wasmtest.Behavior{"puppet.slow": slow}}), h["parent"].(someone).tables}
	return h
}

func TestAParentThatStopsAChildThatWaitsForItIsRefused(t *testing.T) {
	for _, function := range []string{"stop-child", "restart-child"} {
		for asks, of := range map[string]string{"/parent/kid": "/parent/kid", "/parent/mid/kid": "/parent/mid"} {
			t.Run(function+" while "+asks+" asks", func(t *testing.T) {
				s := open(t)
				holder := s.spawn("holder", puppet(wasmtest.Guest{}))
				ref := s.settle(held(function), "parent")
				answer := s.asks(ref, "slow", id(s.lookup(of)))
				hold := s.holds(holder, 1)[0]
				kid := s.lookup(asks)
				check(t, s.Send(kid, "test", []byte("p")))
				s.eventually("the child asks its parent", func() bool { return s.info(ref).Mailbox == 1 })
				s.text(holder, "respond-to-request", to(hold, "go on")...)
				s.gets(answer)
				paths := []string{"/parent", of}
				if asks != of {
					paths = append(paths, asks)
				}
				s.refusesCycle(ref, append(paths, "/parent")...)
				s.eventually("the child is answered", func() bool { return strings.HasSuffix(kinds(s.events(kid)), "outcome result") })
				s.replays(ref)
				s.replays(kid)
			})
		}
	}
}

func TestAChildThatIsAwaitedAndAsksItsParentIsRefused(t *testing.T) {
	s := open(t)
	h := family("")
	asks := wasmtest.Do(message.Interface, "register", encode(pack.Unit), send("/parent/asks", "", wasmtest.Keep()))
	h["asks"] = someone{guest(wasmtest.Guest{Init: asks, HandleSend: request("/parent", "?", leaves(none, wasmtest.Keep()))}), grants}
	ref := s.settle(h, "parent")
	if got := s.text(ref, "spawn-and-wait", pack.String("asks.toml"), none, none, none); !strings.HasPrefix(got, "ok(none") {
		t.Errorf("it answers %s", got)
	}
	child := actors.Ref{ID: s.newest(), Path: "/parent/asks"}
	s.refusesCycle(child, "/parent/asks", "/parent", "/parent/asks")
}

func TestAChildThatCannotBeAwaitedIsStopped(t *testing.T) {
	ready := make(chan struct{})
	s := open(t, func(c *actors.Config) {
		c.Observe = func(change actors.Change) {
			if change.Path == "/parent/mid" && change.What == actors.ChangeStarted {
				<-ready // the parent does not know it before
			}
		}
	})
	h := family("")
	h["mid"] = someone{kid(), grants + "[[child]]\nid = \"asks\"\nmanifest = \"asks.toml\"\n"}
	h["asks"] = someone{guest(wasmtest.Guest{HandleSend: request("/parent", "?", wasmtest.Keep()),
		Init: wasmtest.Do(message.Interface, "register", encode(pack.Unit), send("/parent/mid/asks", "", wasmtest.Keep()))}), grants}
	ref := s.settle(h, "parent")
	answer := make(chan string, 1)
	go func() { answer <- s.text(ref, "spawn-and-wait", pack.String("mid.toml"), none, none, none) }()
	s.eventually("the child's child asks the parent", func() bool { return s.info(ref).Mailbox == 1 })
	close(ready)
	select {
	case got := <-answer:
		if !strings.Contains(got, "would wait for each other: /parent -> /parent/mid -> /parent/mid/asks -> /parent") {
			t.Errorf("it answers %s", got)
		}
	case <-time.After(patience):
		t.Fatal("nobody answers")
	}
	s.eventually("both are gone", func() bool { return len(s.List()) == 1 })
	s.replays(ref)
}

func TestATemplateIsAllThatItsParentSpawns(t *testing.T) {
	const template = "[supervision]\nstrategy = \"simple-one-for-one\"\nmax_restarts = 10\n[[child]]\nid = \"worker\"\nmanifest = \"kid.toml\"\nrestart = \"transient\"\ninitial_state = \"given\"\n"
	s := open(t)
	ref := s.settle(family(template), "parent")
	if got := len(s.List()); got != 1 {
		t.Fatalf("%d actors live before the first is spawned", got)
	}
	one, two := s.bears(ref, "worker"), s.bears(ref, "kid.toml")
	if one.Path != "/parent/worker" || two.Path != "/parent/worker~2" {
		t.Errorf("they are %s and %s", one, two)
	}
	if got := s.given(one); got != pack.String("given").String() {
		t.Errorf("it is given the state %s", got)
	}
	for _, other := range []string{"counter.toml", "./kid.toml", "kid", ""} {
		if got, _ := s.spawns(ref, "spawn", pack.String(other), none, none); !strings.Contains(got, "spawns its template \"worker\" only") {
			t.Errorf("spawn of %q answers %s", other, got)
		}
	}
	if _, err := s.request(one, "x"); err == nil {
		t.Error("x does not trap")
	}
	s.eventually("it is started again", func() bool { return s.info(one).Restarts == 1 && s.info(one).Status == actors.StatusRunning })
	s.answers(one, "hello", "hello")
	if got := s.info(two).Restarts; got != 0 {
		t.Errorf("the other is restarted %d times", got)
	}
	check(t, s.Send(one, "test", []byte("n")))
	s.ends(one)
	s.eventually("its parent has the other alone", func() bool { // who waits for an end is told before the supervisor
		return s.text(ref, "list-children", pack.Unit) == "ok([\""+two.ID.String()+"\"])"
	})
	again := s.bears(ref, "worker")
	if again.Path != "/parent/worker" || again.ID == one.ID {
		t.Errorf("the next is %s %s", again, again.ID)
	}
	s.replays(ref)
	s.replays(one)
}
