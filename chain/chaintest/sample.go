// Package chaintest holds what the tests of every chain.Log share: the
// conformance suite and sample records. Only tests and benchmarks import it.
package chaintest

import (
	"bytes"
	"encoding/binary"

	"github.com/theater-go/theater/chain"
)

// Module is the guest that sample actors run; a test puts it as a blob.
var Module = []byte("\x00asm sample module")

// Start is the time at which sample actors begin, in unix nanoseconds.
const Start = 1_700_000_000_000_000_000

// ID is the n-th sample actor. Ids sort by n.
func ID(n int) chain.ID {
	var id chain.ID
	binary.BigEndian.PutUint64(id[:8], uint64(n))
	id[6], id[8] = 0x70, 0x80
	binary.BigEndian.PutUint32(id[12:], uint32(n))
	return id
}

// Sum is a sample hash.
func Sum(fill byte) chain.Hash { return chain.Hash(bytes.Repeat([]byte{fill}, 32)) }

// Draft is a record as it is handed to a log.
func Draft(r chain.Record) *chain.Draft {
	d := chain.NewDraft(r.Actor, r.Number)
	for _, e := range r.Events {
		d.Add(e)
	}
	return d
}

// Ack is a function that is called as a chain.Acknowledger.
type Ack func(rec *chain.Stored, err error)

// Acknowledged implements chain.Acknowledger.
func (f Ack) Acknowledged(rec *chain.Stored, err error) { f(rec, err) }

// AckTo sends the errors of acknowledgements.
func AckTo(acked chan<- error) Ack { return func(_ *chain.Stored, err error) { acked <- err } }

// Genesis is the record 0 of an actor that runs Module.
func Genesis(id chain.ID, module chain.Hash) chain.Record {
	return chain.Record{Actor: id, Events: []chain.Event{&chain.Genesis{
		Time: Start, Name: "sample", Path: "/sample", Module: module, Convention: 1, Rewriter: 1, FuelSchedule: 1,
	}}}
}

// Turn is a typical turn with a payload of size bytes: one message that another
// actor sent, one host call, and an answer.
func Turn(id chain.ID, number uint64, size int) chain.Record {
	body := bytes.Repeat([]byte{byte(number), 'p', 'a', 'y'}, (size+3)/4)[:size]
	return chain.Record{Actor: id, Number: number, Events: []chain.Event{
		&chain.Call{
			Export: 2, Params: chain.Payload{Bytes: body}, Delivery: 1, Time: Start + int64(number)*1_000_000,
			Cause: chain.Cause{Kind: chain.CauseEvent, Event: chain.Ref{Actor: ID(7), Record: number, Index: 1}},
		},
		&chain.Host{Import: 1, Input: chain.Payload{Bytes: body}},
		&chain.Result{Response: chain.Payload{Bytes: body}, State: chain.NewState(body[:min(size, 16)])},
	}}
}

