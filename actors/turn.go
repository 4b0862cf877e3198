package actors

import (
	"context"
	"errors"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// turnRoom is how many bytes of the log's queue a turn reserves when it is
// admitted. Most turns need less; what one needs more, it need not wait for.
const turnRoom = 4096

// noParams are the parameters of init.
var noParams = pack.MustEncode(pack.Unit)

// init runs the actor's first turn.
func (p *process) init() error {
	export, _ := p.control.module.Layout.Export(exportInit)
	_, err := p.turn(export, noParams, chain.Cause{})
	return err
}

// handle runs the turn of a message and answers who waits for it.
func (p *process) handle(ctx actor.Context, e *envelope) {
	if p.finished {
		p.reply(e.reply, p.control.gone())
		return
	}
	answered := false
	defer func() {
		if !answered { // our own code panicked: it must not cost the caller its time-out
			p.reply(e.reply, p.control.gone())
		}
	}()
	var err error
	switch e.form {
	case formSend:
		p.params = pack.AppendMessage(p.params[:0], "", e.body)
		if _, err = p.turn(e.export, p.params, e.cause); err != nil && p.survives(err) {
			p.logger().Error("the turn of a message failed, and nobody waits for its answer", "error", err)
		}
	case formRequest:
		err = p.handleRequest(e)
	case formCall:
		var response []byte
		if response, err = p.turn(e.export, e.params, e.cause); err == nil {
			p.reply(e.reply, answer{body: string(response)})
		} else {
			p.reply(e.reply, p.failure(err))
		}
	}
	answered = true
	p.afterTurn(ctx, err)
}

// handleRequest runs handle-request. The request is outstanding while it does;
// afterwards only when the guest chose to answer later, and can.
func (p *process) handleRequest(e *envelope) error {
	id := requestID(chain.Ref{Actor: p.control.id, Record: p.next})
	p.requests.open(id, e.reply)
	p.params = pack.AppendMessage(p.params[:0], id, e.body)
	response, err := p.turn(e.export, p.params, e.cause)
	if err != nil {
		p.requests.settle(p, id, p.failure(err))
		return err
	}
	if body, later := requestBody(response); !later || !p.control.answersLater {
		p.requests.settle(p, id, answer{body: body})
	}
	return nil
}

func (p *process) failure(err error) answer {
	return answer{err: &FailedError{Path: p.control.path, Err: err}}
}

// turn runs one export to its recorded end. The error is that of the turn, or
// says why it was not admitted.
func (p *process) turn(export int, params []byte, cause chain.Cause) ([]byte, error) {
	ctx := p.control.ctx
	if err := p.writer.Reserve(ctx, turnRoom); err != nil {
		if killed := (*wasm.Trap)(nil); errors.As(context.Cause(ctx), &killed) {
			return nil, killed
		}
		p.logger().Warn("turn not admitted", "error", err)
		return nil, err
	}
	defer p.writer.Release(turnRoom)
	p.inTurn = true
	started := p.machine.Begin(p.now())
	p.door.open(ctx, chain.Call{Export: uint32(export), Params: p.payload(params), Cause: cause, Delivery: 1, Time: started}, len(params))
	response, err := p.machine.Turn(ctx, export, params)
	p.control.memory.Store(p.machine.Memory())
	p.control.turns.Add(1)
	if err != nil {
		p.control.failures.Add(1)
	}
	return response, p.closeTurn(response, err)
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
		result := p.failed(failure)
		if result == nil {
			return failure
		}
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
		return err
	}
	p.result = chain.Result{Status: chain.ResultOK, Response: p.payload(response), State: p.state(p.machine.State())}
	p.door.event(&p.result)
	return nil
}

// failed is the event that closes a turn which failed, nil for a failure that
// is not the guest's.
func (p *process) failed(failure error) *chain.Result {
	var guest *wasm.GuestError
	var trap *wasm.Trap
	switch {
	case errors.As(failure, &guest):
		return &chain.Result{Status: chain.ResultError, Error: p.payload(guest.Value), Text: p.words(guest.Message)}
	case p.interrupted(failure):
		return cutShort("the actor was told to end")
	case errors.As(failure, &trap):
		function, known := trap.Site()
		return &chain.Result{
			Status: resultStatus(trap.Kind), Text: p.words(trap.Error()), Fuel: uint64(max(trap.Fuel, 0)),
			Trap: chain.TrapInfo{Kind: string(trap.Kind), Function: function, Known: known},
		}
	}
	return nil
}

// interrupted reports whether the turn was cut short because the actor is to
// end, but was not killed.
func (p *process) interrupted(failure error) bool {
	var trap *wasm.Trap
	order := p.control.ordered()
	return errors.As(failure, &trap) && trap.Kind == wasm.KindKilled && order != orderNone && order != orderKill
}

// afterTurn decides whether the actor goes on.
func (p *process) afterTurn(ctx actor.Context, err error) {
	if err == nil && p.haltErr == nil && p.shutdown == nil {
		return
	}
	var exit Exit
	switch {
	case p.haltErr != nil:
		exit = Exit{Reason: ReasonInterrupted, Err: p.haltErr}
	case p.interrupted(err):
		exit = p.orderedExit()
	case !p.survives(err):
		exit = exitOf(err)
	case p.shutdown != nil:
		exit = *p.shutdown
	default:
		return
	}
	p.finish(exit)
	ctx.Stop(ctx.Self())
}

// survives reports whether the actor goes on after a turn with that outcome.
func (p *process) survives(err error) bool {
	var guest *wasm.GuestError
	return err == nil || errors.Is(err, chain.ErrNoSpace) ||
		errors.As(err, &guest) && p.control.manifest.Supervision.OnError == manifest.OnErrorContinue
}
