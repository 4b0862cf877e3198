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

// longest is a wait that nobody sees the end of, and that still can be added to a
// time.
const longest = 100 * 365 * 24 * time.Hour

// wait is the time before restart number failures in a row, 1 for the first.
// chance is from [0, 1).
func (b Backoff) wait(failures int, chance float64) time.Duration {
	if b.Initial <= 0 || failures < 1 {
		return 0
	}
	limit := longest
	if b.Cap > 0 {
		limit = min(b.Cap, longest)
	}
	wait := float64(b.Initial)
	if b.Factor > 1 {
		wait *= math.Pow(b.Factor, float64(failures-1))
	}
	if b.Jitter > 0 {
		wait = min(wait, float64(limit)) * (1 - min(b.Jitter, 1)*chance)
	}
	// A float64 rounds a limit of months up by some nanoseconds, so the limit has
	// the last word, and as a duration.
	if wait >= float64(limit) {
		return limit
	}
	return min(time.Duration(wait), limit)
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
