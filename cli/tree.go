package cli

import (
	"fmt"
	"iter"
	"strings"

	"github.com/theater-go/theater/actors"
)

// branches yields a tree's actors, each before those below it.
func branches(t *actors.Tree) iter.Seq[*actors.Tree] {
	return func(yield func(*actors.Tree) bool) {
		var walk func(*actors.Tree) bool
		walk = func(t *actors.Tree) bool {
			if !yield(t) {
				return false
			}
			for i := range t.Children {
				if !walk(&t.Children[i]) {
					return false
				}
			}
			return true
		}
		walk(t)
	}
}

// branch is an actor of a tree that is drawn, with what stands beside it.
type branch struct {
	path  string
	cells []string // below the heads behind the first
	below []*branch
}

// newBranch is a tree of a run.
func newBranch(t *actors.Tree) *branch {
	last := ""
	if t.Last != nil {
		last = why(*t.Last)
	}
	b := &branch{path: t.Path, cells: []string{string(t.Status), fmt.Sprint(t.Restarts), last}}
	for i := range t.Children {
		b.below = append(b.below, newBranch(&t.Children[i]))
	}
	return b
}

// size is how many actors there are, it and those below it.
func (b *branch) size() int {
	n := 1
	for _, c := range b.below {
		n += c.size()
	}
	return n
}

// twig is a line of a drawn tree: an actor, or how many more there are.
type twig struct {
	lead string  // the lines that lead to it
	name string  // the last part of its path, safe to be shown; the path of the first
	of   *branch // nil for those that are left out
}

// draw draws a tree with at most so many actors, the upper ones first. It says in
// their place how many are left out; below 1 it is all of them.
func draw(top *branch, most int) []twig {
	picked := pick(top, most)
	var list []twig
	var walk func(b *branch, lead, below string)
	walk = func(b *branch, lead, below string) {
		list = append(list, twig{lead, escape(strings.TrimPrefix(b.path, parentOf(b.path)+"/")), b})
		more := 0
		for i, c := range b.below {
			switch {
			case !picked(c):
				more += c.size()
			case i == len(b.below)-1:
				walk(c, below+"└─ ", below+"   ")
			default:
				walk(c, below+"├─ ", below+"│  ")
			}
		}
		if more > 0 {
			list = append(list, twig{lead: below + "└─ ", name: fmt.Sprintf("… %d more", more)})
		}
	}
	walk(top, "", "")
	list[0].name = escape(top.path)
	return list
}

// pick says which actors are drawn. Of siblings those that are not come last.
func pick(top *branch, most int) func(*branch) bool {
	if most < 1 {
		return func(*branch) bool { return true }
	}
	picked, queue := map[*branch]bool{}, []*branch{top}
	for len(queue) > 0 && len(picked) < most {
		first := queue[0]
		picked[first], queue = true, append(queue[1:], first.below...)
	}
	return func(b *branch) bool { return picked[b] }
}

// treeNode is an actor of a tree as JSON shows it.
type treeNode struct {
	Path        string       `json:"path"`
	Status      string       `json:"status"`
	Restarts    int64        `json:"restarts"`
	LastFailure *lastFailure `json:"last_failure"`
	Children    []treeNode   `json:"children"`
}

func newTreeNode(t *actors.Tree) treeNode {
	n := treeNode{Path: t.Path, Status: string(t.Status), Restarts: t.Restarts, LastFailure: newLastFailure(t.Last), Children: []treeNode{}}
	for i := range t.Children {
		n.Children = append(n.Children, newTreeNode(&t.Children[i]))
	}
	return n
}

// runHeads are those of newBranch: at the end of a run no turn is left to be seen.
var runHeads = []string{"ACTOR", "STATUS", "RESTARTS", "LAST FAILURE"}

// showTrees writes trees in columns, one below the other.
func (p *program) showTrees(heads []string, trees ...*branch) error {
	rows := [][]string{heads}
	for _, t := range trees {
		for _, twig := range draw(t, 0) {
			rows = append(rows, append([]string{twig.lead + twig.name}, twig.of.cells...))
		}
	}
	return p.writeRows(rows)
}
