package actors

import (
	"sync"

	"github.com/theater-go/theater/supervision"
)

// Census shows see an actor and all below it, one after another and each before those
// below it, in the order of Tree, until see returns false. An Info is see's during
// the call only. The zero Ref means all actors. It waits for no actor, and what it
// makes does not grow with their number: it is how a node is looked at all day.
func (s *System) Census(ref Ref, see func(*Info) bool) error {
	t := census{see: see}
	if ref == (Ref{}) {
		t.below("", s.root)
		return nil
	}
	c, err := s.resolve(ref)
	if err != nil {
		return err
	}
	t.info = c.info()
	if see(&t.info) {
		t.below(c.path, c.family.head())
	}
	return nil
}

// census is one that is being taken.
type census struct {
	see     func(*Info) bool
	info    Info // what see is shown
	touched int64
}

// rosters are lists of children that no census needs at the moment.
var rosters = sync.Pool{New: func() any { return new([]supervision.Info) }}

// below shows the children of a supervisor, which may be nil, and all below them. It
// reports whether more is to be shown.
func (t *census) below(parent string, head *supervision.Supervisor) (more bool) {
	if head == nil {
		return true
	}
	list := rosters.Get().(*[]supervision.Info)
	*list = head.AppendChildren((*list)[:0])
	defer func() {
		clear(*list) // actors that have ended are not kept by a list of them
		rosters.Put(list)
	}()
	for i := range *list {
		if i%fetched == 0 {
			t.fetch((*list)[i:min(i+fetched, len(*list))])
		}
		if !t.child(parent, &(*list)[i]) {
			return false
		}
	}
	return true
}

// fetched is how many actors are fetched at once.
const fetched = 32

// fetch has the memory come that is seen of some children. The processor waits for
// many at once here, where a look at one after the other would wait for each: of
// thousands of actors that sleep nothing is in its caches.
func (t *census) fetch(list []supervision.Info) {
	for i := range list {
		if c := actorOf(&list[i]); c != nil {
			t.touched += c.turns.Load() + c.running.since.Load() + int64(c.mailbox.maxMessages)
		}
	}
	for i := range list {
		if c := actorOf(&list[i]); c != nil && c.path != "" {
			t.touched += int64(c.path[0])
		}
	}
}

// actorOf is the actor that a child is, nil where there is none.
func actorOf(info *supervision.Info) *control {
	if m, ok := info.Child.(*member); ok {
		return m.actor.Load()
	}
	return nil
}

func (t *census) child(parent string, info *supervision.Info) (more bool) {
	c := actorOf(info)
	if c == nil {
		t.info = stub(parent, *info)
		return t.see(&t.info)
	}
	t.info = asChild(c.info(), *info)
	return t.see(&t.info) && t.below(c.path, c.family.head())
}
