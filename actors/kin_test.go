package actors_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/host/runtime"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// house is a stage for trees of actors: their guests pass a gate that the test
// keeps, and what becomes of them is written down.
type house struct {
	*stage
	*porter
	handlers *host.Registry
	engine   *wasm.Engine

	mu      sync.Mutex
	changes []actors.Change // guarded by mu
}

// build opens a house.
func build(t testing.TB, options ...option) *house { return rebuild(t, memlog.New(), options...) }

// rebuild opens a house over a log that may hold chains already.
func rebuild(t testing.TB, log chain.Log, options ...option) *house {
	t.Helper()
	h := &house{porter: newPorter()}
	var err error
	h.handlers, err = host.NewRegistry(message.New(), runtime.New(), supervisor.New(), h.porter)
	check(t, err)
	h.stage = reopen(t, log, append([]option{func(c *actors.Config) {
		c.Handlers, h.engine = h.handlers, c.Engine
		c.Observe = func(change actors.Change) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.changes = append(h.changes, change)
		}
	}}, options...)...)
	return h
}

// plan is an actor of a tree that manifests declare.
type plan struct {
	id       string
	as       string // further keys of its [[child]] table
	tables   string // further tables of its manifest
	code     []byte // nil is resident
	children []plan
	spawns   []plan // not declared; their manifests are in the folder for the guest to name
}

// write puts the plan's manifests and packages into a folder.
func (p plan) write(t testing.TB, folder string) {
	t.Helper()
	code, text := p.code, fmt.Sprintf("name = %q\nversion = \"1\"\npackage = \"actor.wasm\"\n%s[[handler]]\ntype = \"gate\"\n[[handler]]\ntype = \"supervisor\"\n%s\n", p.id, grants, p.tables)
	if code == nil {
		code = resident
	}
	for _, c := range p.children {
		text += fmt.Sprintf("[[child]]\nid = %q\nmanifest = %q\n%s\n", c.id, c.id, c.as)
		c.write(t, filepath.Join(folder, c.id))
	}
	for _, c := range p.spawns {
		c.write(t, filepath.Join(folder, c.id))
	}
	check(t, os.MkdirAll(folder, 0o777))
	check(t, os.WriteFile(filepath.Join(folder, manifest.FileName), []byte(text), 0o666))
	check(t, os.WriteFile(filepath.Join(folder, "actor.wasm"), code, 0o666))
}

// load is the manifest of a plan.
func (h *house) load(p plan) *manifest.Manifest {
	h.t.Helper()
	folder := filepath.Join(h.t.TempDir(), p.id)
	p.write(h.t, folder)
	m, err := manifest.Load(folder, h.handlers)
	check(h.t, err)
	return m
}

// grow spawns a plan at the root.
func (h *house) grow(p plan) actors.Ref {
	h.t.Helper()
	ref, err := h.Spawn(h.t.Context(), actors.Spec{Manifest: h.load(p)})
	check(h.t, err)
	return ref
}

// at is the live actor of a path.
func (h *house) ref(path string) actors.Ref {
	h.t.Helper()
	ref, err := h.Lookup(path)
	check(h.t, err)
	return ref
}

// seen are the changes so far of the children of an actor, "" for the root: what,
// who and what is done about it.
func (h *house) seen(parent string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	for _, c := range h.changes {
		if name, below := strings.CutPrefix(c.Path, parent+"/"); below && !strings.Contains(name, "/") {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", c.What, name, c.Directive)))
		}
	}
	return all
}

// sees waits for all changes of an actor's children.
func (h *house) sees(parent string, want ...string) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		switch got := h.seen(parent); {
		case slices.Equal(got, want):
			return
		case len(got) > len(want), time.Now().After(deadline):
			h.t.Fatalf("below %s there is seen\n\t%s\nwant\n\t%s", parent, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
}

// forget drops the changes so far.
func (h *house) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.changes = nil
}

