package actors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm/pack"
)

// Spec says which actor to spawn: one of a Blueprint, or one of a Manifest.
type Spec struct {
	Blueprint *Blueprint         // what Prepare returned; nil prepares Manifest and Package for this one actor
	Manifest  *manifest.Manifest // required without a Blueprint
	Package   []byte             // the wasm module; nil reads the manifest's package
	Name      string             // "" is the manifest's name, whose rule it keeps
	State     *pack.Value        // the state before init; nil is the manifest's
	// Supersede ends the tree of an earlier system at the path, also after Recover,
	// which could not bring it back.
	Supersede bool
}

// Spawn starts an actor at the root of the tree and returns once its init is
// over and the children that its manifest declares have started. A failed init
// ends the actor and is the error.
//
// What earlier systems have left at the actor's path ends first, as superseded. In
// a system that recovers it does not: before the end of Recover nothing is spawned
// (ErrRecovering), and a path at which Recover has left something is refused
// (ErrLeft) unless the Spec says otherwise.
func (s *System) Spawn(ctx context.Context, spec Spec) (Ref, error) {
	if _, err := s.recovery.admit(); err != nil {
		return Ref{}, fmt.Errorf("spawn: %w", err)
	}
	birth, err := s.conceive(ctx, spec)
	if err != nil {
		return Ref{}, err
	}
	return s.launch(ctx, birth, spec.Supersede)
}

// birth is an actor about to live.
type birth struct {
	control *control
	state   []byte         // CGRF
	genesis *chain.Genesis // nil when resumed
	marks   *marks         // of the turn that spawns it
	goesOn  bool           // it has been initialised elsewhere: there is no init
	as      role           // of an actor that is resumed, or starts with one that is

	// Of an actor that is resumed:
	sum     chain.Summary
	parent  *birth         // that is resumed with it, nil for none
	past    []*birth       // its children, as they go on
	absent  []NotResumed   // those below it that cannot, above before below
	born    map[role]int64 // when the newest of its children was, by their roles
	claimed bool           // it is taken from those that are left
	process *process       // has executed the chain again
	witness *witness       // has read it
	story   past           // what it tells
	left    *Exit          // how the actor had ended before, nil if it had not
	dropped int            // messages that were dropped with it, once it has ended without having started
}

// letGo closes what an actor has that does not go on.
func (b *birth) letGo() {
	if p := b.process; p != nil {
		p.closeSessions(ReasonSuspended)
		if p.machine != nil {
			p.machine.Close(context.WithoutCancel(p.system.ctx))
		}
	}
}

// conceive makes an actor for the root of the tree.
func (s *System) conceive(ctx context.Context, spec Spec) (*birth, error) {
	b := spec.Blueprint
	if b == nil {
		var err error
		if b, err = s.Prepare(ctx, spec.Manifest, spec.Package); err != nil {
			return nil, err
		}
	}
	if err := b.hasRoom(); err != nil {
		return nil, err
	}
	if b.system != s {
		return nil, errors.New("the blueprint is of another system: prepare it on the one that spawns")
	}
	name := cmp.Or(spec.Name, b.manifest.Name)
	if err := checkName(name); err != nil {
		return nil, err
	}
	state, err := spec.state()
	if err != nil {
		return nil, err
	}
	return b.conceive(name, state, nil, chain.Ref{})
}

// checkName refuses a name that would make another path of that of an actor.
func checkName(name string) error {
	if err := manifest.CheckName(name); err != nil {
		return fmt.Errorf("name %.40q: %w", name, err)
	}
	return nil
}

// state is the encoding of State, nil where there is none.
func (s Spec) state() ([]byte, error) {
	if s.State == nil {
		return nil, nil
	}
	state, err := pack.Encode(*s.State)
	if err != nil {
		return nil, fmt.Errorf("initial state: %w", err)
	}
	return state, nil
}

// conceive makes the control block of a new actor and what its chain begins with.
// A nil state is the manifest's. The cause is that of its being: the parent's
// event, zero at the root.
func (b *Blueprint) conceive(name string, state []byte, parent *control, cause chain.Ref) (*birth, error) {
	s := b.system
	id, err := chain.NewID(s.config.Now(), s.config.Random)
	if err != nil {
		return nil, fmt.Errorf("new id: %w", err)
	}
	genesis := b.genesis
	genesis.Name, genesis.Parent = name, cause
	if state == nil {
		state = b.state
	} else {
		genesis.InitialState = b.writer.PutBlob(state)
	}
	return &birth{control: s.newControl(b, id, name, genesis.InitialState, parent), state: state, genesis: &genesis}, nil
}

