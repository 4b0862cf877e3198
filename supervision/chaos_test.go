package supervision_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/theater-go/theater/supervision"
)

// Whatever happens at the same time, and in whichever order it is heard of, a tree
// comes to rest: nobody starts twice, nobody is forgotten, and everyone who has
// asked is answered.
func TestATreeComesToRestWhateverHappensAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawing{T: t}
		w := newWorld(d.plan())
		w.keeps = rapid.Bool().Draw(t, "keeps")
		w.pick = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0)).IntN
		asked := 1
		for range 40 {
			for range d.below(6, "messages") {
				w.step()
			}
			s := w.sight()
			if s.bosses == nil {
				break
			}
			c := d.command(s)
			if c.verb == "add" && d.chance(30, "boot") {
				c.verb = "boot"
			}
			t.Logf("%v in %s", c, w.tree())
			switch c.verb {
			case "advance":
				w.fire(w.clock.Now().Add(must(time.ParseDuration(c.arg))))
			case "add", "boot", "terminate", "restart", "forget":
				asked++
				w.do(c)
			default:
				w.do(c)
			}
			if d.chance(20, "rest") {
				w.rest()
				w.checkRest(t)
			}
		}
		w.rest()
		w.checkRest(t)
		if w.over == "" {
			w.do(command{verb: "stop"})
			w.rest()
		}
		w.checkEnd(t, asked)
	})
}

// checkEnd says what is left of a world that should have ended.
func (w *world) checkEnd(t *rapid.T, asked int) {
	t.Helper()
	switch left := w.clock.pending(); {
	case w.over == "":
		t.Fatalf("the tree does not end: %s", w.tree())
	case left > 0:
		t.Fatalf("%d timers are left", left)
	case len(w.answers) != asked:
		t.Fatalf("%d requests have %d answers: %q", asked, len(w.answers), w.answers)
	}
	count := map[string]int{}
	for _, line := range w.log {
		switch line[0] {
		case '+':
			count[line[1:]]++
		case '-':
			count[line[1:]]--
		}
	}
	for path, n := range count {
		if n != 0 {
			t.Fatalf("%s has begun %d times more than it has ended", path, n)
		}
	}
}

// rest has messages handled until there are none, and the times of those end that
// do not end when they are told to.
func (w *world) rest() {
	w.run()
	for w.hangs() {
		w.fire(w.clock.next())
		w.run()
	}
}

func (w *world) hangs() bool {
	for _, s := range w.sups {
		for _, c := range s.m.Children() {
			if k := c.Child.(*part); k.up && k.told {
				return true
			}
		}
	}
	return false
}

// checkRest says what is not at rest in a world without messages.
func (w *world) checkRest(t *rapid.T) {
	t.Helper()
	if len(w.wrong) > 0 {
		t.Fatal(strings.Join(w.wrong, "; "))
	}
	for _, s := range w.sups {
		for _, c := range s.m.Children() {
			k := c.Child.(*part)
			runs := k.up || k.under != nil && k.sub != nil && !k.sub.over
			switch {
			case c.Status == supervision.StatusStarting || c.Status == supervision.StatusStopping:
				t.Fatalf("%s is %s for good", k.path, c.Status)
			case runs != (c.Status == supervision.StatusRunning):
				t.Fatalf("%s is %s, and runs: %v", k.path, c.Status, runs)
			case c.Status == supervision.StatusWaiting && w.clock.pending() == 0:
				t.Fatalf("%s waits for nothing", k.path)
			}
		}
	}
}

func (w *world) sight() sight {
	var v sight
	for _, s := range w.sups {
		if s.over || s.m.Ending() {
			continue
		}
		p := place{path: s.path, plan: s.plan}
		for _, c := range s.m.Children() {
			k := c.Child.(*part)
			p.taken = append(p.taken, c.ID)
			v.all = append(v.all, k.path)
			if k.up && k.under == nil {
				v.running = append(v.running, k.path)
			}
		}
		v.bosses = append(v.bosses, p)
	}
	return v
}
