package actors_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// A target and a body, as the functions of message-server-host take them.
func to(target, body string) []pack.Value {
	return []pack.Value{pack.String(target), pack.Bytes([]byte(body))}
}

// asked is what a background request came to.
type asked struct {
	answer string
	err    error
}

// ask makes a request in the background.
func (s *stage) ask(ref actors.Ref, body string) <-chan asked {
	ch := make(chan asked, 1)
	go func() {
		answer, err := s.request(ref, body)
		ch <- asked{answer, err}
	}()
	return ch
}

// gets waits for the answer of a background request.
func (s *stage) gets(ch <-chan asked) asked {
	s.t.Helper()
	select {
	case a := <-ch:
		return a
	case <-time.After(patience):
		s.t.Fatal("nobody answers")
		panic("unreachable")
	}
}

// outstanding are the ids of the requests that a puppet holds.
func (s *stage) outstanding(ref actors.Ref) []string {
	s.t.Helper()
	v, err := s.do(ref, "list-outstanding-requests", pack.Unit)
	check(s.t, err)
	var ids []string
	for i := range v.Len() {
		id, _ := v.At(i).AsString()
		ids = append(ids, id)
	}
	return ids
}

// holds waits until a puppet holds so many requests.
func (s *stage) holds(ref actors.Ref, n int) []string {
	s.t.Helper()
	s.eventually("the requests are held", func() bool { return len(s.outstanding(ref)) == n })
	return s.outstanding(ref)
}

func TestOnlyTheFirstRegisterSucceeds(t *testing.T) {
	s := open(t)
	ref := s.spawn("actor", puppet(wasmtest.Guest{Init: wasmtest.Keep(), HandleRequest: wasmtest.Echo()}))
	if err := s.Send(ref, "test", nil); !errors.Is(err, actors.ErrNotRegistered) {
		t.Errorf("a send before register gives %v", err)
	}
	if _, err := s.request(ref, ""); !errors.Is(err, actors.ErrNotRegistered) {
		t.Errorf("a request before register gives %v", err)
	}
	if got := s.text(ref, "register", pack.Unit); got != "ok(())" {
		t.Errorf("register answers %s", got)
	}
	if got := s.text(ref, "register", pack.Unit); got != "err: Already registered" {
		t.Errorf("the second register answers %s", got)
	}
	s.answers(ref, "", "")
}

func TestATargetThatDoesNotTakeMessagesIsNotFound(t *testing.T) {
	s := open(t)
	mute := s.spawn("mute", guest(wasmtest.Guest{Init: wasmtest.Keep()}))
	ended := s.spawn("ended", server(wasmtest.Keep()))
	_, err := s.Stop(t.Context(), ended)
	check(t, err)
	ref := s.spawn("actor", puppet(wasmtest.Guest{}))
	for name, target := range map[string]string{
		"a path that nobody has":   "/nobody",
		"an id that nobody has":    "0199b6a0-0000-7000-8000-000000000000",
		"no id at all":             "nonsense",
		"an actor that is mute":    mute.Path,
		"the id of a mute actor":   mute.ID.String(),
		"an actor that has ended":  ended.Path,
		"the id of an ended actor": ended.ID.String(),
	} {
		want := "err: Actor not found: " + target
		if got := s.text(ref, "send", to(target, "x")...); got != want {
			t.Errorf("send to %s answers %q, want %q", name, got, want)
		}
		if got := s.text(ref, "request", to(target, "x")...); got != want {
			t.Errorf("request to %s answers %q, want %q", name, got, want)
		}
	}
	outcome := last[*chain.Outcome](t, s.events(ref))
	if _, ok, _ := value(t, s.log, outcome.Output).Result(); outcome.Status != chain.CallAnswered || ok {
		t.Errorf("the chain has the outcome %+v", outcome)
	}
}

