package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/urfave/cli/v2"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func (p *program) treeCommand() *cli.Command {
	l := p.newLive()
	return &cli.Command{
		Name:      "tree",
		Usage:     "show the actors of a node as a tree",
		UsageText: "theater tree [TARGET]",
		Description: `Each actor stands below the one that supervises it. With TARGET, the path or id
of an actor, it is that one and those below it. BUSY is how long the turn has run
that an actor is in, and whether it waits. With -o json the result is an array of
the actors at the top, each with an array of its children.

Examples:
   theater tree
   theater tree /shop
   theater tree -o json | jq '.[].children | length'`,
		Flags: l.flags(),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 0, 1, "")
			if err != nil {
				return err
			}
			return l.with(c, func(ctx context.Context, n *conn) error {
				defer uncollected()()
				var fields []string // all
				if l.format.value == "text" {
					fields = []string{"path", "parent", "status", "busy_since", "waits", "restarts", "last_failure"}
				}
				all, err := n.list(ctx, &theaterv1.Filter{Under: append(args, "")[0]}, fields)
				if err != nil {
					return err
				}
				trees := newLiveTrees(all)
				if l.format.value != "text" {
					return l.show(trees)
				}
				var drawn []*branch
				for _, t := range trees {
					drawn = append(drawn, t.branch())
				}
				return l.showTrees(treeHeads, drawn...)
			})
		},
	}
}

// liveTree is an actor and those below it, as JSON shows them.
type liveTree struct {
	liveActor
	Children []*liveTree `json:"children"`

	busy, why string // how long its turn runs, and its last failure, in a line
}

// newLiveTrees puts actors below each other. Each must come before those below it;
// one whose parent is not there is at the top.
func newLiveTrees(all []*theaterv1.Actor) []*liveTree {
	top, now := []*liveTree{}, time.Now()
	at := make(map[string]*liveTree, len(all))
	for _, a := range all {
		t := &liveTree{newLiveActor(a), []*liveTree{}, busy(a, now), whyLive(a.LastFailure)}
		at[a.Path] = t
		if parent := at[a.Parent]; parent != nil {
			parent.Children = append(parent.Children, t)
		} else {
			top = append(top, t)
		}
	}
	return top
}

// treeHeads are those of branch.
var treeHeads = []string{"ACTOR", "STATUS", "BUSY", "RESTARTS", "LAST FAILURE"}

func (t *liveTree) branch() *branch {
	b := &branch{path: t.Path, cells: []string{t.Status, t.busy, strconv.FormatInt(t.Restarts, 10), t.why}}
	for _, c := range t.Children {
		b.below = append(b.below, c.branch())
	}
	return b
}
