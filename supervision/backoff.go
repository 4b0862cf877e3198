package supervision

import (
	"math"
	"time"
)

// Backoff is how long a restart waits: Initial after the first failure, Factor
// times as long after each further one, at most Cap. A child that has run for
// Reset begins with Initial again. The zero Backoff does not wait.
type Backoff struct {
	Initial time.Duration
	Factor  float64       // below 1 counts as 1
	Cap     time.Duration // 0 is none
	Jitter  float64       // share of the wait that is random, 0 to 1
	Reset   time.Duration // 0 never
}

// wait is the time before restart number failures in a row, 1 for the first.
// chance is from [0, 1).
func (b Backoff) wait(failures int, chance float64) time.Duration {
	if b.Initial <= 0 || failures < 1 {
		return 0
	}
	limit := float64(b.Cap)
	if b.Cap <= 0 {
		limit = math.MaxInt64 / 2
	}
	wait := min(float64(b.Initial)*math.Pow(max(b.Factor, 1), float64(failures-1)), limit)
	return time.Duration(wait * (1 - b.Jitter*chance))
}

// intensity are the restarts that a supervisor has made within its period.
type intensity struct {
	limit  int
	period time.Duration
	at     []time.Time // oldest first
}

// add counts a restart and reports whether it is allowed.
func (i *intensity) add(now time.Time) bool {
	old := 0
	for i.period > 0 && old < len(i.at) && now.Sub(i.at[old]) > i.period {
		old++
	}
	i.at = append(i.at[old:], now)
	return len(i.at) <= i.limit
}
