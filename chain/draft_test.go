package chain_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestADraftIsSealedAsItsRecordIsStored(t *testing.T) {
	records := chaintest.Every()
	many := make([]chain.Event, 300) // so that their count has two bytes
	for i := range many {
		many[i] = &chain.Host{Import: uint32(i), Input: chaintest.Unit()}
	}
	records = append(records, many)
	prev := chaintest.Sum(9)
	var folded, want chain.Summary
	for i, events := range records {
		r := chain.Record{Actor: chaintest.ID(1), Number: uint64(i), Epoch: 300, Events: events}
		stored, err := chain.Store(r)
		chaintest.Must(t, err)
		stored.Hash = stored.Sum(prev)
		r.Hash = stored.Hash
		want.Apply(r)

		d := chaintest.Draft(r)
		chaintest.Must(t, d.Err())
		if got := d.Seal(r.Epoch, prev); !reflect.DeepEqual(*got, stored) {
			t.Errorf("sealed as %+v, want %+v", got, stored)
		}
		if d.Count() != len(events) || d.Size() > len(stored.Events) || d.Size() < len(stored.Events)-2 {
			t.Errorf("%d events of %d bytes, want %d of about %d", d.Count(), d.Size(), len(events), len(stored.Events))
		}
		folded.ApplyDraft(d)
		if folded != want {
			t.Errorf("the summary is %+v, want %+v", folded, want)
		}
		prev = stored.Hash
		d.Discard()
	}
}

func TestADraftKeepsNothingOfAnEvent(t *testing.T) {
	body := []byte("the first body")
	call := chain.Call{Params: chain.Payload{Bytes: body}, Time: 5}
	life := chain.Lifecycle{What: chain.LifecycleStopped, Reason: "normal", Time: 7}
	d := chain.NewDraft(chaintest.ID(1), 4)
	d.Add(&call)
	d.Add(&chain.Result{})
	d.Add(&life)
	clear(body)
	call, life = chain.Call{}, chain.Lifecycle{}

	r, err := d.Seal(1, chain.Hash{}).Record(chain.Hash{})
	chaintest.Must(t, err)
	if got := r.Events[0].(*chain.Call); string(got.Params.Bytes) != "the first body" || got.Time != 5 {
		t.Errorf("the call is %+v", got)
	}
	var s chain.Summary
	s.ApplyDraft(d)
	if s.Status != chain.StatusStopped || s.Reason != "normal" || s.Updated != 7 || s.Records != 5 {
		t.Errorf("the summary is %+v", s)
	}
}

func TestASummaryHasTheTimeOfADraft(t *testing.T) {
	for _, e := range []chain.Event{
		&chain.Genesis{Time: 5}, &chain.Call{Time: 5}, &chain.Outcome{Time: 5}, &chain.Lifecycle{Time: 5},
		&chain.Lifecycle{What: chain.LifecycleDropped, Time: 5},
	} {
		d := chain.NewDraft(chaintest.ID(1), 0)
		d.Add(e)
		s := chain.Summary{Updated: 3}
		if s.ApplyDraft(d); s.Updated != 5 {
			t.Errorf("%s: updated %d", chain.KindOf(e), s.Updated)
		}
		s.Updated = 8
		if s.ApplyDraft(d); s.Updated != 8 {
			t.Errorf("an older %s: updated %d", chain.KindOf(e), s.Updated)
		}
		d.Discard()
	}
}

func TestADraftOutsideTheFormatIsNamedAndLeavesNothingBehind(t *testing.T) {
	for range 10 { // the memory of one draft is that of the next
		d := chain.NewDraft(chaintest.ID(1), 1)
		d.Add(&chain.Key{})
		d.Add(&chain.Host{Status: 99})
		d.Add(&chain.Intent{Input: chain.Payload{Bytes: bytes.Repeat([]byte("x"), chain.InlineMax+1)}})
		d.Add(&chain.Result{Text: "left behind"})
		if err := d.Err(); !errors.Is(err, chain.ErrEncode) || err.Error() != "event 1: an unknown status or kind: record cannot be encoded" {
			t.Errorf("error %v", err)
		}
		d.Discard()

		d = chain.NewDraft(chaintest.ID(2), 2)
		if err := d.Err(); !errors.Is(err, chain.ErrEncode) {
			t.Errorf("without events: %v", err)
		}
		d.Add(&chain.Result{})
		chaintest.Must(t, d.Err())
		if s := d.Seal(1, chain.Hash{}); s.Actor != chaintest.ID(2) || s.Number != 2 || s.Note != "" || len(s.Events) != 4 {
			t.Errorf("sealed as %+v", s)
		}
		d.Discard()
	}
}

func TestTheDraftOfATurnAllocatesNothing(t *testing.T) {
	body := bytes.Repeat([]byte("x"), 64)
	allocs := testing.AllocsPerRun(1000, func() {
		d := chain.NewDraft(chaintest.ID(1), 1)
		d.Add(&chain.Call{Export: 2, Params: chain.Payload{Bytes: body}, Time: 1})
		d.Add(&chain.Host{Import: 1, Input: chain.Payload{Bytes: body}})
		d.Add(&chain.Result{State: chain.NewState(body)})
		d.Seal(1, chain.Hash{})
		d.Discard()
	})
	if allocs > 0 {
		t.Errorf("%v allocations", allocs)
	}
}
