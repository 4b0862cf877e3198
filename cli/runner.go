package cli

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
)

// runner is one theater run.
type runner struct {
	*program
	*runOptions
	manifests []*manifest.Manifest // of paths
	node      *node.Node
	blueprint *actors.Blueprint // of the first, once it is compiled
	root      actors.Ref
	exit      <-chan actors.Exit // of root
	company   sync.WaitGroup     // who waits for the ends of the other actors
	failures  error              // what was reported
	timeUp    bool               // --for is over
	watcher   *watcher
	results   *results // what --tree makes of standard output in JSON, else nil
}

// errTime ends a run whose --for is over.
var errTime = errors.New("the time of --for is over")

// run runs actors to the end of the run and leaves them suspended.
func (p *program) run(ctx context.Context, o *runOptions) error {
	r := &runner{program: p, runOptions: o}
	if err := r.load(ctx); err != nil {
		return err
	}
	feed := newFeed(p.err, o.stacks)
	defer feed.close()
	if err := r.open(ctx, feed); err != nil {
		return err
	}
	err := r.converse(ctx)
	err = errors.Join(err, r.close(ctx))
	r.company.Wait()
	feed.close()
	if err != nil {
		return err
	}
	return r.conclude()
}

// load reads the manifests and builds what is there as source. Nothing else is
// touched before that has gone well.
func (r *runner) load(ctx context.Context) error {
	for _, path := range r.paths {
		m, err := loadManifest(path)
		if err != nil {
			return err
		}
		if !r.resume {
			if err := r.build(ctx, sources(m)); err != nil {
				return err
			}
		}
		r.manifests = append(r.manifests, m)
	}
	return nil
}

func (r *runner) open(ctx context.Context, feed *feed) error {
	if _, err := os.Stat(r.data); r.resume && errors.Is(err, fs.ErrNotExist) {
		return notFound(fmt.Errorf("no data folder %s to resume from", r.data), "a run without --resume makes it")
	}
	r.watcher = newWatcher(feed.tell)
	if r.tree && r.format == formatJSON {
		r.results = &results{}
	}
	var err error
	r.node, err = node.Open(ctx, node.Config{
		Data: r.data, Durability: r.durability, Cache: cacheDir(), Compiler: r.compiler(), MemoryBudget: r.memory,
		Logger: slog.New(journal{tell: feed.tell}),
		Output: feed.put, Observe: r.watcher.observe,
	})
	if err == nil {
		fmt.Fprintf(r.err, "data folder %s\n", escape(r.data))
	}
	return err
}

// cacheDir is where compiled modules are kept between runs, "" where the user
// has no such place.
func cacheDir() string {
	base, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	dir := filepath.Join(base, "theater", "wasm")
	if os.MkdirAll(dir, 0o700) != nil {
		return ""
	}
	return dir
}

// converse starts the actors, tells the first what is to be told, and waits for
// the end of the run.
func (r *runner) converse(ctx context.Context) error {
	for _, m := range slices.Backward(r.manifests[1:]) {
		if err := r.startCompany(ctx, m); err != nil {
			return err
		}
	}
	var err error
	if r.blueprint, err = r.prepare(ctx, r.manifests[0]); err != nil {
		return err
	}
	if r.limited { // the time of a compilation is not the actor's
		limited, cancel := context.WithTimeoutCause(ctx, r.limit, errTime)
		defer cancel()
		ctx = limited
	}
	if r.root, err = r.start(ctx, r.manifests[0]); err != nil {
		return err
	}
	if r.exit, err = r.node.System.Watch(r.root); err != nil {
		return err
	}
	if r.tellAll(ctx) && !r.limited {
		return nil
	}
	select {
	case exit := <-r.exit:
		r.exit = again(exit)
	case <-ctx.Done():
		r.timeUp = errors.Is(context.Cause(ctx), errTime)
	}
	return nil
}

// startCompany starts an actor that the run only reports on when it fails.
func (r *runner) startCompany(ctx context.Context, m *manifest.Manifest) error {
	ref, err := r.start(ctx, m)
	if err != nil {
		return err
	}
	watch, err := r.node.System.Watch(ref)
	if err != nil {
		return err
	}
	r.company.Go(func() {
		if exit := <-watch; exit.Failed() {
			r.complain(fmt.Errorf("actor %s ended: %w", ref.Path, exitError{exit}))
		}
	})
	return nil
}

// again is a channel with an exit that was already taken from another.
func again(exit actors.Exit) <-chan actors.Exit {
	ch := make(chan actors.Exit, 1)
	ch <- exit
	return ch
}

// quietStart is how long an actor may take to start without a word about it:
// longer than it takes when its module need not be compiled.
const quietStart = 700 * time.Millisecond

// quietStop is that for the end, which is not what anybody waits for to go on.
const quietStop = 3 * time.Second

