package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// Exports of the guests.
const (
	exportInit    = "theater:simple/actor.init"
	exportSend    = "theater:simple/message-server-client.handle-send"
	exportRequest = "theater:simple/message-server-client.handle-request"
)

// program is a guest's module in an engine of its own, run without actors.
type program struct {
	engine *wasm.Engine
	module *wasm.Module
}

func openProgram(ctx context.Context, of guest) (*program, error) {
	engine, err := wasm.OpenEngine(ctx, wasm.EngineConfig{CacheDir: of.cache, Workers: runtime.GOMAXPROCS(0)})
	if err != nil {
		return nil, err
	}
	module, err := engine.Compile(ctx, of.code)
	if err != nil {
		return nil, errors.Join(err, engine.Close(context.WithoutCancel(ctx)))
	}
	return &program{engine, module}, nil
}

func (p *program) close(ctx context.Context) error { return p.engine.Close(ctx) }

// start makes a machine with the limits that an actor has by default.
func (p *program) start(ctx context.Context) (*wasm.Machine, error) {
	limits := manifest.DefaultLimits()
	return p.module.Start(ctx, wasm.Options{
		MemoryLimit: limits.Memory, TurnTime: limits.TurnTime, Fuel: limits.Fuel, OutputLimit: int(limits.LogBytes),
	})
}

func (p *program) export(name string) (int, error) {
	index, ok := p.module.Callable(name)
	if !ok {
		return 0, fmt.Errorf("the guest does not export %s", name)
	}
	return index, nil
}

// answers is a wasm.Host that answers each import at once with the same bytes
// and records nothing.
type answers [][]byte // by import index

// answers are what the guest is told: its id, and ok to all else.
func (p *program) answers(id string) (answers, error) {
	a := make(answers, len(p.module.Layout.Imports))
	for i, imp := range p.module.Layout.Imports {
		value := pack.Ok(pack.TypeUnit, pack.TypeString, pack.Unit)
		if imp.Name == "self" {
			value = pack.String(id)
		}
		var err error
		if a[i], err = pack.Encode(value); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// Call implements wasm.Host.
func (a answers) Call(_ context.Context, imp int, _ []byte) (wasm.Reply, error) {
	return wasm.Reply{Output: a[imp]}, nil
}

// Key implements wasm.Host.
func (answers) Key() ([32]byte, error) { return [32]byte{}, nil }

// Output implements wasm.Host.
func (answers) Output(wasm.Stream, string) {}