// change is the newest change of an actor.
func (h *house) change(path string, what supervision.EventKind) actors.Change {
	h.t.Helper()
	var found actors.Change
	h.eventually(path+" "+string(what), func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, c := range h.changes {
			if c.Path == path && c.What == what {
				found = c
			}
		}
		return found.Path != ""
	})
	return found
}

// restarted waits until the actor of a path has started again so often and runs.
func (h *house) restarted(path string, times int64) {
	h.t.Helper()
	h.eventually(fmt.Sprintf("%s is restarted %d times", path, times), func() bool {
		ref, err := h.Lookup(path)
		if err != nil {
			return false
		}
		info := h.info(ref)
		return info.Restarts == times && info.Status == actors.StatusRunning
	})
}

// handled are the bodies of the messages that an actor has handled, in order.
func (h *house) handled(ref actors.Ref) []string {
	h.t.Helper()
	var bodies []string
	for _, call := range of[*chain.Call](h.events(ref)) {
		if params := value(h.t, h.log, call.Params); params.Len() > 0 {
			body, _ := params.At(params.Len() - 1).AsByteString()
			bodies = append(bodies, body)
		}
	}
	return bodies
}

// resident is a guest that does what a message says:
//
//	x traps     e answers err    d shuts down     s sleeps an hour, z a moment
//	b spins     g passes gate g  X passes gate g and traps
//	h holds the request          c counts requests in memory
//	l leaves two things at the gate
//
// Any other request it counts in its state, but for o, which it echoes.
//
// Its init passes the gate init before it registers.
var resident = wasmtest.Guest{
	Untyped: true, Interfaces: append(interfaces(), supervisor.New().Interfaces()[0].Pact, newPorter().Interfaces()[0].Pact),
	Init: pass("init", wasmtest.Do(message.Interface, "register", encode(pack.Unit), wasmtest.Keep())),
	HandleSend: wasmtest.Switch(map[byte]wasmtest.Behavior{
		'x': wasmtest.Trap(), 'e': wasmtest.Refuse("told to"), 's': wasmtest.Sleep(time.Hour, wasmtest.Keep()),
		'b': spin(), 'g': pass("g", wasmtest.Keep()), 'X': pass("g", wasmtest.Trap()),
		'd': shutdown(wasmtest.Keep()), 'z': wasmtest.Sleep(time.Millisecond, wasmtest.Keep()),
	}, wasmtest.Keep()),
	HandleRequest: wasmtest.Switch(map[byte]wasmtest.Behavior{
		'x': wasmtest.Trap(), 'e': wasmtest.Refuse("told to"), 's': wasmtest.Sleep(time.Hour, wasmtest.Echo()),
		'b': spin(), 'g': pass("g", wasmtest.Echo()), 'X': pass("g", wasmtest.Trap()),
		'd': shutdown(wasmtest.Echo()), 'c': wasmtest.Calls(), 'l': leave(leave(wasmtest.Echo())), 'h': wasmtest.Return(encode(pack.Ok(pack.TupleOf(pack.TypeBool, pack.TypeBool), pack.TypeString,
			pack.Tuple(pack.None(pack.TypeBytes), pack.Tuple(pack.None(pack.TypeBytes)))))), 'o': wasmtest.Echo(),
	}, wasmtest.Count()),
	Others: map[string]wasmtest.Behavior{
		"puppet.send": wasmtest.Forward(message.Interface, "send"), "puppet.request": wasmtest.Forward(message.Interface, "request"),
		// It can answer later, which makes a request without an answer one that it holds.
		"puppet.respond": wasmtest.Forward(message.Interface, "respond-to-request"),
	},
}.Bytes()

func shutdown(then wasmtest.Behavior) wasmtest.Behavior {
	return wasmtest.Do(runtime.Interface, "shutdown", encode(pack.None(pack.TypeBytes)), then)
}

// Counts of a resident, by its state and in its memory.
const (
	first  = "\x01\x00\x00\x00\x00\x00\x00\x00"
	second = "\x02\x00\x00\x00\x00\x00\x00\x00"
	third  = "\x03\x00\x00\x00\x00\x00\x00\x00"
)

