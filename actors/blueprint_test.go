package actors_test

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// genesis is the first event of the actor's chain.
func (s *stage) genesis(ref actors.Ref) *chain.Genesis {
	s.t.Helper()
	return s.events(ref)[0].(*chain.Genesis)
}

func TestActorsOfOneBlueprintShareNothingThatChanges(t *testing.T) {
	log := memlog.New()
	s := reopen(t, log)
	code := server(wasmtest.Calls())
	b, err := s.Prepare(t.Context(), toml(t, "actor", grants), code)
	check(t, err)
	own := pack.Some(pack.Bytes([]byte("own")))
	var refs []actors.Ref
	for _, spec := range []actors.Spec{
		{Blueprint: b}, {Blueprint: b}, {Blueprint: b, Name: "named"}, {Blueprint: b, State: &own}, {Blueprint: b},
	} {
		ref, err := s.Spawn(t.Context(), spec)
		check(t, err)
		refs = append(refs, ref)
	}
	plain := s.spawn("actor", code)
	want := s.genesis(plain)
	for i, path := range []string{"/actor", "/actor~2", "/named", "/actor~3", "/actor~4"} {
		s.answers(refs[i], "", "\x01\x00\x00\x00")
		s.answers(refs[i], "", "\x02\x00\x00\x00")
		got := s.genesis(refs[i])
		if refs[i].Path != path || got.Path != path || got.Name != strings.TrimRight(path[1:], "~234") {
			t.Errorf("actor %d is %s, in its genesis %s called %s", i, refs[i], got.Path, got.Name)
		}
		if got.Module != want.Module || got.Manifest != want.Manifest || (got.InitialState == want.InitialState) != (i != 3) {
			t.Errorf("the genesis of %s is %+v, that of one without a blueprint %+v", path, got, want)
		}
	}
	s.close()
	again := reopen(t, log)
	for _, ref := range refs {
		again.answers(again.resume(ref.ID), "", "\x03\x00\x00\x00")
	}
}

func TestABlueprintServesTheSystemThatPreparedIt(t *testing.T) {
	b, err := open(t).Prepare(t.Context(), toml(t, "actor", grants), server(wasmtest.Echo()))
	check(t, err)
	if _, err := open(t).Spawn(t.Context(), actors.Spec{Blueprint: b}); err == nil || !strings.Contains(err.Error(), "another system") {
		t.Errorf("another gives %v", err)
	}
}

func TestAPackageFileIsReadWhenItIsPrepared(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, content []byte) {
		t.Helper()
		check(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	write(manifest.FileName, []byte("name = \"actor\"\nversion = \"1\"\npackage = \"actor.wasm\"\n"+grants))
	write("actor.wasm", server(wasmtest.Reply([]byte("old"))))
	handlers, err := node.Handlers()
	check(t, err)
	m, err := manifest.Load(dir, handlers)
	check(t, err)

	s := open(t)
	old, err := s.Prepare(t.Context(), m, nil)
	check(t, err)
	write("actor.wasm", server(wasmtest.Reply([]byte("new"))))
	for _, c := range []struct {
		spec actors.Spec
		want string
	}{{actors.Spec{Blueprint: old}, "old"}, {actors.Spec{Manifest: m}, "new"}, {actors.Spec{Blueprint: old}, "old"}} {
		ref, err := s.Spawn(t.Context(), c.spec)
		check(t, err)
		s.answers(ref, "", c.want)
	}
}

func TestTheActorsOfOneModuleAreResumedFromOneReading(t *testing.T) {
	log := memlog.New()
	first := reopen(t, log)
	var refs []actors.Ref
	for range 3 {
		refs = append(refs, first.spawn("actor", server(wasmtest.Calls())))
	}
	other := first.spawn("other", server(wasmtest.Calls()))
	module := first.genesis(other).Module
	first.close()
	counted := &counted{Log: log}
	s := reopen(t, counted)
	for _, ref := range refs {
		s.answers(s.resume(ref.ID), "", "\x01\x00\x00\x00")
	}
	if got := counted.blobs[module]; got != 1 {
		t.Errorf("the module is read %d times", got)
	}
	s.answers(s.resume(other.ID), "", "\x01\x00\x00\x00")
	if got := counted.blobs[module]; got != 2 {
		t.Errorf("with the actor of another manifest it is read %d times", got)
	}
}

func TestACheckLeavesNothingOnTheLog(t *testing.T) {
	s := open(t)
	code := server(wasmtest.Echo())
	m := toml(t, "actor", grants)
	check(t, s.Check(t.Context(), m, code))
	if _, err := s.log.Blob(t.Context(), sha256.Sum256(code)); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("the module is on the log: %v", err)
	}
	_, err := s.Prepare(t.Context(), m, code)
	check(t, err)
	if _, err := s.log.Blob(t.Context(), sha256.Sum256(code)); err != nil {
		t.Errorf("what is prepared is not on the log: %v", err)
	}
	if _, err := s.Prepare(t.Context(), nil, code); err == nil || !strings.Contains(err.Error(), "manifest") {
		t.Errorf("without a manifest: %v", err)
	}
}
