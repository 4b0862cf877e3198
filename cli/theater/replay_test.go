package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// TestTheExamplesReplayTwentyTimesInOtherProcesses runs each example and executes
// all its chains again, in twenty processes.
func TestTheExamplesReplayTwentyTimesInOtherProcesses(t *testing.T) {
	dir := t.TempDir()
	cache, data := filepath.Join(dir, "cache"), filepath.Join(dir, "data")
	theater := func(data string, args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "theater", append(args, "--data", data)...)
		cmd.Dir, cmd.Env, cmd.Stderr = dir, append(os.Environ(), "XDG_CACHE_HOME="+cache), t.Output()
		return cmd
	}
	examples := "../../examples/"
	counter := newCounter(t)
	alice, bob := newProject(t, "alice", examples+"chat/alice", "main.go", "manifest.toml"), newProject(t, "bob", examples+"chat/bob", "main.go", "manifest.toml")
	shop := newProject(t, "shop", examples+"shop", filesOf(t, examples+"shop")...)
	for _, args := range [][]string{
		{"run", counter, "--request", "increment", "--request", "increment", "--request", "get", "--request", "crash"},
		{"run", counter, "--request", "increment"},
		{"run", counter, "--resume", "--request", "increment"},
		{"run", alice, bob, "--request", "hello"},
		{"run", shop, "--for", "4s"},
	} {
		if err := theater(data, args...).Run(); err != nil && args[len(args)-1] != "crash" {
			t.Fatalf("%v: %v", args, err)
		}
	}
	replay := func(data string) (map[string]string, int) {
		out, err := theater(data, "replay", "-o", "json").Output()
		if err != nil {
			t.Errorf("replay: %v\n%s", err, out)
		}
		return headsOf(t, out)
	}
	first, turns := replay(data)
	if len(first) < 12 || turns < 40 {
		t.Errorf("%d chains have %d turns", len(first), turns)
	}
	var workers sync.WaitGroup
	for n := range 2 { // one process at a time may read a folder
		copied := filepath.Join(dir, strconv.Itoa(n))
		if err := os.CopyFS(copied, os.DirFS(data)); err != nil {
			t.Fatal(err)
		}
		workers.Go(func() {
			for range 10 {
				if heads, _ := replay(copied); !maps.Equal(heads, first) {
					t.Errorf("the heads are %v, and were %v", heads, first)
				}
			}
		})
	}
	workers.Wait()
}

// headsOf are the heads that a replay arrives at, by the id of the actor.
func headsOf(t *testing.T, out []byte) (heads map[string]string, turns int) {
	t.Helper()
	var replayed struct {
		Same   bool
		Actors []struct {
			ID, Head string
			Turns    int
		}
	}
	if err := json.Unmarshal(out, &replayed); err != nil || !replayed.Same {
		t.Errorf("%v\n%s", err, out)
	}
	heads = map[string]string{}
	for _, a := range replayed.Actors {
		heads[a.ID] = a.Head
		turns += a.Turns
	}
	return heads, turns
}

// filesOf are the sources and manifests in a folder.
func filesOf(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if ext := filepath.Ext(f.Name()); ext == ".toml" || ext == ".go" && !strings.HasSuffix(f.Name(), "_test.go") {
			names = append(names, f.Name())
		}
	}
	return names
}
