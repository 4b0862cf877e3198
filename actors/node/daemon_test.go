package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/host/message"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// patience bounds every wait of these tests; none of them takes as long.
const patience = 30 * time.Second

// served is a daemon of a test.
type served struct {
	*api.Client
	t        *testing.T
	settings node.Settings
	ready    node.Readiness
	log      *journal
	stop     context.CancelFunc
	hangup   chan os.Signal
	kill     chan struct{}
	over     chan error // has an element when Serve has returned
}

// journal keeps what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// settingsOf are those of a daemon in a folder, whose path must be short.
func settingsOf(dir string) node.Settings {
	s := node.DefaultSettings()
	s.Data, s.Cache = filepath.Join(dir, "data"), filepath.Join(dir, "cache")
	s.Socket, s.Tokens = filepath.Join(dir, "run", "s"), filepath.Join(dir, "data", "tokens")
	s.HTTP, s.Drain, s.Log.Level = "127.0.0.1:0", 5*time.Second, "debug"
	return s
}

// short is a temporary folder in which a socket may lie.
func short(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "n")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// begin starts a daemon and does not wait for it.
func begin(t *testing.T, settings node.Settings, options ...func(*node.DaemonConfig)) (*served, <-chan node.Readiness) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	s := &served{t: t, settings: settings, log: &journal{}, stop: stop, hangup: make(chan os.Signal, 1), kill: make(chan struct{}), over: make(chan error, 1)}
	ready := make(chan node.Readiness, 1)
	config := node.DaemonConfig{
		Settings: settings, Logger: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Hangup: s.hangup, Kill: s.kill, Ready: func(r node.Readiness) { ready <- r }, Version: "v-test",
	}
	for _, o := range options {
		o(&config)
	}
	go func() { s.over <- node.Serve(ctx, config) }()
	t.Cleanup(stop)
	return s, ready
}

// serve starts a daemon and waits until it is ready.
func serve(t *testing.T, settings node.Settings) *served {
	t.Helper()
	s, ready := begin(t, settings)
	s.await(ready)
	return s
}

// await waits until the daemon is ready.
func (s *served) await(ready <-chan node.Readiness) {
	s.t.Helper()
	select {
	case s.ready = <-ready:
	case err := <-s.over:
		s.t.Fatalf("it does not start: %v\n%s", err, s.log)
	case <-time.After(patience):
		s.t.Fatalf("it is not ready\n%s", s.log)
	}
	var err error
	if s.Client, err = api.Dial(api.DialConfig{Address: s.ready.Addresses[0]}); err != nil {
		s.t.Fatal(err)
	}
}

// ended waits for the end and returns how it was.
func (s *served) ended() error {
	s.t.Helper()
	select {
	case err := <-s.over:
		if s.Client != nil {
			s.Close()
		}
		http.DefaultClient.CloseIdleConnections()
		return err
	case <-time.After(patience):
		s.t.Fatalf("it does not end\n%s", s.log)
		panic("unreachable")
	}
}

// end ends the daemon, which must go well.
func (s *served) end() {
	s.t.Helper()
	s.stop()
	if err := s.ended(); err != nil {
		s.t.Errorf("it ends with %v\n%s", err, s.log)
	}
}

// project writes a manifest with a module beside it.
func project(t *testing.T, name string, guest wasmtest.Guest, tables string) string {
	t.Helper()
	unit, err := pack.Encode(pack.Unit)
	if err != nil {
		t.Fatal(err)
	}
	guest.Init = wasmtest.Do(message.Interface, "register", unit, wasmtest.Keep())
	return folder(t, name, guest, tables)
}

// folder is project for a guest with an init of its own.
func folder(t *testing.T, name string, guest wasmtest.Guest, tables string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "actor.wasm"), string(guest.Bytes()))
	write(t, filepath.Join(dir, "manifest.toml"), "name = \""+name+"\"\nversion = \"1\"\npackage = \"actor.wasm\"\n[[handler]]\ntype = \"message-server\"\n"+tables)
	return dir
}

// counter is an actor that answers how many requests it has had.
func counter(t *testing.T, name string) string {
	return project(t, name, wasmtest.Guest{HandleRequest: wasmtest.Calls()}, "")
}

func (s *served) spawn(dir string) *theaterv1.Actor {
	s.t.Helper()
	r, err := s.Actors.Spawn(s.t.Context(), &theaterv1.SpawnRequest{Source: &theaterv1.SpawnRequest_Path{Path: dir}})
	if err != nil {
		s.t.Fatal(err)
	}
	return r.Actor
}

func (s *served) request(target string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := s.Messages.Request(ctx, &theaterv1.RequestRequest{Target: target, Body: []byte("x")})
	if err != nil {
		return nil, err
	}
	return r.Body, nil
}

