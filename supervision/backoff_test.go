package supervision_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/theater-go/theater/supervision"
)

func TestAWaitGrowsByTheFactorUpToTheCap(t *testing.T) {
	second := time.Second
	for name, c := range map[string]struct {
		backoff supervision.Backoff
		chance  float64
		waits   []time.Duration // after the first failure, the second, and so on
	}{
		"no backoff does not wait":             {supervision.Backoff{Factor: 2}, 0, []time.Duration{0, 0}},
		"the first wait is the initial one":    {supervision.Backoff{Initial: second, Factor: 3}, 0, []time.Duration{second, 3 * second, 9 * second}},
		"a factor below 1 counts as 1":         {supervision.Backoff{Initial: second, Factor: 0.5}, 0, []time.Duration{second, second, second}},
		"no wait is longer than the cap":       {supervision.Backoff{Initial: second, Factor: 2, Cap: 3 * second}, 0, []time.Duration{second, 2 * second, 3 * second, 3 * second}},
		"a cap that a float64 rounds up holds": {supervision.Backoff{Initial: 1, Factor: 1e300, Cap: 9007199254740993, Jitter: 0}, 0, []time.Duration{1, 9007199254740993}},
		"the first wait is capped too":         {supervision.Backoff{Initial: 5 * second, Cap: 3 * second}, 0, []time.Duration{3 * second}},
		"jitter takes up to its share away":    {supervision.Backoff{Initial: second, Factor: 2, Jitter: 0.5}, 0.5, []time.Duration{750 * time.Millisecond, 1500 * time.Millisecond}},
		"without chance, jitter takes nothing": {supervision.Backoff{Initial: second, Jitter: 0.5}, 0, []time.Duration{second}},
		"more jitter than all is all":          {supervision.Backoff{Initial: second, Jitter: 7}, 0.5, []time.Duration{500 * time.Millisecond}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, want := range c.waits {
				if got := c.backoff.Wait(i+1, c.chance); got != want {
					t.Errorf("failure %d waits %v, want %v", i+1, got, want)
				}
			}
		})
	}
}

func TestAWaitIsWithinItsBoundsWhateverIsSet(t *testing.T) {
	odd := []float64{0, 1, -1, 0.1, 2, 1e300, math.Inf(1), math.Inf(-1), math.NaN()}
	rapid.Check(t, func(t *rapid.T) {
		b := supervision.Backoff{
			Initial: time.Duration(rapid.Int64().Draw(t, "initial")), Cap: time.Duration(rapid.Int64().Draw(t, "cap")),
			Factor: rapid.SampledFrom(odd).Draw(t, "factor"), Jitter: rapid.SampledFrom(odd).Draw(t, "jitter"),
		}
		failures := rapid.Int().Draw(t, "failures")
		wait := b.Wait(failures, rapid.Float64Range(0, 0.999).Draw(t, "chance"))
		longest := 100 * 365 * 24 * time.Hour
		if b.Cap > 0 {
			longest = min(longest, b.Cap)
		}
		if wait < 0 || wait > longest {
			t.Fatalf("%+v waits %v after failure %d", b, wait, failures)
		}
	})
}
