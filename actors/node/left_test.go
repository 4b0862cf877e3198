package node_test

import (
	"testing"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func TestAnActorThatIsNotBackKeepsItsPathUntilItIsSuperseded(t *testing.T) {
	settings := settingsOf(short(t))
	first := serve(t, settings)
	dir := counter(t, "a")
	old := first.spawn(dir)
	if _, err := first.request("/a"); err != nil {
		t.Fatal(err)
	}
	first.end()
	forge(t, settings.Data, old.Id)
	s := serve(t, settings)
	if len(s.ready.Left) != 1 {
		t.Errorf("not back are %+v", s.ready.Left)
	}
	request := &theaterv1.SpawnRequest{Source: &theaterv1.SpawnRequest_Path{Path: dir}}
	if _, err := s.Actors.Spawn(t.Context(), request); api.ErrorOf(err) == nil || api.ErrorOf(err).Code != api.CodeLeft {
		t.Errorf("a spawn at its path gives %v", err)
	}
	request.Supersede = true
	if r, err := s.Actors.Spawn(t.Context(), request); err != nil || r.Actor.Path != "/a" {
		t.Errorf("a spawn that says so gives %v, %v", r, err)
	}
	if r, err := s.Chain.GetChain(t.Context(), &theaterv1.GetChainRequest{Target: old.Id}); err != nil || r.Chain.Reason != "superseded" {
		t.Errorf("the old one is %v, %v", r, err)
	}
	s.end()
}

// forge has the chain of an actor say that it has given another answer than it did.
func forge(t *testing.T, data, actor string) {
	t.Helper()
	log, err := badgerlog.Open(data, badgerlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	sum, err := chain.Find(t.Context(), log, actor)
	if err != nil {
		t.Fatal(err)
	}
	var events []chain.Event
	for r, err := range log.Records(t.Context(), sum.ID, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := r.Events[0].(*chain.Call); ok {
			events = r.Events
		}
	}
	events[len(events)-1].(*chain.Result).Fuel++
	w, err := log.Writer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(chaintest.Draft(chain.Record{Actor: sum.ID, Number: sum.Records, Events: events}), nil); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
