package supervisor_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/theater-go/theater/wasm/pack"
)

func ms(n uint64) pack.Value { return pack.Some(pack.U64(n)) }

func TestTheEndOfAnAwaitedChildIsTheAnswer(t *testing.T) {
	for _, c := range []struct {
		name    string
		data    []byte
		stopped bool
		err     error
		want    pack.Value
		says    string
	}{
		{"that leaves data", []byte("result"), false, nil, pack.Some(body("result")), ""},
		{"that leaves empty data", []byte{}, false, nil, pack.Some(body("")), ""},
		{"that leaves nothing", nil, false, nil, none, ""},
		{"that fails", nil, false, errors.New("trap: unreachable"), pack.Value{}, "Child actor new failed: trap: unreachable"},
		{"that others stop", nil, true, nil, pack.Value{}, "Child actor new was stopped externally"},
	} {
		for _, timeout := range []pack.Value{none, ms(60_000), ms(math.MaxUint64)} {
			f := &family{await: func() ([]byte, bool, error) { return c.data, c.stopped, c.err }}
			v, err := begin(t, f).call("spawn-and-wait", text("child.toml"), none, none, timeout)
			switch {
			case c.says == "" && (err != nil || !v.Equal(c.want)):
				t.Errorf("a child %s gives %s, %v; want %s", c.name, v, err, c.want)
			case c.says != "" && (err == nil || err.Error() != c.says):
				t.Errorf("a child %s gives %v, want %s", c.name, err, c.says)
			}
			if want := []string{"await new"}; !slices.Equal(f.did, want) || len(f.born) != 1 {
				t.Errorf("with a child %s it did %q and bore %d", c.name, f.did, len(f.born))
			}
		}
	}
}

func TestAChildThatIsNotBornIsNotAwaited(t *testing.T) {
	f := &family{fail: errors.New("no such manifest")}
	if _, err := begin(t, f).call("spawn-and-wait", text("child.toml"), none, none, none); !errors.Is(err, f.fail) || len(f.did) != 0 {
		t.Errorf("it gives %v and did %q", err, f.did)
	}
}

func TestAChildThatTakesTooLongIsStopped(t *testing.T) {
	for name, c := range map[string]struct {
		timeout pack.Value
		bound   time.Duration // of the call itself
		want    time.Duration
	}{
		"than its timeout":                    {ms(250), time.Hour, 250 * time.Millisecond},
		"than no time at all":                 {ms(0), time.Hour, 0},
		"than the call, without a timeout":    {none, time.Second, time.Second},
		"than the call, with a later timeout": {ms(math.MaxUint64), time.Second, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.bound)
				defer cancel()
				f := &family{}
				start := time.Now()
				_, err := begin(t, f).callWithin(ctx, "spawn-and-wait", text("child.toml"), none, none, c.timeout)
				if want := "Timeout waiting for child actor new to complete"; err == nil || err.Error() != want {
					t.Errorf("it gives %v, want %s", err, want)
				}
				if took := time.Since(start); took != c.want {
					t.Errorf("it took %v, want %v", took, c.want)
				}
				if want := []string{"await new", "stop new"}; !slices.Equal(f.did, want) {
					t.Errorf("it did %q, want %q", f.did, want)
				}
			})
		})
	}
}

func TestAChildThatEndsAsTheTimeDoesHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := &family{await: func() ([]byte, bool, error) {
		cancel()
		return nil, false, errors.New("limit: fuel")
	}}
	_, err := begin(t, f).callWithin(ctx, "spawn-and-wait", text("child.toml"), none, none, ms(1000))
	if want := "Child actor new failed: limit: fuel"; err == nil || err.Error() != want || len(f.did) != 1 {
		t.Errorf("it gives %v and did %q", err, f.did)
	}
}