// Every holds an event of each kind, with each field in use and with each at
// its least, and those of an actor that is supervised. It is split into records
// because a record has one result; the last is a checkpoint.
func Every() [][]chain.Event {
	inline := chain.Payload{Bytes: []byte("CGRF inline")}
	blob := chain.BlobPayload(Sum(0xb1), 70_000)
	sealed := chain.Payload{Form: chain.FormSealed, Sum: Sum(0x5e), Length: 300}
	ref := chain.Ref{Actor: ID(300), Record: 300, Index: 2}
	full := []chain.Event{
		&chain.Genesis{
			Time: Start, Name: "counter", Path: "/shop/counter", Parent: ref, Module: Sum(1), Manifest: Sum(2),
			InitialState: Sum(3), Children: Sum(9), Convention: 2, Rewriter: 300, FuelSchedule: 7, Sealed: true,
		},
		&chain.Call{Export: 300, Params: inline, Cause: chain.Cause{Kind: chain.CauseEvent, Event: ref}, Delivery: 2, Time: Start + 1},
		&chain.Key{Key: Sum(4)},
		&chain.Host{Import: 3, Input: blob, Status: chain.CallDenied, Output: sealed},
		&chain.Intent{Import: 129, Input: sealed},
		&chain.Outcome{Import: 129, Status: chain.CallTimedOut, Time: -1},
		&chain.Outcome{Import: 5, Input: inline, Output: Unit(), Time: Start + 2},
		&chain.Host{Import: 6, Input: OKUnit(), Output: Unit()},
		&chain.Result{
			Status: chain.ResultLimit, Response: inline, Error: blob, State: chain.StateRef{Sum: Sum(5), Length: 1 << 40},
			Trap: chain.TrapInfo{Kind: "memory", Function: 70_000, Known: true}, Fuel: 1 << 50, Text: "display only",
		},
		&chain.Lifecycle{
			What: chain.LifecycleUpgrade, Time: Start + 3, Reason: "asked", Detail: "v2", Count: 9, Wait: 1_500_000_000, Ref: ref,
			Sum: Sum(6), Manifest: Sum(7), Convention: 2, Rewriter: 8, FuelSchedule: 9,
		},
	}
	least := []chain.Event{
		&chain.Genesis{}, &chain.Call{}, &chain.Key{}, &chain.Host{}, &chain.Intent{}, &chain.Outcome{}, &chain.Lifecycle{},
		&chain.Call{Cause: chain.Cause{Kind: chain.CauseExternal, External: "cli"}},
		&chain.Result{Trap: chain.TrapInfo{Kind: "unreachable"}, Status: chain.ResultTrap},
	}
	states := [][]chain.Event{full, least}
	for _, s := range []chain.StateRef{{}, chain.NewState([]byte("state")), {Sum: Sum(8), Length: 3, Sealed: true}} {
		states = append(states, []chain.Event{&chain.Result{State: s}})
	}
	return append(states, restarted(ref), []chain.Event{&chain.Lifecycle{What: chain.LifecycleCheckpoint, Time: Start + 7, Sum: Sum(0xc4)}})
}

// restarted holds what a supervised actor has besides: a message dropped with a
// restart that begins with the initial state, one that goes on with the last,
// and a turn that tells of a child's event.
func restarted(ref chain.Ref) []chain.Event {
	return []chain.Event{
		&chain.Lifecycle{What: chain.LifecycleDropped, Time: Start + 4, Reason: "trap", Ref: ref},
		&chain.Lifecycle{
			What: chain.LifecycleRestart, Time: Start + 4, Reason: "trap", Detail: "unreachable", Count: 1, Wait: 200_000_000, Sum: Sum(3),
		},
		&chain.Lifecycle{What: chain.LifecycleRestart, Time: Start + 5, Reason: "error", Count: 300},
		&chain.Call{
			Export: 7, Params: chain.NoticePayload(ref, 900), Cause: chain.Cause{Kind: chain.CauseEvent, Event: ref}, Delivery: 1, Time: Start + 6,
		},
	}
}

// Unit is the payload ().
func Unit() chain.Payload {
	return chain.Payload{Bytes: []byte("CGRF\x02\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x0b\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00")}
}

// OKUnit is the payload ok(()) of a host function.
func OKUnit() chain.Payload {
	return chain.Payload{Bytes: []byte("CGRF\x02\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x0b\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00" +
		"\x14\x00\x00\x00\x0b\x00\x00\x00\x06\x06\x00\x00\x00\x00\x01\x00\x00\x00\x00")}
}

// Checkpoint is a sample, of the state that stands in record number.
func Checkpoint(id chain.ID, number uint64) *chain.Checkpoint {
	return &chain.Checkpoint{
		Actor: id, Record: number, Turns: 300, Fuel: 70_000, Restarts: 2, Began: Start + 8,
		Crossings: []chain.Crossing{{Interface: "theater:simple/message-server-host", Function: "register", Input: Unit().Bytes, Output: OKUnit().Bytes}},
		State:     []byte("CGRF state"), Machine: []byte("thS machine"),
	}
}
