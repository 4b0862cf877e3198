package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// door is the recording door: everything that a guest asks of the world passes
// it, is held against the grant, and becomes an event of the turn.
type door struct {
	process *process

	// Of the turn that runs:
	ctx      context.Context
	draft    *chain.Draft // of the events that are not enqueued yet; nil for none
	effects  []effect     // not released yet
	calls    int
	recorded int64 // bytes
	logged   int64 // bytes

	pending []iter.Seq[any] // by session, its effects that are not released yet

	// Memory that is used again: events as they are written down, and the call
	// that a session is asked to answer.
	begun    chain.Call
	answered chain.Host
	asked    host.Call
	view     pack.View
	room     [4]pack.Value // for arguments
}

// effect is what a deferred call left to be released.
type effect struct {
	session host.Session
	what    any
	at      host.Event
}

var _ wasm.Host = (*door)(nil)

// open begins a turn.
func (d *door) open(ctx context.Context, call chain.Call, size int) {
	d.ctx = ctx
	d.forget()
	d.calls, d.recorded, d.logged = 0, int64(size), 0
	d.begun = call
	d.event(&d.begun)
}

// forget drops the effects.
func (d *door) forget() {
	clear(d.effects)
	d.effects = d.effects[:0]
}

// flush enqueues the events so far as a record and, unless the turn failed,
// lets the effects act in order.
func (d *door) flush(release bool) error {
	defer d.forget()
	draft := d.draft
	d.draft = nil
	if err := d.process.append(draft); err != nil {
		return err
	}
	if release {
		for _, e := range d.effects {
			e.session.Release(e.what, e.at)
		}
	}
	return nil
}

// at names the next event.
func (d *door) at() host.Event {
	at := host.Event{Actor: d.process.control.id, Record: d.process.next}
	if d.draft != nil {
		at.Index = uint32(d.draft.Count())
	}
	return at
}

// here is at as a chain names it.
func (d *door) here() chain.Ref {
	at := d.at()
	return chain.Ref{Actor: at.Actor, Record: at.Record, Index: at.Index}
}

// event writes an event down. It keeps nothing of e.
func (d *door) event(e chain.Event) {
	if d.draft == nil {
		d.draft = chain.NewDraft(d.process.control.id, d.process.next)
	}
	d.draft.Add(e)
}

// Call serves import number imp.
func (d *door) Call(ctx context.Context, imp int, input []byte) (wasm.Reply, error) {
	p := d.process
	if p.haltErr != nil {
		return wasm.Reply{}, p.haltErr
	}
	if d.calls++; d.calls > p.limits.HostCalls {
		return wasm.Reply{}, d.refuse(imp, input, wasm.Trapf(wasm.KindLimit, "the turn makes more than limits.host_calls = %d", p.limits.HostCalls))
	}
	if err := d.weigh(len(input)); err != nil {
		return wasm.Reply{}, d.refuse(imp, input, err)
	}
	if p.control.module.Layout.Imports[imp].WASI() {
		return d.sleep(ctx, imp, input)
	}
	f := &p.control.functions[imp]
	args, err := d.args(f, input)
	switch {
	case errors.Is(err, host.ErrArguments):
		return d.answer(imp, input, f, pack.Value{}, err)
	case err != nil:
		return wasm.Reply{}, d.refuse(imp, input, wasm.Trapf(wasm.KindABI, "%s.%s is called with bytes that are no value: %v", f.Interface, f.Signature.Name, err))
	}
	session := p.sessions[f.Session]
	d.asked.Reset(f, args, d.at(), p.machine.Clock(), d.pending[f.Session])
	if f.Kind == host.Outcall || f.Kind == host.Wait {
		return d.leave(ctx, imp, input, f)
	}
	out, err := session.Call(ctx, &d.asked)
	reply, trap := d.answer(imp, input, f, out, err)
	if what := d.asked.Effect(); trap == nil && err == nil && what != nil {
		d.effects = append(d.effects, effect{session, what, d.asked.At})
	}
	return reply, trap
}

