package supervision_test

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/supervision"
)

// world runs a tree on the pure rules, without processes or goroutines. Each
// supervisor has an inbox; a step handles one message of one of them.
type world struct {
	clock *fakeClock
	keeps bool            // processes outlive incarnations
	pick  func(n int) int // which of n inboxes is next; nil for the first
	bad   map[string]bad  // paths whose next starts fail

	sups    []*sup
	top     *sup
	log     []string // "+path" begins, "~path" was told and goes on, "-path" has ended
	answers []string
	events  []supervision.Event
	agains  map[string]supervision.Again // of the last start of a path
	orders  map[string]supervision.Order // of the last stop of a path
	wrong   []string                     // what must not be
	over    string                       // the verdict on the top
}

// sup is a supervisor of a world.
type sup struct {
	w     *world
	path  string
	plan  *plan
	m     supervision.Machine
	above *sup // nil at the top
	node  *supervision.Node
	inbox []func()
	tells []func()
	over  bool
}

func newWorld(p *plan) *world {
	w := &world{clock: &fakeClock{now: epoch}, bad: map[string]bad{}, agains: map[string]supervision.Again{}, orders: map[string]supervision.Order{}}
	w.top = w.supervisor(nil, nil, "", p)
	return w
}

func (w *world) supervisor(above *sup, node *supervision.Node, path string, p *plan) *sup {
	s := &sup{w: w, path: path, plan: p, above: above, node: node}
	s.m = supervision.NewMachine(p.spec, s)
	w.sups = append(w.sups, s)
	s.inbox = append(s.inbox, func() {
		s.m.Begin(w.specs(path, p.kids), func(err error) {
			switch {
			case above == nil:
				w.answers = append(w.answers, answer(err))
			case err == nil:
				above.inbox = append(above.inbox, func() { above.m.Started(node) })
			}
		})
	})
	return s
}

func (w *world) specs(path string, kids []kid) []supervision.ChildSpec {
	var list []supervision.ChildSpec
	for _, k := range kids {
		list = append(list, k.spec(&part{kid: k, path: join(path, k.id)}))
	}
	return list
}

// run handles messages until none is left.
func (w *world) run() {
	for w.step() {
	}
}

func (w *world) step() bool {
	w.sups = slices.DeleteFunc(w.sups, func(s *sup) bool { return s.over && len(s.inbox) == 0 })
	var ready []*sup
	for _, s := range w.sups {
		if len(s.inbox) > 0 {
			ready = append(ready, s)
		}
	}
	if len(ready) == 0 {
		return false
	}
	s := ready[0]
	if w.pick != nil {
		s = ready[w.pick(len(ready))]
	}
	f := s.inbox[0]
	s.inbox = s.inbox[1:]
	f()
	tells := s.tells
	s.tells = nil
	for _, tell := range tells {
		tell()
	}
	return true
}

// fire has the next timer called that is due until end.
func (w *world) fire(end time.Time) bool { return w.clock.fire(end) }

// do gives a command; what follows of it is in the inboxes then.
func (w *world) do(c command) {
	if c.verb == "bad" {
		w.bad[c.path] = c.bad()
		return
	}
	above, id := split(c.path)
	s := w.find(above)
	if s == nil {
		w.wrong = append(w.wrong, "there is no supervisor "+above)
		return
	}
	done := func(err error) { w.answers = append(w.answers, answer(err)) }
	switch c.verb {
	case "fail", "exit":
		if k := s.child(id); k.up {
			k.end(c.exit())
		}
	case "ready":
		k := s.child(id)
		s.post(func() { s.m.Started(k.node) })
	case "add":
		s.post(func() { s.m.Add(w.specs(above, c.kids)[0], done) })
	case "boot":
		s.post(func() { s.m.Begin(w.specs(above, c.kids), done) })
	case "terminate":
		s.post(func() { s.m.Terminate(id, done) })
	case "restart":
		s.post(func() { s.m.Restart(id, done) })
	case "forget":
		s.post(func() { done(s.m.Forget(id)) })
	case "failing":
		k := s.child(id)
		s.post(func() { s.m.Failing(id, k.count, c.exit()) })
	case "stop":
		s.post(func() { s.m.Stop(supervision.Order{Reason: supervision.ReasonShutdown}) })
		if c.arg == "cut" {
			s.post(s.m.Cut)
		}
	case "cut":
		s.post(s.m.Cut)
	case "suspend":
		s.post(func() { s.m.Stop(supervision.Order{Reason: supervision.ReasonSuspended}) })
	case "warn":
		s.post(func() { s.m.Warn(w.clock.Now()) })
	default:
		panic("no such command: " + c.verb)
	}
}

// find is the supervisor of a path, nil if there is none.
func (w *world) find(path string) *sup {
	for i := len(w.sups) - 1; i >= 0; i-- {
		if s := w.sups[i]; s.path == path && !s.over {
			return s
		}
	}
	if path == "" {
		return w.top
	}
	return nil
}

func (s *sup) child(id string) *part {
	for _, c := range s.m.Children() {
		if c.ID == id {
			return c.Child.(*part)
		}
	}
	return &part{}
}

// tree shows all children.
func (w *world) tree() string { return w.top.tree() }

