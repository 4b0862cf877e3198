package actors

import (
	"fmt"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/pack"
)

// The exports by which messages reach an actor.
const (
	exportInit    = "theater:simple/actor.init"
	exportSend    = "theater:simple/message-server-client.handle-send"
	exportRequest = "theater:simple/message-server-client.handle-request"
)

// The import by which an actor answers a request later.
const importRespond = "theater:simple/message-server-host.respond-to-request"

// The import by which an actor has a child that goes on where another has ended.
const importResume = "theater:simple/supervisor.resume"

// form says what kind of message an envelope holds.
type form uint8

const (
	formSend    form = iota // body to handle-send; nobody waits
	formRequest             // body to handle-request; reply takes the guest's bytes
	formCall                // params to export; reply takes the response
	formNotice              // a child's event to handle-child-event: kind in body, bytes in params
)

// envelope is a message on its way to an actor: which export handles it, with
// what, caused by what, and who waits for the answer.
type envelope struct {
	form       form
	deliveries uint32 // so far; the process that handles it counts
	export     int    // its index
	body       string
	params     []byte
	cause      chain.Cause
	reply      *reply // nil when nobody waits
	kept       bool   // it is delivered again when its receiver is resumed, for the log has who sent it
	marks      *marks // of the turn that sends it; of a notice, with its own

	refusal error // why it was not queued; set on the sender's goroutine
}

var _ delivery = (*envelope)(nil)

// sendTo is a message for the actor's handle-send.
func (c *control) sendTo(body string, cause chain.Cause) (*envelope, error) {
	if c.handleSend == absent {
		return nil, &NoExportError{Path: c.path, Export: exportSend}
	}
	return &envelope{form: formSend, export: c.handleSend, body: body, cause: cause}, nil
}

// requestTo is a message for the actor's handle-request.
func (c *control) requestTo(body string, cause chain.Cause, r *reply) (*envelope, error) {
	if c.handleReq == absent {
		return nil, &NoExportError{Path: c.path, Export: exportRequest}
	}
	return &envelope{form: formRequest, export: c.handleReq, body: body, cause: cause, reply: r}, nil
}

// envelopeOverhead is what a message weighs beside its body, in bytes.
const envelopeOverhead = 128

func (e *envelope) size() int { return len(e.body) + len(e.params) + envelopeOverhead }

func (e *envelope) refuse(reason error) { e.refusal = reason }

func (e *envelope) fleeting() bool { return !e.kept }

func (e *envelope) awaited() bool { return e.reply != nil }

// lossy reports whether nobody need know when the message is not handled.
func (e *envelope) lossy() bool { return e.form == formNotice && e.deliveries == 0 }

// answer is what a waiting caller gets.
type answer struct {
	body string // of a request; of a call, the response
	err  error
}

// reply is where the answer to a message goes. It takes one.
type reply struct {
	ch chan answer
	// external callers are answered when the log has acknowledged the answer,
	// actors of the same log when it is enqueued.
	external bool
}

func newReply(external bool) *reply {
	return &reply{ch: make(chan answer, 1), external: external}
}

// deliver answers unless somebody has; it never blocks.
func (r *reply) deliver(a answer) {
	select {
	case r.ch <- a:
	default:
	}
}

// requestBody is how a request's answer is read from what handle-request
// returned: a tuple of one option. held says that the guest will answer later;
// anything else than the tuple is an empty answer, as in the original.
func requestBody(encoded []byte) (body string, held bool) {
	response, err := pack.Decode(encoded)
	if err != nil || response.Kind() != pack.KindTuple || response.Len() == 0 {
		return "", false
	}
	inner, present, ok := response.At(0).Option()
	if !ok || !present {
		return "", ok
	}
	body, _ = inner.AsByteString()
	return body, false
}

// requestID names a request: the call that delivers it, in the form of a UUID.
func requestID(at chain.Ref) string {
	sum := chain.HashEvents(at.Actor, at.Record, chain.Hash{}, uint64(at.Index), []byte("request"))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
