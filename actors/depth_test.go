package actors_test

import (
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestATreeHasAtMost64Levels(t *testing.T) {
	s := open(t)
	code := server(wasmtest.Echo())
	lowest := s.spawn("a", code)
	child := actors.Child{Spec: actors.Spec{Manifest: toml(t, "a", grants), Package: code}, Shutdown: supervision.Infinity}
	for range 63 {
		next, err := s.SpawnChild(t.Context(), lowest, child)
		check(t, err)
		lowest = next
	}
	s.answers(lowest, "x", "x")
	_, err := s.SpawnChild(t.Context(), lowest, child)
	if err == nil || !strings.Contains(err.Error(), "/a/a is 64 levels deep") {
		t.Errorf("one more level gives %v", err)
	}
}
