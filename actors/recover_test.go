package actors_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/chaintest"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm/pack"
	"github.com/theater-go/theater/wasm/wasmtest"
)

// recover brings back what is left, which must succeed.
func (h *house) recover() actors.Recovery {
	h.t.Helper()
	got, err := h.Recover(context.Background(), nil)
	check(h.t, err)
	return got
}

// recovers is a system that is to be recovered before anything else.
func recovers(c *actors.Config) { c.Recovers = true }

// paths are those of live actors, sorted.
func (h *house) paths() []string {
	var paths []string
	for _, info := range h.List() {
		paths = append(paths, info.Path)
	}
	slices.Sort(paths)
	return paths
}

func TestAllActorsThatWereLeftComeBack(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	h.grow(parent("", plan{id: "a", children: []plan{child("x"), child("y")}}, child("b")))
	h.grow(child("solo"))
	gone := h.grow(child("gone"))
	_, err := h.Stop(t.Context(), gone)
	check(t, err)
	want := h.paths()
	for _, path := range want {
		h.answers(h.ref(path), "", first)
	}
	h.close()
	left := time.Now()
	// Now as a process leaves it that is killed.
	for _, log := range []chain.Log{log, h.crashed(nil)} {
		h = rebuild(t, log, recovers)
		if _, err := h.Spawn(t.Context(), actors.Spec{Manifest: h.load(child("early"))}); !errors.Is(err, actors.ErrRecovering) {
			t.Errorf("a spawn before the recovery gives %v", err)
		}
		if _, err := h.Resume(t.Context(), gone.ID); !errors.Is(err, actors.ErrRecovering) {
			t.Errorf("a resume before it gives %v", err)
		}
		if _, waits := h.Recovering(); !waits {
			t.Error("it is not said that the recovery is to come")
		}
		var told []int
		got, err := h.Recover(t.Context(), func(r actors.Recovery) {
			if _, runs := h.Recovering(); !runs || r.Total != len(want) {
				t.Errorf("it is told of %+v, runs: %t", r, runs)
			}
			told = append(told, r.Done)
		})
		check(t, err)
		if !slices.IsSorted(told) || told[len(told)-1] != len(want) {
			t.Errorf("the steps are %v", told)
		}
		if got.Resumed != len(want) || got.Done != len(want) || len(got.Left)+len(got.Ended) > 0 {
			t.Errorf("it gives %+v", got)
		}
		if now, runs := h.Recovering(); runs || now.Resumed != got.Resumed {
			t.Errorf("afterwards it says %+v, runs: %t", now, runs)
		}
		if live := h.paths(); !slices.Equal(live, want) {
			t.Errorf("there are %v, want %v", live, want)
		}
		for _, info := range h.List() {
			if info.Created.After(left) {
				t.Errorf("%s was made at %v, want the time before the recovery", info.Path, info.Created)
			}
		}
		for _, path := range want {
			h.answers(h.ref(path), "", second)
		}
		if _, err := h.Recover(t.Context(), nil); err == nil {
			t.Error("it is recovered twice")
		}
		h.grow(child("late"))
		h.close()
	}
}

// damaged is a log in which the last turn of an actor has another response.
func (h *house) damaged(path string) chain.Log {
	h.t.Helper()
	log := memlog.New()
	w, err := log.Writer(context.Background())
	check(h.t, err)
	for sum, err := range h.log.Actors(context.Background()) {
		check(h.t, err)
		all := records(h.t, h.log, sum.ID)
		var last *chain.Result
		for _, r := range all {
			for _, e := range of[*chain.Result](r.Events) {
				last = e
			}
		}
		if sum.Path == path {
			last.Response = chain.Payload{Bytes: encode(pack.String("another"))}
		}
		for _, r := range all {
			for _, sum := range blobs(h.t, h.log, r) {
				if b, err := h.log.Blob(context.Background(), sum); err == nil {
					w.PutBlob(b)
				}
			}
			check(h.t, w.Append(chaintest.Draft(r), nil))
		}
	}
	check(h.t, w.Close())
	return log
}

