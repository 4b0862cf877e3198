package actors_test

import (
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host/message"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// What an actor with a sealed chain says is for that chain alone. The one of these
// tests says "told to".

const sealed = "[chain]\nsealed = true\n"

// keepsTo holds that no chain has the words of an actor with a sealed one.
func (s *stage) keepsTo(refs ...actors.Ref) {
	s.t.Helper()
	for _, ref := range refs {
		for _, r := range records(s.t, s.log, ref.ID) {
			stored, err := chain.Store(r)
			check(s.t, err)
			if strings.Contains(string(stored.Append(nil)), "told to") {
				s.t.Errorf("record %d of %s shows it: %s", r.Number, ref, kinds(r.Events))
			}
		}
	}
}

func TestASealedChildThatFailsItsParentTellsItOnlyTheReason(t *testing.T) {
	h := build(t)
	top := h.grow(plan{id: "top", tables: "[supervision]\nmax_restarts = 0", children: []plan{
		{id: "mid", tables: "[supervision]\nmax_restarts = 0", children: []plan{child("a", sealed)}}}})
	other := h.grow(plan{id: "other"})
	mid, a := h.ref("/top/mid"), h.ref("/top/mid/a")
	_, err := h.Link(a, other)
	check(t, err)
	check(t, h.Send(a, "test", []byte("e")))
	if exit := h.ends(top); !strings.HasSuffix(exit.Detail(), "within 5s: error") {
		t.Errorf("the top ends with %s", exit)
	}
	if exit := h.ends(other); exit.Detail() != "the linked actor /top/mid/a failed: error" {
		t.Errorf("the linked actor ends with %s", exit)
	}
	h.keepsTo(top, mid, a, other)
	// Who runs the node sees it all.
	if exit := h.change(a.Path, "failed").Exit; exit.String() != "error: told to" {
		t.Errorf("the failure is told as %s", exit)
	}
	if exit := h.ends(a); exit.String() != "error: told to" {
		t.Errorf("it ends with %s", exit)
	}
}

func TestAParentIsToldOnlyTheReasonForWhichASealedChildFailed(t *testing.T) {
	s := open(t)
	h := family("")
	h["kid"] = someone{kid(), grants + sealed}
	h["refuses"] = someone{guest(wasmtest.Guest{Init: wasmtest.Refuse("told to")}), grants + sealed}
	h["once"] = someone{guest(wasmtest.Guest{Untyped: true, HandleSend: wasmtest.Refuse("told to"),
		Init: wasmtest.Do(message.Interface, "register", encode(pack.Unit), send("/parent/once", "", wasmtest.Keep()))}), grants + sealed}
	ref := s.settle(h, "parent")
	kid := s.bears(ref, "kid.toml")
	check(t, s.Send(kid, "test", []byte("e")))
	s.eventually("the parent is called", func() bool { return s.calledBack(ref) == [4]int{1} })
	s.handed(0, value(t, s.log, s.hears(ref, wasmtest.ChildError)[0].call.Params), kid, "error")
	if got := s.text(ref, "spawn", pack.String("refuses.toml"), none, none); got != "err: spawn /parent/refuses: init-failed" {
		t.Errorf("spawn answers %s", got)
	}
	if got := s.text(ref, "spawn-and-wait", pack.String("once.toml"), none, none, none); !strings.HasSuffix(got, " failed: error") {
		t.Errorf("spawn-and-wait answers %s", got)
	}
	s.settled()
	s.keepsTo(ref)
}

func TestAParentIsToldOnlyTheReasonForWhichASealedChildDoesNotStartAgain(t *testing.T) {
	h := build(t)
	top := h.grow(plan{id: "top", code: parental(wasmtest.Guest{}), children: []plan{child("a", sealed)}})
	h.fails("/top/a init", 1)
	if got := h.text(top, "restart-child", id(h.ref("/top/a"))); got != "err: child a did not start: init-failed" {
		t.Errorf("restart-child answers %s", got)
	}
}
