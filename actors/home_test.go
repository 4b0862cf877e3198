package actors_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/replay"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// home is a folder of manifests and modules: those of a parent and of children
// that it may name. A name with a dot is a file; any other is an actor's, whose
// manifest is name.toml and whose module is name.wasm.
type home map[string]any

// someone is an actor in a home: its module, and further tables of its manifest.
type someone struct {
	code   []byte
	tables string
}

// familyGrants are the grants of actors in a home.
const familyGrants = grants + "[[handler]]\ntype = \"supervisor\"\n"

// build writes the files and returns the folder.
func (h home) build(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, b []byte) {
		check(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		check(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
	}
	for name, what := range h {
		switch what := what.(type) {
		case string:
			write(name, []byte(what))
		case someone:
			write(name+".wasm", what.code)
			write(name+".toml", []byte(person(name, what.tables)))
		default:
			t.Fatalf("%s is a %T", name, what)
		}
	}
	return dir
}

// person is the manifest of an actor in a home. Tables that grant something are
// instead of the usual grants.
func person(name, tables string) string {
	granted := familyGrants
	if strings.Contains(tables, "[[handler]]") {
		granted = ""
	}
	return "name = \"" + filepath.Base(name) + "\"\nversion = \"1\"\npackage = \"" + filepath.Base(name) + ".wasm\"\n" + granted + tables
}

// settle spawns the actor called name of a home.
func (s *stage) settle(h home, name string) actors.Ref {
	s.t.Helper()
	return s.enter(h.build(s.t), name)
}

// enter spawns an actor of a folder.
func (s *stage) enter(dir, name string) actors.Ref {
	s.t.Helper()
	handlers, err := node.Handlers()
	check(s.t, err)
	m, err := manifest.Load(filepath.Join(dir, name+".toml"), handlers)
	check(s.t, err)
	ref, err := s.Spawn(s.t.Context(), actors.Spec{Manifest: m})
	check(s.t, err)
	return ref
}

// parental is a puppet that has children.
func parental(g wasmtest.Guest) []byte {
	all := map[string]wasmtest.Behavior{}
	for _, f := range supervisor.New().Interfaces()[0].Pact.Functions {
		all["puppet."+f.Name] = wasmtest.Forward(supervisor.Interface, f.Name)
	}
	maps.Copy(all, g.Others)
	g.Others = all
	return puppet(g)
}

// listener is a parent that hears what becomes of its children and keeps its state.
func listener(g wasmtest.Guest) []byte {
	all := map[string]wasmtest.Behavior{}
	for _, name := range []string{wasmtest.ChildError, wasmtest.ChildExit, wasmtest.ChildExternalStop, wasmtest.ChildEvent} {
		all[name] = wasmtest.Keep()
	}
	maps.Copy(all, g.Others)
	g.Others = all
	return parental(g)
}

// none is an option that is not given.
var none = pack.None(pack.TypeBytes)

// bears has a puppet spawn a child and returns it.
func (s *stage) bears(parent actors.Ref, manifest string) actors.Ref {
	s.t.Helper()
	v, err := s.do(parent, "spawn", pack.String(manifest), none, none)
	check(s.t, err)
	payload, ok, _ := v.Result()
	if !ok {
		s.t.Fatalf("spawn of %s answers %s", manifest, payload)
	}
	id, _ := payload.AsString()
	return s.lookup(id)
}

func (s *stage) lookup(target string) actors.Ref {
	s.t.Helper()
	ref, err := s.Lookup(target)
	check(s.t, err)
	return ref
}

// follows has a puppet subscribe to a child.
func (s *stage) follows(parent, child actors.Ref) {
	s.t.Helper()
	if got := s.text(parent, "subscribe-to-child", id(child)); got != "ok(())" {
		s.t.Fatalf("subscribe-to-child answers %s", got)
	}
}

// id is a child as a guest names it.
func id(child actors.Ref) pack.Value { return pack.String(child.ID.String()) }

// heard is a turn of one of the callbacks: its call, and its result when it has
// one yet.
type heard struct {
	call   *chain.Call
	result *chain.Result
}

// hears are the turns of a callback on an actor's chain, which verifies.
func (s *stage) hears(ref actors.Ref, callback string) []heard {
	s.t.Helper()
	index := s.export(ref, callback)
	var all []heard
	inside := false
	for _, e := range s.events(ref) {
		switch e := e.(type) {
		case *chain.Call:
			if inside = int(e.Export) == index; inside {
				all = append(all, heard{call: e})
			}
		case *chain.Result:
			if inside {
				all[len(all)-1].result = e
			}
			inside = false
		}
	}
	return all
}

// export is the index of a function that an actor exports.
func (s *stage) export(ref actors.Ref, name string) int {
	s.t.Helper()
	module, err := chain.LoadBlob(s.t.Context(), s.log, of[*chain.Genesis](s.events(ref))[0].Module)
	check(s.t, err)
	layout, err := wasm.ReadLayout(module)
	check(s.t, err)
	i, ok := layout.Export(name)
	if !ok {
		s.t.Fatalf("%s does not export %s", ref, name)
	}
	return i
}

// replays executes an actor's closed turns and restarts again, with no handler
// running, and holds them against its chain.
func (s *stage) replays(ref actors.Ref) {
	s.t.Helper()
	ctx := s.t.Context()
	genesis := of[*chain.Genesis](s.events(ref))[0]
	engine, err := wasm.OpenEngine(ctx, wasm.EngineConfig{Workers: 1})
	check(s.t, err)
	defer func() { check(s.t, engine.Close(ctx)) }()
	code, err := chain.LoadBlob(ctx, s.log, genesis.Module)
	check(s.t, err)
	module, err := engine.Compile(ctx, code)
	check(s.t, err)
	machine, err := module.Start(ctx, wasm.Options{MemoryLimit: 64 << 20, TurnTime: time.Minute, Fuel: 1 << 40, OutputLimit: 1 << 20})
	check(s.t, err)
	defer machine.Close(ctx)
	state, err := chain.LoadBlob(ctx, s.log, genesis.InitialState)
	check(s.t, err)
	machine.SetState(state)
	for step, err := range replay.Steps(s.log.Records(ctx, ref.ID, 0)) {
		check(s.t, err)
		if t, ok := step.(*replay.Turn); ok && t.Result == nil {
			return
		}
		if err := replay.Run(ctx, machine, s.log, step); err != nil {
			s.t.Fatalf("%s: %v", ref, err)
		}
	}
}
