package chain_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestACheckpointIsReadBackAsItWasWritten(t *testing.T) {
	want := chaintest.Checkpoint(chaintest.ID(1), 7)
	want.Salt = chaintest.Sum(5)
	b := want.Append(nil)
	got, err := chain.DecodeCheckpoint(b)
	chaintest.Must(t, err)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it is %+v", got)
	}
	for n := range b {
		if _, err := chain.DecodeCheckpoint(b[:n]); !errors.Is(err, chain.ErrCorrupt) {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
	}
	if _, err := chain.DecodeCheckpoint(append(b, 0)); !errors.Is(err, chain.ErrCorrupt) {
		t.Errorf("with a byte more: %v", err)
	}
	b[4]++
	if _, err := chain.DecodeCheckpoint(b); !errors.Is(err, chain.ErrVersion) {
		t.Errorf("of a later version: %v", err)
	}
}

func TestACheckpointWithManyCrossingsThatIsNoneTakesLittleMemory(t *testing.T) {
	b := chaintest.Checkpoint(chaintest.ID(1), 7).Append(nil)
	head := bytes.Index(b, []byte("theater:")) - 2
	hostile := append(append(b[:head:head], 0xff, 0xff, 0xff, 0x7f), make([]byte, 1<<16)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := chain.DecodeCheckpoint(hostile); !errors.Is(err, chain.ErrCorrupt) {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<16 {
		t.Errorf("%d bytes", n)
	}
}

func TestTheGoldenCheckpoint(t *testing.T) {
	golden(t, "testdata/checkpoint.golden", hex.EncodeToString(chaintest.Checkpoint(chaintest.ID(1), 7).Append(nil))+"\n")
}

func TestACheckpointOfVersion1IsReadWithoutItsFuel(t *testing.T) {
	text, err := os.ReadFile("testdata/checkpoint_1.golden")
	chaintest.Must(t, err)
	b, err := hex.DecodeString(strings.TrimSpace(string(text)))
	chaintest.Must(t, err)
	got, err := chain.DecodeCheckpoint(b)
	chaintest.Must(t, err)
	want := chaintest.Checkpoint(chaintest.ID(1), 7)
	if want.Fuel = 0; !reflect.DeepEqual(got, want) {
		t.Errorf("it is %+v", got)
	}
	b[4] = 0
	if _, err := chain.DecodeCheckpoint(b); !errors.Is(err, chain.ErrVersion) {
		t.Errorf("of version 0: %v", err)
	}
}

func TestACheckpointStandsBetweenTurnsOfALiveInstanceAndNamesABlob(t *testing.T) {
	mark := &chain.Lifecycle{What: chain.LifecycleCheckpoint, Sum: chaintest.Sum(1)}
	trap := &chain.Result{Status: chain.ResultTrap, Trap: chain.TrapInfo{Kind: "unreachable"}}
	for _, c := range []struct {
		problem string
		events  []chain.Event
	}{
		{"", []chain.Event{mark}},
		{"", []chain.Event{call, trap, &chain.Lifecycle{What: chain.LifecycleRestart}, mark}},
		{"within a turn", []chain.Event{call, mark}},
		{"of an instance that the turn before has ended", []chain.Event{call, trap, mark}},
		{"it names no blob", []chain.Event{&chain.Lifecycle{What: chain.LifecycleCheckpoint}}},
	} {
		k := chainOf(oneByOne(c.events)...)
		if c.problem != "" {
			refused(t, k, c.problem)
		} else if _, err := k.verify(); err != nil {
			t.Error(err)
		}
	}
}

// oneByOne puts each event into a record of its own.
func oneByOne(events []chain.Event) (records [][]chain.Event) {
	for i := range events {
		records = append(records, events[i:i+1])
	}
	return records
}

func TestAChainIsInOrderWithoutItsOldCheckpointsButNotWithDamagedOnes(t *testing.T) {
	b := chaintest.Checkpoint(chaintest.ID(1), 1).Append(nil)
	sum := chain.Hash(sha256.Sum256(b))
	k := chainOf([]chain.Event{&chain.Lifecycle{What: chain.LifecycleCheckpoint, Sum: sum}})
	k.blobs[sum] = b
	_, err := k.verify()
	chaintest.Must(t, err)
	k.blobs[sum] = []byte("damaged")
	refused(t, k, "blob "+sum.String())
	delete(k.blobs, sum)
	_, err = k.verify()
	chaintest.Must(t, err)
}

func TestAnUpgradeEndsTheCheckpointsOfASummary(t *testing.T) {
	s := chain.Summary{}
	s.Apply(chaintest.Genesis(chaintest.ID(1), chaintest.Sum(1)))
	for i, what := range []chain.LifecycleKind{chain.LifecycleCheckpoint, chain.LifecycleCheckpoint, chain.LifecycleUpgrade} {
		s.Apply(chain.Record{Actor: chaintest.ID(1), Number: uint64(i + 1), Events: []chain.Event{&chain.Lifecycle{What: what, Sum: chaintest.Sum(byte(i))}}})
		read, err := chain.DecodeSummary(s.Append(nil))
		chaintest.Must(t, err)
		if read != s {
			t.Errorf("it is read as %+v, and was %+v", read, s)
		}
		if none := s.Checkpoints == [2]chain.Marker{}; none != (what == chain.LifecycleUpgrade) {
			t.Errorf("after %v: %+v", what, s.Checkpoints)
		}
	}
}

func FuzzDecodeCheckpoint(f *testing.F) {
	f.Add(chaintest.Checkpoint(chaintest.ID(1), 7).Append(nil))
	f.Add((&chain.Checkpoint{}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := chain.DecodeCheckpoint(b)
		if err == nil && !bytes.Equal(c.Append(nil), b) {
			t.Errorf("%x is read as %+v", b, c)
		}
	})
}
