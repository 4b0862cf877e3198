package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/replay"
	"github.com/theater-go/theater/wasm"
)

// replayer is one theater replay.
type replayer struct {
	*live
	*replayOptions
	reader   chain.Reader
	engine   *wasm.Engine
	handlers manifest.Registry
	edited   []byte // the module of --wasm, or nil
	compiled map[chain.Hash]*wasm.Module
}

// replay executes the chains of actors again.
func (l *live) replay(ctx context.Context, r chain.Reader, targets []string, o *replayOptions) error {
	actors, err := toReplay(ctx, r, targets, o.tree)
	if err != nil {
		return err
	}
	re := &replayer{live: l, replayOptions: o, reader: r, compiled: map[chain.Hash]*wasm.Module{}}
	if o.module != "" {
		if re.edited, err = readFile(o.module); err != nil {
			return err
		}
	}
	if re.handlers, err = node.Handlers(); err != nil {
		return err
	}
	re.engine, err = wasm.OpenEngine(ctx, wasm.EngineConfig{CacheDir: cacheDir(), Workers: runtime.GOMAXPROCS(0), Compiler: l.compiler()})
	if err != nil {
		return err
	}
	err = re.all(ctx, actors)
	return errors.Join(err, re.engine.Close(context.WithoutCancel(ctx)))
}

// toReplay are the actors that targets name, or all, and with tree those below
// them; each stands before those that it has below itself.
func toReplay(ctx context.Context, r chain.Reader, targets []string, tree bool) ([]chain.Summary, error) {
	chosen := map[chain.ID]bool{}
	var named []chain.Summary
	for _, target := range targets {
		s, err := find(ctx, r, target)
		if err != nil {
			return nil, err
		}
		if !chosen[s.ID] {
			chosen[s.ID] = true
			named = append(named, s)
		}
	}
	if len(targets) > 0 && !tree {
		return named, nil
	}
	var all []chain.Summary
	for s, err := range r.Actors(ctx) {
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	var within []chain.Summary
	for _, s := range asTrees(all) {
		if chosen[s.ID] = chosen[s.ID] || len(targets) == 0 || chosen[s.Parent.Actor]; chosen[s.ID] {
			within = append(within, s)
		}
	}
	return within, nil
}

// all replays actors and shows what came of it. The exit code tells of the first
// whose chain is another.
func (r *replayer) all(ctx context.Context, actors []chain.Summary) error {
	results := []*replayed{}
	var problem error
	for _, s := range actors {
		result, err := r.one(ctx, s)
		if err != nil {
			return err
		}
		results = append(results, result)
		if err := r.showResult(result); err != nil {
			return err
		}
		if result.problem != nil {
			r.complain(result.problem)
			if problem == nil {
				problem = reported(codeOf(result.problem))
			}
		}
	}
	if r.format.value == formatJSON && r.print.value != "event" {
		if err := r.writeJSON(r.inJSON(results), true); err != nil {
			return err
		}
	}
	return problem
}

// replayed is what came of the replay of an actor.
type replayed struct {
	actor    chain.Summary
	module   *wasm.Module
	change   *change // of the module, nil where it is the recorded one
	events   replayEvents
	report   replay.Report
	problem  error              // that the chain is another, or not in order
	diverged *replay.Divergence // nil where it is not that
}

// one replays an actor. An error is what keeps it from finding out.
func (r *replayer) one(ctx context.Context, s chain.Summary) (*replayed, error) {
	result := &replayed{actor: s}
	options, err := r.limits(ctx, s)
	if err == nil {
		result.module, err = r.compile(ctx, s)
	}
	if err == nil {
		run := result.module.Layout
		recorded := run
		if result.module.Sum != s.Module {
			recorded = moduleNames(ctx, r.reader, s.Module)
			result.change = changeOf(recorded, run)
			r.tellChange(result)
		}
		result.events = newReplayEvents(ctx, r.reader, recorded, run)
		err = r.verify(ctx, result, options)
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.As(err, &result.diverged):
		d := result.diverged
		result.problem = &failure{code: codeDiverged, cause: fmt.Errorf("%s goes another way than its chain at event %d.%d: %s", s.Path, d.Record, d.Index, d.What)}
	case errors.Is(err, chain.ErrInvalid), errors.Is(err, chain.ErrCorrupt):
		result.problem = &failure{code: codeUnverified, cause: err}
	default:
		return nil, fmt.Errorf("replay %s: %w", s.Path, err)
	}
	return result, nil
}

func (r *replayer) verify(ctx context.Context, result *replayed, options wasm.Options) (err error) {
	watch := r.watch(result)
	if err := watch.begin(); err != nil {
		return err
	}
	result.report, err = replay.Verify(ctx, replay.Config{
		Reader: r.reader, Actor: result.actor.ID, Module: result.module, Options: options,
		Records: r.records, Patience: patience(options.TurnTime), Confirmed: watch.confirmed,
	})
	return errors.Join(err, watch.end())
}

// patience is how long a turn may take of an actor whose turns had so much time.
func patience(turn time.Duration) time.Duration { return max(5*turn, 20*time.Second) }

// limits are those by which an actor's instances ran.
func (r *replayer) limits(ctx context.Context, s chain.Summary) (wasm.Options, error) {
	limits := manifest.DefaultLimits()
	if !s.Manifest.IsZero() {
		raw, err := r.blob(ctx, s.Manifest)
		if err != nil {
			return wasm.Options{}, fmt.Errorf("manifest of %s: %w", s.Path, err)
		}
		m, err := manifest.Parse(raw, "manifest of "+s.Path, r.handlers)
		if err != nil {
			return wasm.Options{}, err
		}
		limits = m.Limits
	}
	return wasm.Options{MemoryLimit: limits.Memory, TurnTime: limits.TurnTime, Fuel: limits.Fuel, OutputLimit: int(limits.LogBytes)}, nil
}

// blob fetches what a genesis names. A chain without it is not in order.
func (r *replayer) blob(ctx context.Context, sum chain.Hash) ([]byte, error) {
	b, err := chain.LoadBlob(ctx, r.reader, sum)
	if errors.Is(err, chain.ErrNotFound) {
		err = fmt.Errorf("%w: %w", err, chain.ErrInvalid)
	}
	return b, err
}

// compile makes what an actor's chain is executed on.
func (r *replayer) compile(ctx context.Context, s chain.Summary) (m *wasm.Module, err error) {
	if m := r.compiled[s.Module]; m != nil {
		return m, nil
	}
	code, name := r.edited, r.module
	if name == "" {
		name = "the module of " + s.Path
		if code, err = r.blob(ctx, s.Module); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	compile := func(ctx context.Context) error {
		m, err = r.engine.Compile(ctx, code)
		return err
	}
	what := "replaying " + s.Path
	if r.err.terminal {
		err = r.err.during(what, quietStart, func(next func(string)) error { return compile(tellCompile(ctx, name, what, next)) })
	} else {
		err = compile(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.compiled[s.Module] = m
	return m, nil
}
