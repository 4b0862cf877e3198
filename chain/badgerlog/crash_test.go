package badgerlog_test

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/theater-go/theater/chain/badgerlog"
)

var full = flag.Bool("full", false, "test the chain store at full length: 100 kills in each mode, 10 million events")

// TestNothingAcknowledgedIsLostByAKill kills a child at random moments, also while it
// opens the folder that the one before left.
//
// It holds guarantees 9, 10, 11.
func TestNothingAcknowledgedIsLostByAKill(t *testing.T) {
	rounds := 20
	if *full {
		rounds = 100
	}
	for _, durability := range []string{badgerlog.Async, badgerlog.Sync} {
		t.Run(durability, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t, durability)
			for range rounds {
				v.kill(t, time.Duration(rand.IntN(100))*time.Millisecond, rand.IntN(3) == 0)
				v.check(t)
			}
			if len(v.newest) < childActors {
				t.Errorf("only %d actors were acknowledged", len(v.newest))
			}
		})
	}
}
