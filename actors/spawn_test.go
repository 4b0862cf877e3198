package actors_test

import (
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/supervision"
)

func TestANameIsOneSegmentOfAPath(t *testing.T) {
	h := build(t)
	top := h.grow(parent(""))
	m := h.load(child("kid"))
	native := &supervision.Go{Actor: func() actor.Actor { return idle{} }}
	for name, want := range map[string]string{
		"a/b": `must not contain '/'`, "top~2": `must not contain '~'`, "\x1b": `must not contain '\x1b'`,
		"..": "must not be . or ..", strings.Repeat("x", 300): "is longer than 128 bytes",
	} {
		spec := actors.Spec{Manifest: m, Name: name}
		_, spawned := h.Spawn(t.Context(), spec)
		_, child := h.SpawnChild(t.Context(), top, actors.Child{Spec: spec})
		_, inGo := h.SpawnChild(t.Context(), top, actors.Child{Spec: actors.Spec{Name: name}, Go: native})
		for who, err := range map[string]error{"Spawn": spawned, "SpawnChild": child, "SpawnChild in Go": inGo} {
			if err == nil || !strings.HasPrefix(err.Error(), "name ") || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%s with the name %q gives %v, want %s", who, name, err, want)
			}
		}
	}
	unnamed := *m
	unnamed.Name = ""
	if _, err := h.Spawn(t.Context(), actors.Spec{Manifest: &unnamed}); err == nil {
		t.Error("an actor without a name is spawned")
	}
	if got := h.List(); len(got) != 1 {
		t.Errorf("%d actors live", len(got))
	}
}
