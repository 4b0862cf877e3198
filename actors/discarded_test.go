package actors_test

import (
	"testing"

	"github.com/theater-go/theater/chain"
)

func TestChildrenOfWhoBeginsAnewAreNotResumed(t *testing.T) {
	h := build(t)
	h.grow(parent("[supervision.backoff]\ninitial = \"1h\"\ncap = \"1h\"", plan{id: "mid", children: []plan{child("low")}}))
	h.grow(child("from"))
	low := h.ref("/top/mid/low")
	open := h.shut("/top/mid/low g")
	h.says("/from", "/top/mid/low", "g")
	h.eventually("it waits", func() bool { return h.waits("/top/mid/low g") })
	h.says("/from", "/top/mid/low", "1")
	h.eventually("the turn is on the log", func() bool { return len(of[*chain.Call](h.events(low))) == 2 })
	mid := h.ref("/top/mid")
	go func() { _, _ = h.request(mid, "x") }()
	h.eventually("mid has failed", func() bool { return h.info(mid).Failed == 1 })
	var cut int
	all := records(t, h.log, mid.ID)
	for i, r := range all {
		if results := of[*chain.Result](r.Events); len(results) > 0 && results[0].Status != chain.ResultOK {
			cut = len(all) - 1 - i
		}
	}
	killed := h.crashed(map[string]int{"/top/mid": cut})
	open(nil)
	h.close()

	h = rebuild(t, killed)
	got := h.recover()
	if got.Resumed != 3 {
		t.Errorf("it gives %+v", got)
	}
	if drops := h.drops(low.ID); len(drops) != 2 {
		t.Errorf("dropped are %q", drops)
	}
}

func TestARootThatHadAskedForItsEndHasNotFailed(t *testing.T) {
	h := build(t)
	solo := h.grow(child("solo"))
	check(t, h.Send(solo, "test", []byte("d")))
	h.ends(solo)
	want := last[*chain.Lifecycle](t, h.events(solo))
	log := h.crashed(map[string]int{"/solo": 1})
	h.close()
	h = rebuild(t, log)
	got := h.recover()
	if len(got.Ended) != 1 || got.Resumed != 0 {
		t.Errorf("it gives %+v", got)
	}
	if end := last[*chain.Lifecycle](t, events(t, log, solo.ID)); end.What != want.What || end.Reason != want.Reason {
		t.Errorf("the chain ends with %+v, want %+v", end, want)
	}
}
