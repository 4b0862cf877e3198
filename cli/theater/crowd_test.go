package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/host/message"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// crowd is a node with many actors.
type crowd struct {
	dir     string
	process *exec.Cmd
	client  *api.Client
}

func newCrowd(t testing.TB) *crowd {
	t.Helper()
	n := &crowd{dir: t.TempDir()}
	echo, err := os.ReadFile("../../wasm/testdata/guests/c-echo/echo.wasm")
	if err != nil {
		t.Fatal(err)
	}
	n.write(t, "echo", echo, "")
	n.write(t, "spin", spinning(t), "[limits]\nfuel = 1000000000000000\nturn_time = \"1h\"\n")
	return n
}

// spinning is a guest that spins when it is sent something.
func spinning(t testing.TB) []byte {
	unit, err := pack.Encode(pack.Unit)
	if err != nil {
		t.Fatal(err)
	}
	return wasmtest.Guest{
		Init:       wasmtest.Do(message.Interface, "register", unit, wasmtest.Keep()),
		HandleSend: wasmtest.Spin(),
	}.Bytes()
}

func (n *crowd) write(t testing.TB, name string, module []byte, tables string) {
	t.Helper()
	dir := filepath.Join(n.dir, name)
	manifest := fmt.Sprintf("name = %q\nversion = \"1\"\npackage = \"%s.wasm\"\n[[handler]]\ntype = \"runtime\"\n[[handler]]\ntype = \"message-server\"\n%s", name, name, tables)
	for _, err := range []error{
		os.MkdirAll(dir, 0o777),
		os.WriteFile(filepath.Join(dir, "manifest.toml"), []byte(manifest), 0o666),
		os.WriteFile(filepath.Join(dir, name+".wasm"), module, 0o666),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (n *crowd) address() string { return "unix:" + filepath.Join(n.dir, "socket") }

func (n *crowd) theater(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "theater", args...)
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+n.dir)
	return cmd
}

// start starts the node and waits until it is ready.
func (n *crowd) start(t testing.TB) {
	t.Helper()
	notified := listen(t, filepath.Join(n.dir, "notify"))
	n.process = n.theater(context.Background(), "serve", "--data", filepath.Join(n.dir, "data"), "--socket", filepath.Join(n.dir, "socket"))
	n.process.Env = append(n.process.Env, "NOTIFY_SOCKET="+notified.path)
	n.process.Stderr = t.Output()
	if err := n.process.Start(); err != nil {
		t.Fatal(err)
	}
	notified.ready(t)
	var err error
	if n.client, err = api.Dial(api.DialConfig{Address: n.address()}); err != nil {
		t.Fatal(err)
	}
}

func (n *crowd) kill(t testing.TB) {
	t.Helper()
	n.client.Close()
	if err := n.process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = n.process.Wait() // it was killed
}

func (n *crowd) populate(t testing.TB, actors int) {
	t.Helper()
	const clients = 8
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for i := client; i < actors; i += clients {
				if err := n.spawn(t.Context(), "echo", fmt.Sprintf("echo-%d", i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	if all.Wait(); t.Failed() {
		t.FailNow()
	}
}

func (n *crowd) spawn(ctx context.Context, what, name string) error {
	_, err := n.client.Actors.Spawn(ctx, &theaterv1.SpawnRequest{Source: &theaterv1.SpawnRequest_Path{Path: filepath.Join(n.dir, what)}, Name: name})
	return err
}

func (n *crowd) spin(t testing.TB, guests int) {
	t.Helper()
	for i := range guests {
		name := fmt.Sprintf("spin-%d", i)
		if err := n.spawn(t.Context(), "spin", name); err != nil {
			t.Fatal(err)
		}
		if _, err := n.client.Messages.Send(t.Context(), &theaterv1.SendRequest{Target: "/" + name}); err != nil {
			t.Fatal(err)
		}
	}
}
