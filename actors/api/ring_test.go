package api_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/theater-go/theater/actors/api"
)

func TestAReaderOfARingKnowsWhatItHasMissed(t *testing.T) {
	r := api.NewRing(3, 100)
	old, late := r.Open(true), r.Open(false)
	for n := range 5 {
		r.Add(n)
	}
	for name, reader := range map[string]api.Reader{"from the oldest": old, "from now on": late} {
		if got, missed := reader.Take(2); fmt.Sprint(got) != "[2 3]" || missed != 2 {
			t.Errorf("%s it takes %d and has missed %d", name, got, missed)
		}
		if got, missed := reader.Take(2); fmt.Sprint(got) != "[4]" || missed != 0 {
			t.Errorf("%s it takes %d then, and has missed %d", name, got, missed)
		}
	}
	r.Add(99)
	if got, missed := old.Take(9); fmt.Sprint(got) != "[99]" || missed != 0 {
		t.Errorf("it takes %d, and has missed %d", got, missed)
	}
	if got, _ := r.Open(true).Take(9); fmt.Sprint(got) != "[99]" {
		t.Errorf("beside one that is large there are %d", got)
	}
}

func TestARingHasTheNewestOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most, bytes := rapid.IntRange(1, 8).Draw(t, "most"), rapid.IntRange(1, 30).Draw(t, "bytes")
		r := api.NewRing(most, bytes)
		var all []int
		readers := []api.Reader{r.Open(true)}
		next := []int{0}
		for _, step := range rapid.SliceOfN(rapid.IntRange(-2, 12), 1, 60).Draw(t, "steps") {
			switch {
			case step == -2:
				readers, next = append(readers, r.Open(false)), append(next, len(all))
			case step >= 0:
				r.Add(step)
				all = append(all, step)
			default:
				for i, reader := range readers {
					got, missed := reader.Take(3)
					next[i] += int(missed)
					for _, n := range got {
						if n != all[next[i]] {
							t.Fatalf("number %d is %d, not %d", next[i], n, all[next[i]])
						}
						next[i]++
					}
				}
			}
		}
	})
}
