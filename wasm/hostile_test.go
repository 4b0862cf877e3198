//go:build unix

package wasm_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// What a hostile module may take of the processor and of memory. The processor's
// time is that of the whole process, so that a busy machine changes little.
const (
	hostileTime   = 2 * time.Second
	hostileMemory = 1 << 30
	hostileWait   = 2 * time.Minute // without a word the child is stuck
)

// fromHostile, in the environment, makes a process the child of the test below:
// the number of the module that it begins with.
const fromHostile = "THEATER_HOSTILE_FROM"

// hostileEnd is what the child says of a module, before it runs and after.
type hostileEnd struct {
	Number int
	Began  bool
	Stage  string
	Says   string
	CPU    time.Duration
	Peak   int64  // bytes of the process so far
	Harm   string // to others
}

// Every hostile module is loaded and run in a process of its own, with a healthy
// neighbour: what kills or stops the process is seen as its end.
func TestHostileModulesEndByNameInBoundedTimeAndMemory(t *testing.T) {
	if from := os.Getenv(fromHostile); from != "" {
		runHostile(t, from)
		return
	}
	if raced {
		t.Skip("what it measures would be the race detector's")
	}
	all := wasmtest.Hostile()
	kinds := map[string]bool{}
	for _, m := range all {
		kinds[strings.TrimSuffix(m.Name, ", as an actor")] = true
	}
	if len(kinds) < 60 {
		t.Errorf("only %d kinds", len(kinds))
	}
	var slowest, largest hostileEnd
	for next := 0; next < len(all); next++ {
		last := -1
		err := hostileChild(t, next, func(e hostileEnd) {
			last = e.Number
			if e.Began {
				return
			}
			next = e.Number + 1
			if e.CPU > slowest.CPU {
				slowest = e
			}
			if e.Peak > largest.Peak {
				largest = e
			}
			judge(t, all[e.Number], e)
		})
		if err != nil && last >= 0 {
			t.Errorf("%s ends the process: %v", all[last].Name, err)
			next = last
		} else if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kinds in %d modules; the slowest took %v: %s; at most %d MB with %s", len(kinds), len(all), slowest.CPU, all[slowest.Number].Name,
		largest.Peak>>20, all[largest.Number].Name)
}

// judge holds the end of a module against what its table says.
func judge(t *testing.T, m wasmtest.HostileModule, e hostileEnd) {
	stage, says := m.Stage, m.Says
	if !m.Actor && stage != wasmtest.StageCheck && stage != wasmtest.StageCompile {
		stage, says = letIn, ""
	}
	if e.Stage != stage || !strings.Contains(e.Says, says) {
		t.Errorf("%s ends at %s: %.500s; want %s: %s", m.Name, e.Stage, e.Says, stage, says)
	}
	if e.CPU > hostileTime {
		t.Errorf("%s takes %v", m.Name, e.CPU)
	}
	if e.Peak > hostileMemory {
		t.Errorf("with %s the process has taken %d MB", m.Name, e.Peak>>20)
	}
	if e.Harm != "" {
		t.Errorf("beside %s: %s", m.Name, e.Harm)
	}
}

// hostileChild runs the modules from a number on in another process and passes on
// what it says.
func hostileChild(t *testing.T, from int, said func(hostileEnd)) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), fmt.Sprint(fromHostile, "=", from))
	var words strings.Builder
	child.Stderr = &words
	out, err := child.StdoutPipe()
	if err != nil {
		return err
	}
	if err := child.Start(); err != nil {
		return err
	}
	stuck := time.AfterFunc(hostileWait, cancel)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		stuck.Reset(hostileWait)
		var e hostileEnd
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			said(e)
		}
	}
	stuck.Stop()
	if err := child.Wait(); err != nil {
		return fmt.Errorf("%w %.2000s", err, words.String())
	}
	return nil
}

// runHostile is the child.
func runHostile(t *testing.T, from string) {
	var next int
	if _, err := fmt.Sscan(from, &next); err != nil {
		t.Fatal(err)
	}
	neighbour, h := start(t, openEngine(t), wasmtest.Counter())
	say := func(end hostileEnd) {
		line, err := json.Marshal(end)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(string(line))
	}
	for number, m := range wasmtest.Hostile() {
		if number < next {
			continue
		}
		code := m.Code()
		say(hostileEnd{Number: number, Began: true})
		forgetPeak()
		e, err := wasm.OpenEngine(t.Context(), wasm.EngineConfig{})
		if err != nil {
			t.Fatal(err)
		}
		before, _ := usage()
		end := hostileEnd{Number: number}
		if m.Actor {
			end.Stage, end.Says = runHostileActor(t.Context(), e, code)
		} else {
			end.Stage, end.Says = runHostileBare(t, e, code)
		}
		after, peak := usage()
		end.CPU, end.Peak = after-before, peak
		end.Says = end.Says[:min(len(end.Says), 1000)]
		if _, err := request(t, neighbour, h, ""); err != nil {
			end.Harm = fmt.Sprint("the neighbour fails: ", err)
		}
		if err := e.Close(t.Context()); err != nil {
			end.Harm = fmt.Sprint("the engine does not close: ", err)
		}
		say(end)
	}
}