// start spawns or resumes an actor.
func (r *runner) start(ctx context.Context, m *manifest.Manifest) (ref actors.Ref, err error) {
	begin := func(ctx context.Context) error {
		ref, err = r.node.System.Spawn(ctx, actors.Spec{Blueprint: r.blueprint, Manifest: m})
		return err
	}
	what, verb := "starting "+m.Name, "started"
	var old chain.Summary
	if r.resume {
		if old, err = r.resumable(ctx, "/"+m.Name); err != nil {
			return ref, err
		}
		begin = func(ctx context.Context) error {
			ref, err = r.node.System.Resume(ctx, old.ID)
			return err
		}
		what, verb = "replaying "+m.Name, "resumed"
	}
	err = r.err.during(what, quietStart, func(next func(string)) error {
		return begin(tellCompile(ctx, modulesOf(m), what, next))
	})
	if err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("start %s: %w", m.Name, context.Cause(ctx))
		}
		return ref, err
	}
	// What is said to have started should be there also after a kill.
	if err := r.node.System.Flush(context.WithoutCancel(ctx)); err != nil {
		return ref, fmt.Errorf("start %s: %w", m.Name, err)
	}
	if err := r.showStart(verb, ref); err != nil {
		return ref, err
	}
	if r.resume && differs(m, old) {
		fmt.Fprintf(r.err, "resumed with the manifest and module of the log: those at %s differ\n", escape(m.File))
	}
	return ref, nil
}

// differs reports whether a manifest, or its package where there is one, is
// another than what an actor was spawned from.
func differs(m *manifest.Manifest, old chain.Summary) bool {
	if sha256.Sum256(m.Raw) != old.Manifest {
		return true
	}
	code, err := m.ReadPackage()
	return err == nil && sha256.Sum256(code) != old.Module
}

// prepare compiles what an actor, and those that it declares, are made from. One
// that is resumed has that on the log.
func (r *runner) prepare(ctx context.Context, m *manifest.Manifest) (b *actors.Blueprint, err error) {
	if r.resume {
		return nil, nil
	}
	what := "starting " + m.Name
	err = r.err.during(what, quietStart, func(next func(string)) error {
		b, err = r.node.System.Prepare(tellCompile(ctx, modulesOf(m), what, next), m, nil)
		return err
	})
	return b, err
}

// maxDrawn is how many actors of a tree that has started are shown.
const maxDrawn = 40

// showStart shows the tree of an actor that has started.
func (r *runner) showStart(verb string, ref actors.Ref) error {
	t, err := r.watcher.started(r.node.System, ref)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s %s %s\n", verb, escape(ref.Path), ref.ID)
	for _, twig := range draw(newBranch(&t), maxDrawn)[1:] {
		text += twig.lead + twig.name + "\n"
	}
	_, err = io.WriteString(r.err, text)
	return err
}

// resumable is the newest actor at a path that has not ended for good.
func (r *runner) resumable(ctx context.Context, path string) (chain.Summary, error) {
	var newest, ended chain.Summary
	for s, err := range r.node.Log.Actors(ctx) {
		switch {
		case err != nil:
			return newest, err
		case s.Path != path:
		case s.Status == chain.StatusStopped:
			ended = s
		case newest.ID.IsZero() || s.Created >= newest.Created:
			newest = s
		}
	}
	switch {
	case !newest.ID.IsZero():
		return newest, nil
	case !ended.ID.IsZero():
		return newest, notFound(fmt.Errorf("no actor at %s can be resumed: the last one has ended (%s)", path, ended.Reason),
			"a run without --resume starts a new one")
	}
	return newest, notFound(fmt.Errorf("no actor at %s in %s", path, r.data), "theater chain list shows the actors of a data folder")
}

// closeGrace is how long actors that have no turn to finish may take to end
// when the time of the run is over.
const closeGrace = 500 * time.Millisecond

// close ends all actors. Turns go on to their end, unless the time of the run
// is over or the user insists.
func (r *runner) close(ctx context.Context) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	if r.timeUp {
		r.watcher.kill(errTime)
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, closeGrace)
		defer stop()
	}
	go func() {
		select {
		case <-r.kill:
			r.watcher.kill(ErrInterrupted)
			cancel()
		case <-ctx.Done():
		}
	}()
	return r.err.during("suspending the actors, Ctrl-C kills them", quietStop, func(func(string)) error { return r.node.Close(ctx) })
}

// conclude shows how the actor ended, if it has, and how the run went.
func (r *runner) conclude() error {
	exit := <-r.exit
	if exit.Data != nil {
		if err := r.showData(exit); err != nil {
			return err
		}
	}
	known := exit.Err != nil && errors.Is(r.failures, exit.Err)
	if r.tree {
		t, err := r.stood(exit, known)
		if err == nil {
			err = r.showStood(t)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case exit.Reason == actors.ReasonKilled && r.timeUp:
		fmt.Fprintf(r.err, "killed %s: %v\n", r.root.Path, errTime)
	case exit.Failed() && !known:
		return fmt.Errorf("actor %s ended: %w", r.root.Path, exitError{exit})
	}
	if r.failures != nil {
		return reported(codeFailed)
	}
	return nil
}

// stood is how the tree stood when its actor began to end with exit: by itself, or
// because the run ended it.
func (r *runner) stood(exit actors.Exit, known bool) (*actors.Tree, error) {
	t, err := r.node.System.Stood(r.root)
	if ended := exit.Reason == actors.ReasonKilled && !known; ended || exit.Reason == actors.ReasonSuspended {
		t.Status, t.Last = actors.StatusRunning, nil
	}
	return &t, err
}

// exitError is an actor's exit as an error.
type exitError struct{ actors.Exit }

func (e exitError) Error() string { return e.String() }

func (e exitError) Unwrap() error { return e.Err }
