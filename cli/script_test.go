package cli_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/cli"
	"github.com/theater-go/theater/wasm/pack"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"theater": func() {
		program, err := os.Executable()
		if err != nil {
			panic(err)
		}
		if len(os.Args) > 1 && os.Args[1] == "compile-module" {
			beginCompile()
		}
		os.Exit(checkedRun(os.Args[1:], func(out io.Writer) int {
			return cli.Run(context.Background(), os.Args[1:], cli.Console{In: os.Stdin, Out: out, Err: os.Stderr, Program: program})
		}))
	}})
}

// beginCompile is what a compiling process does first: it adds a line to the
// file $COMPILES, and waits until the file $COMPILE_AFTER says that a module is
// being compiled.
func beginCompile() {
	if path := os.Getenv("COMPILES"); path != "" {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			panic(err)
		}
		fmt.Fprintln(f, "compiling")
		f.Close()
	}
	if path := os.Getenv("COMPILE_AFTER"); path != "" && !appears(path, regexp.MustCompile("compiling ")) {
		panic("nobody is told that a module is being compiled")
	}
}

// racedScripts are those of commands in which goroutines meet. The others do one thing
// after the other, or what they have done is raced in the packages below.
var racedScripts = []string{"chain_verify", "events", "kill", "logs", "ps", "run", "run_tree", "run_tree_end", "top"}

// TestCommands runs the scripts in testdata/script. They have, beside the usual
// commands:
//
//	exits CODE COMMAND...   run a command that must end with the exit code
//	guest NAME DIR          make a folder with a manifest and one of the guests
//	shop                    write a tree: shop.toml, whose guest tells those below it what to do,
//	                        above till and tills, which is above 1 and 2
//	forge result ACTOR      append a record to a chain in .theater that breaks its rules
//	forge answer ACTOR      append a turn that the actor's module would not make
//	forge restarts ACTOR    append restarts, and a turn that tells of the actor's own event 1.0
//	await FILE PATTERN      wait until the file has a text that matches
//	node start [DATA]       start a node in this process, which THEATER_ADDRESS then names;
//	                        without DATA its chains are in memory
//	node https [DATA]       the same, with THEATER_ADDRESS and THEATER_CA for https, and tokens in
//	                        READ, OPERATE and ADMIN
//	node recovering         start it anew, as one that does not become ready
//	node drain              have it take no more work
//	node stop               end it
//
// Under the race detector these are racedScripts alone.
//
// $COUNTER is a project with the source of the example counter, $GUESTS the
// folder of the modules that other compilers made.
func TestCommands(t *testing.T) {
	scripts, met := "testdata/script", []string(nil)
	if raced {
		for _, name := range racedScripts {
			met = append(met, filepath.Join(scripts, name+".txtar"))
		}
		scripts = ""
	}
	shared, err := newShared(t)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 scripts,
		Files:               met,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, shared...)
			liveScripts(env)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "guest": writeGuest, "shop": writeShop, "forge": forge, "await": await, "node": controlNode,
		},
	})
}

// newShared builds what the scripts share and returns their environment.
func newShared(t *testing.T) ([]string, error) {
	dir := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		return nil, err
	}
	env := []string{"COUNTER=" + filepath.Join(dir, "counter"), "GUESTS=" + filepath.Join(root, "wasm", "testdata", "guests"), "HOME=" + dir, "XDG_CACHE_HOME=" + filepath.Join(dir, "cache"), "GOPROXY=off", "SHOP=" + filepath.Join(root, "cli", "testdata", "shop"), schemaEnv + "=" + filepath.Join(root, "docs", "schemas")}
	for _, name := range []string{"GOCACHE", "GOPATH", "GOMODCACHE", "GOROOT"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return nil, err
		}
		env = append(env, name+"="+string(value[:len(value)-1]))
	}
	return env, copyCounter(filepath.Join(root, "examples", "counter"), filepath.Join(dir, "counter"))
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE PATTERN")
	}
	if !appears(ts.MkAbs(args[0]), regexp.MustCompile(args[1])) {
		ts.Fatalf("%q did not appear in %s", args[1], args[0])
	}
}

