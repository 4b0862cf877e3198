package actors_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm/pack"
)

// extent is how many random trees there are, at most, and how many steps each takes.
func extent() (trees, steps int) {
	if *full {
		return 100, 400
	}
	return 20, 80
}

func TestWhateverHappensInATreeAllIsAccountedFor(t *testing.T) {
	trees, steps := extent()
	rapid.Check(t, func(r *rapid.T) {
		if trees--; trees >= 0 {
			chaos(tester{t, r}, r, steps)
		}
	})
}

// tester fails the check of a property, with what was drawn.
type tester struct {
	testing.TB
	r *rapid.T
}

func (t tester) Helper()                      { t.r.Helper() }
func (t tester) Error(args ...any)            { t.r.Error(args...) }
func (t tester) Errorf(f string, args ...any) { t.r.Errorf(f, args...) }
func (t tester) Fatal(args ...any)            { t.r.Fatal(args...) }
func (t tester) Fatalf(f string, args ...any) { t.r.Fatalf(f, args...) }

// chaos lets random things happen to a random tree.
func chaos(t testing.TB, r *rapid.T, steps int) {
	log := memlog.New()
	c := enter(t, log, randomPlan(r, "top", 0))
	defer c.close()
	for i := range steps {
		c.step(r)
		if i%25 == 24 {
			c.settles()
		}
	}
	live := c.settles()
	c.close()
	if inUse, _ := c.engine.Memory(); inUse != 0 {
		t.Errorf("%d bytes are left of the guests' memory", inUse)
	}
	verifyAll(t, log)

	again := enter(t, log, plan{})
	defer again.close()
	for _, one := range live {
		if text, path, _ := strings.Cut(one, " "); strings.Count(path, "/") == 1 {
			id, err := chain.ParseID(text)
			check(t, err)
			again.resume(id)
		}
	}
	if resumed := again.settles(); !slices.Equal(resumed, live) {
		t.Errorf("there live\n\t%s\nafter the resume\n\t%s", strings.Join(live, "\n\t"), strings.Join(resumed, "\n\t"))
		for _, one := range live {
			if text, path, _ := strings.Cut(one, " "); !slices.Contains(resumed, one) {
				id, err := chain.ParseID(text)
				check(t, err)
				all := events(t, log, id)
				t.Errorf("%s ended with %s: %+v", path, kinds(all), last[*chain.Lifecycle](t, all))
			}
		}
	}
	again.close()
	verifyAll(t, log)
}

// verifyAll verifies every chain of a log, and that each has come to its end.
func verifyAll(t testing.TB, log chain.Log) {
	for sum, err := range log.Actors(context.Background()) {
		check(t, err)
		if sum.Status != chain.StatusStopped && sum.Status != chain.StatusSuspended {
			t.Errorf("the chain of %s says that it is %s", sum.Path, sum.Status)
		}
		events(t, log, sum.ID)
	}
}

// randomPlan draws a tree.
func randomPlan(r *rapid.T, id string, depth int) plan {
	pick := func(what string, of ...string) string { return rapid.SampledFrom(of).Draw(r, id+" "+what) }
	p := plan{
		id: id,
		as: pick("restart", "", "restart = \"transient\"\n", "restart = \"temporary\"\n") +
			pick("shutdown", "", "shutdown = \"brutal-kill\"\n", "shutdown = \"10ms\"\n", "shutdown = \"infinity\"\n"),
		tables: "[limits]\nfuel = 1000000\nwait_time = \"50ms\"\n[supervision]\n" +
			pick("strategy", "", "strategy = \"one-for-all\"\n", "strategy = \"rest-for-one\"\n") +
			pick("state", "", "restart_state = \"last\"\n") +
			pick("mailbox", "", "mailbox = \"drop\"\n") +
			pick("deliveries", "", "max_deliveries = 2\n") +
			pick("on error", "", "on_error = \"continue\"\n") +
			pick("intensity", "", "max_restarts = 0\n", "max_restarts = 1\n", "max_restarts = 1000\n") +
			"period = \"100ms\"\n" +
			pick("backoff", "", "[supervision.backoff]\ninitial = \"1ms\"\ncap = \"5ms\"\n"),
	}
	if depth == 2 {
		return p
	}
	for i := range rapid.IntRange(0, 3).Draw(r, id+" children") {
		p.children = append(p.children, randomPlan(r, fmt.Sprintf("%s%d", string("abc"[depth]), i), depth+1))
	}
	return p
}

// mob is a house in which things happen at the same time.
type mob struct {
	*house
	plan      plan
	blueprint *actors.Blueprint  // of the plan, once it is spawned
	extra     *manifest.Manifest // of children that nobody declares
	running   sync.WaitGroup
}

// enter readies a house for a mob.
func enter(t testing.TB, log chain.Log, p plan) *mob {
	m := &mob{house: rebuild(t, log), plan: p}
	var err error
	m.extra, err = manifest.Parse([]byte("name = \"extra\"\nversion = \"1\"\npackage = \"actor.wasm\"\n"+grants+
		"[[handler]]\ntype = \"gate\"\n[[handler]]\ntype = \"supervisor\"\n[limits]\nfuel = 1000000\n"), "manifest.toml", m.handlers)
	check(t, err)
	return m
}

