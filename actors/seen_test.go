package actors

import (
	"sync/atomic"
	"testing"
)

func TestWhatIsSeenOfARunningTurnIsNeverOfTwo(t *testing.T) {
	const turns = 1_000_000
	var r running
	var over atomic.Bool
	go func() {
		defer over.Store(true)
		for i := 1; i <= turns; i++ { // a turn is known by the time when it begins
			r.begins(i%7, int64(i))
			r.waits(i % 5)
			r.goesOn()
			r.over()
		}
	}()
	for !over.Load() {
		switch at, export, in := r.seen(); {
		case at > 0 && export != int32(at%7):
			t.Fatalf("turn %d runs export %d", at, export)
		case at < 0 && (export != int32(-at%7) || in != int32(-at%5)):
			t.Fatalf("turn %d waits in import %d of export %d", -at, in, export)
		}
	}
}