// appears waits until a file has a text that matches.
func appears(path string, pattern *regexp.Regexp) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		if text, err := os.ReadFile(path); err == nil && pattern.Match(text) {
			return true
		}
	}
	return false
}

// forge appends to a chain a result without a turn, or the last turn that
// answered again, with another answer, or what a supervisor has to do with.
func forge(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	log, err := badgerlog.Open(ts.MkAbs(".theater"), badgerlog.Options{})
	ts.Check(err)
	defer log.Close()
	s, err := chain.Find(ctx, log, args[1])
	ts.Check(err)
	events := []chain.Event{&chain.Result{Status: chain.ResultOK}}
	switch args[0] {
	case "restarts":
		events = supervised(ts, log, s)
	case "answer":
		for r, err := range log.Records(ctx, s.ID, 2) {
			ts.Check(err)
			if _, ok := r.Events[0].(*chain.Call); ok {
				events = r.Events
			}
		}
		events[0].(*chain.Call).Time = time.Now().UnixNano()
		lie, err := pack.Encode(pack.Tuple(pack.Some(pack.Bytes([]byte("lie")))))
		ts.Check(err)
		events[len(events)-1].(*chain.Result).Response = chain.NewPayload(lie)
	}
	w, err := log.Writer(ctx)
	ts.Check(err)
	ts.Check(w.Append(chaintest.Draft(chain.Record{Actor: s.ID, Number: s.Records, Events: events}), nil))
	ts.Check(w.Close())
}

// supervised are a dropped message, two restarts and a turn that tells of an event.
func supervised(ts *testscript.TestScript, log chain.Reader, s chain.Summary) []chain.Event {
	ref := chain.Ref{Actor: s.ID, Record: 1}
	var params []byte
	for r, err := range log.Records(context.Background(), s.ID, ref.Record) {
		ts.Check(err)
		event, err := chain.AppendEvent(nil, r.Events[0])
		ts.Check(err)
		params = chain.NoticeParams(s.ID, chain.KindOf(r.Events[0]), event)
		break
	}
	now := time.Now().UnixNano()
	return []chain.Event{
		&chain.Lifecycle{What: chain.LifecycleDropped, Time: now, Reason: "trap", Ref: ref},
		&chain.Lifecycle{What: chain.LifecycleRestart, Time: now, Reason: "trap", Detail: "trap unreachable", Count: 2, Wait: 2e8, Sum: s.InitialState},
		&chain.Lifecycle{What: chain.LifecycleRestart, Time: now, Reason: "normal", Count: 3},
		&chain.Call{Export: 1, Params: chain.NoticePayload(ref, uint64(len(params))), Time: now},
	}
}

func writeGuest(ts *testscript.TestScript, neg bool, args []string) {
	name, dir := args[0], ts.MkAbs(args[1])
	module, ok := guests()[name]
	if !ok {
		ts.Fatalf("there is no guest %s", name)
	}
	ts.Check(os.MkdirAll(dir, 0o777))
	ts.Check(os.WriteFile(filepath.Join(dir, name+".wasm"), module, 0o666))
	ts.Check(os.WriteFile(filepath.Join(dir, "manifest.toml"), fmt.Appendf(nil, manifestText, name), 0o666))
}

func writeShop(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(os.CopyFS(ts.MkAbs("."), os.DirFS(ts.Getenv("SHOP"))))
	for _, name := range []string{"boss", "player"} {
		writeGuest(ts, false, []string{name, "guests"})
	}
}

const manifestText = `name = %[1]q
version = "1.0.0"
package = "%[1]s.wasm"

[[handler]]
type = "runtime"

[[handler]]
type = "message-server"

[limits]
turn_time = "200ms"
`
