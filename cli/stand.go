package cli

import (
	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
)

// stand keeps how the tree of a run stood when its actor began to end by itself:
// once that has ended, those below it are gone. Its methods are called one at a
// time.
type stand struct {
	system      *actors.System
	company     map[string]bool // the tops of other trees
	significant map[string]bool // children that have to end for the actor to, by auto_shutdown
	all         bool            // all of them
	root        actors.Ref      // zero before anything has become of its tree
	tree        *actors.Tree    // nil before it began to end
	paths       map[string]bool // of the tree
	likely      bool            // whether it did is not known yet
	last        *actors.Exit    // the actor's own failure
	closed      bool            // the run ends the actor
}

func newStand(system *actors.System, m *manifest.Manifest) *stand {
	s := &stand{system: system, company: map[string]bool{}, significant: map[string]bool{}}
	auto := m.Supervision.AutoShutdown
	s.all = auto == manifest.ShutdownAllSignificant
	for _, c := range m.Children {
		if c.Significant && auto != manifest.ShutdownNever {
			s.significant[c.ID] = true
		}
	}
	return s
}

// observe takes in what has become of an actor.
func (s *stand) observe(c actors.Change) {
	top := topOf(c.Path)
	if s.closed || s.company[top] || !s.found(c, top) {
		return
	}
	if ends, likely := s.ends(c); ends && (s.tree == nil || s.likely) {
		s.take(c, likely)
	}
	switch {
	case c.What == actors.ChangeGone:
		s.missed(c)
	case c.What == actors.ChangeFailed && c.Path == s.root.Path:
		s.last = &c.Exit
	}
}

// found finds the actor of the run.
func (s *stand) found(c actors.Change, top string) bool {
	switch {
	case s.root.Path != "":
	case c.Path == top:
		s.root = c.Ref
	default:
		s.root, _ = s.system.Lookup(top)
	}
	return s.root.Path != ""
}

// ends reports whether a change shows that the actor ends, or that it is likely
// to.
func (s *stand) ends(c actors.Change) (ends, likely bool) {
	over := c.What == actors.ChangeFailed || c.What == actors.ChangeEnded
	child := parentOf(c.Path) == s.root.Path
	switch {
	case c.Path == s.root.Path:
		// What auto_shutdown has ended was seen before.
		return over && !(s.likely && c.Exit.Reason == actors.ReasonShutdown), false
	case over && child && c.Directive == actors.DirectiveEscalate:
		return true, false
	case over && child && c.Directive == actors.DirectiveStop:
		ends = s.counts(c.Path[len(s.root.Path)+1:])
		return ends, ends
	case c.What == actors.ChangeGone && told(c.Exit): // those below a failed actor
		info, err := s.system.Inspect(s.root)
		return err == nil && info.Status != actors.StatusRunning && info.Status != actors.StatusStarting, false
	}
	return false, false
}

// counts takes in that a child has ended for good and reports whether
// auto_shutdown ends the actor with it.
func (s *stand) counts(id string) bool {
	if !s.significant[id] {
		return false
	}
	if s.all {
		delete(s.significant, id)
		return len(s.significant) == 0
	}
	return true
}

// told reports whether an actor ended because it was told to.
func told(exit actors.Exit) bool {
	return exit.Reason == actors.ReasonShutdown || exit.Reason == actors.ReasonSuspended
}

// take keeps the tree as it stands. Those that are stopping were running before.
func (s *stand) take(c actors.Change, likely bool) {
	t, err := s.system.Tree(s.root)
	if err != nil {
		return
	}
	s.paths = map[string]bool{}
	for branch := range branches(&t) {
		s.paths[branch.Path] = true
		switch {
		case branch.Path == c.Path && c.What != actors.ChangeGone:
			branch.Status = actors.StatusEnded
		case branch.Status == actors.StatusStopping:
			branch.Status = actors.StatusRunning
		}
	}
	s.tree, s.likely = &t, likely
}

// missed adds an actor that was told to end, and has, before the tree was taken.
func (s *stand) missed(c actors.Change) {
	if s.tree == nil || s.paths[c.Path] || !told(c.Exit) {
		return
	}
	info, err := s.system.Inspect(c.Ref)
	if err != nil {
		return
	}
	info.Status, info.Restarts = actors.StatusRunning, int64(c.Restarts)
	for branch := range branches(s.tree) {
		if branch.Path == parentOf(c.Path) {
			branch.Children, s.paths[c.Path] = append(branch.Children, actors.Tree{Info: info}), true
			return
		}
	}
}

// close is how the tree stands now that the run ends its actor, or how it stood
// when the actor began to end by itself.
func (s *stand) close(root actors.Ref) (actors.Tree, error) {
	s.closed = true
	t, err := s.system.Tree(root)
	if err != nil {
		return t, err
	}
	ended := t.Status != actors.StatusRunning && t.Status != actors.StatusStarting
	if s.tree != nil && (ended || !s.likely) {
		t.Children = s.tree.Children
	}
	if ended {
		t.Status, t.Last = actors.StatusEnded, s.last
	}
	return t, nil
}
