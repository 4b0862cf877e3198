package actors

import (
	"context"
	"errors"
	"log/slog"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm"
)

// process is an actor as protoactor runs it: it handles one message at a time,
// each in a turn of its machine. Only its own goroutine touches it; others see
// the control block.
type process struct {
	system  *System
	control *control
	birth   *birth // nil once it has started
	limits  manifest.Limits
	context actor.Context // of the message that is handled
	initial []byte        // the state that it began with, before init, as CGRF

	life    *life     // the incarnation
	exit    *Exit     // how the incarnation has ended; nil while it lasts
	failing *envelope // whose turn has failed the actor; nil for none

	machine  *wasm.Machine
	sessions []host.Session // by host.Function.Session
	door     door
	requests requests

	// Memory that is used again by every turn:
	params []byte       // of a message
	result chain.Result // of a turn that ends well

	spawned    *control // the child that the guest has spawned last
	lastName   string   // what the guest named last to find an actor
	lastTarget *control // whom it found; it is found again as long as it is listed

	writer     chain.Writer
	next       uint64    // number of the next record
	haltErr    error     // why the log takes no more
	shutdown   *Exit     // set when the guest asked to end
	marks      *marks    // of the turn that runs, or of what has ended the incarnation
	era        int       // how often its sessions were closed
	closedAt   chain.Ref // the result of the last turn
	registered bool      // in this incarnation
	left       *Exit     // how the last incarnation had ended before the actor was resumed, if nothing followed
	anew       bool      // it is resumed, and its init had not run

	// Of an actor that is resumed:
	lost   []*chain.Lifecycle // messages to be recorded as dropped
	absent []NotResumed       // those below it that could not be resumed
	past   []*birth           // its children that go on with it

	kept     keeping // its checkpoints
	up       bool    // an incarnation has risen, and was not to end at once
	inTurn   bool    // a call is on the chain or in the door, its result is not
	finished bool
}

var _ actor.Actor = (*process)(nil)

func newProcess(s *System, b *birth) *process {
	c := b.control
	p := &process{
		system: s, control: c, birth: b, limits: c.manifest.Limits, writer: c.writer, kept: c.keeping(),
	}
	p.door.process = p
	return p
}

// logger is the system's, with the actor's name on what it logs.
func (p *process) logger() *slog.Logger {
	return p.system.config.Logger.With("actor", p.control.path, "id", p.control.ID())
}

// ID is the actor's id as guests know it.
func (p *process) ID() string { return p.control.ID() }

// Path is the actor's place in the tree.
func (p *process) Path() string { return p.control.path }

// Receive handles protoactor's lifecycle, orders and the actor's messages.
func (p *process) Receive(ctx actor.Context) {
	p.context = ctx
	switch m := ctx.Message().(type) {
	case *actor.Started:
		p.start()
	case supervision.Again:
		p.again(m)
	case quit:
		if m.of == p.life {
			p.inherit()
			p.fall(m.exit)
		}
	case raise:
		m.done <- p.control.family.raise(ctx)
	case *envelope:
		p.handle(m)
	case *actor.Stopping:
		p.inherit()
		p.finish(p.lastExit())
	case *actor.Stopped:
		p.finish(Exit{Reason: ReasonInterrupted, Err: errCrashed})
	case *actor.Terminated:
		p.orphaned()
	}
}

// errCrashed is what an actor ends with whose own process has failed. Guests
// cannot bring that about.
var errCrashed = errors.New("the actor's own process failed")

// orphaned is told that the process of the actor's supervisor has ended. While
// the actor lives, only a failure of its own can have brought that about.
func (p *process) orphaned() {
	if p.finished || p.control.ordered() != orderNone {
		return
	}
	p.finish(Exit{Reason: ReasonInterrupted, Err: errCrashed})
	p.context.Stop(p.context.Self())
}

// start makes the instance and runs init, or replays the actor's chain.
func (p *process) start() {
	b := p.birth
	p.life, p.initial, p.marks = p.control.current(), b.state, b.marks
	var err error
	if b.genesis == nil {
		err = p.resume(p.system.ctx)
	} else if err = p.begin(); err == nil && b.goesOn {
		p.control.born.Store(true)
	} else if err == nil {
		err = p.init()
	}
	p.birth = nil
	children := p.control.children()
	if b.genesis == nil && !p.anew {
		children = p.control.resumed(b.past)
	}
	if p.rise(err, children) {
		p.redeliver()
	}
}

// begin writes the genesis and makes the instance and the sessions.
func (p *process) begin() error {
	b := p.birth
	if b.genesis != nil {
		b.genesis.Time = p.now()
		b.genesis.Path = p.control.path
		if err := p.record(b.genesis); err != nil {
			return err
		}
	}
	p.closedAt = chain.Ref{Actor: p.control.id}
	machine, err := p.control.module.Start(p.life.ctx, wasm.Options{
		MemoryLimit: p.limits.Memory, TurnTime: p.limits.TurnTime, Fuel: p.limits.Fuel, OutputLimit: int(p.limits.LogBytes),
	})
	if err != nil {
		return err
	}
	p.machine = machine
	p.machine.SetState(b.state)
	p.machine.Attach(&p.door)
	p.control.machine.Store(machine)
	return p.openSessions()
}

