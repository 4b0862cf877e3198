package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/actors/observe"
	"github.com/theater-go/theater/wasm"
)

// DaemonConfig is what a daemon is given.
type DaemonConfig struct {
	Settings
	Logger   *slog.Logger   // required
	Compiler *wasm.Compiler // as in Config
	// Hangup has an element when certificates are to be read again; nil never has.
	Hangup <-chan os.Signal
	// Kill is closed when the end of the node is not to be waited for; nil is never.
	Kill <-chan struct{}
	// Starting is told what the node does before it is ready, with how far that is
	// behind a comma. It must not wait; nil drops it.
	Starting func(step string)
	// Ready is told once that the node takes requests; nil drops it.
	Ready func(Readiness)
	// Version and Revision are of the program.
	Version, Revision string
	// FreeSpace is as in Config.
	FreeSpace func(dir string) (uint64, error)
	// Now is the machine's when nil.
	Now func() time.Time

	opened func(*Node) // is told of the node, for tests
}

// Readiness is what a node that has become ready has to say.
type Readiness struct {
	Addresses []string // of the management API, as clients name them
	HTTP      string   // of the metrics and probes, "" for none
	Recovery
}

// ErrLogStopped is returned by Serve when a record could not be written, so that
// nothing more would be kept.
var ErrLogStopped = errors.New("the log has stopped")

// daemon is a node that others can reach.
type daemon struct {
	DaemonConfig
	node         *Node
	certificates *Certificates // nil without TCP
	tokens       *api.Tokens
	server       *api.Server
	lines        *api.Journal
	changes      *api.Changes
	metrics      *observe.Metrics
	teller       *teller
	notify       notifier
	started      time.Time

	condition condition
	taking    chan struct{} // closed when requests are taken
	doors     []*door
	socket    *socket            // among them; nil until it listens
	group     sync.WaitGroup     // of every goroutine that the daemon starts
	recovered chan struct{}      // closed when no more actors come back
	broken    chan error         // has an element when a listener has failed
	shutdown  chan time.Duration // has an element when a client ends the node
}

// Serve runs a node until ctx ends or a client ends it: it opens the data folder,
// listens, brings the actors back that an earlier node has left, and handles what
// comes. The end is in order, within the time that Settings.Drain gives: messages
// that wait are handled, and the actors suspended. The error says why the node could
// not start or not go on; it is ErrLogStopped when the log has taken a record no more.
func Serve(ctx context.Context, config DaemonConfig) error {
	if config.Now == nil {
		config.Now = time.Now
	}
	d := &daemon{
		DaemonConfig: config, notify: notifier{config.Logger}, started: config.Now(),
		taking: make(chan struct{}), recovered: make(chan struct{}), broken: make(chan error, 1), shutdown: make(chan time.Duration, 1),
	}
	d.lines, d.changes = api.NewJournal(api.JournalConfig{Now: config.Now}), api.NewChanges(config.Now)
	d.teller = newTeller(config.Logger, config.Log.Guests)
	defer d.teller.close()
	if err := d.open(ctx); err != nil {
		if ctx.Err() != nil { // it was told to end before it had begun
			err = nil
		}
		return errors.Join(err, d.close())
	}
	watched, stop := context.WithCancel(context.WithoutCancel(ctx))
	d.group.Go(func() { d.notify.runWatchdog(watched, d.alive) })
	err := d.run(ctx)
	stop()
	d.group.Wait()
	d.Logger.Info("node ended")
	return err
}

