package supervision

import (
	"iter"
	"time"
)

// Node is a child as the rules have it.
type Node = child

// Hands are the hands of a Machine.
type Hands interface {
	Start(c *Node, a Again)
	Halt(c *Node)
	Stop(c *Node, o Order)
	Cut(c *Node)
	Warn(c *Node, since time.Time)
	Now() time.Time
	After(d time.Duration, f func()) (stop func() bool)
	Chance() float64
	Observe(e Event)
	Later(f func())
	Ended(exit Exit)
}

// Machine are the rules without a process.
type Machine struct{ r *rules }

// NewMachine makes the rules of one supervisor.
func NewMachine(spec Spec, h Hands) Machine { return Machine{newRules(spec, testHands{h})} }

func (m Machine) Begin(children []ChildSpec, ready func(error)) { m.r.begin(children, ready) }
func (m Machine) Add(spec ChildSpec, done func(error))          { m.r.join(spec, done) }
func (m Machine) Terminate(id string, done func(error))         { m.r.terminate(id, done) }
func (m Machine) Restart(id string, done func(error))           { m.r.restart(id, done) }
func (m Machine) Forget(id string) error                        { return m.r.forget(id) }
func (m Machine) Failing(id string, n int, exit Exit)           { m.r.failing(id, n, exit) }
func (m Machine) Stop(o Order)                                  { m.r.stop(o) }
func (m Machine) Cut()                                          { m.r.cut() }
func (m Machine) Warn(since time.Time)                          { m.r.warn(since) }
func (m Machine) Ending() bool                                  { return m.r.ending != nil }
func (m Machine) Started(c *Node)                               { m.r.started(c) }
func (m Machine) Exited(c *Node, exit Exit)                     { m.r.exited(c, exit) }
func (m Machine) Gone(c *Node, exit Exit)                       { m.r.gone(c, exit) }
func (m Machine) Children() (list []Info)                       { return m.r.infos(nil) }

type testHands struct{ Hands }

func (t testHands) start(c *child, a Again)                     { t.Start(c, a) }
func (t testHands) halt(c *child)                               { t.Halt(c) }
func (t testHands) stop(c *child, o Order)                      { t.Stop(c, o) }
func (t testHands) cut(c *child)                                { t.Cut(c) }
func (t testHands) warn(c *child, since time.Time)              { t.Warn(c, since) }
func (t testHands) now() time.Time                              { return t.Now() }
func (t testHands) after(d time.Duration, f func()) func() bool { return t.After(d, f) }
func (t testHands) chance() float64                             { return t.Chance() }
func (t testHands) observe(e Event)                             { t.Observe(e) }
func (t testHands) later(f func())                              { t.Later(f) }
func (t testHands) ended(exit Exit)                             { t.Ended(exit) }

// Wait is the wait before a restart.
func (b Backoff) Wait(failures int, chance float64) time.Duration { return b.wait(failures, chance) }

// Siblings are children that have only their IDs.
type Siblings struct {
	s  siblings
	by map[string]*child
}

func (s *Siblings) Add(id string) {
	c := &child{ChildSpec: ChildSpec{ID: id}}
	if s.by == nil {
		s.by = map[string]*child{}
	}
	s.by[id] = c
	s.s.add(c)
}

func (s *Siblings) Remove(id string) { s.s.remove(s.by[id]) }
func (s *Siblings) Len() int         { return s.s.len() }
func (s *Siblings) Room() int        { return len(s.s.rank) }

func (s *Siblings) All() iter.Seq[string]      { return idsOf(s.s.all()) }
func (s *Siblings) Backward() iter.Seq[string] { return idsOf(s.s.backward()) }

func idsOf(children iter.Seq[*child]) iter.Seq[string] {
	return func(yield func(string) bool) {
		children(func(c *child) bool { return yield(c.ID) })
	}
}
