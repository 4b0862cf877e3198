package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/host/message"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// BenchmarkRecovery shows how long a node needs to bring back 10,000 actors after
// kill -9, with the start of its process.
func BenchmarkRecovery(b *testing.B) {
	n := newCrowd(b)
	n.start(b)
	n.populate(b, 10_000)
	n.kill(b)
	for b.Loop() {
		n.start(b)
		b.StopTimer()
		n.kill(b)
		b.StartTimer()
	}
}

// BenchmarkNode shows how quick a node with 10,000 actors is to look into while 50
// guests spin: a whole theater ps, with the start of its process, and an
// inspection over the API.
func BenchmarkNode(b *testing.B) {
	n := newCrowd(b)
	n.start(b)
	defer n.kill(b)
	n.populate(b, 10_000)
	n.spin(b, 50)
	b.Run("ps beside 50 that spin", func(b *testing.B) {
		percentile(b, func() error { return n.theater(b.Context(), "ps", "--quiet", "--address", n.address()).Run() })
	})
	b.Run("inspect beside 50 that spin", func(b *testing.B) {
		percentile(b, func() error {
			_, err := n.client.Actors.Inspect(b.Context(), &theaterv1.InspectRequest{Target: "/echo-77"})
			return err
		})
	})
}

// percentile runs f and reports the time that 99 of 100 runs do not pass.
func percentile(b *testing.B, f func() error) {
	b.Helper()
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		if err := f(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100])/1e6, "p99-ms")
}

// crowd is a node with many actors.
type crowd struct {
	dir     string
	process *exec.Cmd
	client  *api.Client
}

func newCrowd(b *testing.B) *crowd {
	b.Helper()
	n := &crowd{dir: b.TempDir()}
	echo, err := os.ReadFile("../../wasm/testdata/guests/c-echo/echo.wasm")
	if err != nil {
		b.Fatal(err)
	}
	n.write(b, "echo", echo, "")
	n.write(b, "spin", spinning(b), "[limits]\nfuel = 1000000000000000\nturn_time = \"1h\"\n")
	return n
}

// spinning is a guest that spins when it is sent something.
func spinning(b *testing.B) []byte {
	unit, err := pack.Encode(pack.Unit)
	if err != nil {
		b.Fatal(err)
	}
	return wasmtest.Guest{
		Init:       wasmtest.Do(message.Interface, "register", unit, wasmtest.Keep()),
		HandleSend: wasmtest.Spin(),
	}.Bytes()
}

func (n *crowd) write(b *testing.B, name string, module []byte, tables string) {
	b.Helper()
	dir := filepath.Join(n.dir, name)
	manifest := fmt.Sprintf("name = %q\nversion = \"1\"\npackage = \"%s.wasm\"\n[[handler]]\ntype = \"runtime\"\n[[handler]]\ntype = \"message-server\"\n%s", name, name, tables)
	for _, err := range []error{
		os.MkdirAll(dir, 0o777),
		os.WriteFile(filepath.Join(dir, "manifest.toml"), []byte(manifest), 0o666),
		os.WriteFile(filepath.Join(dir, name+".wasm"), module, 0o666),
	} {
		if err != nil {
			b.Fatal(err)
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
func (n *crowd) start(b *testing.B) {
	b.Helper()
	notified := listen(b, filepath.Join(n.dir, "notify"))
	n.process = n.theater(context.Background(), "serve", "--data", filepath.Join(n.dir, "data"), "--socket", filepath.Join(n.dir, "socket"))
	n.process.Env = append(n.process.Env, "NOTIFY_SOCKET="+notified.path)
	n.process.Stderr = b.Output()
	if err := n.process.Start(); err != nil {
		b.Fatal(err)
	}
	notified.ready(b)
	var err error
	if n.client, err = api.Dial(api.DialConfig{Address: n.address()}); err != nil {
		b.Fatal(err)
	}
}

func (n *crowd) kill(b *testing.B) {
	b.Helper()
	n.client.Close()
	if err := n.process.Process.Kill(); err != nil {
		b.Fatal(err)
	}
	_ = n.process.Wait() // it was killed
}

func (n *crowd) populate(b *testing.B, actors int) {
	b.Helper()
	const clients = 8
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for i := client; i < actors; i += clients {
				if err := n.spawn(b.Context(), "echo", fmt.Sprintf("echo-%d", i)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	if all.Wait(); b.Failed() {
		b.FailNow()
	}
}

func (n *crowd) spawn(ctx context.Context, what, name string) error {
	_, err := n.client.Actors.Spawn(ctx, &theaterv1.SpawnRequest{Source: &theaterv1.SpawnRequest_Path{Path: filepath.Join(n.dir, what)}, Name: name})
	return err
}

func (n *crowd) spin(b *testing.B, guests int) {
	b.Helper()
	for i := range guests {
		name := fmt.Sprintf("spin-%d", i)
		if err := n.spawn(b.Context(), "spin", name); err != nil {
			b.Fatal(err)
		}
		if _, err := n.client.Messages.Send(b.Context(), &theaterv1.SendRequest{Target: "/" + name}); err != nil {
			b.Fatal(err)
		}
	}
}
