package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// turnRoom is what a turn reserves of the log, as an actor's does.
const turnRoom = 4096

// recorder is one machine, and the chain that it writes as an actor does: a
// record for each turn, with every call of the guest's to its host.
type recorder struct {
	of         *recorders
	id         chain.ID
	machine    *wasm.Machine
	init, send int // exports
	answers

	next  uint64       // number of the next record
	draft *chain.Draft // of it; nil before its first event
}

// record adds an event to the next record.
func (r *recorder) record(e chain.Event) {
	if r.draft == nil {
		r.draft = chain.NewDraft(r.id, r.next)
	}
	r.draft.Add(e)
}

// Call implements wasm.Host: it answers and records.
func (r *recorder) Call(ctx context.Context, imp int, input []byte) (wasm.Reply, error) {
	reply, err := r.answers.Call(ctx, imp, input)
	r.record(&chain.Host{
		Import: uint32(imp), Input: chain.NewPayload(input), Status: chain.CallAnswered, Output: chain.NewPayload(reply.Output),
	})
	return reply, err
}

// birth writes the genesis and runs the first init.
func (r *recorder) birth(ctx context.Context) error {
	w := r.of.writer
	r.machine.Attach(r)
	r.record(&chain.Genesis{
		Time: time.Now().UnixNano(), Name: "echo", Path: "/echo-" + r.id.String(),
		Module: w.PutBlob(echo), InitialState: w.PutBlob(pack.MustEncode(wasm.DefaultState())),
		Convention: wasm.Convention, Rewriter: wasm.Rewriter, FuelSchedule: wasm.FuelSchedule,
	})
	return r.turn(ctx, r.init, noParams)
}

// toTrap are the parameters of a message that makes the guest trap.
var toTrap = pack.AppendMessage(nil, "", "\x00t")

// restart lets the guest trap, makes the instance fresh, and runs init.
func (r *recorder) restart(ctx context.Context) error {
	var trap *wasm.Trap
	switch err := r.turn(ctx, r.send, toTrap); {
	case err == nil:
		return errors.New("the guest does not trap when it is told to")
	case !errors.As(err, &trap) || trap.Kind != wasm.KindUnreachable:
		return err
	}
	if err := r.machine.Reset(ctx); err != nil {
		return err
	}
	r.record(&chain.Lifecycle{What: chain.LifecycleRestart, Time: time.Now().UnixNano(), Reason: "trap", Count: 1})
	return r.turn(ctx, r.init, noParams)
}

// turn runs one export and appends its record, which begins with what was
// recorded before. Its error is that of the turn or of the log.
func (r *recorder) turn(ctx context.Context, export int, params []byte) error {
	w := r.of.writer
	if err := w.Reserve(ctx, turnRoom); err != nil {
		return err
	}
	defer w.Release(turnRoom)
	r.record(&chain.Call{
		Export: uint32(export), Params: chain.NewPayload(params),
		Cause: chain.Cause{Kind: chain.CauseExternal, External: sender}, Delivery: 1, Time: r.machine.Begin(time.Now().UnixNano()),
	})
	response, failure := r.machine.Turn(ctx, export, params)
	result, err := r.result(response, failure)
	if err != nil {
		return err
	}
	r.record(result)
	draft := r.draft
	r.draft = nil
	r.next++
	if err := w.Append(draft, nil); err != nil {
		return err
	}
	return failure
}

// result closes a turn on the chain. A failure that is no trap is its error.
func (r *recorder) result(response []byte, failure error) (*chain.Result, error) {
	var trap *wasm.Trap
	switch {
	case errors.As(failure, &trap):
		function, known := trap.Site()
		return &chain.Result{
			Status: chain.ResultTrap, Text: trap.Error(),
			Trap: chain.TrapInfo{Kind: string(trap.Kind), Function: function, Known: known},
		}, nil
	case failure != nil:
		return nil, fmt.Errorf("actor %s: %w", r.id, failure)
	}
	return &chain.Result{Status: chain.ResultOK, Response: chain.NewPayload(response), State: chain.NewState(r.machine.State())}, nil
}