func (p *process) openSessions() error {
	sessions, err := p.control.linked.Open(p)
	if err != nil {
		return err
	}
	p.sessions = sessions
	p.door.serve(sessions)
	return nil
}

func (p *process) closeSessions(reason Reason) {
	for _, s := range p.sessions {
		s.Close(string(reason))
	}
	p.sessions = nil
	p.era++
}

func (p *process) now() int64 { return p.system.config.Now().UnixNano() }

// append enqueues a record, which is the log's from then on. After an error the
// log takes nothing more from this actor.
func (p *process) append(d *chain.Draft) error {
	if p.haltErr != nil {
		d.Discard()
		return p.haltErr
	}
	if err := p.writer.Append(d, p.acknowledger()); err != nil {
		p.haltErr = err
		p.logger().Error("the chain cannot go on", "error", err)
		return err
	}
	if p.next++; p.control.heard {
		p.control.appended.Store(p.next)
	}
	return nil
}

// record appends events as a record of their own.
func (p *process) record(events ...chain.Event) error {
	d := chain.NewDraft(p.control.id, p.next)
	for _, e := range events {
		d.Add(e)
	}
	return p.append(d)
}

// reply answers who waits for a message: an actor of this log now, anyone
// outside once the newest record is acknowledged.
func (p *process) reply(r *reply, a answer) {
	if r == nil {
		return
	}
	if !r.external {
		r.deliver(a)
		return
	}
	p.acknowledged(func(err error) {
		if err != nil {
			a = answer{err: err}
		}
		r.deliver(a)
	})
}

// acknowledged calls f once the newest record is acknowledged.
func (p *process) acknowledged(f func(error)) {
	if later := p.control.acks.then(p.next, f); later {
		p.writer.Hurry()
	}
}

// lastExit is how the actor ends that was told to: as its supervisor has said, as
// its incarnation has ended, or in order.
func (p *process) lastExit() Exit {
	c := p.control
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.final != nil:
		return *c.final
	case c.order == orderSuspend && (p.exit == nil || c.resumes || c.follows(*p.exit)):
		return Exit{Reason: ReasonSuspended}
	case p.exit != nil:
		return *p.exit
	case c.order == orderNone:
		return Exit{Reason: ReasonInterrupted, Err: errCrashed}
	}
	return Exit{Reason: ReasonShutdown}
}

// finish ends the actor once: it closes the mailbox, records the end and what
// is dropped with it, answers all who wait, and lets go of the instance.
func (p *process) finish(exit Exit) {
	if p.finished {
		return
	}
	p.finished = true
	dropped := append(p.control.takeDrained(), p.control.mailbox.close(ErrStopped)...)
	if e := p.failing; e != nil {
		dropped = append([]delivery{e}, dropped...)
	}
	if exit.Reason == ReasonSuspended {
		p.checkpointOnSuspend()
	}
	p.recordEnd(exit, dropped)
	for _, d := range dropped {
		if !(exit.Reason == ReasonSuspended && p.waits(d.(*envelope))) {
			p.system.totals.dropped.Add(1)
		}
		p.reply(d.(*envelope).reply, p.unhandled(d.(*envelope), exit))
	}
	p.requests.abandon(p)
	p.closeSessions(exit.Reason)
	if p.machine != nil {
		p.machine.Close(context.WithoutCancel(p.system.ctx))
	}
	if exit.Reason == ReasonSuspended {
		p.system.release(p.past)
	} else {
		p.disown(ReasonOrphaned)
	}
	c := p.control
	p.system.registry.remove(c)
	c.fell(exit, p.closedAt, p.marks)
	p.acknowledged(func(error) { c.end(exit) })
}

// unhandled is the answer to a message that nobody handles any more. One whose turn has
// failed the actor, and was to come once more, is answered with that.
func (p *process) unhandled(e *envelope, exit Exit) answer {
	if e == p.failing && exit.Failed() && exit.Err != nil {
		return p.failure(exit.Err)
	}
	return p.control.gone(e.reply)
}

// recordEnd writes the last record: the messages that nobody will handle, and
// why the actor ended.
func (p *process) recordEnd(exit Exit, dropped []delivery) {
	if p.next == 0 || p.haltErr != nil {
		return
	}
	if p.inTurn { // our own code panicked in the middle of it
		p.door.event(cutShort(processEnded))
	}
	for _, lost := range p.lost {
		p.door.event(lost)
	}
	for _, d := range dropped {
		if e := d.(*envelope); e.cause.Kind == chain.CauseEvent && !e.lossy() && !(exit.Reason == ReasonSuspended && p.waits(e)) {
			p.door.event(&chain.Lifecycle{What: chain.LifecycleDropped, Time: p.now(), Reason: string(exit.Reason), Ref: e.cause.Event})
		}
	}
	what := chain.LifecycleStopped
	if exit.Reason == ReasonSuspended {
		what = chain.LifecycleSuspended
		if p.exit != nil { // it was to begin again, and does when it is resumed
			exit = *p.exit
		}
	}
	p.door.event(&chain.Lifecycle{What: what, Time: p.now(), Reason: string(exit.Reason), Detail: p.words(exit.Detail())})
	// A log that refuses this has said so; the actor ends all the same.
	_ = p.door.flush(false)
}
