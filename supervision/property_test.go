package supervision_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/theater-go/theater/supervision"
)

// stepsPerTree times rapid's 100 checks are 10,000 steps.
const stepsPerTree = 100

func TestTheRulesDoWhatTheModelSays(t *testing.T) {
	steps := 0
	rapid.Check(t, func(t *rapid.T) {
		var w *world
		var m *model
		d := drawing{T: t}
		for range stepsPerTree {
			steps++
			if m == nil || m.over != "" {
				p := d.plan()
				w, m = newWorld(p), newModel()
				w.keeps = rapid.Bool().Draw(t, "keeps")
				w.pick = rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0)).IntN
				w.run()
				m.begin(p)
				compare(t, "begin", w, m)
				continue
			}
			c := d.command(m.sight())
			if c.verb == "advance" {
				end := m.now.Add(must(time.ParseDuration(c.arg)))
				for m.fire(end) {
					w.fire(end)
					w.run()
					compare(t, c.String(), w, m)
				}
				w.fire(end)
				continue
			}
			m.do(c)
			w.do(c)
			w.run()
			for len(m.waits) == 0 && w.clock.pending() > 0 { // somebody does not end
				w.fire(w.clock.next())
				w.run()
			}
			compare(t, c.String(), w, m)
		}
	})
	if !t.Failed() && steps < 10_000 {
		t.Errorf("only %d steps", steps)
	}
}

// compare has a world that rests be as the model is. It forgets what has been
// compared.
func compare(t *rapid.T, after string, w *world, m *model) {
	t.Helper()
	same := func(what, got, want string) {
		if got != want {
			t.Fatalf("after %s the %s is\n %s, want\n %s\nin %s", after, what, got, want, m.tree())
		}
	}
	same("log", logged(w.log), logged(m.log))
	w.log, m.log = nil, nil
	same("tree", w.tree(), m.tree())
	same("end", w.over, m.over)
	same("list of answers", strings.Join(w.answers, "; "), strings.Join(m.answers, "; "))
	same("time", w.clock.Now().String(), m.now.String())
	same("number of timers", strconv.Itoa(w.clock.pending()), strconv.Itoa(len(m.waits)))
	same("list of what must not be", strings.Join(w.wrong, "; "), "")
}

// drawing draws plans and commands.
type drawing struct {
	*rapid.T
	ids   int
	waits bool // restarts wait; else some children do not end when they are told to
}

// below draws one of the first n numbers, each as likely as the other, which the
// ranges of rapid are not.
func (d *drawing) below(n int, what string) int {
	v := 0
	for _, bit := range rapid.SliceOfN(rapid.Bool(), 12, 12).Draw(d.T, what) {
		if v *= 2; bit {
			v++
		}
	}
	return v * n >> 12
}

func (d *drawing) chance(percent int, what string) bool { return d.below(100, what) >= 100-percent }

func oneOf[T any](d *drawing, what string, list ...T) T { return list[d.below(len(list), what)] }

func (d *drawing) plan() *plan {
	d.waits = d.chance(50, "waits")
	return d.supervisor(0)
}

func (d *drawing) supervisor(depth int) *plan {
	p := &plan{}
	p.spec = supervision.Spec{
		Strategy:    oneOf[supervision.Strategy](d, "strategy", supervision.OneForOne, supervision.OneForAll, supervision.RestForOne, next{}),
		MaxRestarts: d.below(4, "max"),
		Period:      time.Duration(1+d.below(5, "period")) * time.Second,
	}
	if depth == 0 {
		p.spec.MaxRestarts += 6 // a tree that ends early shows little
	}
	if d.chance(30, "automatic shutdown") {
		p.spec.AutoShutdown = oneOf(d, "when", supervision.AllSignificant, supervision.AnySignificant)
	}
	if d.waits && d.chance(70, "waits") {
		p.spec.Backoff = supervision.Backoff{Initial: time.Second, Factor: 2,
			Cap:   time.Duration(d.below(5, "cap")) * time.Second,
			Reset: time.Duration(d.below(5, "reset")) * time.Second}
	}
	for range d.below(5, "children") {
		p.kids = append(p.kids, d.kid(p, depth))
	}
	return p
}

func (d *drawing) kid(p *plan, depth int) kid {
	d.ids++
	k := kid{id: "c" + strconv.Itoa(d.ids), shutdown: supervision.Shutdown{Time: time.Hour},
		restart: oneOf(d, "restart", supervision.Permanent, supervision.Permanent, supervision.Transient, supervision.Temporary),
		dynamic: d.chance(20, "dynamic")}
	k.significant = p.spec.AutoShutdown != "" && k.restart != supervision.Permanent && d.chance(50, "significant")
	switch {
	case depth < 3 && d.chance(30, "supervisor"):
		k.under = d.supervisor(depth + 1)
		k.shutdown = oneOf(d, "shutdown", supervision.Infinity, supervision.BrutalKill)
	case !d.waits && d.chance(30, "deaf"):
		k.deaf = true
		k.shutdown = supervision.Shutdown{Time: time.Duration(d.below(5, "seconds")) * time.Second}
	}
	return k
}

// sight is what a command can be about.
type sight struct {
	all, running []string // paths; of workers that run
	bosses       []place
}

// place is a supervisor.
type place struct {
	path  string
	plan  *plan
	taken []string // ids
}

func (m *model) sight() sight {
	var s sight
	m.each(func(b *boss) {
		p := place{path: b.path, plan: &b.plan}
		for _, h := range b.hands {
			p.taken = append(p.taken, h.id)
			s.all = append(s.all, h.path)
			if h.under == nil && h.status == supervision.StatusRunning {
				s.running = append(s.running, h.path)
			}
		}
		s.bosses = append(s.bosses, p)
	})
	return s
}

// command draws one.
func (d *drawing) command(s sight) command {
	c := command{verb: oneOf(d, "command", "advance", "advance", "fail", "fail", "fail", "fail", "exit", "bad", "bad",
		"failing", "add", "add", "terminate", "terminate", "restart", "restart", "restart", "forget", "stop")}
	switch c.verb {
	case "stop":
		if d.chance(10, "really") {
			return command{verb: "stop", arg: oneOf(d, "how", "", "cut")}
		}
	case "add":
		b := oneOf(d, "where", s.bosses...)
		k := d.kid(b.plan, strings.Count(b.path, "/")+1)
		if len(b.taken) > 0 && d.chance(10, "again") {
			k.id = b.taken[0]
		}
		c.path, c.kids = join(b.path, k.id), []kid{k}
		return c
	case "fail", "exit":
		if len(s.running) > 0 {
			c.path = oneOf(d, "who", s.running...)
			c.arg = oneOf(d, "why", "", "", "shutdown", "trap", "interrupted")
			return c
		}
	case "bad", "failing", "terminate", "restart", "forget":
		if len(s.all) > 0 {
			c.path = oneOf(d, "who", append(s.all, "nobody")...)
			switch c.verb {
			case "bad":
				c.arg, c.arg2 = oneOf(d, "starts", "1", "2"), oneOf(d, "why", "", "normal")
			case "failing":
				c.arg = oneOf(d, "why", "children", "shutdown")
			}
			return c
		}
	}
	return command{verb: "advance", arg: fmt.Sprintf("%dms", d.below(13, "time")*500)}
}
