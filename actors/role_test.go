package actors_test

import (
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

func TestADeclaredChildAndASpawnedOneOfItsNameAreThemselvesAfterAResume(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	top := h.grow(parent("", plan{id: "a", code: spawner(), children: []plan{child("kid")}}))
	spawned, declared := h.ref("/top/a/kid"), h.ref("/top/a/kid~2")
	h.close()

	h = rebuild(t, log)
	h.resume(top.ID)
	for _, ref := range []actors.Ref{spawned, declared} {
		if again := h.ref(ref.Path); again.ID != ref.ID {
			t.Errorf("at %s there is another actor", ref)
		}
		check(t, h.Send(h.ref(ref.Path), "test", []byte("x")))
	}
	h.restarted(declared.Path, 1)
	h.change(spawned.Path, "gone")
}

func TestADeclaredChildIsMadeAnewFromWhatItWasMadeFrom(t *testing.T) {
	log := memlog.New()
	s := reopen(t, log)
	spawn := encode(pack.Tuple(pack.String("kid.toml"), none, none))
	h := family("[[child]]\nid = \"kid\"\nmanifest = \"counter.toml\"\n")
	h["parent"] = someone{parental(wasmtest.Guest{Init: wasmtest.Do(supervisor.Interface, "spawn", spawn, wasmtest.Keep())}), h["parent"].(someone).tables}
	ref := s.settle(h, "parent")
	module := func(s *stage, path string) chain.Hash { return s.info(s.lookup(path)).Module }
	want := module(s, "/parent/kid~2")
	if want == module(s, "/parent/kid") {
		t.Fatal("both are made from one module")
	}
	s.close()

	s = reopen(t, log)
	ref = s.resume(ref.ID)
	check(t, s.Restart(t.Context(), ref))
	if got := module(s, "/parent/kid~2"); got != want {
		t.Errorf("it is made from %s, and was from %s", got, want)
	}
}
