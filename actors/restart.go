package actors

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/supervision"
)

// fall ends the incarnation. What belongs to it goes at once, unless the actor
// keeps its state; the process waits, suspended, for what its supervisor decides.
func (p *process) fall(exit Exit) {
	if p.finished || p.exit != nil {
		return
	}
	p.exit = &exit
	ready := p.control.fell(exit, p.closedAt, p.marks)
	if !p.control.keepsState() {
		p.requests.abandon(p)
		p.closeSessions(exit.Reason)
		p.control.family.empty(supervision.Order{Reason: ReasonShutdown}, func() {})
	}
	if p.control.ordered() != orderNone { // its supervisor does not hear of it
		if exit.Failed() {
			p.logger().Warn("actor failed, which was told to end", "reason", string(exit.Reason), "error", exit.Err)
		}
	} else {
		p.context.(actor.Supervisor).EscalateFailure(supervision.Fallen{Exit: exit, Ready: ready}, nil)
	}
}

// again begins the next incarnation, on a fresh instance, unless the actor was told
// to stop meanwhile.
func (p *process) again(a supervision.Again) {
	if p.finished || p.control.ordered() != orderNone {
		return
	}
	p.inherit()
	p.exit, p.shutdown, p.life = nil, nil, p.control.current()
	p.control.mailbox.release()
	p.control.countRestart()
	fresh := !p.control.keepsState()
	var children []supervision.ChildSpec
	if p.control.family.renew(p.context) || fresh {
		p.disown(ReasonShutdown)
		children = p.control.children()
	}
	if p.rise(p.renew(a, fresh), children) {
		p.redeliver()
	}
}

// rise takes an incarnation from its init on, which has gone as err says, and
// starts the children that belong to it. It reports whether it goes on.
func (p *process) rise(err error, children []supervision.ChildSpec) bool {
	switch {
	case p.haltErr != nil:
		return !p.ended(nil)
	case interrupted(err):
		return false // it was told to end, and will hear it
	case err != nil:
		p.fall(stillborn(err))
		return false
	}
	leaves := p.left
	if p.shutdown != nil {
		leaves = p.shutdown
	}
	p.left = nil
	if leaves != nil {
		p.control.mailbox.hold()
	}
	p.rear(children, leaves)
	if leaves != nil {
		return false
	}
	p.marks, p.up = nil, true
	return true
}

// stillborn is the exit of an incarnation whose init has failed. One that was cut
// off in the middle of it has not.
func stillborn(err error) Exit {
	if exit := exitOf(err); exit.Reason == ReasonKilled {
		return exit
	}
	return Exit{Reason: ReasonInitFailed, Err: err}
}

// renew writes down that the actor starts again and makes it ready to.
func (p *process) renew(a supervision.Again, fresh bool) error {
	for _, d := range p.forgotten() {
		p.dropped(d.(*envelope), a.Exit.Reason)
	}
	restart := &chain.Lifecycle{
		What: chain.LifecycleRestart, Time: p.now(), Reason: string(a.Exit.Reason), Detail: p.words(a.Exit.Detail()),
		Count: uint32(p.control.restarts.Load()), Wait: int64(a.Wait),
	}
	if fresh {
		restart.Sum = p.control.initial
	}
	p.control.restartedBy(restart, p.door.here().Record)
	if fresh || a.Exit.Reason == ReasonChildren {
		p.kept.began = restart.Time
	}
	p.door.event(restart)
	if err := p.door.flush(false); err != nil {
		return err
	}
	if err := p.machine.Reset(p.life.ctx); err != nil {
		return err
	}
	if !fresh {
		return nil
	}
	p.registered = false
	p.machine.SetState(p.initial)
	if err := p.openSessions(); err != nil {
		return err
	}
	err := p.init()
	p.control.registered.Store(p.registered)
	return err
}

// forgotten are the messages that a restart drops: the one whose turn has failed
// the actor, when it was delivered often enough, and with mailbox = "drop" all
// that wait.
func (p *process) forgotten() []delivery {
	var drop []delivery
	settings := p.control.manifest.Supervision
	if e := p.failing; e != nil && int(e.deliveries) >= settings.MaxDeliveries {
		drop, p.failing = append(drop, e), nil
	}
	if settings.Mailbox == manifest.MailboxDrop {
		drop = append(drop, p.control.mailbox.drain()...)
	}
	return drop
}

// dropped writes down that a message is not handled any more, and tells who waits.
func (p *process) dropped(e *envelope, reason Reason) {
	p.system.totals.dropped.Add(1)
	if e.lossy() {
		e.marks.by.dropped(e)
		return
	}
	if e.cause.Kind == chain.CauseEvent {
		p.door.event(&chain.Lifecycle{What: chain.LifecycleDropped, Time: p.now(), Reason: string(reason), Ref: e.cause.Event})
	}
	p.reply(e.reply, p.control.gone(e.reply))
}

// redeliver handles the message once more whose turn has failed the actor.
func (p *process) redeliver() {
	if e := p.failing; e != nil {
		p.failing = nil
		p.handle(e)
	}
}

// rear says that the incarnation is ready, once its children are. One that leaves
// ends after that.
func (p *process) rear(children []supervision.ChildSpec, leaves *Exit) {
	c, above, root, life := p.control, p.context.Parent(), p.system.proto.Root, p.life
	started := supervision.Started{Who: p.context.Self(), Incarnation: life.number}
	ready := func(err error) {
		if err != nil {
			return // the supervisor gives up, and says so
		}
		c.isReady(life)
		root.Send(above, started)
		if leaves != nil {
			c.mailbox.order(quit{life, *leaves})
		}
	}
	if len(children) == 0 {
		ready(nil)
		return
	}
	c.family.raise(p.context).Boot(children, ready)
}
