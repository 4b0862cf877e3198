package api_test

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"testing"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/chain"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// held is a log whose tails wait until it is let go.
type held struct {
	chain.Tailer
	free chan struct{}
}

func (h held) Tail(ctx context.Context) iter.Seq2[chain.Lot, error] {
	tail := h.Tailer.Tail(ctx)
	return func(yield func(chain.Lot, error) bool) {
		select {
		case <-h.free:
		case <-ctx.Done():
		}
		tail(yield)
	}
}

// asked is how often an actor is asked before its follower comes to it: two lots of a
// log in memory.
const asked = 300

// outpaced follows calls of an actor, or of all, that was asked once before and is asked
// many times before the log goes on. It returns the next message of the stream.
func outpaced(t *testing.T, target string, options ...func(*stage)) (s *stage, next func() *theaterv1.EventsResponse) {
	t.Helper()
	free := make(chan struct{})
	s = open(t, func(c *api.Config) { c.Log = held{c.Log, free} })
	for _, o := range options {
		o(s)
	}
	s.spawn("echo", echo(), "")
	s.ask("/echo", "before")
	stream, err := s.Chain.Events(s.ctx(), &theaterv1.EventsRequest{Target: target, From: new(uint64), Follow: true, Types: []string{"call"}})
	check(t, err)
	t.Cleanup(func() { _ = stream.Close() })
	next = func() *theaterv1.EventsResponse {
		t.Helper()
		if !stream.Receive() {
			t.Fatalf("it ends: %v", stream.Err())
		}
		return stream.Msg()
	}
	if m := next(); m.Event != nil || m.Behind != nil {
		t.Fatalf("it begins with %v", m)
	}
	for range asked {
		s.ask("/echo", "x")
	}
	close(free)
	for range 2 { // its init, and what was asked before
		if m := next(); m.Behind != nil {
			t.Errorf("of what was there before it says that %d records follow", *m.Behind)
		}
	}
	return s, next
}

func TestWhoFollowsAndLagsIsToldHowFar(t *testing.T) {
	for name, target := range map[string]string{"all": "", "one actor": "/echo"} {
		t.Run(name, func(t *testing.T) {
			s, next := outpaced(t, target)
			var lags []uint64
			for range asked {
				m := next()
				if m.Behind == nil {
					t.Fatalf("it does not say how many records follow %v", m.Event.Ref)
				}
				lags = append(lags, *m.Behind)
			}
			if lags[0] == 0 || lags[0] >= asked || lags[asked-1] != 0 || !slices.IsSortedFunc(lags, func(a, b uint64) int { return cmp.Compare(b, a) }) {
				t.Errorf("it lags by %v", lags)
			}
			s.ask("/echo", "live")
			if m := next(); m.Behind == nil || *m.Behind != 0 {
				t.Errorf("of what is live it says %v", m)
			}
		})
	}
}

func TestWhatIsReadFromAChainAnewDoesNotSayHowFarItsReaderLags(t *testing.T) {
	s, next := outpaced(t, "/echo", func(s *stage) { s.server.BehindAt(1) })
	known := 0
	for range asked {
		if next().Behind != nil {
			known++
		}
	}
	if known == 0 || known >= asked {
		t.Errorf("of %d events it says how many records follow, and of the others not", known)
	}
	s.ask("/echo", "live")
	if m := next(); m.Behind == nil || *m.Behind != 0 {
		t.Errorf("of what is live it says %v", m)
	}
}