// open makes all that a node needs, up to its listeners, in an order in which what
// is wrong with the settings is found before anything is touched.
func (d *daemon) open(ctx context.Context) error {
	d.Logger.Info("node starts", "node", d.Node, "data", d.Data, "version", d.Version, "go", runtime.Version())
	if err := d.loadKeys(); err != nil {
		return err
	}
	d.step("opening the data folder")
	var err error
	d.node, err = Open(ctx, Config{
		Data: d.Data, Durability: d.Durability, Cache: d.Cache, Compiler: d.Compiler, MemoryBudget: int64(d.Memory),
		Recovers: d.Recover, Logger: d.Logger, Now: d.Now, FreeSpace: d.FreeSpace,
		Output: func(l actors.Line) {
			d.lines.Add(l)
			d.teller.line(l)
		},
		Observe: func(c actors.Change) {
			d.changes.Add(c)
			if state, _ := d.condition.state(); order[state] < order[StateReady] && c.What == actors.ChangeStarted {
				c.Restarts = 0 // it comes back; of restarts the log has told when they were made
			}
			d.teller.change(c)
		},
	})
	if err != nil {
		return err
	}
	if d.opened != nil {
		d.opened(d.node)
	}
	d.metrics = observe.New(d.measured())
	return d.listen(ctx)
}

// run serves until the node is to end, and ends it.
func (d *daemon) run(ctx context.Context) error {
	working, stop := context.WithCancel(ctx)
	defer stop()
	d.serve()
	d.group.Go(func() {
		defer close(d.recovered)
		d.recover(working)
		d.sweepBundles(working)
		d.spawnListed(working)
	})
	recovered := d.recovered
	for {
		select {
		case <-recovered:
			recovered = nil
			d.becomeReady()
		case <-d.Hangup:
			d.reload()
		case <-ctx.Done():
			stop()
			return d.end("told to", d.Drain)
		case limit := <-d.shutdown:
			stop()
			return d.end("a client ended it", limit)
		case err := <-d.broken:
			stop()
			return errors.Join(err, d.end("a listener has failed", d.Drain))
		case <-d.node.stopped():
			stop()
			return d.fail()
		}
	}
}

// step tells those who wait for the node what it does.
func (d *daemon) step(what string) {
	d.notify.status(what)
	if d.Starting != nil {
		d.Starting(what)
	}
}

// becomeReady begins to take requests.
func (d *daemon) becomeReady() {
	if !d.condition.become(StateReady, "") {
		return
	}
	close(d.taking)
	r := d.readiness()
	said := []any{"addresses", r.Addresses, "actors", d.node.System.Stats().Live(), "failed", len(r.Left)}
	if r.HTTP != "" {
		said = append(said, "http", r.HTTP)
	}
	d.Logger.Info("node ready", said...)
	d.notify.ready(fmt.Sprintf("ready, %d actors", d.node.System.Stats().Live()))
	if d.Ready != nil {
		d.Ready(r)
	}
}

func (d *daemon) readiness() Readiness {
	r := Readiness{Recovery: d.recovery()}
	for _, o := range d.doors {
		if o.plain {
			r.HTTP = o.address
		} else {
			r.Addresses = append(r.Addresses, o.address)
		}
	}
	return r
}

// reload reads the certificates again; tokens are read whenever one is shown. What
// cannot be read is said, and what was read before stays in use. A supervisor is not
// told while it waits for the node to be ready: the end of a reload means ready.
func (d *daemon) reload() {
	if state, _ := d.condition.state(); order[state] >= order[StateReady] {
		d.notify.reloading()
		defer d.notify.ready(string(state))
	}
	if d.certificates == nil {
		d.Logger.Info("there are no certificates to read again")
		return
	}
	if err := d.certificates.Reload(); err != nil {
		d.Logger.Error("the certificates are as before", "error", err)
		return
	}
	d.Logger.Info("the certificates were read again", "expires", d.certificates.Expires())
}

// state is what the node does, and why if that needs saying.
func (d *daemon) state() (State, string) {
	state, detail := d.condition.state()
	if state == StateReady {
		if err := d.node.full(); err != nil {
			return StateNoSpace, err.Error()
		}
	}
	return state, detail
}

// alive reports whether the node does what it is for; a supervisor that watches may
// start it again when it does not.
func (d *daemon) alive() bool {
	state, _ := d.condition.state()
	return state != StateFailed
}

// closed is what a server returns that was closed.
func closed(err error) bool { return errors.Is(err, http.ErrServerClosed) }
