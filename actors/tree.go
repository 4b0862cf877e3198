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
		t.Children = append(t.Children, branch(c.path, info, see))
	}
	return t
}

// branch is a child and all below it. parent is the path of the actor above.
func branch(parent string, info supervision.Info, see sight) Tree {
	c := actorOf(&info)
	if c == nil {
		return Tree{Info: stub(parent, info)}
	}
	t := c.tree(see)
	t.Info = asChild(t.Info, info)
	return t
}

// stub is what a supervisor knows of a child that is no actor, or none yet.
func stub(parent string, info supervision.Info) Info {
	return asChild(Info{Name: info.ID, Ref: Ref{Path: parent + "/" + info.ID}, Restarts: int64(info.Restarts)}, info)
}

// asChild adds to what an actor shows of itself what its supervisor knows.
func asChild(i Info, info supervision.Info) Info {
	switch i.Status {
	case "", StatusStopping, StatusEnded:
		i.Status = statuses[info.Status]
	}
	if info.Last != nil { // which may be that of its children
		i.Last = info.Last
	}
	return i
}

// statuses are those of children that only their supervisor knows.
var statuses = map[supervision.Status]Status{
	supervision.StatusStarting: StatusStarting, supervision.StatusRunning: StatusRunning,
	supervision.StatusStopping: StatusStopping, supervision.StatusWaiting: StatusRestarting,
	supervision.StatusEnded: StatusEnded,
}