func TestAnActorThatCannotComeBackKeepsOnlyThoseBelowItFromThat(t *testing.T) {
	good := memlog.New()
	h := rebuild(t, good)
	top := h.grow(parent("strategy = \"one-for-all\"", child("a"), plan{id: "b", children: []plan{child("below")}}, child("c")))
	h.grow(child("solo"))
	all := h.paths()
	ids := map[string]chain.ID{}
	for _, path := range all {
		h.answers(h.ref(path), "", first)
		ids[path] = h.ref(path).ID
	}
	h.close()
	log := h.damaged("/top/b")
	before := kinds(events(t, log, ids["/top/b"])) + kinds(events(t, log, ids["/top/b/below"]))
	back := []string{"/solo", "/top", "/top/a", "/top/c"}
	for _, want := range []string{second, third} { // a second time as well
		h = rebuild(t, log, recovers)
		got := h.recover()
		if len(got.Left) != 2 || got.Resumed != 4 || got.Done != 6 || len(got.Ended) > 0 {
			t.Fatalf("it gives %+v", got)
		}
		if l := got.Left; l[0].Path != "/top/b" || l[0].ID != ids["/top/b"] || l[1].Path != "/top/b/below" || !errors.Is(l[1].Err, actors.ErrParentLeft) || errors.Is(l[0].Err, actors.ErrParentLeft) {
			t.Errorf("left are %+v", l)
		}
		if live := h.paths(); !slices.Equal(live, back) {
			t.Errorf("there are %v", live)
		}
		for _, path := range back {
			h.answers(h.ref(path), "", want)
		}
		h.close()
		if after := kinds(events(t, log, ids["/top/b"])) + kinds(events(t, log, ids["/top/b/below"])); after != before {
			t.Errorf("the chains that are left were %s and are %s", before, after)
		}
	}
	// A parent that begins anew has all its children, and none of them twice.
	h = rebuild(t, log)
	h.recover()
	check(t, h.System.Restart(t.Context(), h.ref("/top")))
	for _, path := range []string{"/top/b", "/top/b/below"} {
		h.answers(h.ref(path), "", first)
		if end := last[*chain.Lifecycle](t, events(t, log, ids[path])); end.What != chain.LifecycleStopped || end.Reason != string(actors.ReasonOrphaned) {
			t.Errorf("the chain of the old %s ends with %+v", path, end)
		}
	}
	h.close()
	// It is one or none when one tree is resumed.
	log = h.damaged("/top/c")
	h = rebuild(t, log)
	if _, err := h.Resume(t.Context(), top.ID); err == nil || !strings.Contains(err.Error(), "/top/c") {
		t.Errorf("the resume gives %v", err)
	}
	if live := h.paths(); len(live) > 0 {
		t.Errorf("there are %v", live)
	}
	// With a parent that stops they end too.
	left := h.recover().Left
	if len(left) != 1 || left[0].Path != "/top/c" {
		t.Fatalf("left are %+v", left)
	}
	_, err := h.Stop(t.Context(), h.ref("/top"))
	check(t, err)
	if end := last[*chain.Lifecycle](t, events(t, log, left[0].ID)); end.What != chain.LifecycleStopped || end.Reason != string(actors.ReasonOrphaned) {
		t.Errorf("the chain of the one that was left ends with %+v", end)
	}
}

func TestAnActorThatIsLeftComesBackOnceItCan(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	h.grow(parent("", child("a"), child("b")))
	big := strings.Repeat("y", 10_000)
	h.answers(h.ref("/top/a"), big, first)
	h.answers(h.ref("/top/b"), "", first)
	var gone chain.Hash
	for _, c := range of[*chain.Call](h.events(h.ref("/top/a"))) {
		if c.Params.Form == chain.FormBlob {
			gone = c.Params.Sum
		}
	}
	h.close()
	h = rebuild(t, without{log, gone})
	if got := h.recover(); len(got.Left) != 1 || got.Left[0].Path != "/top/a" || !errors.Is(got.Left[0].Err, chain.ErrNotFound) {
		t.Errorf("left are %+v", got.Left)
	}
	h.answers(h.ref("/top/b"), "", second)
	h.close()
	h = rebuild(t, log)
	if got := h.recover(); len(got.Left) > 0 {
		t.Errorf("left are %+v", got.Left)
	}
	h.answers(h.ref("/top/a"), "", second)
	h.answers(h.ref("/top/b"), "", third)
}