// args are the arguments of a call.
func (d *door) args(f *host.Function, input []byte) ([]pack.Value, error) {
	if d.view.Scan(input) {
		if args, ok := f.FlatArgs(&d.view, d.room[:0]); ok {
			return args, nil
		}
	}
	value, err := pack.Decode(input)
	if err != nil {
		return nil, err
	}
	return f.Args(value)
}

// serve readies the door for the sessions that answer calls.
func (d *door) serve(sessions []host.Session) {
	d.pending = d.pending[:0]
	for _, of := range sessions {
		d.pending = append(d.pending, func(yield func(any) bool) {
			for _, e := range d.effects {
				if e.session == of && !yield(e.what) {
					return
				}
			}
		})
	}
}

// weigh holds the turn to what it may put on the chain.
func (d *door) weigh(bytes int) error {
	limit := d.process.limits.RecordedBytes
	if d.recorded += int64(bytes); d.recorded > limit {
		return wasm.Trapf(wasm.KindLimit, "the turn would record more than limits.recorded_bytes = %d", limit)
	}
	return nil
}

// refuse records a call that is not served and returns the trap that ends it.
func (d *door) refuse(imp int, input []byte, trap error) error {
	d.event(&chain.Host{Import: uint32(imp), Input: d.process.payload(input), Status: chain.CallRefused})
	return trap
}

// answer records a call that was answered on the spot.
func (d *door) answer(imp int, input []byte, f *host.Function, out pack.Value, err error) (wasm.Reply, error) {
	status, output, trap := d.output(f, out, err)
	d.answered = chain.Host{Import: uint32(imp), Input: d.process.payload(input), Status: status, Output: d.process.payload(output)}
	d.event(&d.answered)
	return wasm.Reply{Output: output}, trap
}

// okUnit is what most functions answer.
var okUnit = pack.MustEncode(pack.Ok(pack.TypeString, pack.TypeString, pack.Unit))

// output is what the guest is handed for an answer or an error: a value, or a
// trap where the function has no err.
func (d *door) output(f *host.Function, out pack.Value, err error) (chain.CallStatus, []byte, error) {
	if err == nil && f.AnswersUnit(out) {
		return d.weighed(chain.CallAnswered, okUnit)
	}
	status := chain.CallAnswered
	kind := wasm.KindHost
	switch {
	case errors.Is(err, host.ErrDenied):
		status, kind = chain.CallDenied, wasm.KindDenied
	case errors.Is(err, host.ErrArguments):
		kind = wasm.KindABI
	}
	value, err := f.Output(out, err)
	if err != nil {
		if status == chain.CallAnswered {
			status = chain.CallRefused
		}
		return status, nil, wasm.Trapf(kind, "%s.%s: %v", f.Interface, f.Signature.Name, err)
	}
	encoded, err := pack.Encode(value)
	if err != nil {
		return chain.CallRefused, nil, err
	}
	return d.weighed(status, encoded)
}

// weighed is an output that must fit what the turn may put on the chain.
func (d *door) weighed(status chain.CallStatus, output []byte) (chain.CallStatus, []byte, error) {
	if err := d.weigh(len(output)); err != nil {
		return chain.CallRefused, nil, err
	}
	return status, output, nil
}

