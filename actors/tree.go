package actors

import "github.com/theater-go/theater/supervision"

// Tree is an actor and all below it, as they are at a moment.
type Tree struct {
	Info     // of a child in Go, what its supervisor knows
	Children []Tree
}

// Tree shows an actor and all below it, in the order in which they start. A child
// that has ended and may be started again is shown as well. It waits for no actor.
func (s *System) Tree(ref Ref) (Tree, error) { return s.tree(ref, (*supervision.Supervisor).Children) }

// Stood is Tree for an actor that ends or has ended: it shows those below it as they
// stood when they began to.
func (s *System) Stood(ref Ref) (Tree, error) { return s.tree(ref, (*supervision.Supervisor).Stood) }

// sight shows the children of a supervisor.
type sight func(*supervision.Supervisor) []supervision.Info

func (s *System) tree(ref Ref, see sight) (Tree, error) {
	c, err := s.resolve(ref)
	if err != nil {
		return Tree{}, err
	}
	return c.tree(see), nil
}

func (c *control) tree(see sight) Tree {
	t := Tree{Info: c.info()}
	head := c.family.head()
	if head == nil {
		return t
	}
	infos := see(head)
	t.Children = make([]Tree, 0, len(infos))
	for _, info := range infos {
		t.Children = append(t.Children, c.branch(info, see))
	}
	return t
}

// branch is a child and all below it.
func (c *control) branch(info supervision.Info, see sight) Tree {
	t := Tree{Info: Info{Name: info.ID, Ref: Ref{Path: c.path + "/" + info.ID}, Restarts: int64(info.Restarts)}}
	if m, ok := info.Child.(*member); ok && m.actor.Load() != nil {
		t = m.actor.Load().tree(see)
	}
	switch t.Status {
	case "", StatusStopping, StatusEnded:
		t.Status = statuses[info.Status]
	}
	if info.Last != nil { // which may be that of its children
		t.Last = info.Last
	}
	return t
}

// statuses are those of children that only their supervisor knows.
var statuses = map[supervision.Status]Status{
	supervision.StatusStarting: StatusStarting, supervision.StatusRunning: StatusRunning,
	supervision.StatusStopping: StatusStopping, supervision.StatusWaiting: StatusRestarting,
	supervision.StatusEnded: StatusEnded,
}
