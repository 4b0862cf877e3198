package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm"
)

// Config is what a System is given. It takes no ownership: who opened the log
// and the engine closes them, after the System.
type Config struct {
	Log        chain.Reader     // reads old chains; required
	Writer     chain.Writer     // writes them; required
	Durability string           // "async" or "sync": what Writer keeps
	Memory     chain.Writer     // for actors whose chain is kept in memory only; required
	Engine     *wasm.Engine     // required
	Handlers   *host.Registry   // what manifests may grant; required
	Logger     *slog.Logger     // required
	Now        func() time.Time // required
	Random     io.Reader        // for ids and keys of turns; required
	// Output takes what guests log and write. It is called by the goroutines
	// of the actors and must not wait. nil drops it.
	Output func(Line)
	// Recovers says that Recover will be called: until it has returned nothing is
	// spawned or resumed.
	Recovers bool
	// Observe takes what becomes of actors, in order for those of one parent. It
	// is called by the goroutines of supervisors and must not wait. nil drops it.
	Observe func(Change)
}

// Line is a line that a guest wrote or logged. Its text is the guest's: escape
// it before it is shown.
type Line struct {
	Actor  chain.ID
	Path   string
	Stream string // "log", "stdout" or "stderr"
	Text   string
}

// System is a tree of actors in this process. It is safe for concurrent use.
type System struct {
	config     Config
	ctx        context.Context // of all turns; it has values, and no end of its own
	proto      *actor.ActorSystem
	dispatcher *runQueue
	registry   *registry
	earlier    *earlier
	recovery   recovery
	blueprints *blueprints
	faces      *faces
	waits      *waits
	room       *room
	root       *supervision.Supervisor // of the actors at the top
	totals     totals
	neverKept  sync.Map    // by module, of what was said that it has no snapshots
	suspends   atomic.Bool // what runs when the system ends is cut off and can be resumed
	halted     atomic.Bool // a log has stopped
	// processes numbers protoactor's processes. An actor's id would not do: a
	// resume that follows a failed one may come before protoactor has let go of
	// the process before.
	processes atomic.Uint64
}

// idleWorkers is how many goroutines the dispatcher keeps parked.
const idleWorkers = 256

// Open starts a system without actors. It looks through the log for those that
// earlier systems have left.
func Open(ctx context.Context, config Config) (*System, error) {
	switch {
	case config.Log == nil, config.Writer == nil, config.Memory == nil, config.Engine == nil,
		config.Handlers == nil, config.Logger == nil, config.Now == nil, config.Random == nil:
		return nil, errors.New("actors: a required field of Config is nil")
	}
	if config.Output == nil {
		config.Output = func(Line) {}
	}
	if config.Observe == nil {
		config.Observe = func(Change) {}
	}
	quiet := slog.New(slog.DiscardHandler)
	s := &System{
		config:     config,
		ctx:        context.WithoutCancel(ctx),
		dispatcher: newRunQueue(max(runtime.GOMAXPROCS(0)-1, 1), idleWorkers),
		blueprints: newBlueprints(),
		faces:      newFaces(),
		waits:      newWaits(),
		room:       &room{writer: config.Writer, after: supervision.RealClock{}.AfterFunc},
		proto: actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet }),
			actor.WithDeadLetterRequestLogging(false),
			// It throttles a log that nobody reads, by a goroutine that should
			// not outlive Close.
			actor.WithDeadLetterThrottleInterval(time.Millisecond)),
	}
	var err error
	if s.earlier, err = findEarlier(ctx, config.Log); err != nil {
		return nil, err
	}
	if config.Recovers {
		s.recovery.phase = recoveryAwaited
	}
	s.registry = newRegistry(s.earlier.holds)
	s.root = s.newSupervisor(s.observe, func(Exit) {})
	s.proto.Root.Spawn(s.supervisorProps(s.root).Configure(actor.WithGuardian(supervision.Guardian{})))
	s.root.Begin(supervision.Spec{}, nil, func(error) {})
	return s, nil
}

// Ref names an actor. It stays valid after the actor has ended.
type Ref struct {
	ID   chain.ID
	Path string

	control *control // nil in a Ref that the system did not make
	inGo    bool     // it is that of a child in Go
}

func (r Ref) String() string { return r.Path }

