package actors

import "github.com/theater-go/theater/supervision"

// Tree is an actor and all below it, as they are at a moment.
type Tree struct {
	Info     // of a child in Go, what its supervisor knows
	Children []Tree
}

// Tree shows a live actor and all below it, in the order in which they start. A
// child that has ended and may be started again is shown as well. It waits for no
// actor.
func (s *System) Tree(ref Ref) (Tree, error) {
	c, err := s.resolve(ref)
	if err != nil {
		return Tree{}, err
	}
	return c.tree(), nil
}

func (c *control) tree() Tree {
	t := Tree{Info: c.info()}
	head := c.family.head()
	if head == nil {
		return t
	}
	for _, info := range head.Children() {
		t.Children = append(t.Children, c.branch(info))
	}
	return t
}

// branch is a child and all below it.
func (c *control) branch(info supervision.Info) Tree {
	if m, ok := info.Child.(*member); ok && m.actor.Load() != nil {
		t := m.actor.Load().tree()
		if info.Last != nil { // which may be that of its children
			t.Last = info.Last
		}
		return t
	}
	var t Tree
	t.Name, t.Path, t.Status = info.ID, c.path+"/"+info.ID, statuses[info.Status]
	t.Restarts, t.Last = int64(info.Restarts), info.Last
	return t
}

// statuses are those of children that only their supervisor knows.
var statuses = map[supervision.Status]Status{
	supervision.StatusStarting: StatusStarting, supervision.StatusRunning: StatusRunning,
	supervision.StatusStopping: StatusStopping, supervision.StatusWaiting: StatusRestarting,
	supervision.StatusEnded: StatusEnded,
}
