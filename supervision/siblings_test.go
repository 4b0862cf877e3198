package supervision_test

import (
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/theater-go/theater/supervision"
)

func TestSiblingsKeepTheirOrderWhoeverGoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s supervision.Siblings
		var model []string
		for i := range rapid.IntRange(1, 300).Draw(t, "steps") {
			if len(model) == 0 || rapid.IntRange(0, 9).Draw(t, "step") < 5 {
				model = append(model, strconv.Itoa(i))
				s.Add(strconv.Itoa(i))
				continue
			}
			at := rapid.IntRange(0, len(model)-1).Draw(t, "who goes")
			s.Remove(model[at])
			model = slices.Delete(model, at, at+1)
		}
		if got := slices.Collect(s.All()); !slices.Equal(got, model) || s.Len() != len(model) {
			t.Fatalf("there are %d, %v; want %v", s.Len(), got, model)
		}
		slices.Reverse(model)
		if got := slices.Collect(s.Backward()); !slices.Equal(got, model) {
			t.Fatalf("backward there are %v, want %v", got, model)
		}
		if most := 2*len(model) + 17; s.Room() > most {
			t.Fatalf("%d take the room of %d", len(model), s.Room())
		}
	})
}

// While one goes through them, any may go: those are not met any more, and nobody is
// met twice.
func TestSiblingsMayGoWhileOneGoesThroughThem(t *testing.T) {
	for name, through := range map[string]func(*supervision.Siblings) func(func(string) bool){
		"forward":  func(s *supervision.Siblings) func(func(string) bool) { return s.All() },
		"backward": func(s *supervision.Siblings) func(func(string) bool) { return s.Backward() },
	} {
		t.Run(name, func(t *testing.T) {
			var s supervision.Siblings
			for i := range 100 {
				s.Add(strconv.Itoa(i))
			}
			gone, met := map[string]bool{}, map[string]bool{}
			for id := range through(&s) {
				if gone[id] || met[id] {
					t.Fatalf("%s is met, gone %v", id, gone[id])
				}
				met[id] = true
				n, _ := strconv.Atoi(id)
				for _, i := range []int{n, (n + 37) % 100, (n + 53) % 100} {
					if other := strconv.Itoa(i); !gone[other] {
						gone[other] = true
						s.Remove(other)
					}
				}
			}
			if s.Len() != 100-len(gone) || len(met) < 34 {
				t.Errorf("%d are left and %d were met", s.Len(), len(met))
			}
		})
	}
}