func TestWhatIsLeftGivesWayOnlyToASpawnThatSaysSo(t *testing.T) {
	h := build(t)
	old := h.grow(child("solo"))
	h.answers(old, "", first)
	h.close()
	log := h.damaged("/solo")
	h = rebuild(t, log, recovers)
	if got := h.recover(); len(got.Left) != 1 || got.Resumed != 0 {
		t.Errorf("it gives %+v", got)
	}
	m := h.load(child("solo"))
	if _, err := h.Spawn(t.Context(), actors.Spec{Manifest: m}); !errors.Is(err, actors.ErrLeft) {
		t.Errorf("a spawn at the path gives %v", err)
	}
	if sum, err := log.Summary(t.Context(), old.ID); err != nil || sum.Status == chain.StatusStopped {
		t.Errorf("what is left is %v, %v", sum.Status, err)
	}
	ref, err := h.Spawn(t.Context(), actors.Spec{Manifest: m, Supersede: true})
	check(t, err)
	h.answers(ref, "", first)
	if end := last[*chain.Lifecycle](t, events(t, log, old.ID)); ref.Path != "/solo" || end.What != chain.LifecycleStopped || end.Reason != string(actors.ReasonSuperseded) {
		t.Errorf("the new one is %s, the old one ends with %+v", ref, end)
	}
}