func TestAnActorIsReachedByPathAndById(t *testing.T) {
	s := open(t)
	echo := s.spawn("echo", server(wasmtest.Echo()))
	ref := s.spawn("actor", puppet(wasmtest.Guest{}))
	want := "ok(" + pack.Bytes([]byte("hi")).String() + ")"
	for _, target := range []string{echo.Path, echo.ID.String()} {
		if got := s.text(ref, "request", to(target, "hi")...); got != want {
			t.Errorf("request to %s answers %s, want %s", target, got, want)
		}
		if got := s.text(ref, "send", to(target, "hi")...); got != "ok(())" {
			t.Errorf("send to %s answers %s", target, got)
		}
	}
}

func TestAnotherTreeIsAddressedOnlyAsTheManifestAllows(t *testing.T) {
	const messages = "[[handler]]\ntype = \"message-server\"\n"
	const policy = "[permission_policy.message_server]\ntype = \"restrict\"\nconfig = { allow = [\"/other\"] }\n"
	s := open(t)
	s.spawn("other", server(wasmtest.Echo()))
	s.spawn("others", server(wasmtest.Echo()))
	cases := []struct {
		name, tables, target string
		allowed              bool
	}{
		{"without allow nothing else", messages, "/other", false},
		{"without allow its own tree", messages, "/actor", true},
		{"a path that allow names", messages + "allow = [\"/other\"]\n", "/other", true},
		{"a path that only begins so", messages + "allow = [\"/other\"]\n", "/others", false},
		{"a path that allow does not name", messages + "allow = [\"/else\"]\n", "/other", false},
		{"everything below /", messages + "allow = [\"/\"]\n", "/other", true},
		{"a policy that allows it too", messages + "allow = [\"/\"]\n" + policy, "/other", true},
		{"a policy that does not", messages + "allow = [\"/\"]\n" + policy, "/others", false},
		{"a policy alone grants nothing", messages + policy, "/other", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ref, err := s.Spawn(t.Context(), actors.Spec{Manifest: toml(t, "actor", c.tables), Package: puppetOfMessages()})
			check(t, err)
			got := s.text(ref, "send", to(c.target, "x")...)
			if c.allowed != (got == "ok(())") || !c.allowed && !strings.HasPrefix(got, "err: denied: ") {
				t.Errorf("send to %s answers %s, want allowed %v", c.target, got, c.allowed)
			}
			want := chain.CallAnswered
			if !c.allowed {
				want = chain.CallDenied
			}
			if e := last[*chain.Host](t, s.events(ref)); e.Status != want {
				t.Errorf("the chain says %v, want %v", e.Status, want)
			}
			if c.target != "/actor" {
				got = s.text(ref, "request", to(c.target, "x")...)
				if e := last[*chain.Outcome](t, s.events(ref)); e.Status != want {
					t.Errorf("the chain says %v of a request, want %v: %s", e.Status, want, got)
				}
			}
			_, err = s.Stop(t.Context(), ref)
			check(t, err)
		})
	}
}

// puppetOfMessages needs no other handler than message-server.
func puppetOfMessages() []byte {
	return guest(wasmtest.Guest{Others: map[string]wasmtest.Behavior{
		"puppet.send":    wasmtest.Forward(message.Interface, "send"),
		"puppet.request": wasmtest.Forward(message.Interface, "request"),
	}})
}

func TestWhatHandleRequestReturnsIsTheAnswer(t *testing.T) {
	some := pack.Some(pack.Bytes([]byte("some")))
	ok := func(v pack.Value) wasmtest.Behavior {
		return wasmtest.Return(encode(pack.Ok(pack.TupleOf(pack.TypeBool, pack.TypeBool), pack.TypeString, v)))
	}
	none := pack.None(pack.TypeBytes)
	s := open(t)
	for _, c := range []struct {
		name string
		does wasmtest.Behavior
		want string
	}{
		{"some bytes are the answer", ok(pack.Tuple(none, pack.Tuple(some))), "some"},
		{"none is an empty answer where nothing can answer later", ok(pack.Tuple(none, pack.Tuple(none))), ""},
		{"a bare option is an empty answer", ok(pack.Tuple(none, some)), ""},
		{"a state alone is an empty answer", ok(pack.Tuple(none)), ""},
		{"anything else is an empty answer", ok(pack.Tuple(none, pack.U64(7))), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ref := s.spawn("actor", guest(wasmtest.Guest{HandleRequest: c.does, Untyped: true}))
			s.answers(ref, "x", c.want)
		})
	}
}

