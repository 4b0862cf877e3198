package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm/pack"
)

// What an actor's handlers ask of it (host/runtime.Life, host/message.Post).

//lint:ignore ST1005 the original's words, which guests compare
var errAlreadyRegistered = errors.New("Already registered")

// Log takes a line of the guest's.
func (p *process) Log(line string) {
	d := &p.door
	if d.logged > p.limits.LogBytes {
		return
	}
	if d.logged += int64(len(line)) + 1; d.logged > p.limits.LogBytes { // an empty line counts too
		line = "… the turn logged more than limits.log_bytes; the rest is dropped"
	}
	p.output("log", line)
}

func (p *process) output(stream, line string) {
	p.system.config.Output(Line{Actor: p.control.id, Path: p.control.path, Stream: stream, Text: line})
}

// Shutdown ends the actor normally once its turn is over.
func (p *process) Shutdown(data []byte) {
	p.shutdown = &Exit{Reason: ReasonNormal, Data: data}
}

// Register makes the actor reachable by messages.
func (p *process) Register() error {
	if p.registered {
		return errAlreadyRegistered
	}
	p.registered = true
	p.control.registered.Store(true)
	return nil
}

// Resolve finds an actor that takes messages. To guests, one that does not
// register is not there.
func (p *process) Resolve(target string) (host.Actor, error) {
	c := p.lastTarget
	if c == nil || target != p.lastName || !c.listed.Load() {
		var ok bool
		if c, ok = p.system.registry.receiver(target); !ok {
			return nil, &NotFoundError{Target: target}
		}
		p.lastName, p.lastTarget = target, c
	}
	if !c.registered.Load() {
		return nil, &NotFoundError{Target: target}
	}
	return c, nil
}

// Send delivers body; what cannot be delivered is recorded as dropped.
func (p *process) Send(to host.Actor, body string, at host.Event) {
	c, cause := to.(*control), causeOf(at)
	e, err := c.sendTo(body, cause)
	if err == nil {
		e.marks, e.kept = p.marks, c.writer == p.writer
		err = c.deliver(e, p.control.mailbox.worker)
	}
	if err == nil || e != nil && e.kept && errors.Is(err, errSuspended) { // it is delivered when the other is resumed
		return
	}
	p.system.totals.dropped.Add(1)
	p.logger().Warn("message dropped", "to", c.path, "error", err)
	// A log that refuses this halts the actor, which it has said.
	_ = p.record(&chain.Lifecycle{
		What: chain.LifecycleDropped, Time: p.now(), Reason: undeliverable, Detail: err.Error(), Ref: cause.Event,
	})
}

