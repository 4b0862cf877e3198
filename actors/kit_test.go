package actors_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/host/runtime"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests; none of them takes as long.
const patience = 20 * time.Second

// stage is a system of actors over a log, with all that it needs.
type stage struct {
	*actors.System
	t   testing.TB
	log chain.Log

	mu    sync.Mutex
	lines []actors.Line // guarded by mu

	flush func(context.Context) error // waits until all is acknowledged
	close func()
}

// option changes what a stage's system is given.
type option func(*actors.Config)

// open starts a system over a log of its own.
func open(t testing.TB, options ...option) *stage { return reopen(t, memlog.New(), options...) }

// reopen starts a system over a log that may hold chains already. Closing the
// stage leaves the log open.
func reopen(t testing.TB, log chain.Log, options ...option) *stage {
	t.Helper()
	s := &stage{t: t, log: log}
	ctx := context.Background()
	writer, err := log.Writer(ctx)
	check(t, err)
	memory, err := memlog.New().Writer(ctx)
	check(t, err)
	engine, err := wasm.OpenEngine(ctx, wasm.EngineConfig{Workers: 2})
	check(t, err)
	handlers, err := node.Handlers()
	check(t, err)
	config := actors.Config{
		Log: log, Writer: writer, Durability: "async", Memory: memory, Engine: engine, Handlers: handlers,
		Logger: slog.New(slog.DiscardHandler), Now: time.Now, Random: newRandom(),
		Output: func(l actors.Line) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.lines = append(s.lines, l)
		},
	}
	for _, o := range options {
		o(&config)
	}
	s.System, err = actors.Open(ctx, config)
	check(t, err)
	s.flush = func(ctx context.Context) error { return errors.Join(config.Writer.Flush(ctx), memory.Flush(ctx)) }
	s.close = sync.OnceFunc(func() {
		bounded, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if err := errors.Join(s.System.Close(bounded), engine.Close(ctx), config.Writer.Close(), memory.Close()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Cleanup(s.close)
	return s
}

// newRandom is a source that gives the same bytes to every system.
func newRandom() io.Reader { return &counting{} }

type counting struct {
	mu sync.Mutex
	n  byte
}

func (c *counting) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range p {
		c.n += 7
		p[i] = c.n ^ byte(i)
	}
	return len(p), nil
}

// grants are the handlers of most actors here: they may address every other.
const grants = `
[[handler]]
type = "runtime"
[[handler]]
type = "message-server"
allow = ["/"]
`

// toml is the manifest of an actor, with tables after the required keys.
func toml(t testing.TB, name, tables string) *manifest.Manifest {
	t.Helper()
	handlers, err := node.Handlers()
	check(t, err)
	m, err := manifest.Parse([]byte("name = \""+name+"\"\nversion = \"1\"\npackage = \"actor.wasm\"\n"+tables), "manifest.toml", handlers)
	check(t, err)
	return m
}

// try spawns an actor with the grants and further tables of a manifest.
func (s *stage) try(name string, code []byte, tables ...string) (actors.Ref, error) {
	return s.Spawn(s.t.Context(), actors.Spec{Manifest: toml(s.t, name, grants+strings.Join(tables, "\n")), Package: code})
}

func (s *stage) spawn(name string, code []byte, tables ...string) actors.Ref {
	s.t.Helper()
	ref, err := s.try(name, code, tables...)
	check(s.t, err)
	return ref
}

func (s *stage) request(ref actors.Ref, body string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answer, err := s.Request(ctx, ref, "test", []byte(body))
	return string(answer), err
}

// answers requires an answer.
func (s *stage) answers(ref actors.Ref, body, want string) {
	s.t.Helper()
	if got, err := s.request(ref, body); err != nil || got != want {
		s.t.Fatalf("%s answers %q with %q, %v; want %q", ref, body, got, err, want)
	}
}

// do has a puppet call a host function and returns what the host answered.
func (s *stage) do(ref actors.Ref, function string, args ...pack.Value) (pack.Value, error) {
	input := pack.Tuple(args...)
	if len(args) == 1 {
		input = args[0]
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	response, err := s.Call(ctx, ref, "test", "puppet."+function, pack.Tuple(pack.Bytes(encode(input))))
	if err != nil {
		return pack.Value{}, err
	}
	inner, _, _ := response.At(0).Option()
	b, _ := inner.AsBytes()
	return pack.Decode(b)
}

// text is a host's answer as the guest sees it: ok(…), err("…") or a value.
func (s *stage) text(ref actors.Ref, function string, args ...pack.Value) string {
	s.t.Helper()
	v, err := s.do(ref, function, args...)
	check(s.t, err)
	payload, ok, isResult := v.Result()
	switch {
	case isResult && ok:
		return "ok(" + payload.String() + ")"
	case isResult:
		words, _ := payload.AsString()
		return "err: " + words
	}
	return v.String()
}

// eventually waits until the condition holds.
func (s *stage) eventually(what string, holds func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("still not: %s", what)
		}
	}
}