func TestAGuestThatCanRespondLaterHoldsTheRequest(t *testing.T) {
	s := open(t)
	ref := s.spawn("holder", puppet(wasmtest.Guest{}))
	first := s.ask(ref, "1")
	s.holds(ref, 1)
	second := s.ask(ref, "2")
	ids := s.holds(ref, 2)
	select {
	case a := <-first:
		t.Fatalf("answered before respond-to-request: %+v", a)
	default:
	}
	if got := s.text(ref, "respond-to-request", to(ids[1], "later")...); got != "ok(())" {
		t.Fatalf("respond-to-request answers %s", got)
	}
	if a := s.gets(second); a.err != nil || a.answer != "later" {
		t.Errorf("the second requester gets %+v", a)
	}
	if got := s.outstanding(ref); !slices.Equal(got, ids[:1]) {
		t.Errorf("outstanding are %q, want the first alone", got)
	}
	if got, want := s.text(ref, "respond-to-request", to(ids[1], "again")...), "err: Request ID not found: "+ids[1]; got != want {
		t.Errorf("a second answer gives %s, want %s", got, want)
	}
	if got := s.text(ref, "cancel-request", pack.String(ids[0])); got != "ok(())" {
		t.Fatalf("cancel-request answers %s", got)
	}
	if a := s.gets(first); !errors.Is(a.err, actors.ErrCancelled) {
		t.Errorf("a cancelled requester gets %+v", a)
	}
	if got, want := s.text(ref, "cancel-request", pack.String("made up")), "err: Request ID not found: made up"; got != want {
		t.Errorf("a cancel of nothing gives %s, want %s", got, want)
	}
}

func TestARespondInTheSameTurnWins(t *testing.T) {
	// Ids follow from the system's clock and randomness, so a first system tells
	// the id that the request has in a second one just like it.
	still := func(c *actors.Config) { c.Now = func() time.Time { return time.Unix(1_800_000_000, 0) } }
	trial := open(t, still)
	holder := trial.spawn("actor", puppet(wasmtest.Guest{}))
	pending := trial.ask(holder, "x")
	trial.eventually("the request is the second turn", func() bool { return trial.info(holder).Turns == 2 })
	id := trial.holds(holder, 1)[0]
	trial.close()
	if a := trial.gets(pending); !errors.Is(a.err, actors.ErrStopped) {
		t.Errorf("a request that is held when the system closes gets %+v", a)
	}

	s := open(t, still)
	ref := s.spawn("actor", server(wasmtest.Do(message.Interface, "respond-to-request",
		tell(id, "early"), wasmtest.Reply([]byte("late")))))
	s.answers(ref, "x", "early")
	if e := of[*chain.Host](s.events(ref))[1]; value(t, s.log, e.Output).String() != s.okUnit() {
		t.Errorf("respond-to-request answered %s", value(t, s.log, e.Output))
	}
}

// okUnit is the literal of what a host function without a value answers.
func (s *stage) okUnit() string {
	return pack.Ok(pack.TypeString, pack.TypeString, pack.Unit).String()
}

func TestAWaitThatClosesACycleIsRefusedWithItsPath(t *testing.T) {
	s := open(t)
	ask := func(target string) []byte {
		return server(wasmtest.Ask(message.Interface, "request", tell(target, "x")))
	}
	refusal := func(answer string, depth int) string {
		for range depth {
			v, err := pack.Decode([]byte(answer))
			check(t, err)
			payload, _, _ := v.Result()
			if b, isBytes := payload.AsBytes(); isBytes {
				answer = string(b)
			} else {
				answer, _ = payload.AsString()
			}
		}
		return answer
	}
	self := s.spawn("self", ask("/self"))
	a := s.spawn("a", ask("/b"))
	s.spawn("b", ask("/c"))
	s.spawn("c", ask("/a"))
	for _, c := range []struct {
		ref   actors.Ref
		depth int
		want  string
	}{
		{self, 1, "refused: the actors would wait for each other: /self -> /self"},
		{a, 3, "refused: the actors would wait for each other: /c -> /a -> /b -> /c"},
	} {
		began := time.Now()
		answer, err := s.request(c.ref, "x")
		check(t, err)
		if got := refusal(answer, c.depth); got != c.want {
			t.Errorf("%s: %q, want %q", c.ref, got, c.want)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: the refusal took %v", c.ref, took)
		}
		s.events(c.ref)
	}
	// The waits are over: the same request is refused in the same way again.
	answer, err := s.request(a, "x")
	check(t, err)
	if got := refusal(answer, 3); !strings.HasPrefix(got, "refused: ") {
		t.Errorf("the second time: %q", got)
	}
}

