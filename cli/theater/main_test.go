package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/theater-go/theater/wasm/guest/sdk"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"theater": func() { os.Exit(run()) }})
}

// TestSignals runs the scripts in testdata/script. "await FILE PATTERN" waits
// until the file has a text that matches.
func TestSignals(t *testing.T) {
	counter := newCounter(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, "COUNTER="+counter, "HOME="+filepath.Dir(counter), "XDG_CACHE_HOME="+filepath.Dir(counter))
			env.Defer(func() { // a script that has failed leaves the node that it has detached
				end := exec.Command("theater", "node", "shutdown")
				end.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+env.WorkDir)
				_ = end.Run() // mostly there is none
			})
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"await": await},
	})
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE PATTERN")
	}
	pattern, path := regexp.MustCompile(args[1]), ts.MkAbs(args[0])
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); <-tick.C {
		if text, err := os.ReadFile(path); err == nil && pattern.Match(text) {
			return
		}
	}
	ts.Fatalf("%q did not appear in %s", args[1], args[0])
}

func TestNothingAnsweredIsMissingAfterKill(t *testing.T) {
	counter := newCounter(t)
	cache := t.TempDir()
	theater := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "theater", args...)
		cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+cache)
		cmd.Stderr = t.Output()
		return cmd
	}
	for _, answers := range []int{1, 40, 1500} {
		t.Run(strconv.Itoa(answers)+" answers", func(t *testing.T) {
			data := filepath.Join(t.TempDir(), "data")
			stream := slices.Repeat([]string{"--request", "increment"}, 20_000)
			last := killAfter(t, theater(append([]string{"run", counter, "--data", data}, stream...)...), answers)

			report, err := theater("chain", "verify", "--data", data).Output()
			if err != nil || !strings.HasPrefix(string(report), "verified 1 actor, ") {
				t.Fatalf("chain verify: %q, %v", report, err)
			}
			answer, err := theater("run", counter, "--data", data, "--resume", "--request", "get").Output()
			if err != nil {
				t.Fatalf("resume: %v", err)
			}
			count, err := strconv.Atoi(strings.TrimSpace(string(answer)))
			if err != nil || count < last {
				t.Errorf("the count is %q, but %d was answered", answer, last)
			}
			t.Logf("answered %d, kept %d; %s", last, count, report)
		})
	}
}

// killAfter runs a command until it has printed so many lines, kills it and
// returns the number on the last line that came out of it.
func killAfter(t *testing.T, cmd *exec.Cmd, lines int) (last int) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	printed := bufio.NewScanner(out)
	for n := 1; printed.Scan(); n++ {
		if n == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		if last, err = strconv.Atoi(printed.Text()); err != nil || last != n {
			t.Fatalf("answer %d is %q", n, printed.Text())
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the run ended before it was killed")
	}
	if last < lines {
		t.Fatalf("the run ended after %d answers", last)
	}
	return last
}

// newCounter makes a project with the source of the example counter.
func newCounter(t *testing.T) string {
	t.Helper()
	return newProject(t, "counter", "../../examples/counter", "main.go", "manifest.toml")
}

// newProject makes a project of files in a folder and builds it.
func newProject(t *testing.T, name, from string, files ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := writeProject(dir, name, from, files); err != nil {
		t.Fatal(err)
	}
	if out, err := sdk.BuildCommand(t.Context(), dir, name+".wasm").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for _, name := range files { // so that no run builds it again
		if filepath.Ext(name) != ".go" {
			continue
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// writeProject makes a project of files in a folder.
func writeProject(dir, name, from string, files []string) error {
	if err := sdk.WriteProject(dir, name, "message-server"); err != nil {
		return err
	}
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}
