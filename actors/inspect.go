package actors

import (
	"slices"
	"time"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
)

// keptRestarts is how many of an actor's restarts are remembered.
const keptRestarts = 10

// Restart is one of an actor's restarts.
type Restart struct {
	Time   time.Time
	Reason Reason // how the incarnation before it ended
	Detail string
	Count  int64         // which one of the actor, from 1
	Wait   time.Duration // how long the actor waited for it
	Record uint64        // of its chain, which tells of it
}

// Detail is all that can be seen of one live actor but for what is on its chain.
type Detail struct {
	Info
	Children []Info             // in the order in which they start
	Manifest *manifest.Manifest // not to be changed
	// How the supervisor above treats it, in the words of a manifest.
	Restart     string
	Shutdown    string
	Significant bool
	// Restarted are the newest restarts since it was started or resumed, the
	// newest first.
	Restarted []Restart
	// Interfaces are those that the guest imports by virtue of each table in
	// Manifest.Handlers.
	Interfaces [][]string
	Turn       *OpenTurn  // that runs now, nil for none
	WaitsFor   string     // the path of the actor that it waits for; "" for none
	LastFuel   int64      // spent by its last turn
	Records    uint64     // of its chain, acknowledged
	Head       chain.Hash // of the newest of them
}

// Detail shows one live actor. It waits for no actor.
func (s *System) Detail(ref Ref) (Detail, error) {
	c, err := s.resolve(ref)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{
		Info: c.info(), Manifest: c.manifest, Children: c.family.infos(), Interfaces: c.interfaces(),
		Restart: string(c.spec.Restart), Shutdown: c.spec.Shutdown.String(), Significant: c.spec.Significant,
		Turn: c.openTurn(), WaitsFor: s.waits.of(c), LastFuel: c.lastFuel.Load(),
	}
	c.mu.Lock()
	d.Restarted = slices.Clone(c.again)
	c.mu.Unlock()
	slices.Reverse(d.Restarted)
	d.Records, d.Head = c.acks.newest()
	return d, nil
}

// State copies what an actor's state was after its last turn that succeeded, as CGRF.
// It is nil for one that has had none.
func (s *System) State(ref Ref) ([]byte, error) {
	c, err := s.resolve(ref)
	if err != nil {
		return nil, err
	}
	if m := c.machine.Load(); m != nil {
		return m.Peek(), nil
	}
	return nil, nil
}

// infos are the children without what is below them.
func (f *family) infos() []Info {
	head := f.head()
	if head == nil {
		return nil
	}
	var list []Info
	for _, info := range head.Children() {
		if m, ok := info.Child.(*member); ok && m.actor.Load() != nil {
			list = append(list, asChild(m.actor.Load().info(), info))
		} else {
			list = append(list, stub(f.of.path, info))
		}
	}
	return list
}

// interfaces are those that the guest imports, by the table that grants them.
func (c *control) interfaces() [][]string {
	all := make([][]string, len(c.manifest.Handlers))
	for _, f := range c.functions {
		if f.Interface != "" && !slices.Contains(all[f.Session], f.Interface) {
			all[f.Session] = append(all[f.Session], f.Interface)
		}
	}
	return all
}

// of is the path of whom an actor waits for.
func (w *waits) of(c *control) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if wait, ok := w.target[c]; ok {
		return wait.of.path
	}
	return ""
}

// newest is how many records the log keeps, and the hash of the last.
func (a *acks) newest() (records uint64, head chain.Hash) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.records, a.head
}

// spent counts the fuel of a turn.
func (c *control) spent(fuel int64) {
	c.fuel.Add(fuel)
	c.lastFuel.Store(fuel)
}

// allFuel is what the actor's turns have spent since its genesis, but for those that were
// cut short by the end of a node.
func (c *control) allFuel() int64 { return c.fuelBefore.Load() + c.fuel.Load() }

// restartedBy remembers a restart, which a record tells of.
func (c *control) restartedBy(l *chain.Lifecycle, record uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.again) == keptRestarts {
		c.again = append(c.again[:0], c.again[1:]...)
	}
	c.again = append(c.again, Restart{
		Time: time.Unix(0, l.Time), Reason: Reason(l.Reason), Detail: l.Detail,
		Count: int64(l.Count), Wait: time.Duration(l.Wait), Record: record,
	})
}