// leave makes a call that leaves the actor and waits: what the turn did so far
// is enqueued and released first, with the intent.
func (d *door) leave(ctx context.Context, imp int, input []byte, f *host.Function) (wasm.Reply, error) {
	p := d.process
	outcome := &chain.Outcome{Import: uint32(imp)}
	if f.Kind == host.Outcall {
		d.event(&chain.Intent{Import: uint32(imp), Input: p.payload(input)})
	} else {
		outcome.Input = p.payload(input)
	}
	if err := d.flush(true); err != nil {
		return wasm.Reply{}, err
	}
	// The context of the call is over with the turn; a timer may outlive it.
	waiting, cancel := context.WithTimeout(d.ctx, p.limits.WaitTime)
	defer cancel()
	var out pack.Value
	var err error
	p.wait(imp, func() { out, err = p.sessions[f.Session].Call(waiting, &d.asked) })
	var killed *wasm.Trap
	switch {
	case errors.As(context.Cause(ctx), &killed):
		return d.settle(outcome, chain.CallKilled, nil, killed)
	case err != nil && waiting.Err() != nil:
		_, output, trap := d.output(f, out, fmt.Errorf("no answer within limits.wait_time = %v", p.limits.WaitTime))
		return d.settle(outcome, chain.CallTimedOut, output, trap)
	}
	status, output, trap := d.output(f, out, err)
	return d.settle(outcome, status, output, trap)
}

// wait runs f, which waits on the guest's behalf in an import, while others use its slot
// and its worker.
func (p *process) wait(imp int, f func()) {
	p.control.running.waits(imp)
	defer p.control.running.goesOn()
	p.machine.Wait(func() {
		p.control.mailbox.blocking()
		defer p.control.mailbox.unblocked()
		f()
	})
}

// settle records the end of a wait.
func (d *door) settle(o *chain.Outcome, status chain.CallStatus, output []byte, trap error) (wasm.Reply, error) {
	p := d.process
	o.Status, o.Output = status, p.payload(output)
	o.Time = max(p.now(), p.machine.Clock()+1, o.Time)
	d.event(o)
	return wasm.Reply{Output: output, Now: o.Time}, trap
}

// sleep is a poll_oneoff that waits for a clock: a wait that really waits, and
// ends at once when the actor is told to end.
func (d *door) sleep(ctx context.Context, imp int, input []byte) (wasm.Reply, error) {
	p := d.process
	outcome := &chain.Outcome{Import: uint32(imp), Input: p.payload(input)}
	ns, err := wasm.SleepDuration(input)
	if err != nil {
		return wasm.Reply{}, d.refuse(imp, input, wasm.Trapf(wasm.KindABI, "sleep: %v", err))
	}
	duration := time.Duration(ns)
	if duration > p.limits.WaitTime {
		return d.settle(outcome, chain.CallRefused, nil, wasm.Trapf(wasm.KindLimit, "a sleep of %v is longer than limits.wait_time = %v", duration, p.limits.WaitTime))
	}
	if err := d.flush(true); err != nil {
		return wasm.Reply{}, err
	}
	outcome.Time = p.machine.Clock() + ns
	timer := time.NewTimer(duration)
	defer timer.Stop()
	slept, told := false, p.control.told(p.life)
	p.wait(imp, func() {
		select {
		case <-timer.C:
			slept = true
		case <-ctx.Done():
		case <-told:
		}
	})
	if slept {
		return d.settle(outcome, chain.CallAnswered, nil, nil)
	}
	outcome.Time = 0
	if killed := (*wasm.Trap)(nil); errors.As(context.Cause(ctx), &killed) {
		return d.settle(outcome, chain.CallKilled, nil, killed)
	}
	return d.settle(outcome, chain.CallInterrupted, nil, errTold)
}

// Key draws and records the turn's random key.
func (d *door) Key() ([32]byte, error) {
	var key [32]byte
	if _, err := io.ReadFull(d.process.system.config.Random, key[:]); err != nil {
		return key, wasm.Trapf(wasm.KindHost, "randomness: %v", err)
	}
	d.event(&chain.Key{Key: key})
	return key, nil
}

var streamNames = map[wasm.Stream]string{wasm.Stdout: "stdout", wasm.Stderr: "stderr"}

// Output passes a line of the guest on. It needs no event: a replay writes it
// again.
func (d *door) Output(stream wasm.Stream, line string) {
	d.process.output(streamNames[stream], line)
}
