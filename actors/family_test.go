package actors_test

import (
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/host/runtime"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// kid is a child that does what the first byte of a message says.
func kid() []byte {
	does := map[byte]wasmtest.Behavior{
		'x': wasmtest.Trap(), 'e': wasmtest.Refuse("told to"), 's': wasmtest.Spin(), 'c': wasmtest.Calls(),
		'd': leaves(pack.Some(pack.Bytes([]byte("data"))), wasmtest.Keep()), 'n': leaves(none, wasmtest.Keep()),
		'm': leaves(pack.Some(pack.Bytes(nil)), wasmtest.Keep()),
		'p': request("/parent", "from the child", wasmtest.Keep()),
	}
	return guest(wasmtest.Guest{Untyped: true, HandleSend: wasmtest.Switch(does, wasmtest.Keep()), HandleRequest: wasmtest.Switch(does, wasmtest.Echo())})
}

// leaves calls shutdown.
func leaves(data pack.Value, then wasmtest.Behavior) wasmtest.Behavior {
	return wasmtest.Do(runtime.Interface, "shutdown", encode(data), then)
}

// countingKid is a child whose init adds one to its state, and so does each message.
func countingKid() []byte {
	return guest(wasmtest.Guest{Untyped: true, Init: wasmtest.Do(message.Interface, "register", encode(pack.Unit), wasmtest.Count()),
		HandleSend: wasmtest.Count(), HandleRequest: wasmtest.Count(),
		Others: map[string]wasmtest.Behavior{"add": wasmtest.Count(), "spin": wasmtest.Spin(), "refuse": wasmtest.Refuse("no")}})
}

// family is a home with a parent that hears of its children, and children.
func family(tables string) home {
	return home{
		"parent":  someone{listener(wasmtest.Guest{HandleSend: wasmtest.Trap(), HandleRequest: wasmtest.Echo()}), tables},
		"kid":     someone{kid(), grants},
		"counter": someone{countingKid(), grants + "[supervision]\non_error = \"continue\"\n"},
	}
}

// spawns has a puppet spawn a child with options, and returns what it is answered
// and the child, if there is one.
func (s *stage) spawns(ref actors.Ref, function string, args ...pack.Value) (string, actors.Ref) {
	s.t.Helper()
	answer := s.text(ref, function, args...)
	id := strings.TrimSuffix(strings.TrimPrefix(answer, "ok(\""), "\")")
	child, _ := s.Lookup(id)
	return answer, child
}

// stateOf is what get-child-state answers.
func (s *stage) stateOf(ref, child actors.Ref) string {
	s.t.Helper()
	return s.text(ref, "get-child-state", id(child))
}

func TestASpawnedChildHasAPlaceAnIdAndAState(t *testing.T) {
	s := open(t)
	h := family("")
	h["with"] = someone{countingKid(), "[limits]\nfuel = 1000000\n" + grants}
	ref := s.settle(h, "parent")
	given := func(v pack.Value) pack.Value { return pack.Some(v) }
	for _, c := range []struct {
		name, manifest string
		state          pack.Value
		want, initial  string
	}{
		{"the manifest's state", "counter.toml", none, "ok(1)", "none: option<list<u8>>"},
		{"a given state", "counter.toml", given(pack.U64(41)), "ok(42)", "41"},
		{"a given state that is none", "counter.toml", given(none), "ok(1)", "none: option<list<u8>>"},
		{"a given state of several parts", "counter.toml", given(pack.Tuple(pack.String("a"), pack.U64(1))), "ok(1)", `("a", 1u64)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, child := s.spawns(ref, "spawn", pack.String(c.manifest), c.state, none)
			if answer != "ok(\""+child.ID.String()+"\")" || !strings.HasPrefix(child.Path, "/parent/counter") {
				t.Fatalf("spawn answers %s, the child is %s %s", answer, child, child.ID)
			}
			if got := s.stateOf(ref, child); !strings.HasPrefix(got, strings.TrimSuffix(c.want, ")")) {
				t.Errorf("its state is %s, want %s", got, c.want)
			}
			genesis := of[*chain.Genesis](s.events(child))[0]
			blob, err := chain.LoadBlob(t.Context(), s.log, genesis.InitialState)
			check(t, err)
			initial, err := pack.Decode(blob)
			check(t, err)
			if got := initial.String(); !strings.HasPrefix(got, strings.Split(c.initial, ":")[0]) {
				t.Errorf("it begins with %s, want %s", got, c.initial)
			}
			s.replays(child)
		})
	}
	s.replays(ref)
}

func TestAChildRunsTheModuleThatItsParentGives(t *testing.T) {
	s := open(t)
	ref := s.settle(family(""), "parent")
	code := server(wasmtest.Reply([]byte("another")))
	_, child := s.spawns(ref, "spawn", pack.String("kid.toml"), none, pack.Some(pack.Bytes(code)))
	s.answers(child, "hello", "another")
	if got, want := of[*chain.Genesis](s.events(child))[0].Module, chain.Hash(sha256.Sum256(code)); got != want {
		t.Errorf("the genesis names module %s, want %s", got, want)
	}
	s.replays(child)
	s.replays(ref)
	for name, code := range map[string][]byte{"nothing": {}, "no module": []byte("no module"), "no actor": wasmtest.Guest{Without: []string{wasmtest.Init}}.Bytes()} {
		answer, _ := s.spawns(ref, "spawn", pack.String("kid.toml"), none, pack.Some(pack.Bytes(code)))
		if !strings.HasPrefix(answer, "err: package ") {
			t.Errorf("%s as module answers %s", name, answer)
		}
	}
	if got := len(s.List()); got != 2 {
		t.Errorf("%d actors live", got)
	}
}

func TestTheSpawnOfAChildIsOnBothChains(t *testing.T) {
	s := open(t)
	ref := s.settle(family(""), "parent")
	child := s.bears(ref, "kid.toml")
	genesis := of[*chain.Genesis](s.events(child))[0]
	intent, ok := s.at(genesis.Parent).(*chain.Intent)
	if !ok || genesis.Parent.Actor != ref.ID {
		t.Fatalf("the genesis names %+v, a %T", genesis.Parent, s.at(genesis.Parent))
	}
	if got := value(t, s.log, intent.Input).At(0).String(); got != `"kid.toml"` {
		t.Errorf("the intent is of %s", got)
	}
	outcome := last[*chain.Outcome](t, s.events(ref))
	if got := value(t, s.log, outcome.Output).String(); outcome.Status != chain.CallAnswered || !strings.Contains(got, child.ID.String()) {
		t.Errorf("the outcome is %v %s", outcome.Status, got)
	}
	if genesis.Path != "/parent/kid" || genesis.Name != "kid" {
		t.Errorf("the child is %q at %q", genesis.Name, genesis.Path)
	}
}

func TestASpawnWhoseInitFailsIsAnErrorAndLeavesNoChild(t *testing.T) {
	s := open(t)
	h := family("")
	h["traps"] = someone{guest(wasmtest.Guest{Init: wasmtest.Trap()}), grants}
	h["refuses"] = someone{guest(wasmtest.Guest{Init: wasmtest.Refuse("not today")}), grants}
	ref := s.settle(h, "parent")
	for manifest, want := range map[string]string{"traps.toml": "trap", "refuses.toml": "not today"} {
		answer, _ := s.spawns(ref, "spawn", pack.String(manifest), none, none)
		if !strings.HasPrefix(answer, "err: spawn /parent/") || !strings.Contains(answer, want) {
			t.Errorf("spawn of %s answers %s", manifest, answer)
		}
	}
	if got := s.text(ref, "list-children", pack.Unit); got != "ok([])" && !strings.HasPrefix(got, "ok([]") {
		t.Errorf("the children are %s", got)
	}
	s.settled()
	// Who asked has been told: the callbacks are for children that there were.
	if got := len(s.hears(ref, wasmtest.ChildError)); got != 0 {
		t.Errorf("the parent is told %d times that a child failed", got)
	}
	s.replays(ref)
}

func TestAResumedChildGoesOnWithoutInit(t *testing.T) {
	log := memlog.New()
	s := reopen(t, log)
	ref := s.settle(family(""), "parent")
	bytes := pack.Some(pack.Bytes(pack.MustEncode(pack.U64(41))))
	_, child := s.spawns(ref, "resume", pack.String("counter.toml"), bytes, none)
	if got := s.stateOf(ref, child); !strings.HasPrefix(got, "ok(41") {
		t.Errorf("its state is %s, want 41", got)
	}
	if got := kinds(s.events(child)); got != "genesis" {
		t.Errorf("its chain is %s", got)
	}
	_, other := s.spawns(ref, "resume", pack.String("counter.toml"), bytes, none)
	if _, err := s.Call(t.Context(), other, "test", "refuse", pack.Unit); err == nil {
		t.Error("its first turn does not fail")
	}
	_, err := s.Call(t.Context(), other, "test", "add", pack.Unit)
	check(t, err)
	s.close()

	// It has none when it is resumed with its parent either.
	again := reopen(t, log)
	ref = again.resume(ref.ID)
	if got := again.stateOf(ref, child); !strings.HasPrefix(got, "ok(41") {
		t.Errorf("after its parent was resumed its state is %s, want 41", got)
	}
	if got := again.stateOf(ref, other); !strings.HasPrefix(got, "ok(42") {
		t.Errorf("after its parent was resumed the other's state is %s, want 42", got)
	}
	if got := kinds(again.events(child)); got != "genesis suspended resumed" {
		t.Errorf("its chain is %s", got)
	}
	again.replays(other)
}

func TestASpawnThatIsAwaitedAnswersWithTheEnd(t *testing.T) {
	s := open(t)
	// What a message of its own does to it it does after its init.
	first := func(does string) someone {
		return someone{guest(wasmtest.Guest{Init: wasmtest.Do(message.Interface, "register", encode(pack.Unit), wasmtest.Do(message.Interface, "send",
			tell("/parent/"+does, ""), wasmtest.Keep())), HandleSend: map[string]wasmtest.Behavior{
			"data": leaves(pack.Some(pack.Bytes([]byte("data"))), wasmtest.Keep()), "empty": leaves(pack.Some(pack.Bytes(nil)), wasmtest.Keep()),
			"nothing": leaves(none, wasmtest.Keep()), "traps": wasmtest.Trap(), "refuses": wasmtest.Refuse("no"), "waits": wasmtest.Keep(), "spins": wasmtest.Spin(),
		}[does]}), grants}
	}
	h := family("")
	for _, does := range []string{"data", "empty", "nothing", "traps", "refuses", "waits", "spins"} {
		h[does] = first(does)
	}
	ref := s.settle(h, "parent")
	ms := func(n uint64) pack.Value { return pack.Some(pack.U64(n)) }
	for _, c := range []struct {
		manifest string
		timeout  pack.Value
		stop     bool
		want     string // ID stands for its id
	}{
		{"data", none, false, "ok(" + pack.Some(pack.Bytes([]byte("data"))).String() + ")"},
		{"data", ms(60_000), false, "ok(" + pack.Some(pack.Bytes([]byte("data"))).String() + ")"},
		{"empty", none, false, "ok(" + pack.Some(pack.Bytes(nil)).String() + ")"},
		{"nothing", none, false, "ok(none"},
		{"traps", none, false, "err: Child actor ID failed: trap "},
		{"refuses", none, false, "err: Child actor ID failed: error: no"},
		{"waits", none, true, "err: Child actor ID was stopped externally"},
		{"waits", ms(50), false, "err: Timeout waiting for child actor ID to complete"},
		{"spins", ms(50), false, "err: Timeout waiting for child actor ID to complete"},
	} {
		t.Run(c.manifest, func(t *testing.T) {
			ch := make(chan string, 1)
			go func() { ch <- s.text(ref, "spawn-and-wait", pack.String(c.manifest+".toml"), none, none, c.timeout) }()
			if c.stop {
				s.eventually("the child lives", func() bool {
					kid, err := s.Lookup("/parent/waits")
					return err == nil && s.info(kid).Status == actors.StatusRunning
				})
				_, err := s.Stop(t.Context(), s.lookup("/parent/waits"))
				check(t, err)
			}
			var got string
			select {
			case got = <-ch:
			case <-time.After(patience):
				t.Fatal("nobody answers")
			}
			id := s.newest().String()
			if want := strings.ReplaceAll(c.want, "ID", id); !strings.HasPrefix(got, want) {
				t.Errorf("it answers %s, want %s", got, want)
			}
			s.eventually("the child is gone", func() bool { return len(s.List()) == 1 })
		})
	}
	s.replays(ref)
}

// newest is the actor that was born last.
func (s *stage) newest() chain.ID {
	s.t.Helper()
	var ids []chain.ID
	for sum, err := range s.log.Actors(s.t.Context()) {
		check(s.t, err)
		ids = append(ids, sum.ID)
	}
	return slices.MaxFunc(ids, func(a, b chain.ID) int { return strings.Compare(a.String(), b.String()) })
}

func TestChildrenAreListedInTheirOrderAndPerActor(t *testing.T) {
	s := open(t)
	h := family("[[child]]\nid = \"declared\"\nmanifest = \"kid.toml\"\n")
	h["alone"] = someone{parental(wasmtest.Guest{}), ""}
	dir := h.build(t)
	ref, other := s.enter(dir, "parent"), s.enter(dir, "alone")
	declared := s.lookup("/parent/declared")
	want := []actors.Ref{declared}
	for range 4 {
		want = append(want, s.bears(ref, "kid.toml"))
	}
	alone := s.bears(other, "kid.toml")
	lists := func(of actors.Ref, want ...actors.Ref) {
		t.Helper()
		v, err := s.do(of, "list-children", pack.Unit)
		check(t, err)
		list, _, _ := v.Result()
		var got, ids []string
		for i := range list.Len() {
			id, _ := list.At(i).AsString()
			got = append(got, id)
		}
		for _, r := range want {
			ids = append(ids, r.ID.String())
		}
		if !slices.Equal(got, ids) {
			t.Errorf("the children of %s are %q, want %q", of, got, ids)
		}
	}
	lists(ref, want...)
	lists(other, alone)
	for _, c := range []actors.Ref{declared, want[2]} {
		if got := s.text(ref, "stop-child", id(c)); got != "ok(())" {
			t.Errorf("stop-child answers %s", got)
		}
	}
	lists(ref, want[1], want[3], want[4])
	if exit := s.ends(want[2]); exit.Reason != actors.ReasonShutdown {
		t.Errorf("it ended with %v", exit)
	}
	s.replays(ref)
}

func TestARestartedChildBeginsAnewUnderItsId(t *testing.T) {
	s := open(t)
	ref := s.settle(family("[[child]]\nid = \"counter\"\nmanifest = \"counter.toml\"\n"), "parent")
	for _, child := range []actors.Ref{s.lookup("/parent/counter"), s.bears(ref, "counter.toml")} {
		check(t, s.Send(child, "test", nil))
		s.answers(child, "", "\x03\x00\x00\x00\x00\x00\x00\x00")
		if got := s.text(ref, "restart-child", id(child)); got != "ok(())" {
			t.Fatalf("restart-child answers %s", got)
		}
		if got := s.stateOf(ref, child); !strings.HasPrefix(got, "ok(1") {
			t.Errorf("its state is %s", got)
		}
		if again := s.lookup(child.Path); again.ID != child.ID {
			t.Errorf("it is another actor")
		}
		s.replays(child)
	}
	s.replays(ref)
}

func TestTheStateOfAChildThatSpinsIsThatOfItsLastTurn(t *testing.T) {
	s := open(t)
	ref := s.settle(family(""), "parent")
	child := s.bears(ref, "counter.toml")
	s.answers(child, "", "\x02\x00\x00\x00\x00\x00\x00\x00")
	spins := make(chan error, 1)
	go func() {
		_, err := s.Call(t.Context(), child, "test", "spin", pack.Unit)
		spins <- err
	}()
	s.eventually("it spins", func() bool { return s.info(child).Mailbox == 0 && len(spins) == 0 })
	start := time.Now()
	if got := s.stateOf(ref, child); !strings.HasPrefix(got, "ok(2") {
		t.Errorf("its state is %s", got)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("it took %v", took)
	}
	_, err := s.Kill(t.Context(), child)
	check(t, err)
	<-spins
	s.replays(ref)
}

func TestOnlyChildrenAreServed(t *testing.T) {
	s := open(t)
	dir := family("").build(t)
	ref, other := s.enter(dir, "parent"), s.enter(dir, "parent")
	child, cousin, ended := s.bears(ref, "kid.toml"), s.bears(other, "kid.toml"), s.bears(ref, "kid.toml")
	s.text(ref, "stop-child", id(ended))
	for _, function := range []string{"stop-child", "restart-child", "get-child-state", "subscribe-to-child", "unsubscribe-from-child"} {
		for name, target := range map[string]string{
			"a child of another": cousin.ID.String(), "one that has ended": ended.ID.String(), "itself": ref.ID.String(),
			"a child by its path": child.Path, "nothing": "", "nonsense": "nonsense",
		} {
			want := "err: " + function + ": " + target + " is not a child of this supervisor"
			if got := s.text(ref, function, pack.String(target)); got != want {
				t.Errorf("%s of %s answers %s", function, name, got)
			}
		}
	}
	s.answers(cousin, "fine", "fine")
	s.replays(ref)
}

func TestAFamilyIsResumedAndNoChildIsSpawnedAgain(t *testing.T) {
	log := memlog.New()
	first := reopen(t, log)
	ref := first.settle(family("[[child]]\nid = \"counter\"\nmanifest = \"counter.toml\"\n"), "parent")
	a, b, gone := first.bears(ref, "kid.toml"), first.bears(ref, "counter.toml"), first.bears(ref, "kid.toml")
	first.text(ref, "stop-child", id(gone))
	first.answers(b, "", "\x02\x00\x00\x00\x00\x00\x00\x00")
	before := first.text(ref, "list-children", pack.Unit)
	count := 0
	for range log.Actors(t.Context()) {
		count++
	}
	first.close()
	second := reopen(t, log)
	ref, a, b = second.resume(ref.ID), second.lookup(a.ID.String()), second.lookup(b.ID.String())
	if got := second.text(ref, "list-children", pack.Unit); got != before {
		t.Errorf("the children are %s, and were %s", got, before)
	}
	for range log.Actors(t.Context()) {
		count--
	}
	if count != 0 {
		t.Errorf("the log has %d actors more", -count)
	}
	second.answers(b, "", "\x03\x00\x00\x00\x00\x00\x00\x00")
	for _, r := range []actors.Ref{ref, a, b, second.lookup("/parent/counter")} {
		second.replays(r)
	}
}