// ends waits for the actor's end.
func (s *stage) ends(ref actors.Ref) actors.Exit {
	s.t.Helper()
	ch, err := s.Watch(ref)
	check(s.t, err)
	select {
	case exit := <-ch:
		return exit
	case <-time.After(patience):
		s.t.Fatalf("%s does not end", ref)
		panic("unreachable")
	}
}

// events verifies the actor's chain and returns its events.
func (s *stage) events(ref actors.Ref) []chain.Event {
	s.t.Helper()
	return events(s.t, s.log, ref.ID)
}

func events(t testing.TB, log chain.Reader, id chain.ID) []chain.Event {
	t.Helper()
	if _, err := chain.Verify(context.Background(), log, id); err != nil {
		t.Fatalf("the chain does not verify: %v", err)
	}
	var all []chain.Event
	for _, r := range records(t, log, id) {
		all = append(all, r.Events...)
	}
	return all
}

func records(t testing.TB, log chain.Reader, id chain.ID) []chain.Record {
	t.Helper()
	var all []chain.Record
	for r, err := range log.Records(context.Background(), id, 0) {
		check(t, err)
		all = append(all, r)
	}
	return all
}

// at is the event that a reference names.
func (s *stage) at(ref chain.Ref) chain.Event {
	s.t.Helper()
	all := records(s.t, s.log, ref.Actor)
	if ref.Record >= uint64(len(all)) || int(ref.Index) >= len(all[ref.Record].Events) {
		s.t.Fatalf("there is no event %+v", ref)
	}
	return all[ref.Record].Events[ref.Index]
}

// of selects the events of one type.
func of[E chain.Event](events []chain.Event) []E {
	var some []E
	for _, e := range events {
		if e, ok := e.(E); ok {
			some = append(some, e)
		}
	}
	return some
}

// last is the newest event of one type.
func last[E chain.Event](t testing.TB, events []chain.Event) E {
	t.Helper()
	some := of[E](events)
	if len(some) == 0 {
		t.Fatalf("the chain has no such event: %s", kinds(events))
	}
	return some[len(some)-1]
}

// kinds are the kinds of events, in one line.
func kinds(events []chain.Event) string {
	var names []string
	for _, e := range events {
		name := chain.KindOf(e)
		if l, ok := e.(*chain.Lifecycle); ok {
			name = l.What.String()
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

func (s *stage) output() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var texts []string
	for _, l := range s.lines {
		texts = append(texts, l.Stream+": "+l.Text)
	}
	return texts
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func encode(v pack.Value) []byte {
	b, err := pack.Encode(v)
	if err != nil {
		panic(err)
	}
	return b
}

// value is the payload's bytes as a value.
func value(t testing.TB, log chain.Reader, p chain.Payload) pack.Value {
	t.Helper()
	b, err := p.Load(context.Background(), log)
	check(t, err)
	v, err := pack.Decode(b)
	check(t, err)
	return v
}

// interfaces are the declarations of what guests here import.
func interfaces() []*pack.Interface {
	return []*pack.Interface{runtime.New().Interfaces()[0].Pact, message.New().Interfaces()[0].Pact, supervisor.New().Interfaces()[0].Pact}
}

var ready = wasmtest.Do(message.Interface, "register", encode(pack.Unit), wasmtest.Keep())

// server is a guest that registers in init and shows b on each request.
func server(b wasmtest.Behavior) []byte { return guest(wasmtest.Guest{HandleRequest: b}) }

// guest declares its interfaces and registers unless it has an init of its own.
func guest(g wasmtest.Guest) []byte {
	g.Interfaces = interfaces()
	registers := wasmtest.Guest{Init: ready}
	if fmt.Sprint(g.Init) == fmt.Sprint(wasmtest.Behavior{}) {
		g.Init = registers.Init
	}
	return g.Bytes()
}

// functions are the host functions of a puppet.
var functions = []string{"register", "send", "request", "list-outstanding-requests", "respond-to-request", "cancel-request"}

// puppet is a guest that calls the host functions which the test tells it to:
// each by an export of the same name.
func puppet(g wasmtest.Guest) []byte {
	if g.Others == nil {
		g.Others = map[string]wasmtest.Behavior{}
	}
	for _, name := range functions {
		g.Others["puppet."+name] = wasmtest.Forward(message.Interface, name)
	}
	for _, name := range []string{"log", "self", "shutdown"} {
		g.Others["puppet."+name] = wasmtest.Forward(runtime.Interface, name)
	}
	return guest(g)
}

// tell is a call of send or request with a target and a body.
func tell(target, body string) []byte {
	return encode(pack.Tuple(pack.String(target), pack.Bytes([]byte(body))))
}

func send(target, body string, then wasmtest.Behavior) wasmtest.Behavior {
	return wasmtest.Do(message.Interface, "send", tell(target, body), then)
}

func request(target, body string, then wasmtest.Behavior) wasmtest.Behavior {
	return wasmtest.Do(message.Interface, "request", tell(target, body), then)
}

func logs(text string, then wasmtest.Behavior) wasmtest.Behavior {
	return wasmtest.Do(runtime.Interface, "log", encode(pack.String(text)), then)
}

func contains(list []string, want string) bool { return slices.Contains(list, want) }
