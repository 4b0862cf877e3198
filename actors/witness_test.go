package actors_test

import (
	"slices"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestTheChainsTellWhichMessagesWait(t *testing.T) {
	code := listener(wasmtest.Guest{})
	layout, err := wasm.ReadLayout(code)
	check(t, err)
	export := func(name string) uint32 {
		i, ok := layout.Export(name)
		if !ok {
			t.Fatalf("there is no export %s", name)
		}
		return uint32(i)
	}
	imported := func(name string) uint32 {
		return uint32(slices.IndexFunc(layout.Imports, func(i wasm.Import) bool { return i.Module == message.Interface && i.Name == name }))
	}
	from, to := chaintest.ID(1), chaintest.ID(2)
	answer := func(v pack.Value) chain.Payload { return chain.Payload{Bytes: encode(v)} }
	fine := answer(pack.Ok(pack.TypeString, pack.TypeString, pack.Unit))
	send := &chain.Host{Import: imported("send"), Output: fine}
	refused := &chain.Host{Import: imported("send"), Output: answer(pack.Err(pack.TypeString, pack.TypeString, pack.String("no")))}
	other := &chain.Host{Import: imported("register"), Output: fine}
	begin := &chain.Call{Export: export(wasmtest.HandleSend), Cause: chain.Cause{Kind: chain.CauseExternal, External: "test"}}
	by := func(name string, at chain.Ref) *chain.Call {
		return &chain.Call{Export: export(name), Cause: chain.Cause{Kind: chain.CauseEvent, Event: at}}
	}
	well, cut := &chain.Result{}, &chain.Result{Status: chain.ResultInterrupted}
	failed, trapped := &chain.Result{Status: chain.ResultError}, &chain.Result{Status: chain.ResultTrap}
	drop := func(at chain.Ref) *chain.Lifecycle { return &chain.Lifecycle{What: chain.LifecycleDropped, Ref: at} }
	first, second := chain.Ref{Actor: from, Record: 1, Index: 1}, chain.Ref{Actor: from, Record: 1, Index: 2}
	intent := &chain.Intent{Import: imported("request")}
	type records = [][]chain.Event
	for _, c := range []struct {
		name     string
		from, to records
		want     []chain.Ref
	}{
		{"one that was sent", records{{begin, send, well}}, nil, []chain.Ref{first}},
		{"one of two that was received", records{{begin, send, send, well}}, records{{by(wasmtest.HandleSend, first), well}}, []chain.Ref{second}},
		{"none that is being received", records{{begin, send, well}}, records{{by(wasmtest.HandleSend, first)}}, nil},
		{"none that was received in vain", records{{begin, send, well}}, records{{by(wasmtest.HandleSend, first), trapped}}, nil},
		{"none that was received twice", records{{begin, send, well}}, records{{by(wasmtest.HandleSend, first), trapped}, {by(wasmtest.HandleSend, first), well}}, nil},
		{"none that the receiver has dropped", records{{begin, send, well}}, records{{drop(first)}}, nil},
		{"none that the sender has dropped", records{{begin, send, well}, {drop(first)}}, nil, nil},
		{"none that was refused", records{{begin, refused, other, well}}, nil, nil},
		{"none of a turn that failed", records{{begin, send, failed}, {begin, send, trapped}}, nil, nil},
		{"none of a turn that was cut short", records{{begin, send, cut}}, nil, nil},
		{"one before a call that leaves, whatever became of the turn", records{{begin, send, intent}, {cut}}, nil, []chain.Ref{first}},
		{"one before a call that leaves, and none after it", records{{begin, send, intent}, {&chain.Outcome{Import: intent.Import}, send, trapped}}, nil, []chain.Ref{first}},
		{"one of an open turn, before a wait", records{{begin, send}}, nil, []chain.Ref{first}},
		{"one that a notice tells of", records{{begin, send, well}}, records{{by(wasmtest.ChildEvent, first), well}}, []chain.Ref{first}},
		{"one that a notice tells of, which is dropped", records{{begin, send, well}}, records{{by(wasmtest.ChildEvent, first), trapped}, {drop(first)}}, []chain.Ref{first}},
		{"none that a notice tells of, and both are dropped", records{{begin, send, well}}, records{{by(wasmtest.ChildEvent, first), trapped}, {drop(first), drop(first)}}, nil},
		{"one that a callback names", records{{begin, send, well}}, records{{by(wasmtest.ChildExit, first), well}}, []chain.Ref{first}},
	} {
		for _, order := range [][]chain.ID{{from, to}, {to, from}} {
			log := memlog.New()
			w, err := log.Writer(t.Context())
			check(t, err)
			for id, list := range map[chain.ID]records{from: c.from, to: c.to} {
				check(t, w.Append(chaintest.Draft(chaintest.Genesis(id, w.PutBlob(code))), nil))
				for i, events := range list {
					check(t, w.Append(chaintest.Draft(chain.Record{Actor: id, Number: uint64(i + 1), Events: events}), nil))
				}
			}
			check(t, w.Close())
			got, err := actors.Waiting(t.Context(), log, order...)
			check(t, err)
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %v wait, want %v", c.name, got, c.want)
			}
		}
	}
}