// resolve finds the control block of an actor, also after it has ended.
func (s *System) resolve(ref Ref) (*control, error) {
	switch {
	case ref.control != nil:
		return ref.control, nil
	case ref.inGo:
		return nil, fmt.Errorf("%w: %s is a child in Go", ErrNoActor, ref.Path)
	}
	return s.find(ref.ID.String())
}

// Info is what can be seen of a live actor at any moment.
type Info struct {
	Ref
	Name          string
	Status        Status
	Module        chain.Hash
	Created       time.Time // the genesis of its chain
	Registered    bool
	Turns, Failed int64
	Busy          time.Time // when the turn began that runs now, the zero time for none
	Waits         bool      // that turn waits for something outside the guest
	Restarts      int64
	Last          *Exit // of its incarnation that failed last, nil for none
	Mailbox       int   // messages that wait
	MailboxBytes  int64 // and their bytes
	Memory        int64 // bytes of linear memory
	Fuel          int64 // spent by its turns, but for those that the end of a node cut short
	Below         int   // how many children it has
}

// Attend says that somebody outside waits for an answer: guests that spin mind other
// threads of the machine for a while.
func (s *System) Attend() { s.config.Engine.Attend() }

// Lookup finds a live actor by path or id.
func (s *System) Lookup(target string) (Ref, error) {
	c, err := s.find(target)
	if err != nil {
		return Ref{}, err
	}
	return c.ref(), nil
}

func (s *System) find(target string) (*control, error) {
	c, ok := s.registry.find(target)
	if !ok {
		return nil, fmt.Errorf("%s: %w", target, ErrNoActor)
	}
	return c, nil
}

// List shows the live actors in the order in which they were spawned.
func (s *System) List() []Info {
	all := s.registry.all()
	list := make([]Info, 0, len(all))
	for _, c := range all {
		list = append(list, c.info())
	}
	return list
}

// Inspect shows one live actor.
func (s *System) Inspect(ref Ref) (Info, error) {
	c, err := s.resolve(ref)
	if err != nil {
		return Info{}, err
	}
	return c.info(), nil
}

func (c *control) ref() Ref { return Ref{ID: c.id, Path: c.path, control: c} }

func (c *control) info() Info {
	messages, bytes := c.mailbox.len()
	memory := c.memory.Load()
	c.mu.Lock()
	last := c.last
	if c.ended && c.exit.Failed() {
		last = &c.exit
	}
	if c.ended {
		memory = 0
	}
	c.mu.Unlock()
	busy, waits := c.running.now()
	return Info{
		Busy: busy, Waits: waits, Restarts: c.restarts.Load(), Last: last,
		Ref: c.ref(), Name: c.name, Status: c.status(), Module: c.sum, Created: c.created,
		Registered: c.registered.Load(), Turns: c.turns.Load(), Failed: c.failures.Load(),
		Mailbox: messages, MailboxBytes: bytes, Memory: memory, Fuel: c.allFuel(), Below: c.family.size(),
	}
}

// Watch gives the actor's exit on a channel of one, at once when it has ended.
func (s *System) Watch(ref Ref) (<-chan Exit, error) {
	c, err := s.resolve(ref)
	if err != nil {
		return nil, err
	}
	return c.watch(), nil
}

// Await waits for the actor's end and returns how it was.
func (s *System) Await(ctx context.Context, ref Ref) (Exit, error) {
	c, err := s.resolve(ref)
	if err != nil {
		return Exit{}, err
	}
	select {
	case <-c.done:
		return c.exited(), nil
	case <-ctx.Done():
		return Exit{}, fmt.Errorf("actor %s has not ended: %w", c.path, context.Cause(ctx))
	}
}

func (c *control) watch() <-chan Exit {
	ch := make(chan Exit, 1)
	go func() {
		<-c.done
		ch <- c.exited()
		close(ch)
	}()
	return ch
}

// Stop tells the actor to end for good once its turn is over, and those below it
// before, waits until it has, and returns how. What waits in its mailbox is
// refused. When ctx ends first they are killed.
func (s *System) Stop(ctx context.Context, ref Ref) (Exit, error) {
	c, err := s.resolve(ref)
	if err != nil {
		return Exit{}, err
	}
	c.dismiss()
	return c.await(ctx, c.done, nil, c.exited)
}