// spawnTop starts the tree.
func (m *mob) spawnTop() {
	if m.blueprint == nil {
		var err error
		m.blueprint, err = m.Prepare(context.Background(), m.load(m.plan), nil)
		check(m.t, err)
	}
	_, err := m.Spawn(context.Background(), actors.Spec{Blueprint: m.blueprint})
	check(m.t, err)
}

// settles waits until nothing happens any more and all is accounted for, and returns
// who lives: id and path.
func (m *mob) settles() []string {
	m.running.Wait()
	var before []actors.Info
	same := 0
	m.eventually("nothing happens", func() bool {
		now := m.List()
		if slices.EqualFunc(before, now, func(a, b actors.Info) bool { return a == b }) {
			same++
		} else {
			same = 0
		}
		before = now
		return same > 10 && !slices.ContainsFunc(now, func(i actors.Info) bool { return i.Mailbox > 0 || i.Status != actors.StatusRunning })
	})
	// A supervisor may have heard of an end that its child has not come to, or the
	// other way round, while nothing else happens.
	var live []string
	var wrong error
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if live, wrong = m.accounted(); wrong == nil {
			return live
		}
		if time.Now().After(deadline) {
			m.t.Fatal(wrong)
		}
	}
}

// accounted returns who lives, and an error where the list, the supervisors and the
// memory that is in use do not agree.
func (m *mob) accounted() (live []string, err error) {
	var shown []string
	var memory int64
	seen := map[string]bool{}
	for _, info := range m.List() {
		live = append(live, info.ID.String()+" "+info.Path)
		memory += info.Memory
		if seen[info.Path] || seen[info.ID.String()] || info.MailboxBytes != 0 || info.Status != actors.StatusRunning {
			return live, fmt.Errorf("%+v is not the only one there, or has something to do", info)
		}
		seen[info.Path], seen[info.ID.String()] = true, true
		if strings.Count(info.Path, "/") == 1 {
			tree, err := m.Tree(info.Ref)
			if err != nil {
				return live, err
			}
			shown = append(shown, m.shown(tree)...)
		}
	}
	slices.Sort(live)
	slices.Sort(shown)
	if !slices.Equal(live, shown) {
		return live, fmt.Errorf("there live\n\t%s\nand the supervisors have\n\t%s", strings.Join(live, "\n\t"), strings.Join(shown, "\n\t"))
	}
	if inUse, _ := m.engine.Memory(); inUse != memory {
		return live, fmt.Errorf("guests have %d bytes of memory, and %d are in use", memory, inUse)
	}
	return live, nil
}

// shown are the actors of a tree that have not ended.
func (m *mob) shown(t actors.Tree) []string {
	var all []string
	if t.Status != actors.StatusEnded {
		all = append(all, t.ID.String()+" "+t.Path)
	}
	for _, child := range t.Children {
		all = append(all, m.shown(child)...)
	}
	return all
}

// step does something to somebody, and does not wait for it.
func (m *mob) step(r *rapid.T) {
	all := m.List()
	if len(all) == 0 {
		m.spawnTop()
		return
	}
	among := rapid.IntRange(0, len(all)-1)
	ref, other := all[among.Draw(r, "who")].Ref, all[among.Draw(r, "other")].Ref
	message := []byte(rapid.SampledFrom([]string{"o", "o", "", "z", "c", "x", "x", "e", "d", "b"}).Draw(r, "message"))
	what := rapid.SampledFrom([]string{"send", "send", "send", "ask", "ask", "tell", "order", "kill", "stop", "restart", "link", "child", "look"}).Draw(r, "what")
	m.running.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		var err error
		switch what {
		case "send":
			err = m.Send(ref, "test", message)
		case "ask":
			_, err = m.Request(ctx, ref, "test", message)
		case "tell", "order":
			function := map[string]string{"tell": "puppet.send", "order": "puppet.request"}[what]
			_, err = m.Call(ctx, ref, "test", function, pack.Tuple(pack.Bytes(tell(other.Path, string(message)))))
		case "kill":
			_, err = m.Kill(ctx, ref)
		case "stop":
			_, err = m.Stop(ctx, ref)
		case "restart":
			err = m.System.Restart(ctx, ref)
		case "link":
			_, err = m.Link(ref, other)
		case "child":
			_, err = m.SpawnChild(ctx, ref, actors.Child{Spec: actors.Spec{Name: "extra", Manifest: m.extra, Package: resident},
				Restart: supervision.Transient, Shutdown: supervision.Shutdown{Time: 10 * time.Millisecond}})
		case "look":
			_, err = m.Tree(ref)
		}
		if ctx.Err() != nil {
			m.t.Errorf("%s of %s, %q: %v, after %v", what, ref, message, err, patience)
		}
	})
}
