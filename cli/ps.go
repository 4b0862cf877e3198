package cli

import (
	"context"
	"io"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

const psText = `Each actor is followed by those below it, in the order in which they start. With
TARGET, the path or id of an actor, it is that one and those below it. BUSY is how
long the turn has run that an actor is in, and whether it waits: for an answer, say.

` + filterText + `

-a shows also the actors that have ended, as the log of the node has them: how and when.
Those that the node did not bring back are suspended, or cut off where nothing ended
them. Of several at one path theater chain list tells the ids.

-w goes on and shows what becomes of them: on a terminal the list is drawn again,
elsewhere an actor has another line when its status, its restarts or its last
failure have changed, and one with the status gone in the end. With -o json
these are objects, each on a line.

Examples:
   theater ps
   theater ps /shop -w
   theater ps -q --filter status=restarting
   theater ps -a --filter status=ended
   theater ps --filter 'restarts>=1' --filter 'name=till*'
   theater stop $(theater ps -q --filter name=worker-*)`

// psOptions are what the flags of ps say.
type psOptions struct {
	filter            filterFlag
	quiet, watch, all bool
}

func (p *program) psCommand() *cli.Command {
	l, o := p.newLive(), &psOptions{}
	l.bound += ", with -w 0"
	return &cli.Command{
		Name:        "ps",
		Usage:       "list the actors of a node",
		UsageText:   "theater ps [-a] [-q] [-w] [--filter CONDITION]... [TARGET]",
		Description: psText,
		Flags: l.flags(
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "show the paths alone", DisableDefaultText: true, Destination: &o.quiet},
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "show actors that have ended, too", DisableDefaultText: true, Destination: &o.all},
			&cli.BoolFlag{Name: "watch", Aliases: []string{"w"}, Usage: "go on until Ctrl-C and show what changes", DisableDefaultText: true, Destination: &o.watch},
			&cli.GenericFlag{Name: "filter", Aliases: []string{"f"}, Value: &o.filter, Usage: "show actors for which `CONDITION` holds; may be repeated"},
		),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 0, 1, "")
			switch {
			case err != nil:
				return err
			case len(args) == 1 && o.filter.Under != "":
				return usagef(c.Command.HelpName, "%s and --filter under=%s say the same: leave one out", args[0], o.filter.Under)
			case o.quiet && l.format.value != "text":
				return usagef(c.Command.HelpName, "-q prints paths: with -o %s each actor has its path", l.format.given)
			case o.all && o.watch:
				return usagef(c.Command.HelpName, "-w shows who ends, and -a who has: leave one out")
			case len(args) == 1:
				o.filter.Under = args[0]
			}
			l.endless = o.watch
			return l.with(c, func(ctx context.Context, n *conn) error {
				if o.watch {
					return n.watchActors(ctx, o)
				}
				defer uncollected()()
				if o.all {
					return n.showAll(ctx, o)
				}
				return n.showActors(ctx, &o.filter.Filter, o)
			})
		},
	}
}

// maxPage is how many actors a node shows at once.
const maxPage = 10_000

// uncollected holds the garbage collector back for a command that only fetches a list
// and shows it, until the function that it returns is called: of thousands of actors
// hardly anything is garbage before the end, and collecting takes a third of the time.
func uncollected() (restore func()) {
	percent := debug.SetGCPercent(1000)
	return func() { debug.SetGCPercent(percent) }
}

// rowFields are those of an actor that its row shows.
var rowFields = []string{"path", "status", "busy_since", "waits", "restarts", "mailbox", "turns", "memory", "created", "last_failure"}

// fields are those that have to be fetched; none is all.
func (o *psOptions) fields(format string) []string {
	switch {
	case format != "text":
		return nil
	case o.watch:
		return append([]string{"id"}, rowFields...)
	case o.quiet:
		return []string{"path"}
	}
	return rowFields
}

// list fetches all actors that the filter holds for: the fields of those names, or all.
func (n *conn) list(ctx context.Context, filter *theaterv1.Filter, fields []string) (all []*theaterv1.Actor, err error) {
	err = n.each(ctx, filter, fields, func(a *theaterv1.Actor) bool {
		all = append(all, a)
		return true
	})
	return all, err
}

// each is list for who needs one actor after another.
func (n *conn) each(ctx context.Context, filter *theaterv1.Filter, fields []string, see func(*theaterv1.Actor) (keeps bool)) error {
	if err := n.EachActor(ctx, &theaterv1.ListAllRequest{Filter: filter, Fields: fields}, see); err != nil {
		return n.suggestTarget(ctx, n.explain(ctx, err), filter.GetUnder())
	}
	return nil
}

// showActors writes those that the filter holds for.
func (n *conn) showActors(ctx context.Context, filter *theaterv1.Filter, o *psOptions) error {
	var (
		paths strings.Builder
		table columns
		row   []string
		list  = []liveActor{}
		now   = time.Now()
	)
	table.add(actorHeads)
	format := n.live.format.value
	err := n.each(ctx, filter, o.fields(format), func(a *theaterv1.Actor) (keeps bool) {
		switch {
		case format != "text":
			list = append(list, newLiveActor(a))
		case o.quiet:
			writePath(&paths, a.Path)
		default:
			row = appendRow(row[:0], a, now)
			table.add(row)
		}
		return false
	})
	switch {
	case err != nil:
		return err
	case format != "text":
		return n.live.show(list)
	case o.quiet:
		_, err := io.WriteString(n.live.out, paths.String())
		return err
	}
	return n.live.writeFitted(&table)
}

func writePath(b *strings.Builder, path string) {
	b.WriteString(escape(path))
	b.WriteByte('\n')
}

var actorHeads = []string{"PATH", "STATUS", "BUSY", "RESTARTS", "MAILBOX", "TURNS", "MEMORY", "AGE", "LAST FAILURE"}

func actorRows(all []*theaterv1.Actor, now time.Time) [][]string {
	rows := make([][]string, 0, len(all)+1)
	rows = append(rows, actorHeads)
	for _, a := range all {
		rows = append(rows, appendRow(nil, a, now))
	}
	return rows
}

func appendRow(row []string, a *theaterv1.Actor, now time.Time) []string {
	return append(row,
		a.Path, a.Status, busy(a, now), strconv.FormatInt(a.Restarts, 10), strconv.FormatInt(a.Mailbox, 10), strconv.FormatInt(a.Turns, 10),
		size(a.Memory), ageOf(a, now), whyLive(a.LastFailure),
	)
}

func ageOf(a *theaterv1.Actor, now time.Time) string {
	if a.Created == nil {
		return ""
	}
	return age(now.Sub(a.Created.AsTime()))
}
