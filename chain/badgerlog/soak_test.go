package badgerlog_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/chain/badgerlog"
)

var soak = flag.Duration("soak", 0, "how long the chain store is soaked; 0 leaves it out")

// TestSoak has children append, read and tail in a folder of each mode, and kills them
// again and again, some at once and some after seconds. In the end every chain is in
// order and as the checkpoint says, and children have no more memory than in the
// beginning.
func TestSoak(t *testing.T) {
	if *soak == 0 {
		t.Skip("make soak-chain")
	}
	for _, durability := range []string{badgerlog.Async, badgerlog.Sync} {
		t.Run(durability, func(t *testing.T) {
			t.Parallel()
			v := newVictim(t, durability)
			v.pause, v.share = 25*time.Millisecond, 0.1
			m := &memory{begun: time.Now()}
			v.told = m.take
			kills := 0
			for ; time.Since(m.begun) < *soak; kills++ {
				life := time.Duration(rand.IntN(300)) * time.Millisecond
				if kills%3 == 0 {
					life = time.Duration(2000+rand.IntN(8000)) * time.Millisecond
				}
				v.kill(t, life, kills%5 == 1)
				v.check(t)
			}
			v.share = 1
			v.check(t)
			records := uint64(0)
			for _, a := range v.newest {
				records += a.number + 1
			}
			first, last := m.peaks()
			t.Logf("%d kills; %d actors with %d records; the checkpoint signs %d blocks of era %d; a child has %d MiB at most in the first quarter, %d in the last", kills, len(v.newest), records, v.signed.Size, v.signed.Era, first, last)
			if last > first+first/2+32 {
				t.Errorf("memory grows from %d to %d MiB", first, last)
			}
		})
	}
}

// memory is what children told of theirs.
type memory struct {
	begun time.Time

	mu   sync.Mutex // guards what follows
	told []told
}

type told struct {
	at  time.Duration
	mib int
}

// take takes a line of a child.
func (m *memory) take(line string) {
	var mib int
	if _, err := fmt.Sscanf(line, "anon %d", &mib); err != nil {
		if !strings.HasPrefix(line, "anon") { // else it was cut short
			fmt.Println(line)
		}
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = append(m.told, told{time.Since(m.begun), mib})
}

// peaks are the most in the first and in the last quarter.
func (m *memory) peaks() (first, last int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.told) == 0 {
		return 0, 0
	}
	whole := m.told[len(m.told)-1].at
	for _, t := range m.told {
		if t.at < whole/4 {
			first = max(first, t.mib)
		}
		if t.at > whole-whole/4 {
			last = max(last, t.mib)
		}
	}
	return first, last
}
