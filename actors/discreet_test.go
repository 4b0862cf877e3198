package actors_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// What a guest is told, and what it is not.

// cramped is a log's writer that has room for so many turns more.
type cramped struct {
	chain.Writer
	where string
	turns atomic.Int64
}

func (c *cramped) Reserve(ctx context.Context, bytes int) error {
	if c.turns.Add(-1) < 0 {
		return fmt.Errorf("%s has 1 MiB free: %w", c.where, chain.ErrNoSpace)
	}
	return c.Writer.Reserve(ctx, bytes)
}

func (c *cramped) Room() error {
	if c.turns.Load() <= 0 {
		return fmt.Errorf("%s has 1 MiB free: %w", c.where, chain.ErrNoSpace)
	}
	return c.Writer.Room()
}

func TestAGuestIsToldNoPathOfTheMachineWhenASpawnFails(t *testing.T) {
	const template = "[supervision]\nstrategy = \"simple-one-for-one\"\n[[child]]\nid = \"kid\"\nmanifest = \"kid.toml\"\n"
	const declares = grants + "[[child]]\nid = \"below\"\nmanifest = \"below.toml\"\n"
	bytes := func(b []byte) pack.Value { return pack.Some(pack.Bytes(b)) }
	for _, c := range []struct {
		name, tables string
		module       pack.Value
		turns        int64
		want         string
	}{
		{"a template with a module that is granted too little", template, bytes(parental(wasmtest.Guest{})), 9, "err: the template \"kid\" with another package: the actor imports "},
		{"a template with no module", template, bytes(nil), 9, "err: the template \"kid\" with another package: "},
		{"a module that is granted too little", "", bytes(parental(wasmtest.Guest{})), 9, "err: kid.toml: the actor imports "},
		{"a child of the child without a package", "", none, 9, "err: child below: below.toml:3:1: package: there is no file below.wasm"},
		{"a log without room", template, none, 1, "err: the node could not do it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &cramped{}
			w.turns.Store(9)
			s := open(t, func(c *actors.Config) { w.Writer, c.Writer = c.Writer, w })
			h := family(c.tables)
			h["kid"] = someone{kid(), declares}
			h["below"] = someone{kid(), grants}
			dir := h.build(t)
			ref := s.enter(dir, "parent")
			check(t, os.Remove(filepath.Join(dir, "below.wasm")))
			w.where = dir
			w.turns.Store(c.turns)
			if got := s.text(ref, "spawn", pack.String("kid.toml"), none, c.module); !strings.HasPrefix(got, c.want) || strings.Contains(got, dir) {
				t.Errorf("the guest is told %s", got)
			}
		})
	}
}

func TestATemplateWithAnotherPackageHasTheChildrenThatItDeclares(t *testing.T) {
	log := memlog.New()
	s := reopen(t, log)
	h := family("[supervision]\nstrategy = \"simple-one-for-one\"\n[[child]]\nid = \"kid\"\nmanifest = \"kid.toml\"\n")
	h["kid"] = someone{kid(), grants + "[[child]]\nid = \"below\"\nmanifest = \"counter.toml\"\n"}
	ref := s.settle(h, "parent")
	s.bears(ref, "kid")
	code := pack.Some(pack.Bytes(server(wasmtest.Reply([]byte("another")))))
	spawn := func(s *stage, path string) {
		t.Helper()
		answer, child := s.spawns(ref, "spawn", pack.String("kid"), none, code)
		if child.Path != path {
			t.Fatalf("spawn answers %s", answer)
		}
		s.answers(child, "hello", "another")
		s.answers(s.lookup(path+"/below"), "", second)
	}
	spawn(s, "/parent/kid~2")
	s.close()

	s = reopen(t, log)
	ref = s.resume(ref.ID)
	spawn(s, "/parent/kid~3")
}
