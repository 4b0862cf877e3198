//go:build !wasip1

package supervisor_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/guest/sdk"
	"github.com/theater-go/theater/wasm/pack"
)

// callbacks is how the names of the callbacks begin.
const callbacks = "theater:simple/supervisor-handlers."

func TestTheExampleOfTheDocumentsRuns(t *testing.T) {
	f := start(t, build(t, example(t)))
	f.turn(t, "theater:simple/actor.init", pack.Unit)
	f.turn(t, "theater:simple/message-server-client.handle-send", pack.Bytes([]byte("two bears")))
	born := pack.Tuple(pack.String("packer/manifest.toml"), pack.Some(pack.String("two bears")), pack.None(pack.ListOf(pack.TypeU8)))
	if got := f.calls["theater:simple/supervisor.spawn"]; !got.Equal(born) {
		t.Errorf("it spawns with %s, want %s", got, born)
	}
	child := pack.String("child-1")
	f.turn(t, callbacks+"handle-child-exit", pack.Tuple(child, pack.Some(pack.Bytes([]byte("a parcel")))))
	failure := pack.Tuple(pack.Variant("wit-error-type", "internal", 5), pack.Some(pack.Bytes([]byte("no paper"))))
	f.turn(t, callbacks+"handle-child-error", pack.Tuple(child, failure))
	const want = `foreman{packed: ["a parcel"], trouble: [("child-1", "no paper")]}`
	if got := f.state(t).String(); got != want {
		t.Errorf("the state is %s, want %s", got, want)
	}
	var declared []string
	for _, e := range f.module.Metadata.Exports {
		if name := e.Interface + "." + e.Name; strings.HasPrefix(name, callbacks) {
			declared = append(declared, strings.TrimPrefix(name, callbacks))
		}
	}
	if want := []string{"handle-child-error", "handle-child-exit"}; !slices.Equal(declared, want) {
		t.Errorf("it declares to handle %q, want %q", declared, want)
	}
}

// example is the program in the documents' section on children.
func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/guests.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Children\n")
	program := regexp.MustCompile("(?s)```go\n(.*?)```").FindStringSubmatch(section)
	if program == nil {
		t.Fatal("docs/guests.md has no program in its section on children")
	}
	return program[1]
}

// build makes a module of a program, with the copy of the SDK that projects get.
func build(t *testing.T, program string) []byte {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "foreman")
	if err := sdk.WriteProject(dir, "foreman", "message-server"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := sdk.BuildCommand(t.Context(), dir, "foreman.wasm")
	cmd.Env = append(cmd.Env, "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	code, err := os.ReadFile(filepath.Join(dir, "foreman.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// foreman is the built actor and the host that it calls.
type foreman struct {
	*wasm.Machine
	module *wasm.Module
	calls  map[string]pack.Value // the latest input of each function
}

func start(t *testing.T, code []byte) *foreman {
	t.Helper()
	engine, err := wasm.OpenEngine(t.Context(), wasm.EngineConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	module, err := engine.Compile(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	machine, err := module.Start(t.Context(), wasm.Options{MemoryLimit: 64 << 20, TurnTime: time.Minute, OutputLimit: 1 << 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { machine.Close(context.Background()) })
	f := &foreman{Machine: machine, module: module, calls: map[string]pack.Value{}}
	machine.Attach(f)
	machine.SetState(pack.MustEncode(pack.None(pack.ListOf(pack.TypeU8))))
	return f
}

// Call answers as a host does, as far as the actor asks.
func (f *foreman) Call(_ context.Context, imp int, input []byte) (wasm.Reply, error) {
	v, err := pack.Decode(input)
	if err != nil {
		return wasm.Reply{}, err
	}
	name := f.module.Layout.Imports[imp].String()
	f.calls[name] = v
	answer := pack.Unit
	if name == "theater:simple/supervisor.spawn" {
		answer = pack.String("child-1")
	}
	return wasm.Reply{Output: pack.MustEncode(pack.Ok(pack.TypeString, pack.TypeString, answer))}, nil
}

func (*foreman) Key() (key [32]byte, err error)    { return key, nil }
func (*foreman) Output(_ wasm.Stream, line string) {}

func (f *foreman) turn(t *testing.T, export string, params pack.Value) {
	t.Helper()
	index, ok := f.module.Layout.Export(export)
	if !ok {
		t.Fatalf("the module does not export %s", export)
	}
	f.Begin(f.Clock() + 1)
	if _, err := f.Turn(t.Context(), index, pack.MustEncode(params)); err != nil {
		t.Fatalf("%s: %v", export, err)
	}
}

func (f *foreman) state(t *testing.T) pack.Value {
	t.Helper()
	v, err := pack.Decode(f.State())
	if err != nil {
		t.Fatal(err)
	}
	return v
}
