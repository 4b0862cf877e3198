package chain_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/theater-go/theater/chain"
)

func TestEveryPayloadOfAnEventIsNamed(t *testing.T) {
	for _, e := range []chain.Event{
		&chain.Genesis{}, &chain.Call{}, &chain.Host{}, &chain.Intent{}, &chain.Outcome{}, &chain.Key{}, &chain.Result{}, &chain.Lifecycle{},
	} {
		named := chain.NamesOf(e).Payloads
		for field, v := range reflect.ValueOf(e).Elem().Fields() {
			if p, ok := v.Addr().Interface().(*chain.Payload); ok && !slices.Contains(named[:], p) {
				t.Errorf("%s does not name its %s", chain.KindOf(e), field.Name)
			}
		}
	}
}

func TestAnEventNamesWhatItsChainNeeds(t *testing.T) {
	sum, manifest, state := chain.Hash{1}, chain.Hash{2}, chain.Hash{3}
	parent := chain.Ref{Actor: chain.ID{4}, Record: 5, Index: 6}
	child := chain.Ref{Actor: chain.ID{7}, Record: 8}
	call := &chain.Call{Params: chain.NoticePayload(child, 9), Cause: chain.Cause{Kind: chain.CauseEvent, Event: parent}}
	outside := &chain.Call{Cause: chain.Cause{Kind: chain.CauseExternal, Event: parent}}
	for name, c := range map[string]struct {
		event chain.Event
		want  chain.Names
	}{
		"a genesis": {
			&chain.Genesis{Module: sum, Manifest: manifest, InitialState: state, Children: chain.Hash{4}, Parent: parent},
			chain.Names{Blobs: [3]chain.Hash{sum, manifest, state}, Children: chain.Hash{4}, Events: [2]chain.Ref{parent}},
		},
		"a call that tells of an event":  {call, chain.Names{Payloads: [2]*chain.Payload{&call.Params}, Events: [2]chain.Ref{child, parent}}},
		"a call from outside":            {outside, chain.Names{Payloads: [2]*chain.Payload{&outside.Params}}},
		"an upgrade":                     {&chain.Lifecycle{What: chain.LifecycleUpgrade, Sum: sum, Manifest: manifest}, chain.Names{Blobs: [3]chain.Hash{sum, manifest}}},
		"a checkpoint":                   {&chain.Lifecycle{What: chain.LifecycleCheckpoint, Sum: sum}, chain.Names{Checkpoint: sum}},
		"a restart, whose sum is known":  {&chain.Lifecycle{What: chain.LifecycleRestart, Sum: sum}, chain.Names{}},
		"a message that was not handled": {&chain.Lifecycle{What: chain.LifecycleDropped, Ref: parent}, chain.Names{Events: [2]chain.Ref{parent}}},
	} {
		if got := chain.NamesOf(c.event); got != c.want {
			t.Errorf("%s names %+v, not %+v", name, got, c.want)
		}
	}
}