// porter is the handler of a gate by which a guest waits for the test, or is failed by it.
type porter struct {
	pact *pack.Interface

	mu      sync.Mutex
	waiting map[string]int                             // guarded by mu; by path and name
	rule    func(ctx context.Context, at string) error // guarded by mu; nil lets all pass
	did     []string                                   // guarded by mu; sessions opened and closed
}

const gateInterface = "theater:test/gate"

func newPorter() *porter {
	return &porter{waiting: map[string]int{}, pact: pack.MustParsePact(`interface gate {
	@package: string = "theater:test"
	exports {
		pass: func(name: string) -> bool
		leave: func(name: string) -> bool
	}
}`)}
}

// pass has a guest pass the gate of that name.
func pass(name string, then wasmtest.Behavior) wasmtest.Behavior {
	return wasmtest.Do(gateInterface, "pass", encode(pack.String(name)), then)
}

// leave leaves something at the gate until the end of the turn.
func leave(then wasmtest.Behavior) wasmtest.Behavior {
	return wasmtest.Do(gateInterface, "leave", encode(pack.String("it")), then)
}

// keep sets what is asked when a guest comes to a gate: at is its path and the
// gate's name. An error traps it.
func (g *porter) keep(rule func(ctx context.Context, at string) error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.rule = rule
}

// shut closes one gate of one actor. When it is opened, with an error or without,
// those go on who wait, and whoever comes later passes.
func (g *porter) shut(at string) (open func(error)) {
	opened := make(chan struct{})
	var fail error
	g.keep(func(ctx context.Context, who string) error {
		if who != at {
			return nil
		}
		select {
		case <-opened:
			return fail
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	return func(err error) {
		g.keep(nil)
		fail = err
		close(opened)
	}
}

// fails has so many passes of a gate fail.
func (g *porter) fails(at string, times int) {
	var mu sync.Mutex
	g.keep(func(_ context.Context, who string) error {
		mu.Lock()
		defer mu.Unlock()
		if who != at || times == 0 {
			return nil
		}
		times--
		return errors.New("the gate is locked")
	})
}

// waits reports whether somebody waits at a gate.
func (g *porter) waits(at string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting[at] > 0
}

func (*porter) Type() string   { return "gate" }
func (*porter) NewConfig() any { return &struct{}{} }
func (*porter) NewPolicy() any { return nil }
func (g *porter) Interfaces() []host.Interface {
	return []host.Interface{{Pact: g.pact, Kinds: map[string]host.Kind{"pass": host.Wait, "leave": host.Deferred}}}
}
func (g *porter) Open(a host.Actor, _ host.Grant) (host.Session, error) {
	g.note("open " + a.Path())
	return &passage{g, a.Path()}, nil
}

func (g *porter) note(what string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.did = append(g.did, what)
}

// sessions are those that were opened and closed since the last call.
func (g *porter) sessions() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	did := g.did
	g.did = nil
	return did
}

type passage struct {
	of   *porter
	path string
}

func (p *passage) Call(ctx context.Context, c *host.Call) (pack.Value, error) {
	name, _ := c.Args[0].AsString()
	if c.Function == "leave" {
		c.Defer(name)
		p.of.note(fmt.Sprintf("%s leaves after %d", p.path, len(slices.Collect(c.Pending))))
		return pack.Bool(true), nil
	}
	at := p.path + " " + name
	p.of.mu.Lock()
	rule := p.of.rule
	p.of.waiting[at]++
	p.of.mu.Unlock()
	defer func() {
		p.of.mu.Lock()
		defer p.of.mu.Unlock()
		p.of.waiting[at]--
	}()
	if rule == nil {
		return pack.Bool(true), nil
	}
	return pack.Bool(true), rule(ctx, at)
}
func (*passage) Release(any, host.Event) {}
func (p *passage) Close(string)          { p.of.note("close " + p.path) }