// Dismiss is Stop that waits for nothing. Await tells of the end.
func (s *System) Dismiss(ref Ref) error {
	c, err := s.resolve(ref)
	if err != nil {
		return err
	}
	c.dismiss()
	return nil
}

func (c *control) dismiss() {
	c.outside()
	c.ward().Terminate(func(err error) {
		if errors.Is(err, supervision.ErrNoChild) { // it has not come there yet, or has ended
			c.close(orderStop)
		}
	})
}

// Restart has the actor begin again, once its turn is over and those below it have
// ended, and waits until it is ready. It counts against no restart intensity.
func (s *System) Restart(ctx context.Context, ref Ref) error {
	c, err := s.resolve(ref)
	if err != nil {
		return err
	}
	ready := make(chan error, 1)
	c.ward().Restart(func(err error) { ready <- err })
	select {
	case err := <-ready:
		if err != nil {
			return fmt.Errorf("restart %s: %w", c.path, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("restart %s: %w", c.path, context.Cause(ctx))
	}
}

// Kill ends the actor in the middle of its turn, as a failure: its supervisor
// decides whether it starts again. It waits for the end and returns how it was.
func (s *System) Kill(ctx context.Context, ref Ref) (Exit, error) {
	c, err := s.resolve(ref)
	if err != nil {
		return Exit{}, err
	}
	l := c.kill()
	over := c.over(l)
	if c.spec.Restart == supervision.Temporary { // the actor ends with it, unless it was told to restart
		over = c.done
	}
	return c.await(ctx, over, c.followed(l), func() Exit { return l.exit })
}

// await waits for the end of the actor or of its incarnation, by one of two
// signals. When ctx ends the actor and all below are killed.
func (c *control) await(ctx context.Context, over, other <-chan struct{}, exit func() Exit) (Exit, error) {
	select {
	case <-over:
		return exit(), nil
	case <-other:
		return exit(), nil
	case <-ctx.Done():
	}
	c.killAll()
	select {
	case <-over:
		return exit(), nil
	case <-other:
		return exit(), nil
	case <-time.After(killGrace):
		return Exit{}, fmt.Errorf("actor %s does not end: %w", c.path, context.Cause(ctx))
	}
}

// killGrace bounds the wait for a killed actor, whose guest ends within
// microseconds unless the machine is starved.
const killGrace = 5 * time.Second

func (s *System) stop(pid *actor.PID) { s.proto.Root.Stop(pid) }

// Suspend is Close for a system that another one follows: where ctx ends first, the
// rest is not killed. Turns that still run are cut off, as the death of the process
// would, and their actors are suspended as all others.
func (s *System) Suspend(ctx context.Context) error {
	s.suspends.Store(true)
	return s.Close(ctx)
}

// halt ends, at their next yield, the turns of actors whose log has stopped: nothing of
// them would be kept. It does not wait, and each actor says why it ends.
func (s *System) halt(log chain.Writer) {
	if !s.halted.CompareAndSwap(false, true) {
		return
	}
	for _, c := range s.registry.all() {
		if c.writer == log {
			c.current().cancel(errHalted)
		}
	}
}

// Flush waits until the log keeps all that was recorded before, in its durability.
// What is told to somebody outside the node should not be lost with it. Who asks an
// actor something need not call it: an answer leaves once its turn is kept.
func (s *System) Flush(ctx context.Context) error { return s.config.Writer.Flush(ctx) }

// Close suspends every actor, the newest first and those below one before it, so
// that each can be resumed from its chain. When ctx ends the rest are killed. It
// may be called twice.
func (s *System) Close(ctx context.Context) error {
	live := s.registry.close()
	defer s.room.close()
	over := make(chan struct{})
	s.root.Stop(supervision.Order{Reason: ReasonSuspended}, sync.OnceFunc(func() { close(over) }))
	var errs []error
	select {
	case <-over:
	case <-ctx.Done():
		why := errKilled
		if s.suspends.Load() {
			why = errCutOff
		}
		s.root.Cut()
		for _, c := range live {
			c.current().cancel(why) // one that is between two turns ends in order
		}
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), killGrace)
	defer cancel()
	for _, c := range live {
		select {
		case <-c.done:
		case <-grace.Done():
			errs = append(errs, fmt.Errorf("actor %s does not end: %w", c.path, context.Cause(grace)))
		}
	}
	return errors.Join(append(errs, s.dispatcher.close(grace))...)
}
