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

	next   uint64        // number of the next record
	events []chain.Event // of it
}

// Call implements wasm.Host: it answers and records.
func (r *recorder) Call(ctx context.Context, imp int, input []byte) (wasm.Reply, error) {
	reply, err := r.answers.Call(ctx, imp, input)
	r.events = append(r.events, &chain.Host{
		Import: uint32(imp), Input: chain.NewPayload(input), Status: chain.CallAnswered, Output: chain.NewPayload(reply.Output),
	})
	return reply, err
}

// birth writes the genesis and runs the first init.
func (r *recorder) birth(ctx context.Context) error {
	state, err := pack.Encode(wasm.DefaultState())
	if err != nil {
		return err
	}
	w := r.of.writer
	r.machine.Attach(r)
	r.events = []chain.Event{&chain.Genesis{
		Time: time.Now().UnixNano(), Name: "echo", Path: "/echo-" + r.id.String(),
		Module: w.PutBlob(echo), InitialState: w.PutBlob(state),
		Convention: wasm.Convention, Rewriter: wasm.Rewriter, FuelSchedule: wasm.FuelSchedule,
	}}
	return r.turn(ctx, r.init, pack.Unit)
}

// restart lets the guest trap, makes the instance fresh, and runs init.
func (r *recorder) restart(ctx context.Context) error {
	var trap *wasm.Trap
	switch err := r.turn(ctx, r.send, pack.Tuple(pack.Bytes([]byte{0, 't'}))); {
	case err == nil:
		return errors.New("the guest does not trap when it is told to")
	case !errors.As(err, &trap) || trap.Kind != wasm.KindUnreachable:
		return err
	}
	if err := r.reset(ctx); err != nil {
		return err
	}
	r.events = []chain.Event{&chain.Lifecycle{What: chain.LifecycleRestart, Time: time.Now().UnixNano(), Reason: "trap", Count: 1}}
	return r.turn(ctx, r.init, pack.Unit)
}

// reset makes the machine what it was when it had started.
func (r *recorder) reset(ctx context.Context) error {
	r.machine.Close(ctx)
	machine, err := r.of.program.start(ctx)
	if err != nil {
		return err
	}
	r.machine = machine
	r.machine.Attach(r)
	return nil
}

// turn runs one export and appends its record, which begins with what is in
// events. Its error is that of the turn or of the log.
func (r *recorder) turn(ctx context.Context, export int, params pack.Value) error {
	input, err := pack.Encode(params)
	if err != nil {
		return err
	}
	room, err := r.of.writer.Reserve(ctx, turnRoom)
	if err != nil {
		return err
	}
	defer room.Release()
	r.events = append(r.events, &chain.Call{
		Export: uint32(export), Params: chain.NewPayload(input),
		Cause: chain.Cause{Kind: chain.CauseExternal, External: sender}, Delivery: 1, Time: r.machine.Begin(time.Now().UnixNano()),
	})
	response, failure := r.machine.Turn(ctx, export, params)
	result, err := r.result(response, failure)
	if err != nil {
		return err
	}
	record := chain.Record{Actor: r.id, Number: r.next, Epoch: r.of.writer.Epoch(), Events: append(r.events, result)}
	r.events = nil
	r.next++
	if err := r.of.writer.Append(record, room, nil); err != nil {
		return err
	}
	return failure
}

// result closes a turn on the chain. A failure that is no trap is its error.
func (r *recorder) result(response pack.Value, failure error) (*chain.Result, error) {
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
	encoded, err := pack.Encode(response)
	if err != nil {
		return nil, err
	}
	state, err := pack.Encode(r.machine.State())
	if err != nil {
		return nil, err
	}
	return &chain.Result{Status: chain.ResultOK, Response: chain.NewPayload(encoded), State: chain.NewState(state)}, nil
}
