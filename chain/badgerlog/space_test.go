package badgerlog_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// cramped is a log on a disk and with a clock of the test.
type cramped struct {
	*badgerlog.Log
	chain.Writer
	t      *testing.T
	said   *journal
	free   atomic.Uint64
	broken atomic.Bool // the disk cannot be looked at
	looks  atomic.Int64
	now    atomic.Int64
	ticks  chan time.Time // the committer looks again
}

// journal keeps what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

var plenty = 100 * badgerlog.SpaceFloor

// onFullDisk makes a log with a chain of three records on a disk with room.
func onFullDisk(t *testing.T) *cramped {
	t.Helper()
	c := &cramped{t: t, said: &journal{}, ticks: make(chan time.Time)}
	c.free.Store(plenty)
	c.Log = open(t, written(t, 3), badgerlog.Options{Logger: slog.New(slog.NewTextHandler(c.said, nil))})
	c.OnDisk(func() (uint64, error) {
		c.looks.Add(1)
		if c.broken.Load() {
			return 0, errors.New("input/output error")
		}
		return c.free.Load(), nil
	}, c.ticks)
	c.At(func() time.Time { return time.Unix(0, c.now.Load()) })
	var err error
	c.Writer, err = c.Log.Writer(t.Context())
	chaintest.Must(t, err)
	return c
}

// append appends record n of actor 1.
func (c *cramped) append(n uint64) <-chan error {
	c.t.Helper()
	acked := make(chan error, 1)
	chaintest.Must(c.t, c.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), n, 8)), chaintest.AckTo(acked)))
	c.Hurry()
	return acked
}

func (c *cramped) pass(d time.Duration) { c.now.Add(int64(d)) }

// TestWithoutSpaceNoTurnIsAdmittedUntilThereIsRoom holds guarantees 18, 19.
func TestWithoutSpaceNoTurnIsAdmittedUntilThereIsRoom(t *testing.T) {
	c := onFullDisk(t)
	defer func() { chaintest.Must(t, c.Log.Close()) }()
	c.free.Store(badgerlog.SpaceFloor - badgerlog.Reserve - 1)
	c.pass(badgerlog.LookFresh)
	chaintest.Must(t, <-c.append(3)) // that was admitted before, and has the floor to itself
	for range 2 {
		err := c.Reserve(t.Context(), 1)
		if !errors.Is(err, chain.ErrNoSpace) || !strings.Contains(err.Error(), " has 335 MiB free, and 336 MiB are needed: make room") {
			t.Fatalf("reserve: %v", err)
		}
	}
	if err := c.Room(); !errors.Is(err, chain.ErrNoSpace) {
		t.Errorf("room: %v", err)
	}
	verified(t, c.Log, 4)
	c.free.Store(badgerlog.SpaceFloor - badgerlog.Reserve)
	chaintest.Must(t, c.Room())
	chaintest.Must(t, c.Reserve(t.Context(), 1))
	c.Release(1)
	for _, once := range []string{"no turn is admitted", "turns are admitted again"} {
		if n := strings.Count(c.said.String(), once); n != 1 {
			t.Errorf("%q is logged %d times:\n%s", once, n, c.said)
		}
	}
}

func TestADiskThatOthersFillWhileNothingIsWrittenIsNoticedSoon(t *testing.T) {
	c := onFullDisk(t)
	defer func() { chaintest.Must(t, c.Log.Close()) }()
	chaintest.Must(t, c.Room())
	looks := c.looks.Load()
	c.free.Store(0)
	for range 1000 {
		c.pass(badgerlog.LookFresh / 1001)
		chaintest.Must(t, c.Room())
	}
	if more := c.looks.Load() - looks; more != 0 {
		t.Errorf("in that time it looks %d times", more)
	}
	c.pass(badgerlog.LookFresh)
	if err := c.Room(); !errors.Is(err, chain.ErrNoSpace) {
		t.Errorf("room: %v", err)
	}
	if err := c.Reserve(t.Context(), 1); !errors.Is(err, chain.ErrNoSpace) {
		t.Errorf("reserve: %v", err)
	}
	c.free.Store(plenty)
}

func TestADiskThatCannotBeLookedAtIsAFullOne(t *testing.T) {
	c := onFullDisk(t)
	defer func() { chaintest.Must(t, c.Log.Close()) }()
	c.broken.Store(true)
	c.pass(badgerlog.LookFresh)
	if err := c.Room(); !errors.Is(err, chain.ErrNoSpace) || !strings.Contains(err.Error(), "input/output error") {
		t.Errorf("room: %v", err)
	}
	if free, needed := c.Disk(); free != 0 || needed != badgerlog.SpaceFloor-badgerlog.Reserve {
		t.Errorf("%d bytes of %d are free", free, needed)
	}
	c.broken.Store(false)
	chaintest.Must(t, c.Room())
}

// TestWhatWasAdmittedWaitsWhileTheDiskHasNoRoomForIt holds guarantees 18, 19.
func TestWhatWasAdmittedWaitsWhileTheDiskHasNoRoomForIt(t *testing.T) {
	c := onFullDisk(t)
	defer func() { chaintest.Must(t, c.Log.Close()) }()
	c.free.Store(badgerlog.WriteFloor)
	c.pass(badgerlog.LookFresh)
	acked := c.append(3)
	for range 5 {
		c.ticks <- time.Time{} // it takes none unless it waits
	}
	select {
	case err := <-acked:
		t.Fatalf("it is acknowledged: %v", err)
	default:
	}
	verified(t, c.Log, 3)
	later := c.append(4)
	c.free.Store(plenty)
	c.ticks <- time.Time{}
	chaintest.Must(t, <-acked)
	chaintest.Must(t, <-later)
	verified(t, c.Log, 5)
}

func TestAWriterThatIsClosedOnAFullDiskSaysWhatIsNotWritten(t *testing.T) {
	c := onFullDisk(t)
	c.free.Store(0)
	c.pass(badgerlog.LookFresh)
	acked := c.append(3)
	c.ticks <- time.Time{}
	if err := c.Writer.Close(); !errors.Is(err, chain.ErrNoSpace) {
		t.Errorf("close: %v", err)
	}
	if err := <-acked; !errors.Is(err, chain.ErrNoSpace) {
		t.Errorf("the record: %v", err)
	}
	for what, err := range map[string]error{"room": c.Room(), "reserve": c.Reserve(t.Context(), 1)} {
		if !errors.Is(err, chain.ErrClosed) {
			t.Errorf("%s: %v", what, err) // a disk that is full too is no reason to wait
		}
	}
	verified(t, c.Log, 3)
	if err := c.Log.Close(); !errors.Is(err, chain.ErrNoSpace) {
		t.Errorf("close of the log: %v", err)
	}
}
