package badgerlog_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestAReservationWaitsForRoom(t *testing.T) {
	l := open(t, t.TempDir(), badgerlog.Options{})
	defer func() { chaintest.Must(t, l.Close()) }()
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Must(t, w.Reserve(t.Context(), badgerlog.RoomLimit))

	// One that has waited and gone away takes no room with it.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Reserve(ctx, badgerlog.RoomLimit); !errors.Is(err, context.Canceled) {
		t.Fatalf("reserve without room: %v", err)
	}
	admitted := make(chan error)
	go func() {
		err := w.Reserve(t.Context(), badgerlog.RoomLimit)
		if err == nil {
			err = w.Append(chaintest.Draft(chaintest.Genesis(chaintest.ID(1), chain.Hash{})), nil)
			w.Release(badgerlog.RoomLimit)
		}
		admitted <- err
	}()
	w.Release(badgerlog.RoomLimit)
	chaintest.Must(t, <-admitted)
	chaintest.Must(t, w.Flush(t.Context()))
	chaintest.Must(t, w.Reserve(ctx, badgerlog.RoomLimit)) // all of it is free again

	refused := make(chan error)
	go func() { refused <- w.Reserve(t.Context(), badgerlog.RoomLimit) }()
	chaintest.Must(t, w.Close())
	if err := <-refused; !errors.Is(err, chain.ErrClosed) {
		t.Errorf("reserve while closing: %v", err)
	}
	w.Release(badgerlog.RoomLimit)
}

func TestWithoutSpaceNoTurnIsAdmitted(t *testing.T) {
	l := open(t, written(t, 3), badgerlog.Options{})
	defer func() { chaintest.Must(t, l.Close()) }()
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	l.NeedSpace(math.MaxUint64)
	for range 2 {
		if err := w.Reserve(t.Context(), 1); !errors.Is(err, chain.ErrNoSpace) {
			t.Fatalf("reserve: %v", err)
		}
	}
	verified(t, l, 3)
	l.NeedSpace(0)
	chaintest.Must(t, w.Reserve(t.Context(), 1))
	w.Release(1)
}

func TestARefusedCommitStopsTheLog(t *testing.T) {
	dir := written(t, 3)
	l := open(t, dir, badgerlog.Options{})
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	chaintest.Fill(t, w, chaintest.ID(1), 3, 4)
	chaintest.Must(t, l.Break())
	const n = 10
	acked := make(chan error, n)
	appended := 0
	for i := uint64(4); i < 4+n; i++ {
		if w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), i, 8)), chaintest.AckTo(acked)) != nil {
			break
		}
		appended++
	}
	if appended == 0 {
		t.Fatal("nothing was appended")
	}
	var stop error
	for range appended {
		if stop = <-acked; stop == nil {
			t.Fatal("a record that was not written is acknowledged")
		}
	}
	for what, err := range map[string]error{
		"append": w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), 3, 8)), nil), "reserve": w.Reserve(t.Context(), 1), "flush": w.Flush(t.Context()),
	} {
		if !errors.Is(err, errors.Unwrap(stop)) {
			t.Errorf("%s: %v, want %v", what, err, stop)
		}
	}
	if err := w.Close(); !errors.Is(err, errors.Unwrap(stop)) {
		t.Errorf("close: %v", err)
	}
	if _, err := l.Writer(t.Context()); !errors.Is(err, errors.Unwrap(stop)) {
		t.Errorf("writer: %v", err)
	}
	if err := l.Close(); !errors.Is(err, errors.Unwrap(stop)) {
		t.Errorf("close: %v", err)
	}
	l = open(t, dir, badgerlog.Options{})
	verified(t, l, 4)
	chaintest.Must(t, l.Close())
}

func TestABlobOfSeveralPartsIsReadBack(t *testing.T) {
	l := open(t, t.TempDir(), badgerlog.Options{})
	defer func() { chaintest.Must(t, l.Close()) }()
	w, err := l.Writer(t.Context())
	chaintest.Must(t, err)
	for _, n := range []int{0, 1, badgerlog.BlobPart - 1, badgerlog.BlobPart, badgerlog.BlobPart + 1} {
		blob := bytes.Repeat([]byte{byte(n)}, n)
		sum := w.PutBlob(blob)
		chaintest.Must(t, w.Flush(t.Context()))
		got, err := l.Blob(t.Context(), sum)
		if err != nil || !bytes.Equal(got, blob) {
			t.Errorf("%d bytes are read as %d (%v)", n, len(got), err)
		}
	}
}
