package chain_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/wasm/pack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestIDsSortByTimeAndAreReadBack(t *testing.T) {
	random := bytes.Repeat([]byte{0xff}, 10)
	now := time.UnixMilli(1_700_000_000_123)
	id, err := chain.NewID(now, bytes.NewReader(random))
	chaintest.Must(t, err)
	if got, want := id.String(), "018bcfe5-687b-7fff-bfff-ffffffffffff"; got != want {
		t.Errorf("id %s, want %s", got, want)
	}
	later, err := chain.NewID(now.Add(time.Millisecond), bytes.NewReader(make([]byte, 10)))
	chaintest.Must(t, err)
	if bytes.Compare(id[:], later[:]) >= 0 {
		t.Errorf("%s is not before %s", id, later)
	}
	back, err := chain.ParseID(id.String())
	if err != nil || back != id {
		t.Errorf("read back %s (%v)", back, err)
	}
	if _, err := chain.NewID(now, bytes.NewReader(nil)); err == nil {
		t.Error("an id without randomness")
	}
	for _, bad := range []string{"", "018bcfe5-687b-7fff-bfff-fffffffffff", "018bcfe5-687b-7fff-bfff-fffffffffffg", "018bcfe5x687b-7fff-bfff-ffffffffffff"} {
		if _, err := chain.ParseID(bad); err == nil {
			t.Errorf("%q is an id", bad)
		}
	}
}

func TestIDsAndHashesAreTextInJSON(t *testing.T) {
	type both struct {
		ID   chain.ID
		Hash chain.Hash
	}
	want := both{chaintest.ID(3), chaintest.Sum(0xab)}
	text, err := json.Marshal(want)
	chaintest.Must(t, err)
	var got both
	chaintest.Must(t, json.Unmarshal(text, &got))
	if got != want {
		t.Errorf("read back %+v from %s", got, text)
	}
	for _, bad := range []string{`{"ID":"x"}`, `{"Hash":"x"}`, `{"Hash":"` + want.Hash.String()[2:] + `zz"}`} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestTheKnownPayloadsAreThoseThatGuestsGet(t *testing.T) {
	for want, v := range map[*chain.Payload]pack.Value{
		ptr(chaintest.Unit()):   pack.Unit,
		ptr(chaintest.OKUnit()): pack.Ok(pack.TypeString, pack.TypeString, pack.Unit),
	} {
		b, err := pack.Encode(v)
		chaintest.Must(t, err)
		if !bytes.Equal(b, want.Bytes) {
			t.Errorf("%s is %x, not %x", v, b, want.Bytes)
		}
		encoded, err := chain.AppendEvents(nil, []chain.Event{&chain.Intent{Input: chain.Payload{Bytes: b}}})
		chaintest.Must(t, err)
		if len(encoded) != 4 {
			t.Errorf("%s takes %d bytes", v, len(encoded))
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestPayloadsAreInlineUpToTheMostAndBlobsBeyond(t *testing.T) {
	k := chainOf()
	for _, n := range []int{0, 1, chain.InlineMax, chain.InlineMax + 1} {
		b := bytes.Repeat([]byte{7}, n)
		p := chain.NewPayload(b)
		if inline := p.Form == chain.FormInline; inline != (n <= chain.InlineMax) || p.Size() != uint64(n) || p.IsZero() != (n == 0) {
			t.Errorf("%d bytes are %+v", n, p.Form)
		}
		if p.Form == chain.FormBlob {
			k.blobs[p.Sum] = b
		}
		got, err := p.Load(context.Background(), k)
		if err != nil || !bytes.Equal(got, b) {
			t.Errorf("%d bytes are loaded as %d (%v)", n, len(got), err)
		}
	}
}

func TestASealedPayloadIsShownOnlyByItsOpening(t *testing.T) {
	secret := []byte("secret")
	p, opening := chain.Seal([32]byte{1}, secret)
	other, _ := chain.Seal([32]byte{2}, secret)
	if p.Sum == other.Sum {
		t.Error("the same commitment under another salt")
	}
	k := chainOf()
	if _, err := p.Load(context.Background(), k); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("without the opening: %v", err)
	}
	k.blobs[p.Sum] = opening
	if got, err := p.Load(context.Background(), k); err != nil || string(got) != "secret" {
		t.Errorf("loaded %q (%v)", got, err)
	}
	blob := chain.Payload{Form: chain.FormSealed, Sum: chain.NewPayload(make([]byte, 5000)).Sum, Length: 5000}
	k.blobs[blob.Sum] = make([]byte, 5000)
	if _, err := blob.Load(context.Background(), k); !errors.Is(err, chain.ErrCorrupt) {
		t.Errorf("a blob for an opening: %v", err)
	}
	s, _ := chain.SealState([32]byte{1}, secret)
	if s.Sum != p.Sum || s.Length != 6 || !s.Sealed || s.IsZero() {
		t.Errorf("state %+v", s)
	}
}

func TestASummaryFollowsTheLife(t *testing.T) {
	var s chain.Summary
	n := uint64(0)
	apply := func(events ...chain.Event) {
		s.Apply(chain.Record{Actor: chaintest.ID(1), Number: n, Events: events, Hash: chaintest.Sum(byte(n))})
		n++
	}
	expect := func(status chain.Status, reason string, updated int64) {
		t.Helper()
		if s.Status != status || s.Reason != reason || s.Updated != updated || s.Records != n || s.Head != chaintest.Sum(byte(n-1)) {
			t.Errorf("summary %+v", s)
		}
	}
	apply(&chain.Genesis{Name: "a", Path: "/a", Time: 10, Module: chaintest.Sum(1)})
	expect(chain.StatusRunning, "", 10)
	apply(&chain.Call{Time: 12}, &chain.Result{})
	expect(chain.StatusRunning, "", 12)
	apply(&chain.Lifecycle{What: chain.LifecycleSuspended, Reason: "node stopped", Time: 14})
	expect(chain.StatusSuspended, "node stopped", 14)
	apply(&chain.Lifecycle{What: chain.LifecycleResumed, Time: 13})
	expect(chain.StatusRunning, "", 14)
	apply(&chain.Lifecycle{What: chain.LifecycleUpgrade, Time: 20, Sum: chaintest.Sum(2), Manifest: chaintest.Sum(3)})
	if s.Module != chaintest.Sum(2) || s.Manifest != chaintest.Sum(3) {
		t.Errorf("summary %+v", s)
	}
	apply(&chain.Lifecycle{What: chain.LifecycleStopped, Reason: "normal", Time: 30})
	expect(chain.StatusStopped, "normal", 30)
	if s.Created != 10 || s.Events != 7 || s.Name != "a" || s.Path != "/a" {
		t.Errorf("summary %+v", s)
	}
}
