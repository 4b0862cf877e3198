package api_test

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/host/runtime"
	"github.com/theater-go/theater/host/supervisor"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestMain(m *testing.M) {
	// A server waits half a second before it closes a connection.
	closes := goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait")
	goleak.VerifyTestMain(m, closes, goleak.Cleanup(func(code int) {
		all := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == ""
		if left := unseen(); code == 0 && all && len(left) > 0 {
			fmt.Fprintln(os.Stderr, "no test has got the codes", left)
			code = 1
		}
		os.Exit(code)
	}))
}

// patience bounds every wait of these tests; none of them takes as long.
const patience = 20 * time.Second

// stage is a node in memory whose API is served on a socket.
type stage struct {
	*api.Client
	t      testing.TB
	node   *node.Node
	server *api.Server
	face   *face
	socket string

	lines   *api.Journal
	changes *api.Changes
}

// face is the process around a node, as a test wants it to look.
type face struct {
	state    atomic.Int32
	detail   string
	recovery *theaterv1.Recovery
	shutdown chan time.Duration
}

func (f *face) State() (theaterv1.NodeState, string) {
	return theaterv1.NodeState(f.state.Load()), f.detail
}

func (f *face) Info() *theaterv1.InfoResponse {
	return &theaterv1.InfoResponse{Version: "test", Recovery: f.recovery}
}

func (f *face) Drain(context.Context) error {
	f.state.Store(int32(theaterv1.NodeState_NODE_STATE_DRAINING))
	return nil
}

func (f *face) Shutdown(timeout time.Duration) error {
	f.shutdown <- timeout
	return nil
}

// open serves the API of a new node. The options change what its server is given.
func open(t testing.TB, options ...func(*api.Config)) *stage {
	t.Helper()
	s := &stage{t: t, lines: api.NewJournal(api.JournalConfig{}), changes: api.NewChanges(nil)}
	var err error
	s.node, err = node.Open(context.Background(), node.Config{Output: s.lines.Add, Observe: s.changes.Add})
	check(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		check(t, s.node.Close(ctx))
	})
	s.face = &face{shutdown: make(chan time.Duration, 1)}
	s.face.state.Store(int32(theaterv1.NodeState_NODE_STATE_READY))
	config := api.Config{
		System: s.node.System, Log: s.node.Log, Node: s.face, Handlers: s.node.Handlers,
		Bundles: t.TempDir(), Lines: s.lines, Changes: s.changes, Logger: slog.New(slog.DiscardHandler),
	}
	for _, o := range options {
		o(&config)
	}
	s.server, err = api.NewServer(config)
	check(t, err)
	s.socket = s.listen(api.ViaSocket)
	s.Client = dial(t, api.DialConfig{Address: "unix:" + s.socket})
	return s
}

// listen serves the API on another socket.
func (s *stage) listen(via api.Via) string {
	s.t.Helper()
	dir, err := os.MkdirTemp("", "api") // the path of a socket must be short
	check(s.t, err)
	path := filepath.Join(dir, "socket")
	l, err := net.Listen("unix", path)
	check(s.t, err)
	served := s.server.HTTP(via)
	var over sync.WaitGroup
	over.Go(func() { _ = served.Serve(l) })
	s.t.Cleanup(func() {
		s.server.Close()
		_ = served.Close()
		over.Wait()
		_ = os.RemoveAll(dir)
	})
	return path
}

func dial(t testing.TB, config api.DialConfig) *api.Client {
	t.Helper()
	c, err := api.Dial(config)
	check(t, err)
	t.Cleanup(c.Close)
	return c
}

// transport reaches the socket by HTTP/1.
func (s *stage) transport() *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", s.socket)
	}}
}

// grants are the handlers of the actors here.
const grants = `
[[handler]]
type = "runtime"
[[handler]]
type = "message-server"
allow = ["/"]
[[handler]]
type = "supervisor"
`

// folder writes an actor to a folder of its own, and returns it.
func (s *stage) folder(name string, code []byte, tables string) string {
	s.t.Helper()
	dir := s.t.TempDir()
	text := "name = \"" + name + "\"\nversion = \"1\"\npackage = \"actor.wasm\"\n" + tables
	check(s.t, os.WriteFile(filepath.Join(dir, "manifest.toml"), []byte(text), 0o600))
	check(s.t, os.WriteFile(filepath.Join(dir, "actor.wasm"), code, 0o600))
	return dir
}

// spawn starts an actor behind the API's back.
func (s *stage) spawn(name string, code []byte, tables string) actors.Ref {
	s.t.Helper()
	m, err := manifest.Parse([]byte("name = \""+name+"\"\nversion = \"1\"\npackage = \"actor.wasm\"\n"+grants+tables), "manifest.toml", s.node.Handlers)
	check(s.t, err)
	ref, err := s.node.System.Spawn(context.Background(), actors.Spec{Manifest: m, Package: code})
	check(s.t, err)
	return ref
}

func (s *stage) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	s.t.Cleanup(cancel)
	return ctx
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

// refuses requires that a call was answered with a code, and a field if there is one.
func refuses(t testing.TB, err error, code, field string) *api.Error {
	t.Helper()
	e := api.ErrorOf(err)
	if e == nil {
		t.Fatalf("there is no error; want %s", code)
	}
	if e.Code != code || e.Field != field {
		t.Fatalf("the error is %s of %q (%v): %s; want %s of %q", e.Code, e.Field, e.Status, e.Message, code, field)
	}
	seen(code)
	return e
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func encode(v pack.Value) []byte { return pack.MustEncode(v) }

// guest declares its interfaces, and registers in its init unless it has one.
func guest(g wasmtest.Guest) []byte {
	g.Interfaces = []*pack.Interface{runtime.New().Interfaces()[0].Pact, message.New().Interfaces()[0].Pact, supervisor.New().Interfaces()[0].Pact}
	return g.Bytes()
}

var registers = wasmtest.Do(message.Interface, "register", encode(pack.Unit), wasmtest.Keep())

// echo answers a request with its body; what else it is told, it does.
func echo() []byte {
	return guest(wasmtest.Guest{
		Init: registers,
		HandleRequest: wasmtest.Switch(map[byte]wasmtest.Behavior{
			'!': wasmtest.Trap(), '?': wasmtest.Fail("it was asked to fail"), '~': wasmtest.Spin(),
		}, wasmtest.Echo()),
		HandleSend: wasmtest.Switch(map[byte]wasmtest.Behavior{
			'!': wasmtest.Trap(), '~': wasmtest.Spin(),
			'l': wasmtest.Do(runtime.Interface, "log", encode(pack.String("a line")), wasmtest.Keep()),
		}, wasmtest.Keep()),
	})
}
