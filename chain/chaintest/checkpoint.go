package chaintest

import (
	"bytes"
	"errors"
	"testing"

	"github.com/theater-go/theater/chain"
)

// Mark puts a sample checkpoint and appends its event as record number.
func Mark(t testing.TB, w chain.Writer, id chain.ID, number uint64) chain.Marker {
	t.Helper()
	sum := w.PutBlob(Checkpoint(id, number).Append(nil))
	event := &chain.Lifecycle{What: chain.LifecycleCheckpoint, Time: Start, Sum: sum}
	Must(t, w.Append(Draft(chain.Record{Actor: id, Number: number, Events: []chain.Event{event}}), nil))
	return chain.Marker{Record: number, Sum: sum}
}

func checkpoints(t *testing.T, l chain.Log) {
	w := writer(t, l)
	Begin(t, w, ID(1))
	var want [2]chain.Marker
	for n := uint64(1); n < 90; n += 30 {
		Fill(t, w, ID(1), n, n+29)
		want = [2]chain.Marker{Mark(t, w, ID(1), n+29), want[0]}
		Must(t, w.Flush(t.Context()))
		got, err := l.Summary(t.Context(), ID(1))
		Must(t, err)
		if got.Checkpoints != want {
			t.Fatalf("after record %d: %+v, want %+v", n+29, got.Checkpoints, want)
		}
	}
	for _, m := range want {
		c, err := chain.LoadCheckpoint(t.Context(), l, ID(1), m)
		Must(t, err)
		if c.Record != m.Record {
			t.Errorf("the checkpoint of record %d is that of %d", m.Record, c.Record)
		}
	}
	if _, err := chain.LoadCheckpoint(t.Context(), l, ID(2), want[0]); !errors.Is(err, chain.ErrCorrupt) {
		t.Errorf("it is read as one of another actor: %v", err)
	}
	if _, err := chain.Verify(t.Context(), l, ID(1)); err != nil {
		t.Error(err)
	}
}

func dropped(t *testing.T, l chain.Log) {
	w := writer(t, l)
	big := bytes.Repeat([]byte("large "), 11<<20) // several values where a log cuts blobs
	kept, gone := w.PutBlob([]byte("kept")), w.PutBlob(big)
	Must(t, w.Flush(t.Context()))
	soon := w.PutBlob([]byte("dropped at once"))
	w.DropBlob(gone)
	w.DropBlob(soon)
	w.DropBlob(Sum(9)) // one that was never there
	Begin(t, w, ID(1))
	Must(t, w.Flush(t.Context()))
	for _, sum := range []chain.Hash{gone, soon, Sum(9)} {
		if _, err := l.Blob(t.Context(), sum); !errors.Is(err, chain.ErrNotFound) {
			t.Errorf("a blob that was dropped: %v", err)
		}
	}
	if b, err := l.Blob(t.Context(), kept); err != nil || string(b) != "kept" {
		t.Errorf("another blob is %q, %v", b, err)
	}
	if again := w.PutBlob(big); again != gone {
		t.Errorf("it is put again as %v", again)
	}
	Must(t, w.Flush(t.Context()))
	if b, err := l.Blob(t.Context(), gone); err != nil || !bytes.Equal(b, big) {
		t.Errorf("a blob that is put again: %d bytes, %v", len(b), err)
	}
}
