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

// twig is a line of a drawn tree: an actor, or how many more there are.
type twig struct {
	lead  string       // the lines that lead to it
	name  string       // the last part of its path, safe to be shown; the path of the first
	actor *actors.Tree // nil for those that are left out
}

// draw draws a tree with at most so many actors, the upper ones first. It says in
// their place how many are left out; below 1 it is all of them.
func draw(t *actors.Tree, most int) []twig {
	picked := pick(t, most)
	var list []twig
	var walk func(t *actors.Tree, lead, below string)
	walk = func(t *actors.Tree, lead, below string) {
		list = append(list, twig{lead, escape(strings.TrimPrefix(t.Path, parentOf(t.Path)+"/")), t})
		more := 0
		for i := range t.Children {
			c := &t.Children[i]
			switch {
			case !picked(c):
				for range branches(c) {
					more++
				}
			case i == len(t.Children)-1:
				walk(c, below+"└─ ", below+"   ")
			default:
				walk(c, below+"├─ ", below+"│  ")
			}
		}
		if more > 0 {
			list = append(list, twig{lead: below + "└─ ", name: fmt.Sprintf("… %d more", more)})
		}
	}
	walk(t, "", "")
	list[0].name = escape(t.Path)
	return list
}

// pick says which actors are drawn. Of siblings those that are not come last.
func pick(t *actors.Tree, most int) func(*actors.Tree) bool {
	if most < 1 {
		return func(*actors.Tree) bool { return true }
	}
	picked, queue := map[*actors.Tree]bool{}, []*actors.Tree{t}
	for len(queue) > 0 && len(picked) < most {
		first := queue[0]
		picked[first], queue = true, queue[1:]
		for i := range first.Children {
			queue = append(queue, &first.Children[i])
		}
	}
	return func(t *actors.Tree) bool { return picked[t] }
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

// showTree writes a tree in columns.
func (p *program) showTree(t *actors.Tree) error {
	rows := [][]string{{"ACTOR", "STATUS", "RESTARTS", "LAST FAILURE"}}
	for _, twig := range draw(t, 0) {
		last := ""
		if exit := twig.actor.Last; exit != nil {
			last = why(*exit)
		}
		rows = append(rows, []string{twig.lead + twig.name, string(twig.actor.Status), fmt.Sprint(twig.actor.Restarts), last})
	}
	return p.table(rows)
}
