package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
)

func (p *program) chainListCommand() *cli.Command {
	source := p.newChainSource()
	return &cli.Command{
		Name:      "list",
		Usage:     "list the actors that have chains",
		UsageText: "theater chain list [FLAGS]",
		Description: `Actors stand in the order in which they were made, and each is followed by those
that it had below it.

` + sourceText + `

Examples:
   theater chain list
   theater chain list --data /var/lib/theater -o json`,
		Flags: source.flags(),
		Action: func(c *cli.Context) error {
			if _, err := arguments(c, 0, 0, ""); err != nil {
				return err
			}
			return source.read(c, func(ctx context.Context, r chain.Reader) error {
				return p.chainList(ctx, r, source.format.value)
			})
		},
	}
}

// listed is an actor as JSON shows it.
type listed struct {
	ID      chain.ID   `json:"id"`
	Name    string     `json:"name"`
	Path    string     `json:"path"`
	Parent  *reference `json:"parent,omitempty"`
	Status  string     `json:"status"`
	Reason  string     `json:"reason,omitempty"`
	Created string     `json:"created"`
	Updated string     `json:"updated"`
	Records uint64     `json:"records"`
	Events  uint64     `json:"events"`
	Module  chain.Hash `json:"module"`
	Head    chain.Hash `json:"head"`
}

func newListed(s chain.Summary) listed {
	return listed{
		ID: s.ID, Name: s.Name, Path: s.Path, Parent: newReference(s.Parent), Status: s.Status.String(), Reason: s.Reason,
		Created: moment3339(s.Created), Updated: moment3339(s.Updated),
		Records: s.Records, Events: s.Events, Module: s.Module, Head: s.Head,
	}
}

func (p *program) chainList(ctx context.Context, r chain.Reader, format string) error {
	var all []chain.Summary
	for s, err := range r.Actors(ctx) {
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	live, err := liveActors(ctx, r)
	if err != nil {
		return err
	}
	list := []listed{}
	rows := [][]string{{"PATH", "ID", "STATUS", "RECORDS", "EVENTS", "CREATED"}}
	for _, s := range asTrees(all) {
		list = append(list, newListed(s))
		rows = append(rows, []string{
			s.Path, s.ID.String(), standing(s, live[s.ID]), fmt.Sprint(s.Records), fmt.Sprint(s.Events), moment(s.Created),
		})
	}
	if format == formatJSON {
		return p.writeJSON(list, true)
	}
	return p.writeColumns(rows)
}

// asTrees puts each actor before those that it had below it, and otherwise the
// older one first. One whose parent is not there, or is said to be below it,
// stands where it is.
func asTrees(all []chain.Summary) []chain.Summary {
	slices.SortStableFunc(all, func(a, b chain.Summary) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), len(a.Path)-len(b.Path), cmp.Compare(a.Path, b.Path))
	})
	there := map[chain.ID]bool{}
	below := map[chain.ID][]chain.Summary{}
	for _, s := range all {
		there[s.ID] = true
		below[s.Parent.Actor] = append(below[s.Parent.Actor], s)
	}
	var ordered []chain.Summary
	listed := map[chain.ID]bool{}
	var list func(chain.Summary)
	list = func(s chain.Summary) {
		if listed[s.ID] {
			return
		}
		listed[s.ID] = true
		ordered = append(ordered, s)
		for _, child := range below[s.ID] {
			list(child)
		}
	}
	for _, s := range all {
		if !there[s.Parent.Actor] {
			list(s)
		}
	}
	for _, s := range all { // those that are above each other
		list(s)
	}
	return ordered
}

// liveActors are those that have a process; in a data folder there are none.
func liveActors(ctx context.Context, r chain.Reader) (map[chain.ID]bool, error) {
	if n, ok := r.(*nodeChains); ok {
		return n.live(ctx)
	}
	return nil, nil
}

// standing is an actor's status with its reason. A chain that nobody writes and
// that does not end was cut off.
func standing(s chain.Summary, live bool) string {
	status := s.Status.String()
	if s.Status == chain.StatusRunning && !live {
		status = "cut off"
	}
	if s.Reason != "" && s.Reason != status {
		status += " (" + s.Reason + ")"
	}
	return status
}