func TestAWaitThatIsOverIsNoLongerInTheWay(t *testing.T) {
	s := open(t)
	a := s.spawn("a", puppet(wasmtest.Guest{HandleRequest: wasmtest.Echo()}))
	b := s.spawn("b", puppet(wasmtest.Guest{HandleRequest: wasmtest.Echo()}))
	for range 2 {
		if got := s.text(a, "request", to("/b", "x")...); !strings.HasPrefix(got, "ok(") {
			t.Errorf("a asks b: %s", got)
		}
		if got := s.text(b, "request", to("/a", "x")...); !strings.HasPrefix(got, "ok(") {
			t.Errorf("b asks a: %s", got)
		}
	}
}

// blocked spawns an actor whose turn waits for the answer of a puppet, which
// holds the request, and returns both with the answer of the actor.
func (s *stage) blocked(tables ...string) (waiting, holder actors.Ref, answer <-chan asked) {
	s.t.Helper()
	holder = s.spawn("holder", puppet(wasmtest.Guest{}))
	waiting = s.spawn("waiting", server(wasmtest.Switch(map[byte]wasmtest.Behavior{
		'w': request("/holder", "please", wasmtest.Reply([]byte("done"))),
	}, wasmtest.Echo())), tables...)
	answer = s.ask(waiting, "w")
	s.holds(holder, 1)
	return waiting, holder, answer
}

func TestAFullMailboxRefusesAtOnce(t *testing.T) {
	s := open(t)
	waiting, holder, answer := s.blocked("[limits]\nmailbox_messages = 2")
	other := s.spawn("other", puppet(wasmtest.Guest{}))
	queued := s.ask(waiting, "q")
	s.eventually("one message waits", func() bool { return s.info(waiting).Mailbox == 1 })
	check(t, s.Send(waiting, "test", []byte("fits")))

	if err := s.Send(waiting, "test", nil); !errors.Is(err, actors.ErrMailboxFull) {
		t.Errorf("a send gives %v", err)
	}
	if _, err := s.request(waiting, "x"); !errors.Is(err, actors.ErrMailboxFull) {
		t.Errorf("a request gives %v", err)
	}
	if got, want := s.text(other, "request", to("/waiting", "x")...), "err: actor /waiting: mailbox is full"; got != want {
		t.Errorf("an actor's request answers %q, want %q", got, want)
	}
	if got := s.text(other, "send", to("/waiting", "x")...); got != "ok(())" {
		t.Errorf("an actor's send answers %q, for it acts later", got)
	}
	dropped := s.dropped(other)
	if dropped.Reason != "undeliverable" || !strings.Contains(dropped.Detail, "mailbox is full") {
		t.Errorf("the sender's chain has %+v", dropped)
	}
	s.text(holder, "respond-to-request", to(s.outstanding(holder)[0], "")...)
	for _, ch := range []<-chan asked{answer, queued} {
		if a := s.gets(ch); a.err != nil {
			t.Errorf("once there is room: %+v", a)
		}
	}
}

func (s *stage) info(ref actors.Ref) actors.Info {
	s.t.Helper()
	info, err := s.Inspect(ref)
	check(s.t, err)
	return info
}

