package cli

import (
	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
)

// stand keeps how the tree of a run stood when the run began to end its actor, or
// the actor to end by itself: once that has ended, those below it are gone. Its
// methods are called one at a time.
type stand struct {
	system      forest
	company     map[string]bool // the tops of other trees
	significant map[string]bool // ids of children with which the actor may end, by auto_shutdown
	root        actors.Ref      // zero before anything has become of its tree
	own         *view           // when the actor began to end by itself
	likely      bool            // whether it did is not known yet
	run         *view           // when the run began to end it
}

// forest shows actors; actors.System is one.
type forest interface {
	Tree(actors.Ref) (actors.Tree, error)
	Inspect(actors.Ref) (actors.Info, error)
	Lookup(path string) (actors.Ref, error)
}

// view is a tree at a moment.
type view struct {
	tree  actors.Tree
	paths map[string]bool // that are in it
}

func newStand(system forest, m *manifest.Manifest) *stand {
	s := &stand{system: system, company: map[string]bool{}, significant: map[string]bool{}}
	for _, c := range m.Children {
		if c.Significant && m.Supervision.AutoShutdown != manifest.ShutdownNever {
			s.significant[c.ID] = true
		}
	}
	return s
}

// observe takes in what has become of an actor.
func (s *stand) observe(c actors.Change) {
	top := topOf(c.Path)
	if s.company[top] || !s.found(c, top) {
		return
	}
	if s.run == nil && (s.own == nil || s.likely) {
		if ends, likely := s.ends(c); ends {
			s.own, s.likely = s.take(c), likely
		}
	}
	if c.What == actors.ChangeGone && told(c.Exit) {
		s.missed(s.own, c)
		s.missed(s.run, c)
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
		ends = s.significant[c.Path[len(s.root.Path)+1:]]
		return ends, ends
	case c.What == actors.ChangeGone && told(c.Exit): // those below a failed actor
		info, err := s.system.Inspect(s.root)
		return err == nil && info.Status != actors.StatusRunning && info.Status != actors.StatusStarting, false
	}
	return false, false
}

// told reports whether an actor ended because it was told to.
func told(exit actors.Exit) bool {
	return exit.Reason == actors.ReasonShutdown || exit.Reason == actors.ReasonSuspended
}

// take is the tree as it stands now that its actor ends because of a change, which
// is none when the run ends it. Those that its own end stops were running before.
func (s *stand) take(c actors.Change) *view {
	t, err := s.system.Tree(s.root)
	if err != nil {
		return nil
	}
	now, ends := &view{t, map[string]bool{}}, c.Path != "" || t.Status != actors.StatusRunning
	for branch := range branches(&now.tree) {
		now.paths[branch.Path] = true
		switch {
		case branch.Path == c.Path && c.What != actors.ChangeGone:
			branch.Status = actors.StatusEnded
		case ends && branch.Status == actors.StatusStopping:
			branch.Status = actors.StatusRunning
		}
	}
	return now
}

// missed adds an actor that was told to end, and has, before a tree was taken.
func (s *stand) missed(in *view, c actors.Change) {
	if in == nil || in.paths[c.Path] {
		return
	}
	info, err := s.system.Inspect(c.Ref)
	if err != nil {
		return
	}
	info.Status = actors.StatusRunning
	for branch := range branches(&in.tree) {
		if branch.Path == parentOf(c.Path) {
			branch.Children, in.paths[c.Path] = append(branch.Children, actors.Tree{Info: info}), true
			return
		}
	}
}

// stop says that the run ends the actor now.
func (s *stand) stop(root actors.Ref) {
	s.root = root
	s.run = s.take(actors.Change{})
}

// tree is how the tree stood, whose actor has ended with exit. early says that it
// had failed before the run ended it.
func (s *stand) tree(exit actors.Exit, early bool) *actors.Tree {
	own := early
	switch exit.Reason {
	case actors.ReasonNormal, actors.ReasonShutdown, actors.ReasonChildren:
		own = true
	}
	at := s.run
	if s.own != nil && (own || !s.likely) {
		at, own = s.own, true
	}
	if at == nil {
		return nil
	}
	if own {
		at.tree.Status, at.tree.Last = actors.StatusEnded, nil
		if exit.Failed() {
			at.tree.Last = &exit
		}
	}
	return &at.tree
}
