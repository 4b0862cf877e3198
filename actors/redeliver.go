package actors

import (
	"context"
	"iter"

	"github.com/theater-go/theater/chain"
)

// records are those of the actor's chain from one on. A witness sees them as well, and
// those before.
func (p *process) records(ctx context.Context, from uint64) iter.Seq2[chain.Record, error] {
	all := p.system.config.Log.Records(ctx, p.control.id, from)
	if p.birth == nil || p.birth.witness == nil {
		return all
	}
	return p.birth.witness.watch(ctx, all)
}

// takeUp has the last message delivered once more if its turn has failed the actor
// or was cut short, as often as the manifest allows. A message that somebody has
// waited for is not: nobody waits any more.
func (p *process) takeUp(ctx context.Context) {
	call, reason := p.birth.witness.cut, p.birth.witness.reason
	if call == nil {
		return
	}
	e := &envelope{form: formCall, export: int(call.Export), cause: call.Cause, deliveries: call.Delivery}
	if p.repeats(e) {
		params, err := call.Params.Load(ctx, p.system.config.Log)
		if err == nil {
			e.params, p.failing = params, e
			return
		}
		p.logger().Warn("a message cannot be delivered again", "error", err)
	}
	if e.cause.Kind == chain.CauseEvent {
		p.lose(e.cause.Event, string(reason), "")
	}
}

// repeats reports whether a message that was delivered before is delivered again
// after a resume.
func (p *process) repeats(e *envelope) bool {
	if e.reply != nil || int64(e.deliveries) >= int64(p.control.manifest.Supervision.MaxDeliveries) {
		return false
	}
	if e.export == p.control.handleSend {
		return true
	}
	for _, to := range []callback{callbackError, callbackExit, callbackExternalStop} {
		if index, ok := p.control.callbacks[to]; ok && index == e.export {
			return true
		}
	}
	return false
}

// waits reports whether a message that a suspended actor has not handled waits for
// its resume.
func (p *process) waits(e *envelope) bool {
	if e.deliveries > 0 {
		return p.repeats(e)
	}
	return e.kept
}

// lose notes that a message is to be recorded as dropped.
func (p *process) lose(at chain.Ref, reason, detail string) {
	p.system.totals.dropped.Add(1)
	p.lost = append(p.lost, &chain.Lifecycle{What: chain.LifecycleDropped, Time: p.now(), Reason: reason, Detail: detail, Ref: at})
}

// undeliverable is the reason of a drop where the receiver could not be reached.
const undeliverable = "undeliverable"
