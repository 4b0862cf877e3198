package cli_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/cli"
)

// forest is a system of the actors at some paths, which are gone once they are
// taken away.
type forest struct {
	paths  []string
	status map[string]actors.Status // running where it says nothing
}

func (f *forest) Tree(actors.Ref) (actors.Tree, error) {
	t := grow(f.paths...)
	var mark func(*actors.Tree)
	mark = func(t *actors.Tree) {
		info, _ := f.Inspect(t.Ref)
		t.Status = info.Status
		for i := range t.Children {
			mark(&t.Children[i])
		}
	}
	mark(t)
	return *t, nil
}

func (f *forest) Inspect(ref actors.Ref) (actors.Info, error) {
	info := actors.Info{Ref: ref, Status: actors.StatusRunning}
	if s, ok := f.status[ref.Path]; ok {
		info.Status = s
	}
	return info, nil
}

func (f *forest) Lookup(path string) (actors.Ref, error) { return actors.Ref{Path: path}, nil }

func TestTheTreeIsKeptAsItStoodBeforeItsActorEnded(t *testing.T) {
	trapped := actors.Exit{Reason: actors.ReasonTrap, Err: errors.New("trap")}
	stopped, suspended := actors.Exit{Reason: actors.ReasonShutdown}, actors.Exit{Reason: actors.ReasonSuspended}
	normal, children := actors.Exit{Reason: actors.ReasonNormal}, actors.Exit{Reason: actors.ReasonChildren, Err: errors.New("till")}
	change := func(path string, what actors.Change) actors.Change {
		what.Path = path
		return what
	}
	// A step is what the system does before it tells of a change.
	type step struct {
		gone   string // a path
		status string // path=status
		tell   actors.Change
	}
	gone := func(path string, exit actors.Exit) step {
		return step{gone: path, tell: change(path, actors.Change{What: actors.ChangeGone, Exit: exit})}
	}
	ends := func(path string, exit actors.Exit, d actors.Change) step {
		d.What, d.Exit = actors.ChangeEnded, exit
		if exit.Failed() {
			d.What = actors.ChangeFailed
		}
		return step{tell: change(path, d)}
	}
	var (
		restart  = actors.Change{Directive: actors.DirectiveRestart}
		stop     = actors.Change{Directive: actors.DirectiveStop}
		escalate = actors.Change{Directive: actors.DirectiveEscalate}
	)
	const whole = "/shop=%s /shop/till=running /shop/tills=running /shop/tills/1=running /shop/tills/2=running"
	ended, running := fmt.Sprintf(whole, "ended"), fmt.Sprintf(whole, "running")
	undone := []step{gone("/shop/tills/2", stopped), gone("/shop/tills/1", stopped), gone("/shop/tills", stopped), gone("/shop/till", stopped)}
	falls := step{status: "/shop=restarting"}
	for name, c := range map[string]struct {
		manifest manifest.Manifest
		steps    []step
		exit     actors.Exit
		early    bool
		want     string
	}{
		"the run ends it": {exit: suspended, want: running},
		"it ends, and is told of before those below it": {
			steps: append([]step{falls, ends("/shop", normal, stop)}, undone...), exit: normal, want: ended},
		"it ends, and those below it are told of before": {
			steps: append([]step{falls}, append(undone, ends("/shop", normal, stop))...), exit: normal, want: ended},
		"one below stops while the tree is taken": {
			steps: append([]step{falls, {status: "/shop/tills=stopping"}, ends("/shop", trapped, stop)}, undone...), exit: trapped, want: ended},
		"a child has failed too often": {
			steps: append([]step{ends("/shop/till", trapped, escalate)}, append(undone[:3:3], ends("/shop", children, stop))...),
			exit:  children, want: strings.Replace(ended, "till=running", "till=ended", 1)},
		"one that failed deeper is not the end": {
			steps: []step{ends("/shop/tills/2", trapped, escalate), gone("/shop/tills/2", trapped), gone("/shop/tills/1", stopped), ends("/shop/tills", children, restart)},
			exit:  suspended, want: "/shop=running /shop/till=running /shop/tills=running"},
		"a child that was stopped is not there any more": {
			steps: append([]step{gone("/shop/till", stopped), falls}, undone[:3]...),
			exit:  normal, want: strings.Replace(ended, " /shop/till=running", "", 1)},
		"auto_shutdown with the first": {
			manifest: manifest.Manifest{Supervision: manifest.Supervision{AutoShutdown: manifest.ShutdownAnySignificant}, Children: []manifest.Child{{ID: "till", Significant: true}}},
			steps:    append([]step{ends("/shop/till", normal, stop), gone("/shop/till", normal)}, append(undone[:3:3], ends("/shop", stopped, stop), gone("/shop", stopped))...),
			exit:     stopped, want: strings.Replace(ended, "till=running", "till=ended", 1)},
		"auto_shutdown with the last": {
			manifest: manifest.Manifest{Supervision: manifest.Supervision{AutoShutdown: manifest.ShutdownAllSignificant}, Children: []manifest.Child{{ID: "till", Significant: true}, {ID: "tills", Significant: true}}},
			steps:    []step{ends("/shop/till", normal, stop), gone("/shop/till", normal)},
			exit:     suspended, want: strings.Replace(running, " /shop/till=running", "", 1)},
		"what auto_shutdown might have ended, and the run did": {
			manifest: manifest.Manifest{Supervision: manifest.Supervision{AutoShutdown: manifest.ShutdownAnySignificant}, Children: []manifest.Child{{ID: "till", Significant: true}}},
			steps:    []step{ends("/shop/till", normal, stop), gone("/shop/till", normal)},
			exit:     suspended, want: strings.Replace(running, " /shop/till=running", "", 1)},
		"its failure is known before it is told of": {exit: trapped, early: true, want: ended},
		"the end of its company is not its own": {
			steps: []step{ends("/other", trapped, stop), ends("/other/a", trapped, escalate)}, exit: suspended, want: running},
	} {
		t.Run(name, func(t *testing.T) {
			f := &forest{paths: []string{"/shop", "/shop/till", "/shop/tills", "/shop/tills/1", "/shop/tills/2"}, status: map[string]actors.Status{}}
			s := cli.NewStand(f, &c.manifest, "/other")
			for _, step := range c.steps {
				if path, status, ok := strings.Cut(step.status, "="); ok {
					f.status[path] = actors.Status(status)
				}
				for i, path := range f.paths {
					if i > 0 && path == step.gone { // what is at the top can be asked after its end
						f.paths = append(f.paths[:i:i], f.paths[i+1:]...)
						break
					}
				}
				if step.tell.Path != "" {
					s.Observe(step.tell)
				}
			}
			s.Stop(actors.Ref{Path: "/shop"})
			tree := s.Tree(c.exit, c.early)
			var got []string
			var list func(*actors.Tree)
			list = func(t *actors.Tree) {
				got = append(got, t.Path+"="+string(t.Status))
				for i := range t.Children {
					list(&t.Children[i])
				}
			}
			list(tree)
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("stood: %s\nwant:  %s", got, c.want)
			}
			if failed := strings.Contains(c.want, "/shop=ended") && c.exit.Failed(); (tree.Last != nil) != failed {
				t.Errorf("its last failure is %v", tree.Last)
			}
		})
	}
}
