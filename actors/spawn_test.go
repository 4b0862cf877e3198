package actors_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm/pack"
)

func TestANameIsOneSegmentOfAPath(t *testing.T) {
	h := build(t)
	top := h.grow(parent(""))
	m := h.load(child("kid"))
	native := &supervision.Go{Actor: func() actor.Actor { return idle{} }}
	for name, want := range map[string]string{
		"a/b": `must not contain '/'`, "top~2": `must not contain '~'`, "\x1b": `must not contain '\x1b'`,
		"..": `must not be "." or ".."`, strings.Repeat("x", 300): "is longer than 128 bytes",
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

// given is the state that an actor was spawned with.
func (s *stage) given(ref actors.Ref) string {
	s.t.Helper()
	state, err := s.log.Blob(s.t.Context(), of[*chain.Genesis](s.events(ref))[0].InitialState)
	check(s.t, err)
	v, err := pack.Decode(state)
	check(s.t, err)
	return v.String()
}

func TestAParentOfATemplateIsGivenNoOtherChild(t *testing.T) {
	h := build(t)
	top := h.grow(plan{id: "top", tables: "[supervision]\nstrategy = \"simple-one-for-one\"\nmax_restarts = 9\n",
		children: []plan{{id: "worker", as: "restart = \"transient\"\ninitial_state = \"given\""}}})
	native := &supervision.Go{Actor: func() actor.Actor { return idle{} }}
	for what, c := range map[string]actors.Child{
		"another manifest": {Spec: actors.Spec{Manifest: h.load(child("kid"))}},
		"something in Go":  {Spec: actors.Spec{Name: "go"}, Go: native},
		"another name":     {Spec: actors.Spec{Name: "kid"}},
		"another restart":  {Restart: supervision.Temporary},
		"another shutdown": {Shutdown: supervision.Infinity},
	} {
		if _, err := h.SpawnChild(t.Context(), top, c); err == nil || !strings.Contains(err.Error(), `/top spawns its template "worker" only`) {
			t.Errorf("a child with %s gives %v", what, err)
		}
	}
	one, err := h.SpawnChild(t.Context(), top, actors.Child{})
	check(t, err)
	two, err := h.SpawnChild(t.Context(), top, actors.Child{})
	check(t, err)
	if one.Path != "/top/worker" || two.Path != "/top/worker~2" {
		t.Errorf("they are %s and %s", one, two)
	}
	if got := h.given(one); got != pack.String("given").String() {
		t.Errorf("it is given the state %s", got)
	}
	check(t, h.Send(one, "test", []byte("x")))
	h.restarted(one.Path, 1)
	check(t, h.Send(two, "test", []byte("d")))
	if exit := h.ends(two); exit.Reason != actors.ReasonNormal {
		t.Errorf("the second ends with %s", exit)
	}
}

func TestARefOfAChildInGoNamesNoActor(t *testing.T) {
	h := build(t)
	ref, err := h.SpawnChild(t.Context(), h.grow(parent("")), actors.Child{Spec: actors.Spec{Name: "go"},
		Go: &supervision.Go{Actor: func() actor.Actor { return idle{} }}})
	check(t, err)
	down, _ := h.Monitor(ref)
	_, watch := h.Watch(ref)
	for what, err := range map[string]error{
		"Monitor": (<-down).Err, "Watch": watch, "Send": h.Send(ref, "test", nil), "Restart": h.Restart(t.Context(), ref),
	} {
		if !errors.Is(err, actors.ErrNoActor) || err.Error() != "no such actor: /top/go is a child in Go" {
			t.Errorf("%s gives %v", what, err)
		}
	}
}
