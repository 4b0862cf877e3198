package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/guest/sdk"
)

// load builds the guest and reads the tree, in which one short day passes: the
// clock's last errand is far off.
func load(t *testing.T, n *node.Node) *manifest.Manifest {
	t.Helper()
	dir := t.TempDir()
	files, err := filepath.Glob("*.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := sdk.BuildCommand(t.Context(), ".", filepath.Join(dir, "shop.wasm")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m, err := manifest.Load(dir, n.Handlers)
	if err != nil {
		t.Fatal(err)
	}
	clock := &m.Children[slices.IndexFunc(m.Children, func(c manifest.Child) bool { return c.ID == "clock" })]
	errands := strings.ReplaceAll(strings.TrimSpace(*clock.Manifest.InitialState), "00ms", "0ms") + "\n29s /shop/clock tick"
	clock.InitialState = &errands
	return m
}

// diary is what the till has said.
type diary struct {
	mu    sync.Mutex
	sales []string // guarded by mu
}

func (d *diary) put(line actors.Line) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if line.Path == "/shop/floor/till" && line.Stream == "log" {
		d.sales = append(d.sales, line.Text)
	}
}

func (d *diary) get() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.sales)
}

// shop is a running tree and what is on its chains.
type shop struct {
	t   *testing.T
	ctx context.Context
	log chain.Log
}

// at yields the events of all that ever were at a path, the oldest first.
func (s *shop) at(path string) (events []chain.Event) {
	s.t.Helper()
	for actor, err := range s.log.Actors(s.ctx) {
		if err != nil {
			s.t.Fatal(err)
		}
		if actor.Path != path {
			continue
		}
		for r, err := range s.log.Records(s.ctx, actor.ID, 0) {
			if err != nil {
				s.t.Fatal(err)
			}
			events = append(events, r.Events...)
		}
	}
	return events
}

// lives are the lifecycle events of one kind at a path.
func (s *shop) lives(path string, what chain.LifecycleKind) (found []*chain.Lifecycle) {
	s.t.Helper()
	for _, e := range s.at(path) {
		if l, ok := e.(*chain.Lifecycle); ok && l.What == what {
			found = append(found, l)
		}
	}
	return found
}