func (s *sup) tree() string {
	return show(s.m.Children(), func(c supervision.Info) (string, bool) {
		k := c.Child.(*part)
		if k.sub == nil {
			return "", false
		}
		return k.sub.tree(), true
	})
}

// The hands of a supervisor. Workers answer at once, into the inbox.

func (s *sup) Start(c *supervision.Node, a supervision.Again) {
	k := c.Child.(*part)
	s.w.agains[k.path] = a
	k.node, k.above, k.count = c, s, a.Count
	if k.under != nil {
		k.sub = s.w.supervisor(s, c, k.path, k.under)
		return
	}
	k.start()
}

func (s *sup) Halt(c *supervision.Node) {
	k := c.Child.(*part)
	if sub := k.sub; sub != nil {
		sub.post(func() { sub.m.Stop(supervision.Order{Reason: supervision.ReasonShutdown}) })
		return
	}
	k.tell(false)
}

func (s *sup) Stop(c *supervision.Node, o supervision.Order) {
	k := c.Child.(*part)
	s.w.orders[k.path] = o
	if sub := k.sub; sub != nil {
		sub.post(func() { sub.m.Stop(o) })
		return
	}
	k.tell(true)
}

func (s *sup) Cut(c *supervision.Node) {
	k := c.Child.(*part)
	if sub := k.sub; sub != nil {
		sub.post(sub.m.Cut)
		return
	}
	k.cut()
}

func (s *sup) Warn(c *supervision.Node, since time.Time) {
	if sub := c.Child.(*part).sub; sub != nil {
		sub.post(func() { sub.m.Warn(since) })
	}
}

func (s *sup) post(f func()) { s.inbox = append(s.inbox, f) }

func (s *sup) Ended(exit supervision.Exit) {
	if s.over {
		s.w.wrong = append(s.w.wrong, "a supervisor ended twice: "+s.path)
	}
	s.over = true
	if s.above == nil {
		s.w.over = verdict(exit)
		return
	}
	s.above.inbox = append(s.above.inbox, func() { s.above.m.Gone(s.node, exit) })
}

func (s *sup) Now() time.Time { return s.w.clock.Now() }
func (s *sup) After(d time.Duration, f func()) func() bool {
	return s.w.clock.AfterFunc(d, func() { s.post(f) })
}
func (s *sup) Chance() float64             { return 0 }
func (s *sup) Observe(e supervision.Event) { s.w.events = append(s.w.events, e) }
func (s *sup) Later(f func())              { s.tells = append(s.tells, f) }

// part is a child in a world.
type part struct {
	kid
	path  string
	above *sup
	node  *supervision.Node

	count int  // the incarnation
	sub   *sup // of a supervisor: the incarnation

	up      bool // of a worker: there is an incarnation
	process bool
	told    bool
	final   bool
	exit    supervision.Exit
}

func (k *part) say(mark string) { k.above.w.log = append(k.above.w.log, mark+k.path) }

func (k *part) start() {
	w := k.above.w
	if k.up {
		w.wrong = append(w.wrong, "two incarnations of "+k.path)
	}
	k.up, k.process, k.told, k.final = true, true, false, false
	k.say("+")
	if b := w.bad[k.path]; b.times > 0 {
		w.bad[k.path] = bad{b.times - 1, b.exit}
		k.end(b.exit)
		return
	}
	if !k.slow {
		s, c := k.above, k.node
		s.post(func() { s.m.Started(c) })
	}
}

// end is the end of the incarnation, and of the process if it was told to or does
// not outlive it.
func (k *part) end(exit supervision.Exit) {
	k.up, k.exit = false, exit
	k.say("-")
	s, c := k.above, k.node
	if k.final || !s.w.keeps {
		k.process = false
		s.post(func() { s.m.Gone(c, exit) })
		return
	}
	s.post(func() { s.m.Exited(c, exit) })
}

func (k *part) tell(final bool) {
	k.final = k.final || final
	shutdown := supervision.Exit{Reason: supervision.ReasonShutdown}
	switch {
	case k.up && (k.deaf || k.spins):
		if !k.told {
			k.say("~")
		}
		k.told = true
	case k.up:
		k.end(shutdown)
	case k.process && final:
		k.process = false
		s, c, exit := k.above, k.node, k.exit
		s.post(func() { s.m.Gone(c, exit) })
	}
}

func (k *part) cut() {
	if k.up && (k.spins || k.told) {
		k.end(supervision.Exit{Reason: supervision.ReasonKilled, Err: errors.New("cut off")})
	}
}

// A part is driven by the hands above, not by a process.
func (k *part) Start(actor.Context, supervision.Again) (*actor.PID, error) { panic("no process") }
func (k *part) Halt(actor.Context, supervision.Exit)                       { panic("no process") }
func (k *part) Stop(actor.Context, supervision.Order)                      { panic("no process") }
func (k *part) Cut()                                                       { panic("no process") }
func (k *part) Warn(time.Time)                                             { panic("no process") }
func (k *part) Fallen() supervision.Fallen                                 { panic("no process") }

// logged is the log in one line.
func logged(log []string) string { return strings.Join(log, " ") }