// forgetPeak lets the next peak be that of what comes, where the system can.
func forgetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// usage is what the process has taken so far.
func usage() (cpu time.Duration, peak int64) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	unit := int64(1024)
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), int64(u.Maxrss) * unit
}

// hostileLimits are an actor's.
var hostileLimits = wasm.Options{MemoryLimit: 64 << 20, TurnTime: 10 * time.Second, Fuel: 500_000_000, OutputLimit: 4096}

// runHostileActor gives a module all that an actor gets: it is compiled, started,
// initialised and asked.
func runHostileActor(ctx context.Context, e *wasm.Engine, code []byte) (stage, says string) {
	module, err := e.Compile(ctx, code)
	if err != nil {
		return refusedAt(err)
	}
	m, err := module.Start(ctx, hostileLimits)
	if err != nil {
		return trapAt("start", err)
	}
	defer m.Close(ctx)
	m.Attach(&hostileHost{})
	for _, c := range []struct {
		stage, export string
		params        pack.Value
	}{{"init", wasmtest.Init, pack.Unit}, {wasmtest.StageRequest, wasmtest.HandleRequest, requestParams("")}} {
		index, there := module.Layout.Export(c.export)
		if !there {
			return wasmtest.StageABI, "no export " + c.export
		}
		m.Begin(firstTurn)
		if _, err := m.Turn(ctx, index, pack.MustEncode(c.params)); err != nil {
			return trapAt(c.stage, err)
		}
	}
	return wasmtest.StageAnswered, ""
}

// hostileHost answers ok(()) and has the budgets of an actor's host.
type hostileHost struct{ calls, bytes int }

func (h *hostileHost) Call(ctx context.Context, _ int, input []byte) (wasm.Reply, error) {
	h.calls++
	if h.bytes += len(input); h.calls > 1_000_000 || h.bytes > 64<<20 {
		return wasm.Reply{}, wasm.Trapf(wasm.KindLimit, "more than the host takes")
	}
	return ok(ctx, "", input)
}

func (h *hostileHost) Key() ([32]byte, error) { return [32]byte{1}, nil }

func (h *hostileHost) Output(wasm.Stream, string) {}

// refusedAt tells from the error of a compilation who refused the module.
func refusedAt(err error) (stage, says string) {
	var checked *wasm.CheckError
	var abi *wasm.ABIError
	var trap *wasm.Trap
	switch {
	case errors.As(err, &checked), errors.Is(err, wasm.ErrNotModule):
		return wasmtest.StageCheck, err.Error()
	case errors.As(err, &abi):
		return wasmtest.StageABI, err.Error()
	case errors.As(err, &trap):
		return trapAt(wasmtest.StageInitialise, err)
	case strings.HasPrefix(err.Error(), "compile: "):
		return wasmtest.StageCompile, err.Error()
	case strings.HasPrefix(err.Error(), "interface metadata"):
		return wasmtest.StageABI, err.Error()
	}
	return "no stage", err.Error()
}

func trapAt(stage string, err error) (string, string) {
	var trap *wasm.Trap
	if !errors.As(err, &trap) {
		return stage, fmt.Sprintf("no trap but %v", err)
	}
	return stage, string(trap.Kind) + ": " + trap.Message
}

// runHostileBare takes a module that is no actor as far as the compiler.
func runHostileBare(t *testing.T, e *wasm.Engine, code []byte) (stage, says string) {
	if _, err := e.Compile(t.Context(), code); err == nil {
		return "no stage", "a module without the exports of an actor is one"
	}
	p, err := wasm.Prepare(code)
	if err != nil {
		return refusedAt(err)
	}
	rt := newRuntime(t, wazero.NewRuntimeConfigCompiler().WithDebugInfoEnabled(false))
	defer rt.Close(t.Context())
	if err := compiles(t, rt, p.Code); err != nil {
		return wasmtest.StageCompile, err.Error()
	}
	return letIn, ""
}

// letIn is how a module ends that is no actor and breaks no rule.
const letIn = "let in"