// waitFor waits until it is so.
func (s *shop) waitFor(what string, isSo func() bool) {
	s.t.Helper()
	for !isSo() {
		select {
		case <-s.ctx.Done():
			s.t.Fatalf("waited for nothing: %s", what)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// restarts waits for as many restarts at a path and returns them.
func (s *shop) restarts(path string, n int, reason actors.Reason) (found []*chain.Lifecycle) {
	s.t.Helper()
	s.waitFor(fmt.Sprintf("%d restarts of %s", n, path), func() bool {
		found = s.lives(path, chain.LifecycleRestart)
		return len(found) >= n
	})
	for i, l := range found[:n] {
		if l.Reason != string(reason) {
			s.t.Errorf("restart %d of %s: because of %s (%s), want %s", i+1, path, l.Reason, l.Detail, reason)
		}
	}
	return found[:n]
}

func TestTheShopFailsAllDayAndGoesOn(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	said := &diary{}
	n, err := node.Open(ctx, node.Config{Output: said.put})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Close(ctx); err != nil {
			t.Error(err)
		}
	}()
	if _, err := n.System.Spawn(ctx, actors.Spec{Manifest: load(t, n)}); err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, ctx: ctx, log: n.Log}
	s.passes(said)
	closing, end := context.WithTimeout(ctx, 20*time.Second)
	defer end()
	if err := n.System.Close(closing); err != nil {
		t.Errorf("close: %v", err)
	}
	s.isSuspended()
	s.isInOrder()
}

func TestAShopThatWasStoppedGoesOnWhereItWas(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	said := &diary{}
	data := t.TempDir()
	open := func() (*node.Node, *shop) {
		n, err := node.Open(ctx, node.Config{Data: data, Output: said.put})
		if err != nil {
			t.Fatal(err)
		}
		return n, &shop{t: t, ctx: ctx, log: n.Log}
	}
	n, s := open()
	ref, err := n.System.Spawn(ctx, actors.Spec{Manifest: load(t, n)})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"sold bread, 1 so far", "sold ham, 2 so far", "sold cheese, 3 so far"}
	for sales := range want {
		s.waitFor("a sale", func() bool { return len(said.get()) > sales })
		if err := n.Close(ctx); err != nil {
			t.Fatal(err)
		}
		n, s = open()
		if _, err := n.System.Resume(ctx, ref.ID); err != nil {
			t.Fatal(err)
		}
	}
	if got := said.get(); !slices.Equal(got, want) {
		t.Errorf("the till said %q, want %q", got, want)
	}
	if err := n.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

// passes waits until all has happened that a day brings.
func (s *shop) passes(said *diary) {
	t := s.t
	// one-for-one with backoff, and restart_state = "last"
	for i, l := range s.restarts("/shop/floor/till", 2, actors.ReasonTrap) {
		if want := 250 * time.Millisecond << i; time.Duration(l.Wait) != want || !l.Sum.IsZero() {
			t.Errorf("restart %d of the till: after %v, with state %s; want after %v, with its last", i+1, time.Duration(l.Wait), l.Sum, want)
		}
	}
	s.waitFor("what the till sells after its failures", func() bool { return len(said.get()) >= 3 })
	if want := []string{"sold bread, 1 so far", "sold ham, 2 so far", "sold cheese, 3 so far"}; !slices.Equal(said.get(), want) {
		t.Errorf("the till said %q, want %q", said.get(), want)
	}
	if scale := s.restarts("/shop/floor/scale", 1, actors.ReasonLimit)[0]; scale.Sum.IsZero() || scale.Wait == 0 {
		t.Errorf("the scale goes on with its last state, after %v", time.Duration(scale.Wait))
	}
	// rest-for-one: the labels with the shelf, the ledger not
	shelf := s.restarts("/shop/stock/shelf", 1, actors.ReasonTrap)[0]
	labels := s.restarts("/shop/stock/labels", 1, actors.ReasonShutdown)[0]
	if shelf.Sum.IsZero() || shelf.Wait != 0 || labels.Time < shelf.Time {
		t.Errorf("the shelf at %d, after %v; the labels at %d", shelf.Time, time.Duration(shelf.Wait), labels.Time)
	}
	// escalation: the stock as a whole
	if stock := s.restarts("/shop/stock", 1, actors.ReasonChildren)[0]; !strings.Contains(stock.Detail, "child shelf") {
		t.Errorf("the stock failed because of %q", stock.Detail)
	}
	// temporary, and transient
	for path, reason := range map[string]actors.Reason{"/shop/floor/trainee": actors.ReasonError, "/shop/doorman": actors.ReasonNormal} {
		var ends []*chain.Lifecycle
		s.waitFor("the end of "+path, func() bool { ends = s.lives(path, chain.LifecycleStopped); return len(ends) > 0 })
		if ends[0].Reason != string(reason) {
			t.Errorf("%s ended with %s, want %s", path, ends[0].Reason, reason)
		}
	}
	for _, path := range []string{"/shop", "/shop/floor", "/shop/clock", "/shop/doorman", "/shop/floor/trainee", "/shop/stock/ledger"} {
		if again := s.lives(path, chain.LifecycleRestart); len(again) > 0 {
			t.Errorf("%s was started again: %+v", path, again[0])
		}
	}
	s.waitFor("the long pause at the end of the day", s.sleeps)
}

// sleeps reports whether the clock is in the last pause of its day.
func (s *shop) sleeps() bool {
	sales, turn := 0, false
	for _, e := range s.at("/shop/clock") {
		host, ok := e.(*chain.Host)
		if ok && bytes.Contains(host.Input.Bytes, []byte("/shop/floor/till")) {
			sales++
		}
		_, turn = e.(*chain.Call)
	}
	return sales == 5 && turn // a turn is written down when it first waits
}

// isSuspended checks that those who are left can be resumed, and stopped in the
// reverse order of their start, each after those below it.
func (s *shop) isSuspended() {
	var last int64
	for _, path := range []string{
		"/shop/clock",
		"/shop/floor/scale", "/shop/floor/till", "/shop/floor",
		"/shop/stock/labels", "/shop/stock/shelf", "/shop/stock/ledger", "/shop/stock",
		"/shop",
	} {
		a, err := chain.Find(s.ctx, s.log, path)
		if err != nil || a.Status != chain.StatusSuspended {
			s.t.Errorf("%s: %s (%s), %v; want suspended", path, a.Status, a.Reason, err)
			continue
		}
		if a.Updated < last {
			s.t.Errorf("%s was suspended %v before its turn", path, time.Duration(last-a.Updated))
		}
		last = a.Updated
	}
	events := s.at("/shop/clock")
	if i := slices.IndexFunc(events, func(e chain.Event) bool {
		r, ok := e.(*chain.Result)
		return ok && r.Status == chain.ResultInterrupted
	}); i < 0 {
		s.t.Error("the clock was not woken")
	}
}

// isInOrder verifies every chain.
func (s *shop) isInOrder() {
	actors := 0
	for a, err := range s.log.Actors(s.ctx) {
		if err != nil {
			s.t.Fatal(err)
		}
		actors++
		if _, err := chain.Verify(s.ctx, s.log, a.ID); err != nil {
			s.t.Errorf("%s: %v", a.Path, err)
		}
	}
	if actors < 14 { // 11, and 3 of the stock once more
		s.t.Errorf("there are %d chains", actors)
	}
}
