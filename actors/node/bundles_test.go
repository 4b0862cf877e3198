package node_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// bring spawns the actor of a folder as a client does that brings its files along.
func (s *served) bring(dir string) {
	s.t.Helper()
	bundle := &theaterv1.Bundle{Manifest: "manifest.toml", Files: map[string][]byte{}}
	for _, name := range []string{"manifest.toml", "actor.wasm"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			s.t.Fatal(err)
		}
		bundle.Files[name] = text
	}
	if _, err := s.Actors.Spawn(s.t.Context(), &theaterv1.SpawnRequest{Source: &theaterv1.SpawnRequest_Bundle{Bundle: bundle}}); err != nil {
		s.t.Fatal(err)
	}
}

// bundles are the names of what lies in the folder of the bundles.
func (s *served) bundles() (names []string) {
	s.t.Helper()
	entries, err := os.ReadDir(filepath.Join(s.settings.Data, "bundles"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestBundlesThatNoActorNeedsAreRemovedByTheNextStart(t *testing.T) {
	settings := settingsOf(short(t))
	first := serve(t, settings)
	first.bring(counter(t, "stays"))
	stays := first.bundles()
	first.bring(counter(t, "goes"))
	if _, err := first.Actors.Stop(t.Context(), &theaterv1.StopRequest{Target: "/goes"}); err != nil {
		t.Fatal(err)
	}
	if n := len(first.bundles()); n != 2 {
		t.Errorf("there are %d bundles", n)
	}
	write(t, filepath.Join(settings.Data, "bundles", "note"), "of somebody's")
	first.end()

	want := append(stays, "note")
	slices.Sort(want)
	for name, recover := range map[string]bool{"with the recovery": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			settings.Recover = recover
			s := serve(t, settings)
			if got := s.bundles(); !slices.Equal(got, want) {
				t.Errorf("there are %q, want %q", got, want)
			}
			s.end()
		})
	}
}
