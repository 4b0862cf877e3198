package actors

import (
	"context"
	"errors"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/replay"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// noParams are the parameters of init.
var noParams = pack.MustEncode(pack.Unit)

// init runs the actor's first turn.
func (p *process) init() error {
	err := p.admitInit()
	if err != nil {
		return err
	}
	defer p.writer.Release(turnRoom)
	export, _ := p.control.module.Layout.Export(exportInit)
	_, err = p.turn(&envelope{export: export, deliveries: 1}, noParams)
	if err == nil {
		p.control.born.Store(true)
	}
	return err
}

// handle runs the turn of a message and answers who waits for it, unless the
// message is to be delivered once more.
func (p *process) handle(e *envelope) {
	if p.finished {
		p.reply(e.reply, p.control.gone(e.reply))
		return
	}
	if p.cutOff() {
		p.control.putBack(e)
		return
	}
	answered := false
	defer func() {
		if !answered { // our own code panicked: it must not cost the caller its time-out
			p.reply(e.reply, p.control.gone(e.reply))
		}
	}()
	err := p.admit()
	if errors.Is(err, chain.ErrNoSpace) {
		p.turnAway(e, err)
		answered = true
		return
	}
	if err == nil {
		defer p.writer.Release(turnRoom)
	}
	if e.form == formNotice && !e.marks.by.taken(e, p.era) {
		return
	}
	e.deliveries++
	p.marks = e.marks
	var response []byte
	if err == nil {
		response, err = p.deliver(e)
	}
	fails := err != nil && !p.survives(err)
	switch {
	case fails && p.haltErr == nil:
		p.failing = e
		if again := int(e.deliveries) < p.control.manifest.Supervision.MaxDeliveries; !again {
			p.reply(e.reply, p.failure(err))
		}
	case err != nil && e.reply == nil && !fails:
		p.logger().Error("the turn of a message failed, and nobody waits for its answer", "error", err)
	case err != nil:
		p.reply(e.reply, p.failure(err))
	case e.form == formCall:
		p.reply(e.reply, answer{body: string(response)})
	}
	answered = true
	if !p.ended(err) {
		if p.kept.isDue() {
			p.checkpoint()
		}
		p.marks = nil
	}
}

// deliver runs the turn of a message that is admitted.
func (p *process) deliver(e *envelope) (response []byte, err error) {
	switch e.form {
	case formSend:
		p.params = pack.AppendMessage(p.params[:0], "", e.body)
		return p.turn(e, p.params)
	case formRequest:
		return p.request(e)
	case formCall:
		return p.turn(e, e.params)
	case formNotice:
		return nil, p.notice(e)
	}
	return nil, nil
}

// cutOff reports whether the node has ended the turns of the incarnation. It will be
// told to end, and what comes until then waits for the next node.
func (p *process) cutOff() bool {
	return p.system.suspends.Load() && context.Cause(p.life.ctx) == errCutOff
}

// request runs handle-request. The request is outstanding while it does;
// afterwards only when the guest chose to answer later, and can.
func (p *process) request(e *envelope) ([]byte, error) {
	id := requestID(chain.Ref{Actor: p.control.id, Record: p.next})
	p.requests.open(id, e.reply)
	p.params = pack.AppendMessage(p.params[:0], id, e.body)
	response, err := p.turn(e, p.params)
	if err != nil {
		p.requests.forget(id) // unless the turn has settled it
		return nil, err
	}
	if body, later := requestBody(response); !later || !p.control.answersLater {
		p.requests.settle(p, id, answer{body: body})
	}
	return response, nil
}

func (p *process) failure(err error) answer {
	return answer{err: &FailedError{Path: p.control.path, Err: err}}
}

// turn runs the export that handles a message, whose turn is admitted, to its
// recorded end. The error is that of the turn.
func (p *process) turn(e *envelope, params []byte) ([]byte, error) {
	ctx := p.life.ctx
	p.inTurn = true
	started := p.machine.Begin(p.now())
	p.control.running.begins(e.export, started)
	defer p.control.running.over()
	p.door.open(ctx, chain.Call{Export: uint32(e.export), Params: p.recorded(e, params), Cause: e.cause, Delivery: e.deliveries, Time: started}, len(params))
	response, err := p.machine.Turn(ctx, e.export, params)
	p.control.memory.Store(p.machine.Memory())
	spent := p.machine.Spent()
	p.control.spent(spent)
	p.control.turns.Add(1)
	p.control.closed.Add(1)
	if err != nil {
		p.control.failures.Add(1)
	}
	err = p.closeTurn(response, err)
	p.kept.count(p.door.recorded, spent)
	return response, err
}

// closeTurn writes the turn's last record and releases its effects, or drops
// them when it failed.
func (p *process) closeTurn(response []byte, failure error) error {
	if p.haltErr != nil {
		return p.haltErr
	}
	if failure == nil {
		failure = p.succeed(response)
	}
	if failure != nil {
		p.system.totals.failed.add(exitOf(failure).Reason)
		result := p.failed(failure)
		p.closedAt = p.door.here()
		p.door.event(result)
	}
	p.inTurn = false
	if err := p.door.flush(failure == nil); err != nil {
		return err
	}
	return failure
}

// succeed writes the event that closes a turn which the guest has ended well. It
// may still be too much for the chain.
func (p *process) succeed(response []byte) error {
	if err := p.door.weigh(len(response)); err != nil {
		p.machine.Revert()
		return err
	}
	p.result = chain.Result{Status: chain.ResultOK, Response: p.payload(response), State: p.state(p.machine.State())}
	p.closedAt = p.door.here()
	p.door.event(&p.result)
	return nil
}

// failed is the event that closes a turn which failed. A failure that is not the
// guest's has cut it short.
func (p *process) failed(failure error) *chain.Result {
	var guest *wasm.GuestError
	var trap *wasm.Trap
	switch {
	case errors.As(failure, &guest):
		return &chain.Result{Status: chain.ResultError, Error: p.payload(guest.Value), Text: p.words(guest.Message)}
	case interrupted(failure):
		return cutShort("the actor was told to end")
	case errors.As(failure, &trap):
		function, known := trap.Site()
		return &chain.Result{
			Status: replay.Status(trap.Kind), Text: p.words(trap.Error()), Fuel: uint64(max(trap.Fuel, 0)),
			Trap: chain.TrapInfo{Kind: string(trap.Kind), Function: function, Known: known},
		}
	}
	return cutShort(failure.Error())
}

// interrupted reports whether the turn was cut short because its actor was told to
// end while it slept, or the node to end in order.
func interrupted(failure error) bool {
	var trap *wasm.Trap
	return errors.As(failure, &trap) && trap.Kind == wasm.KindKilled &&
		(trap.Message == errTold.Message || trap.Message == errCutOff.Message)
}

// ended settles what the turn before has brought about, and reports whether it was
// the incarnation's last.
func (p *process) ended(err error) bool {
	switch {
	case p.haltErr != nil:
		p.finish(Exit{Reason: ReasonInterrupted, Err: p.haltErr})
		p.context.Stop(p.context.Self())
	case interrupted(err): // it was told to end, and will hear it
	case !p.survives(err):
		p.control.isReady(p.life) // it has handled a message, though some below it may be still to come
		p.fall(exitOf(err))
	case p.shutdown != nil:
		p.control.isReady(p.life)
		p.fall(*p.shutdown)
	default:
		return false
	}
	return true
}

// survives reports whether the actor goes on after a turn with that outcome.
func (p *process) survives(err error) bool {
	var guest *wasm.GuestError
	return err == nil ||
		errors.As(err, &guest) && p.control.manifest.Supervision.OnError == manifest.OnErrorContinue
}
