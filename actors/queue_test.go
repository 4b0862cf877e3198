package actors

import (
	"math/rand/v2"
	"testing"
)

func TestQueueKeepsOrderThroughGrowthAndWrapping(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var q queue[any]
	var model []any
	for i := range 100_000 {
		if len(model) > 0 && rng.IntN(20) == 0 {
			q.pushFirst(i)
			model = append([]any{i}, model...)
		} else if rng.IntN(1000) < 500+100*((i>>12)&1) { // phases of growth and of shrinking
			q.push(i)
			model = append(model, i)
		} else if len(model) > 0 {
			if got := q.pop(); got != model[0] {
				t.Fatalf("step %d: got %v, want %v", i, got, model[0])
			}
			model = model[1:]
		}
		if q.count != len(model) {
			t.Fatalf("step %d: count %d, want %d", i, q.count, len(model))
		}
	}
	for q.count > 0 {
		q.pop()
	}
	if len(q.ring) > queueKeep {
		t.Errorf("an empty queue keeps %d slots", len(q.ring))
	}
}