// launch starts a new actor at the root and waits until it is ready.
func (s *System) launch(ctx context.Context, b *birth, supersede bool) (Ref, error) {
	c := b.control
	s.plant(c)
	if err := s.enter(b, ""); err != nil {
		return Ref{}, err
	}
	leaves, err := s.recovery.admit()
	switch {
	case err != nil:
	case leaves && !supersede && s.earlier.holds(c.path):
		err = ErrLeft
	default: // it takes its path from those of an earlier run
		err = s.supersede(ctx, c.path)
	}
	if err != nil {
		s.unborn(b, err)
		return Ref{}, fmt.Errorf("spawn %s: %w", c.path, err)
	}
	return s.enroll(ctx, b)
}

// enter gives an actor its place among those that live, below parent.
func (s *System) enter(b *birth, parent string) error {
	err := s.registry.add(b.control, parent)
	switch {
	case err != nil:
		return err
	case b.genesis != nil:
		s.totals.spawned.Add(1)
	default:
		s.totals.resumed.Add(1)
	}
	return nil
}

// plant gives an actor its place at the root.
func (s *System) plant(c *control) {
	c.above = s.root
	c.spec = supervision.ChildSpec{ID: c.text, Restart: supervision.Temporary, Shutdown: supervision.Infinity, Dynamic: true}
}

// enroll makes an actor that has its place a child of the supervisor above it and
// waits until it is ready. When ctx ends first the actor is killed.
func (s *System) enroll(ctx context.Context, b *birth) (Ref, error) {
	return s.arrive(ctx, b, s.enlist(b))
}

// enlist begins that. It gives what the supervisor says once the actor is ready, or
// cannot be.
func (s *System) enlist(b *birth) <-chan error {
	spec := b.control.spec
	spec.Child = s.memberOf(b)
	ready := make(chan error, 1)
	b.control.above.Add(spec, func(err error) { ready <- err })
	return ready
}

// arrive waits for it.
func (s *System) arrive(ctx context.Context, b *birth, ready <-chan error) (Ref, error) {
	var err error
	select {
	case err = <-ready:
	case <-ctx.Done():
		b.control.ward().Terminate(func(error) {})
		b.control.killAll()
		err = <-ready
	}
	return s.outcome(b, err)
}

// outcome is what has come of it.
func (s *System) outcome(b *birth, err error) (Ref, error) {
	c := b.control
	if err == nil {
		return c.ref(), nil
	}
	if c.pid == nil {
		s.unborn(b, err)
		b.letGo()
	}
	exit := c.current().exit // nothing follows on the first incarnation of a temporary actor
	if c.parent != nil {
		exit = c.outward(exit)
	}
	switch {
	case exit.Err != nil:
		err = exit.Err
	case exit.Failed():
		err = errors.New(string(exit.Reason))
	}
	return Ref{}, fmt.Errorf("spawn %s: %w", c.path, err)
}

// unborn ends an actor that has not had a process. One that has had one has ended
// with it. The chain of one that was to be resumed is as it was, and so it can be again.
func (s *System) unborn(b *birth, err error) {
	c, exit := b.control, Exit{Reason: ReasonInitFailed, Err: err}
	switch {
	case b.genesis == nil:
		s.release(b.past)
		exit = Exit{Reason: ReasonSuspended}
	case c.ordered() != orderNone:
		exit = Exit{Reason: ReasonShutdown}
	}
	s.registry.remove(c)
	c.shut(ErrStopped)
	c.end(exit)
}

// run spawns the actor's process, as a child of the supervisor whose context is
// given.
func (s *System) run(ctx actor.Context, b *birth) error {
	c := b.control
	if c.ordered() != orderNone {
		return ErrStopped
	}
	p := b.process
	if p == nil {
		p = newProcess(s, b)
	}
	props := actor.PropsFromProducer(func() actor.Actor { return newGuard(p, s.config.Logger) },
		actor.WithMailbox(func() actor.Mailbox { return &c.mailbox }),
		actor.WithDispatcher(s.dispatcher),
		actor.WithSupervisor(supervision.Guardian{}))
	name := strconv.FormatUint(s.processes.Add(1), 36)
	var err error
	c.pid, err = ctx.SpawnNamed(props, name)
	return err
}
