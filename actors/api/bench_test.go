package api_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// crowd is a node with so many actors.
func crowd(b testing.TB, count int) *stage {
	b.Helper()
	s := open(b)
	code, err := os.ReadFile("../../wasm/testdata/guests/c-echo/echo.wasm")
	check(b, err)
	m, err := manifest.Parse([]byte("name = \"echo\"\nversion = \"1\"\npackage = \"echo.wasm\"\n"+grants), "manifest.toml", s.node.Handlers)
	check(b, err)
	blueprint, err := s.node.System.Prepare(b.Context(), m, code)
	check(b, err)
	for i := range count {
		_, err := s.node.System.Spawn(b.Context(), actors.Spec{Blueprint: blueprint, Name: fmt.Sprint("echo-", i)})
		check(b, err)
	}
	return s
}

func BenchmarkAListOfTenThousand(b *testing.B) {
	s := crowd(b, 10_000)
	for b.Loop() {
		list, err := s.Actors.List(b.Context(), &theaterv1.ListRequest{PageSize: 10_000})
		if err != nil || len(list.Actors) != 10_000 {
			b.Fatalf("there are %d, %v", len(list.GetActors()), err)
		}
	}
}

func BenchmarkAllOfTenThousand(b *testing.B) {
	s := crowd(b, 10_000)
	for b.Loop() {
		count := 0
		err := s.EachActor(b.Context(), &theaterv1.ListAllRequest{}, func(*theaterv1.Actor) bool {
			count++
			return false
		})
		if err != nil || count != 10_000 {
			b.Fatalf("there are %d, %v", count, err)
		}
	}
}

func BenchmarkAnInspection(b *testing.B) {
	s := crowd(b, 100)
	for range 50 {
		s.ask("/echo-7", "hello")
	}
	for b.Loop() {
		if _, err := s.Actors.Inspect(b.Context(), &theaterv1.InspectRequest{Target: "/echo-7"}); err != nil {
			b.Fatal(err)
		}
	}
}
