package actors_test

import (
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
)

func TestWhoIsToBeginAgainDoesSoThoughItsResumeIsCutOff(t *testing.T) {
	log := memlog.New()
	h := rebuild(t, log)
	h.grow(parent("[supervision.backoff]\ninitial = \"1h\"\ncap = \"1h\"", plan{id: "mid", children: []plan{child("low")}}))
	mid := h.ref("/top/mid")
	h.answers(mid, "", first)
	_, err := h.Kill(t.Context(), mid)
	check(t, err)
	h.close()
	if end := last[*chain.Lifecycle](t, events(t, log, mid.ID)); end.What != chain.LifecycleSuspended || end.Reason != "killed" {
		t.Fatalf("its chain ends with %+v", end)
	}
	before, err := log.Summary(t.Context(), mid.ID)
	check(t, err)
	h = rebuild(t, log)
	h.recover()
	h.answers(h.ref("/top/mid"), "", first)
	after, err := log.Summary(t.Context(), mid.ID)
	check(t, err)
	for kept := before.Records; kept < after.Records; kept++ {
		again := rebuild(t, h.losing(func(sum chain.Summary) int {
			switch {
			case sum.ID == mid.ID:
				return int(after.Records - kept)
			case sum.Created > before.Updated: // the new low
				return int(sum.Records)
			}
			return 0
		}))
		again.recover()
		again.answers(again.ref("/top/mid"), "", first)
		again.answers(again.ref("/top/mid/low"), "", first)
		again.close()
	}
}