func TestARecoveryThatIsCutOffLeavesTheChainsAsTheyAre(t *testing.T) {
	h := build(t)
	h.grow(parent("", child("a")))
	h.close()
	was := h.crashed(nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	again := rebuild(t, &watched{Log: was, read: cancel})
	if _, err := again.Recover(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the recovery gives %v", err)
	}
	again.close()
	for sum, err := range h.log.Actors(t.Context()) {
		check(t, err)
		if now, err := was.Summary(t.Context(), sum.ID); err != nil || now.Records != sum.Records {
			t.Errorf("%s had %d records and has %d, %v", sum.Path, sum.Records, now.Records, err)
		}
	}
}

func TestNobodyWhoHadEndedComesBack(t *testing.T) {
	h := build(t)
	solo, top := h.grow(child("solo")), h.grow(parent("", child("a")))
	a := h.ref("/top/a")
	for _, ref := range []actors.Ref{solo, top} {
		if _, err := h.request(ref, "x"); err == nil {
			t.Fatal("x does not trap")
		}
		h.ends(ref)
	}
	h.close()
	// The turns are on the log, and nothing that followed.
	log := h.crashed(map[string]int{"/solo": 1, "/top": 1, "/top/a": 1})
	h = rebuild(t, log)
	got := h.recover()
	if got.Resumed != 0 || len(got.Left) > 0 || len(got.Ended) != 3 || got.Done != 3 {
		t.Errorf("it gives %+v", got)
	}
	for ref, want := range map[actors.Ref]actors.Reason{solo: actors.ReasonInitFailed, top: actors.ReasonInitFailed, a: actors.ReasonOrphaned} {
		if end := last[*chain.Lifecycle](t, events(t, log, ref.ID)); end.What != chain.LifecycleStopped || end.Reason != string(want) {
			t.Errorf("the chain of %s ends with %+v", ref, end)
		}
	}
	h.grow(child("solo"))
}

func TestAnActorThatHasAskedForItsEndDoesNotGoOn(t *testing.T) {
	h := build(t)
	h.grow(parent("", plan{id: "done", as: `restart = "transient"`}, child("again")))
	for _, path := range []string{"/top/done", "/top/again"} {
		h.answers(h.ref(path), "", first)
		check(t, h.Send(h.ref(path), "test", []byte("d")))
	}
	h.restarted("/top/again", 1)
	again := h.ref("/top/again")
	h.eventually("the other has ended", func() bool { _, err := h.Lookup("/top/done"); return err != nil })
	h.close()
	// Their last turns are on the log, and no ends or restarts.
	log := h.losing(func(sum chain.Summary) int {
		lost := 0
		all := records(t, h.log, sum.ID)
		for i := len(all) - 1; sum.Path != "/top"; i-- {
			if calls := of[*chain.Call](all[i].Events); len(calls) > 0 && calls[0].Cause.Kind == chain.CauseExternal {
				break
			}
			lost++
		}
		return lost
	})
	h = rebuild(t, log)
	h.recover()
	h.eventually("the transient one has ended", func() bool { _, err := h.Lookup("/top/done"); return err != nil })
	h.restarted("/top/again", 1)
	if ref := h.ref("/top/again"); ref.ID != again.ID {
		t.Error("the permanent one is another actor")
	}
	h.answers(h.ref("/top/again"), "", first)
}

func TestAllChildrenOfATemplateComeBack(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	top := h.grow(parent("strategy = \"simple-one-for-one\"", child("kid")))
	for range 3 {
		ref, err := h.SpawnChild(t.Context(), top, actors.Child{})
		check(t, err)
		h.answers(ref, "", first)
	}
	want := h.paths()
	h.close()
	h = rebuild(t, log)
	h.recover()
	if live := h.paths(); !slices.Equal(live, want) {
		t.Fatalf("there are %v, want %v", live, want)
	}
	for _, path := range want[1:] {
		h.answers(h.ref(path), "", second)
	}
}

func TestActorsThatAreEachOthersParentsAreNoOnes(t *testing.T) {
	log := memlog.New()
	w, err := log.Writer(t.Context())
	check(t, err)
	for i, path := range []string{"/a/b", "/a", "/c/d"} {
		parent := chain.Ref{Actor: chain.ID{byte(2 - i)}}
		check(t, w.Append(chaintest.Draft(chain.Record{Actor: chain.ID{byte(i + 1)}, Events: []chain.Event{&chain.Genesis{Path: path, Parent: parent}}}), nil))
	}
	check(t, w.Close())
	h := rebuild(t, log)
	if got := h.recover(); got.Resumed != 0 || len(got.Ended) != 2 || len(got.Left) != 1 {
		t.Errorf("it gives %+v", got)
	}
}

func TestAResumedGuestSpawnsFromTheFolderOfItsManifest(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	kid := plan{id: "kid", code: wasmtest.Guest{Init: ready, Interfaces: interfaces()}.Bytes()}
	p := plan{id: "top", children: []plan{{id: "mid", code: parental(wasmtest.Guest{}), spawns: []plan{kid}}}}
	m := h.load(p)
	top, err := h.Spawn(t.Context(), actors.Spec{Manifest: m})
	check(t, err)
	spawn := func() string {
		return h.text(h.ref("/top/mid"), "spawn", pack.String("kid"), none, none)
	}
	if got := spawn(); !strings.HasPrefix(got, "ok") {
		t.Fatalf("the spawn answers %s", got)
	}
	h.close()
	for range 2 {
		h = rebuild(t, log)
		h.resume(top.ID)
		if got := spawn(); !strings.HasPrefix(got, "ok") {
			t.Errorf("the spawn of a resumed guest answers %s", got)
		}
		// One that is made anew knows the folder as well.
		check(t, h.System.Restart(t.Context(), h.ref("/top")))
		if got := spawn(); !strings.HasPrefix(got, "ok") {
			t.Errorf("the spawn of one that is made anew answers %s", got)
		}
		if got := h.text(h.ref("/top/mid"), "spawn", pack.String("../mid"), none, none); !strings.Contains(got, "has .. in it") {
			t.Errorf("a spawn from outside the folder answers %s", got)
		}
		h.close()
	}
	check(t, os.RemoveAll(m.Dir))
	h = rebuild(t, log)
	h.resume(top.ID)
	if got := spawn(); !strings.Contains(got, "the folder that the actor's own manifest lay in is gone") || strings.Contains(got, m.Dir) {
		t.Errorf("once the folder is gone the spawn answers %s", got)
	}
}