func TestAMailboxThatIsFullOfBytesRefuses(t *testing.T) {
	s := open(t)
	waiting, holder, answer := s.blocked("[limits]\nmailbox_bytes = 1024")
	if err := s.Send(waiting, "test", make([]byte, 2000)); !errors.Is(err, actors.ErrMailboxFull) {
		t.Errorf("2000 bytes into 1024 give %v", err)
	}
	check(t, s.Send(waiting, "test", make([]byte, 500)))
	if err := s.Send(waiting, "test", make([]byte, 500)); !errors.Is(err, actors.ErrMailboxFull) {
		t.Errorf("the second 500 bytes into 1024 give %v", err)
	}
	s.text(holder, "respond-to-request", to(s.outstanding(holder)[0], "")...)
	s.gets(answer)
}

func TestAMessageGoesToWhoHasThePathNow(t *testing.T) {
	s := open(t)
	sender := s.spawn("sender", puppet(wasmtest.Guest{}))
	for i, heard := range []string{"first", "second", "third"} {
		target := s.spawn("target", guest(wasmtest.Guest{HandleSend: logs(heard, wasmtest.Keep()), HandleRequest: wasmtest.Reply([]byte(heard))}))
		for _, name := range []string{target.ID.String(), strings.ToUpper(target.ID.String()), target.Path} {
			if got := s.text(sender, "send", to(name, "x")...); got != "ok(())" {
				t.Errorf("a send to %s answers %s", name, got)
			}
			want := pack.Bytes([]byte(heard)).String()
			if got := s.text(sender, "request", to(name, "x")...); got != "ok("+want+")" {
				t.Errorf("a request to %s answers %s, want %s", name, got, want)
			}
		}
		if lines := len(s.output()); lines != 3*(i+1) || !contains(s.output(), "log: "+heard) {
			t.Errorf("heard was %q", s.output())
		}
		_, err := s.Stop(t.Context(), target)
		check(t, err)
		for _, name := range []string{target.Path, target.ID.String()} {
			if got, want := s.text(sender, "send", to(name, "x")...), "err: Actor not found: "+name; got != want {
				t.Errorf("once it has ended, a send answers %q, want %q", got, want)
			}
		}
	}
}

func TestAMissingCallbackIsAnErrorForTheSender(t *testing.T) {
	s := open(t)
	deaf := s.spawn("deaf", guest(wasmtest.Guest{Without: []string{wasmtest.HandleSend}, HandleRequest: wasmtest.Echo()}))
	dumb := s.spawn("dumb", guest(wasmtest.Guest{Without: []string{wasmtest.HandleRequest}, HandleSend: logs("heard", wasmtest.Keep())}))
	var missing *actors.NoExportError
	if err := s.Send(deaf, "test", nil); !errors.As(err, &missing) || missing.Export != wasmtest.HandleSend {
		t.Errorf("a send gives %v", err)
	}
	if _, err := s.request(dumb, ""); !errors.As(err, &missing) || missing.Path != "/dumb" {
		t.Errorf("a request gives %v", err)
	}
	ref := s.spawn("actor", puppet(wasmtest.Guest{}))
	if got, want := s.text(ref, "request", to("/dumb", "")...), "err: actor /dumb does not export "+wasmtest.HandleRequest; got != want {
		t.Errorf("an actor's request answers %q, want %q", got, want)
	}
	s.text(ref, "send", to("/deaf", "")...)
	if dropped := s.dropped(ref); !strings.Contains(dropped.Detail, "does not export") {
		t.Errorf("the sender's chain has %+v", dropped)
	}
	s.answers(deaf, "still here", "still here")
	check(t, s.Send(dumb, "test", nil))
	s.eventually("the other is still here", func() bool { return contains(s.output(), "log: heard") })
}

func TestACallOfAnExportThatIsNoneOfTheActorsIsTheCallersError(t *testing.T) {
	s := open(t)
	ref := s.spawn("actor", server(wasmtest.Echo()))
	for _, export := range []string{"made.up", "__pack_alloc", "__pack_free", "__pack_types", "memory"} {
		var missing *actors.NoExportError
		if _, err := s.Call(t.Context(), ref, "test", export, pack.Unit); !errors.As(err, &missing) {
			t.Errorf("a call of %s gives %v", export, err)
		}
	}
	s.answers(ref, "still here", "still here")
}
