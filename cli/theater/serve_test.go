//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// patience bounds every wait of these tests; none of them takes as long.
const patience = 90 * time.Second

// place is where the nodes of a test are.
type place struct {
	t                   *testing.T
	dir, socket, cache  string
	counter, runtimeDir string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	dir, err := os.MkdirTemp("", "s") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &place{t: t, dir: dir, cache: filepath.Join(dir, "cache"), counter: newCounter(t), runtimeDir: filepath.Join(dir, "run")}
	p.socket = filepath.Join(p.runtimeDir, "theater", "theater.sock") // which is the default here
	return p
}

// command is theater in this place.
func (p *place) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(p.t.Context(), "theater", args...)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+p.cache, "XDG_RUNTIME_DIR="+p.runtimeDir, "HOME="+p.dir)
	return cmd
}

// process is theater serve.
type process struct {
	*api.Client
	t   *testing.T
	cmd *exec.Cmd
	log *logged
}

// logged is what a process writes to standard error.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// serve starts a node and waits until it is ready.
func (p *place) serve(args ...string) *process {
	p.t.Helper()
	s := &process{t: p.t, cmd: p.command(append([]string{"serve"}, args...)...), log: &logged{}}
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
	})
	s.await(`"msg":"node ready"`)
	var err error
	if s.Client, err = api.Dial(api.DialConfig{Address: "unix:" + p.socket}); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(s.Close)
	return s
}

func (s *process) await(text string) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(s.log.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("%s is not logged:\n%s", text, s.log)
		}
	}
}

// end sends a signal and waits for the end.
func (s *process) end(signal syscall.Signal) (code int) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
	_ = s.cmd.Wait() // the state tells
	return s.cmd.ProcessState.ExitCode()
}

func (s *process) increment() int {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	r, err := s.Messages.Request(ctx, &theaterv1.RequestRequest{Target: "/counter", Body: []byte("increment")})
	if err != nil {
		s.t.Fatalf("increment: %v\n%s", err, s.log)
	}
	n, err := strconv.Atoi(string(r.Body))
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

func TestANodeComesBackWithItsActorsAfterEachEnd(t *testing.T) {
	p := newPlace(t)
	want := 0
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL, syscall.SIGINT, syscall.SIGKILL, syscall.SIGTERM} {
		s := p.serve("--spawn", p.counter)
		for range 3 {
			want++
			if got := s.increment(); got != want {
				t.Fatalf("before %v the count is %d, want %d", signal, got, want)
			}
		}
		code := s.end(signal)
		_, err := os.Lstat(p.socket)
		if killed := signal == syscall.SIGKILL; code != 0 != killed || (err == nil) != killed {
			t.Errorf("%v ends it with code %d, and its socket %v\n%s", signal, code, err, s.log)
		}
	}
	if out, err := p.command("chain", "list").Output(); err != nil || !strings.Contains(string(out), "suspended") {
		t.Errorf("the chain is %s, %v", out, err)
	}
	if out, err := p.command("chain", "verify").Output(); err != nil {
		t.Errorf("chain verify: %s, %v", out, err)
	}
}

func TestAHangupAndAWrongCallDoNotEndANode(t *testing.T) {
	p := newPlace(t)
	s := p.serve("--spawn", p.counter)
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.await("there are no certificates to read again")
	if got := s.increment(); got != 1 {
		t.Errorf("the count is %d", got)
	}
	s.end(syscall.SIGTERM)
}

func TestWhatANodeMakesIsItsUsersAlone(t *testing.T) {
	p := newPlace(t)
	s := p.serve()
	for path, want := range map[string]os.FileMode{
		p.socket: 0o600 | os.ModeSocket, filepath.Dir(p.socket): 0o700 | os.ModeDir, p.socket + ".lock": 0o600,
		filepath.Join(p.dir, ".theater"): 0o700 | os.ModeDir, filepath.Join(p.dir, ".theater", "lock"): 0o600,
	} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != want {
			t.Errorf("%s has the mode %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
	s.end(syscall.SIGTERM)
}

func TestASecondNodeIsRefusedWithTheProcessThatIsThere(t *testing.T) {
	p := newPlace(t)
	s := p.serve()
	pid := strconv.Itoa(s.cmd.Process.Pid)
	for name, args := range map[string][]string{
		"the data folder": {"--socket", filepath.Join(p.dir, "other.sock")},
		"the socket":      {"--data", "other"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := p.command(append([]string{"serve", "--log-format", "text"}, args...)...)
			var log bytes.Buffer
			cmd.Stderr = &log
			_ = cmd.Run() // the state tells
			if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(log.String(), "in use by process "+pid) || !strings.Contains(log.String(), "--") {
				t.Errorf("it ends with %d:\n%s", code, log.String())
			}
		})
	}
	if _, err := s.Node.Health(t.Context(), &theaterv1.HealthRequest{}); err != nil {
		t.Errorf("the first does not answer any more: %v", err)
	}
	s.end(syscall.SIGTERM)
}

func TestAShutdownDoesNotWaitForANodeThatWasKilledMeanwhile(t *testing.T) {
	p := newPlace(t)
	n := &crowd{dir: p.dir}
	n.write(t, "spin", spinning(t), "[limits]\nfuel = 1000000000000000\nturn_time = \"1h\"\n")
	s := p.serve("--spawn", filepath.Join(p.dir, "spin"))
	if _, err := s.Messages.Send(t.Context(), &theaterv1.SendRequest{Target: "/spin"}); err != nil {
		t.Fatal(err)
	}
	shutdown := p.command("node", "shutdown", "--grace", "1h", "--timeout", patience.String())
	var told bytes.Buffer
	shutdown.Stderr = &told
	if err := shutdown.Start(); err != nil {
		t.Fatal(err)
	}
	s.await(`"msg":"node drains"`)
	killed := time.Now()
	s.end(syscall.SIGKILL)
	_ = shutdown.Wait() // the state tells
	if code := shutdown.ProcessState.ExitCode(); code != 1 || !strings.Contains(told.String(), "killed before its end was in order\n  theater serve ") {
		t.Errorf("it ends with %d:\n%s", code, told.String())
	}
	if took := time.Since(killed); took > patience/2 {
		t.Errorf("it waits for %v", took)
	}
}

func TestEveryLineOfANodeThatNobodyWatchesIsAnObject(t *testing.T) {
	p := newPlace(t)
	s := p.serve("--spawn", p.counter, "--log-level", "debug")
	s.increment()
	s.end(syscall.SIGTERM)
	refused := p.command("serve", "--listen", "127.0.0.1:0")
	more, _ := refused.CombinedOutput() // it has no certificate
	for line := range strings.Lines(s.log.String() + string(more)) {
		var object struct{ Time, Level, Msg string }
		if err := json.Unmarshal([]byte(line), &object); err != nil || object.Msg == "" || object.Level == "" {
			t.Errorf("%q is none: %v", line, err)
		}
	}
	if refused.ProcessState.ExitCode() != 1 || !strings.Contains(string(more), "tls.cert") {
		t.Errorf("without a certificate it ends with %v: %s", refused.ProcessState, more)
	}
}
