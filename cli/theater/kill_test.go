package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

var full = flag.Bool("full", false, "run the tests at their full size")

// TestNothingAnsweredIsMissingAndNothingIsDoubledAfterKill kills a node under load
// again and again. Relays number what they answer and tell their sinks: of each
// request that was answered the relay must know, and what a relay has told its
// sink must have heard, once and in order.
func TestNothingAnsweredIsMissingAndNothingIsDoubledAfterKill(t *testing.T) {
	rounds := 10
	if *full {
		rounds = 50
	}
	n := newKilled(t, 8)
	for round := range rounds {
		n.start(t)
		if round == 0 {
			n.spawn(t)
		}
		n.check(t)
		n.load(t, int64(rand.IntN(2000)))
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	n.start(t)
	n.check(t)
	t.Logf("%d answered in %d rounds", n.answered.Load(), rounds)
	n.replays(t)
}

// TestAnActorWhoseSpawnWasAnsweredIsBackAfterKill kills a node while actors are
// spawned.
func TestAnActorWhoseSpawnWasAnsweredIsBackAfterKill(t *testing.T) {
	n := newCrowd(t)
	n.start(t)
	var mu sync.Mutex
	var answered []string
	enough := make(chan struct{})
	var clients sync.WaitGroup
	for client := range 8 {
		clients.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("echo-%d-%d", client, i)
				if n.spawn(t.Context(), "echo", name) != nil {
					return // it is killed
				}
				mu.Lock()
				if answered = append(answered, name); len(answered) == 500 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	n.kill(t)
	clients.Wait()

	n.start(t)
	defer n.kill(t)
	for _, name := range answered {
		if _, err := n.client.Actors.Inspect(t.Context(), &theaterv1.InspectRequest{Target: "/" + name}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// killed is a node that is killed, and what its clients know.
type killed struct {
	dir      string
	process  *exec.Cmd
	client   *api.Client
	relays   []*relay
	answered atomic.Int64
}

type relay struct {
	path  string
	count int // of the last answer
	kills int // that may have cut off a request
}

func newKilled(t *testing.T, relays int) *killed {
	n := &killed{dir: t.TempDir()}
	for i := range relays {
		n.relays = append(n.relays, &relay{path: fmt.Sprintf("/relay-%d", i)})
	}
	return n
}

// start starts the node and waits until it has recovered.
func (n *killed) start(t *testing.T) {
	t.Helper()
	socket := filepath.Join(n.dir, "socket")
	n.process = exec.CommandContext(t.Context(), "theater", "serve", "--data", filepath.Join(n.dir, "data"), "--socket", socket)
	n.process.Env = append(os.Environ(), "XDG_CACHE_HOME="+n.dir)
	n.process.Stderr = t.Output()
	notified := listen(t, filepath.Join(n.dir, "notify"))
	n.process.Env = append(n.process.Env, "NOTIFY_SOCKET="+notified.path)
	if err := n.process.Start(); err != nil {
		t.Fatal(err)
	}
	notified.ready(t)
	var err error
	if n.client, err = api.Dial(api.DialConfig{Address: "unix:" + socket}); err != nil {
		t.Fatal(err)
	}
}

func (n *killed) spawn(t *testing.T) {
	t.Helper()
	source := newRelay(t)
	for _, r := range n.relays {
		_, err := n.client.Actors.Spawn(t.Context(), &theaterv1.SpawnRequest{
			Source: &theaterv1.SpawnRequest_Path{Path: source}, Name: r.path[1:],
			State: &theaterv1.SpawnRequest_StateLiteral{StateLiteral: strconv.Quote(r.path + "/sink")},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// load asks every relay for the next number, over and over, until so many have
// been answered, and kills the node then.
func (n *killed) load(t *testing.T, answers int64) {
	t.Helper()
	until := n.answered.Load() + answers
	enough := make(chan struct{})
	close1 := sync.OnceFunc(func() { close(enough) })
	var clients sync.WaitGroup
	for _, r := range n.relays {
		clients.Go(func() {
			for {
				answer, err := n.client.Messages.Request(t.Context(), &theaterv1.RequestRequest{Target: r.path, Body: []byte("next")})
				if err != nil { // it is killed, and nobody knows what became of this one
					if e := api.ErrorOf(err); e.Code != api.CodeUnreachable {
						t.Errorf("%s: %s: %s", r.path, e.Code, e.Message)
					}
					close1()
					return
				}
				if r.count++; string(answer.Body) != strconv.Itoa(r.count) {
					t.Errorf("%s answers %q, want %d", r.path, answer.Body, r.count)
					close1()
					return
				}
				if n.answered.Add(1) >= until {
					close1()
				}
			}
		})
	}
	<-enough
	if err := n.process.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = n.process.Wait() // it was killed
	clients.Wait()
	n.client.Close()
	for _, r := range n.relays {
		r.kills++
	}
}

// check asks relays and sinks what they know.
func (n *killed) check(t *testing.T) {
	t.Helper()
	for _, r := range n.relays {
		is, sink := n.show(t, r.path), n.show(t, r.path+"/sink")
		if is.count != r.count && is.count != r.count+1 {
			t.Errorf("%s has answered %d, and its client knows of %d", r.path, is.count, r.count)
		}
		if is.told != sink.told || is.order != sink.order {
			t.Errorf("%s has told its sink %d numbers (sum %s), the sink has heard %d (sum %s)", r.path, is.told, is.order, sink.told, sink.order)
		}
		if sink.asked < is.asked || sink.asked > is.asked+r.kills {
			t.Errorf("%s has asked its sink %d times, the sink was asked %d times, and there were %d kills", r.path, is.asked, sink.asked, r.kills)
		}
		r.count = is.count
	}
}

// replays kills the node for good and requires that all chains, with the turns that
// were cut short, are what their modules do.
func (n *killed) replays(t *testing.T) {
	t.Helper()
	if err := n.process.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = n.process.Wait() // it was killed
	replay := exec.CommandContext(t.Context(), "theater", "replay", "--data", filepath.Join(n.dir, "data"))
	replay.Env = append(os.Environ(), "XDG_CACHE_HOME="+n.dir)
	if out, err := replay.CombinedOutput(); err != nil {
		t.Errorf("replay: %v\n%s", err, out)
	}
}

type shown struct {
	count, told, asked int
	order              string
}

func (n *killed) show(t *testing.T, path string) (s shown) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	answer, err := n.client.Messages.Request(ctx, &theaterv1.RequestRequest{Target: path, Body: []byte("show")})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if _, err := fmt.Sscan(string(answer.Body), &s.count, &s.told, &s.order, &s.asked); err != nil {
		t.Fatalf("%s answers %q: %v", path, answer.Body, err)
	}
	return s
}

// newRelay builds the guest in testdata/relay.
func newRelay(t *testing.T) string {
	t.Helper()
	return newProject(t, "relay", "testdata/relay", "main.go", "manifest.toml", "sink.toml")
}