// Request delivers body and waits for the answer.
func (p *process) Request(ctx context.Context, to host.Actor, body string, at host.Event) (string, error) {
	c, r := to.(*control), newReply(false)
	e, err := c.requestTo(body, causeOf(at), r)
	if err != nil {
		return "", err
	}
	leave, err := p.system.waits.enter(p.control, c, untilAnswer)
	if err != nil {
		return "", err
	}
	defer leave()
	e.marks = p.marks
	if err := c.deliver(e, nil); err != nil {
		return "", err
	}
	select {
	case a := <-r.ch:
		return a.body, a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// Outstanding lists the requests that the actor has not answered.
func (p *process) Outstanding() []string { return slices.Clone(p.requests.ids) }

// Respond answers one of them.
func (p *process) Respond(request, body string) {
	p.requests.settle(p, request, answer{body: body})
}

// Cancel answers one of them with an error.
func (p *process) Cancel(request string) {
	p.requests.settle(p, request, answer{err: fmt.Errorf("actor %s: %w", p.control.path, ErrCancelled)})
}

func causeOf(at host.Event) chain.Cause {
	return chain.Cause{Kind: chain.CauseEvent, Event: chain.Ref{Actor: at.Actor, Record: at.Record, Index: at.Index}}
}

// deliver queues a message with its actor, or says why it cannot be. w is the
// worker that runs the turn which sends it, nil for none.
func (c *control) deliver(e *envelope, w *worker) error {
	c.mailbox.post(e, w)
	if e.refusal != nil {
		return fmt.Errorf("actor %s: %w", c.path, e.refusal)
	}
	return nil
}

// Send delivers body to the actor's handle-send. It returns once the message
// is queued. from names the sender in the chain. While the log has no room for
// turns it is chain.ErrNoSpace, as Request and Call are, and nothing is queued.
func (s *System) Send(ref Ref, from string, body []byte) error {
	c, err := s.takesMessages(ref)
	if err != nil {
		return err
	}
	e, err := c.sendTo(string(body), external(from))
	if err == nil {
		err = c.misfit(c.misfitSend)
	}
	if err != nil {
		return err
	}
	return c.deliver(e, nil)
}

// Request delivers body to the actor's handle-request and waits for the answer.
// The answer is on the chain, in the log's durability, before it is returned.
func (s *System) Request(ctx context.Context, ref Ref, from string, body []byte) ([]byte, error) {
	c, err := s.takesMessages(ref)
	if err != nil {
		return nil, err
	}
	e, err := c.requestTo(string(body), external(from), newReply(true))
	if err == nil {
		err = c.misfit(c.misfitReq)
	}
	if err != nil {
		return nil, err
	}
	a, err := c.ask(ctx, e)
	if err != nil {
		return nil, err
	}
	return []byte(a.body), nil
}

// Call runs any export with params, a tuple or a single value, and returns its
// response. The state is put in and taken out as in every turn. Params that are not
// what the guest declares of the export are refused with a *wasm.ParamsError.
func (s *System) Call(ctx context.Context, ref Ref, from, export string, params pack.Value) (pack.Value, error) {
	c, index, err := s.callee(ref, export)
	if err != nil {
		return pack.Value{}, err
	}
	if err := c.hasRoom(); err != nil {
		return pack.Value{}, err
	}
	if err := c.misfit(c.module.CheckParams(index, params)); err != nil {
		return pack.Value{}, err
	}
	encoded, err := pack.Encode(params)
	if err != nil {
		return pack.Value{}, fmt.Errorf("parameters: %w", err)
	}
	a, err := c.ask(ctx, &envelope{form: formCall, export: index, params: encoded, cause: external(from), reply: newReply(true)})
	if err != nil {
		return pack.Value{}, err
	}
	return pack.Decode([]byte(a.body))
}

// ParseParams reads a literal as the parameters of a Call, as what the guest declares
// of the export. The error is a *wasm.ParamsError, or a *pack.SyntaxError where it
// declares nothing.
func (s *System) ParseParams(ref Ref, export, literal string) (pack.Value, error) {
	c, index, err := s.callee(ref, export)
	if err != nil {
		return pack.Value{}, err
	}
	params, err := c.module.ParseParams(index, literal)
	return params, c.misfit(err)
}

// callee is the actor and the index of its export.
func (s *System) callee(ref Ref, export string) (*control, int, error) {
	c, err := s.resolve(ref)
	if err != nil {
		return nil, 0, err
	}
	index, ok := c.module.Callable(export)
	if !ok {
		return nil, 0, &NoExportError{Path: c.path, Export: export}
	}
	return c, index, nil
}

func (s *System) takesMessages(ref Ref) (*control, error) {
	c, err := s.resolve(ref)
	if err != nil {
		return nil, err
	}
	select {
	case <-c.done:
		return nil, fmt.Errorf("%s: %w (%s)", c.path, ErrStopped, c.exited().Reason)
	default:
	}
	if !c.registered.Load() {
		return nil, fmt.Errorf("%s: %w", c.path, ErrNotRegistered)
	}
	return c, c.hasRoom()
}

// ask delivers a message and waits for its answer.
func (c *control) ask(ctx context.Context, e *envelope) (answer, error) {
	if err := c.deliver(e, nil); err != nil {
		return answer{}, err
	}
	select {
	case a := <-e.reply.ch:
		return a, a.err
	case <-ctx.Done():
		return answer{}, fmt.Errorf("actor %s: %w", c.path, context.Cause(ctx))
	}
}

func external(from string) chain.Cause {
	return chain.Cause{Kind: chain.CauseExternal, External: from}
}