// get asks one of the probes and returns the code and what it says.
func (s *served) get(path string) (int, string) {
	s.t.Helper()
	r, err := http.Get(s.ready.HTTP + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

func TestANodeWhoseDiskIsFullIsNotReadyUntilThereIsRoom(t *testing.T) {
	settings := settingsOf(short(t))
	var free atomic.Uint64
	free.Store(1 << 40)
	s, ready := begin(t, settings, func(c *node.DaemonConfig) {
		c.FreeSpace = func(string) (uint64, error) { return free.Load(), nil }
	})
	s.await(ready)
	s.spawn(counter(t, "a"))
	is := func(code int, state string) func() bool {
		return func() bool { got, text := s.get("/readyz"); return got == code && strings.Contains(text, state) }
	}
	free.Store(5 << 20)
	s.eventually("it is not ready", is(http.StatusServiceUnavailable, `"state":"no_space","detail":"`+settings.Data+` has 5 MiB free, and 336 MiB are needed: make room`))
	if code, _ := s.get("/healthz"); code != http.StatusOK {
		t.Errorf("its health is %d", code)
	}
	if _, text := s.get("/metrics"); !strings.Contains(text, "\ntheater_disk_free_bytes 5.24288e+06\n") ||
		!strings.Contains(text, "\ntheater_disk_needed_bytes 3.52321536e+08\n") || !strings.Contains(text, "\ntheater_node_ready 0\n") {
		t.Errorf("the metrics are\n%s", text)
	}
	info, err := s.Node.Info(t.Context(), &theaterv1.InfoRequest{})
	if err != nil || info.State != theaterv1.NodeState_NODE_STATE_NO_SPACE || info.DiskFree != 5<<20 || !strings.Contains(info.Detail, "5 MiB free") {
		t.Errorf("it says %v, %v", info, err)
	}
	if health, err := s.Node.Health(t.Context(), &theaterv1.HealthRequest{}); err != nil || health.Ready {
		t.Errorf("its health is %v, %v", health, err)
	}
	_, refused := s.request("/a")
	if e := api.ErrorOf(refused); e.Code != api.CodeNoSpace || e.Retry == 0 || e.Hint == "" {
		t.Errorf("a request is refused with %+v", e)
	}
	free.Store(1 << 40)
	s.eventually("it is ready", is(http.StatusOK, `"state":"ready"`))
	if _, err := s.request("/a"); err != nil {
		t.Error(err)
	}
	s.end()
}

func TestActorsAreSuspendedByTheEndAndBackWithTheNextStart(t *testing.T) {
	settings := settingsOf(short(t))
	first := serve(t, settings)
	a := first.spawn(counter(t, "a"))
	b := first.spawn(counter(t, "b"))
	var last []byte
	for range 3 {
		var err error
		if last, err = first.request("/a"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := first.Actors.Restart(t.Context(), &theaterv1.RestartRequest{Target: "/b"}); err != nil {
		t.Fatal(err)
	}
	first.end()
	if !strings.Contains(first.log.String(), `"INFO","msg":"actor started"`) {
		t.Error("it is not logged that an actor was started again")
	}
	log, err := badgerlog.Open(settings.Data, badgerlog.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{a.Id, b.Id} {
		if sum, err := chain.Find(t.Context(), log, id); err != nil || sum.Status != chain.StatusSuspended {
			t.Errorf("on the log it is %s, %v", sum.Status, err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}

	second := serve(t, settings)
	if r := second.ready.Recovery; r.Resumed != 2 || r.Total != 2 || len(r.Left) != 0 || r.Took <= 0 {
		t.Errorf("the recovery was %+v", r)
	}
	if next, err := second.request("/a"); err != nil || last[0] != 3 || next[0] != 4 {
		t.Errorf("it answers %x after %x, %v", next, last, err)
	}
	if next, err := second.request(a.Id); err != nil || len(next) == 0 {
		t.Errorf("under its id: %v", err)
	}
	info, err := second.Node.Info(t.Context(), &theaterv1.InfoRequest{})
	if err != nil || info.Version != "v-test" || info.Data != settings.Data || info.Durability != "async" || info.Epoch != 2 || info.Recovery.Done != 2 ||
		len(info.Addresses) != 1 || info.Addresses[0] != "unix:"+settings.Socket {
		t.Errorf("its info is %v, %v", info, err)
	}
	second.end()
	if strings.Contains(second.log.String(), `"INFO","msg":"actor started"`) {
		t.Errorf("one that comes back is logged as if it was started again:\n%s", second.log)
	}
}

func TestWithoutRecoveryActorsStayWhereTheyAre(t *testing.T) {
	settings := settingsOf(short(t))
	first := serve(t, settings)
	first.spawn(counter(t, "a"))
	first.end()
	settings.Recover = false
	second := serve(t, settings)
	if _, err := second.request("/a"); api.ErrorOf(err).Code != api.CodeNoActor {
		t.Errorf("it answers: %v", err)
	}
	second.end()
	settings.Recover = true
	third := serve(t, settings)
	if _, err := third.request("/a"); err != nil {
		t.Error(err)
	}
	third.end()
}

func TestListedManifestsAreSpawnedOnce(t *testing.T) {
	settings := settingsOf(short(t))
	settings.Spawn = []string{counter(t, "a"), filepath.Join(t.TempDir(), "missing")}
	for i, resumed := range []int{0, 1} {
		s := serve(t, settings)
		for range 2 {
			if _, err := s.request("/a"); err != nil {
				t.Fatal(err)
			}
		}
		if s.ready.Resumed != resumed {
			t.Errorf("start %d has brought back %d", i, s.ready.Resumed)
		}
		if !strings.Contains(s.log.String(), `"manifest is not spawned"`) || !strings.Contains(s.log.String(), "missing") {
			t.Error("the manifest that is missing is not logged")
		}
		s.end()
	}
}

func TestTheProbesSayWhatTheNodeDoes(t *testing.T) {
	s := serve(t, settingsOf(short(t)))
	s.spawn(counter(t, "a"))
	for _, path := range []string{"/healthz", "/readyz"} {
		var said struct{ State string }
		code, text := s.get(path)
		if err := json.Unmarshal([]byte(text), &said); err != nil || code != 200 || said.State != "ready" {
			t.Errorf("%s answers %d %q, %v", path, code, text, err)
		}
	}
	_, before := s.get("/metrics")
	if _, err := s.request("/a"); err != nil {
		t.Fatal(err)
	}
	_, after := s.get("/metrics")
	for line, was := range map[string]string{
		`theater_turns_total{result="ok"} 2`: before, `theater_log_stopped 0`: "", `theater_node_ready 1`: "", `theater_api_requests_total{code="ok",method="theater.v1.MessageService/Request"} 1`: before, `theater_actors{status="running"} 1`: "",
	} {
		if !strings.Contains(after, "\n"+line+"\n") || was != "" && strings.Contains(was, "\n"+line+"\n") {
			t.Errorf("after a turn the metrics have %s: %v", line, strings.Contains(after, "\n"+line+"\n"))
		}
	}
	if _, err := s.Node.Drain(t.Context(), &theaterv1.DrainRequest{}); err != nil {
		t.Fatal(err)
	}
	if code, text := s.get("/readyz"); code != 503 || !strings.Contains(text, `"draining"`) {
		t.Errorf("while it drains /readyz answers %d %s", code, text)
	}
	if code, _ := s.get("/healthz"); code != 200 {
		t.Errorf("while it drains /healthz answers %d", code)
	}
	if _, err := s.request("/a"); api.ErrorOf(err).Code != api.CodeDraining {
		t.Errorf("while it drains a request gives %v", err)
	}
	s.end()
}

func TestTheSocketHasTheProbesToo(t *testing.T) {
	settings := settingsOf(short(t))
	settings.HTTP = node.Off
	s := serve(t, settings)
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", settings.Socket)
	}}}
	defer client.CloseIdleConnections()
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		r, err := client.Get("http://node" + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != 200 {
			t.Errorf("%s answers %d", path, r.StatusCode)
		}
	}
	if s.ready.HTTP != "" {
		t.Errorf("it listens at %s", s.ready.HTTP)
	}
	s.end()
}

func TestAClientEndsTheNode(t *testing.T) {
	s := serve(t, settingsOf(short(t)))
	if _, err := s.Node.Shutdown(t.Context(), &theaterv1.ShutdownRequest{}); err != nil {
		t.Fatal(err)
	}
	if err := s.ended(); err != nil {
		t.Error(err)
	}
}

func TestAFolderWhoseNameIsNoTextIsShown(t *testing.T) {
	settings := settingsOf(short(t))
	settings.Data = filepath.Join(filepath.Dir(settings.Data), "d\xffa")
	s := serve(t, settings)
	if r, err := s.Node.Info(t.Context(), &theaterv1.InfoRequest{}); err != nil || !strings.HasSuffix(r.Data, "d\uFFFDa") {
		t.Errorf("the info is %v, %v", r, err)
	}
	s.end()
}

func TestTheEndIsBoundedAlsoWithAGuestThatNeverReturns(t *testing.T) {
	settings := settingsOf(short(t))
	settings.Drain = 300 * time.Millisecond
	spins := project(t, "spins", wasmtest.Guest{HandleRequest: wasmtest.Spin()}, "[limits]\nturn_time = \"1h\"")
	s := serve(t, settings)
	s.spawn(spins)
	for range 3 {
		go func() { _, _ = s.request("/spins") }()
	}
	s.eventually("two wait", func() bool {
		r, err := s.Actors.Inspect(t.Context(), &theaterv1.InspectRequest{Target: "/spins"})
		return err == nil && r.Actor.Mailbox == 2
	})
	begun := time.Now()
	s.end()
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if !strings.Contains(s.log.String(), "messages of clients are not handled") {
		t.Error("that messages were left is not logged")
	}
	settings.Drain = 5 * time.Second
	again := serve(t, settings)
	if again.ready.Resumed != 1 {
		t.Errorf("it is not back: %+v", again.ready)
	}
	again.end()
}

func TestWhatWaitsIsAnsweredBeforeTheEnd(t *testing.T) {
	s := serve(t, settingsOf(short(t)))
	s.spawn(project(t, "slow", wasmtest.Guest{HandleRequest: wasmtest.Sleep(400*time.Millisecond, wasmtest.Calls())}, ""))
	const n = 5
	answers := make(chan error, n)
	for range n {
		go func() {
			_, err := s.request("/slow")
			answers <- err
		}()
	}
	s.eventually("the others wait for the first", func() bool { return strings.Contains(s.metrics(), "\ntheater_mailbox_messages 4\n") })
	s.end()
	for range n {
		if err := <-answers; err != nil {
			t.Errorf("one is answered %v", err)
		}
	}
}

func TestASecondSignalDoesNotWaitForTheDrain(t *testing.T) {
	settings := settingsOf(short(t))
	settings.Drain = time.Hour
	s := serve(t, settings)
	s.spawn(project(t, "spins", wasmtest.Guest{HandleRequest: wasmtest.Spin()}, "[limits]\nturn_time = \"1h\""))
	go func() { _, _ = s.request("/spins") }()
	s.eventually("it spins", func() bool { return strings.Contains(s.metrics(), "\ntheater_mailbox_messages 0\n") })
	s.stop()
	close(s.kill)
	if err := s.ended(); err != nil {
		t.Error(err)
	}
}

func (s *served) metrics() string {
	_, text := s.get("/metrics")
	return text
}

func (s *served) eventually(what string, holds func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("still not: %s\n%s", what, s.log)
		}
	}
}

func TestANodeThatCannotStartLeavesNothing(t *testing.T) {
	live := serve(t, settingsOf(short(t)))
	for name, c := range map[string]struct {
		change func(*node.Settings)
		is     func(error) bool
	}{
		"the data folder is in use": {func(s *node.Settings) { s.Data = live.settings.Data }, func(err error) bool { return errors.Is(err, chain.ErrInUse) }},
		"the socket is in use": {func(s *node.Settings) { s.Socket = live.settings.Socket }, func(err error) bool {
			var used *node.SocketInUseError
			return errors.As(err, &used) && used.PID == os.Getpid()
		}},
		"the port is in use": {func(s *node.Settings) { s.HTTP = strings.TrimPrefix(live.ready.HTTP, "http://") }, func(err error) bool {
			return strings.Contains(err.Error(), "http: listen tcp")
		}},
		"the network without a certificate": {func(s *node.Settings) { s.Listen = "127.0.0.1:0" }, func(err error) bool {
			var exposed *node.ExposedError
			return errors.As(err, &exposed)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			settings := settingsOf(short(t))
			c.change(&settings)
			s, _ := begin(t, settings)
			if err := s.ended(); err == nil || !c.is(err) {
				t.Errorf("it gives %v", err)
			}
			if _, err := os.Stat(settings.Socket); settings.Socket != live.settings.Socket && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("its socket is left: %v", err)
			}
		})
	}
	if _, err := live.Node.Health(t.Context(), &theaterv1.HealthRequest{}); err != nil {
		t.Errorf("the node before does not answer any more: %v", err)
	}
	live.end()
}

func TestWhatTheNodeLogsIsOneObjectALine(t *testing.T) {
	settings := settingsOf(short(t))
	settings.Log.Guests = true
	s := serve(t, settings)
	s.spawn(project(t, "talks", wasmtest.Guest{HandleRequest: wasmtest.Print(1, "\x1b[2Jhello\n", wasmtest.Trap())}, ""))
	_, _ = s.request("/talks")
	s.end()
	seen := map[string]bool{}
	for line := range strings.Lines(s.log.String()) {
		var object struct{ Msg, Text string }
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		seen[object.Msg+fmt.Sprintf("%q", object.Text)] = true
	}
	for _, want := range []string{`node starts""`, `node ready""`, `guest"\x1b[2Jhello"`, `actor failed""`, `node drains""`, `actors suspended""`, `node ended""`} {
		if !seen[want] {
			t.Errorf("%s is not logged:\n%s", want, s.log)
		}
	}
}
