package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/cli/top"
)

const topText = `A screen shows the node and its actors, as a tree, with what waits in their
mailboxes, how fast they work, their memory, their restarts and their last failure.
It is drawn again each second. With TARGET, the path or id of an actor, it is that
one and those below it. ? shows the keys: to sort, to filter, to follow the events
and the output of an actor, to stop, restart or kill it. A node that goes away is
waited for.

--once prints what the screen would show and ends; it takes one --interval, in which
the rates are measured.

Examples:
   theater top
   theater top /shop --interval 250ms
   theater top --once`

// topOptions are what the flags of top say.
type topOptions struct {
	interval time.Duration
	once     bool
}

func (p *program) topCommand() *cli.Command {
	l, o := p.newLive(), &topOptions{}
	l.bound = "0"
	return &cli.Command{
		Name:        "top",
		Usage:       "watch the actors of a node on a screen",
		UsageText:   "theater top [TARGET] [FLAGS]",
		Description: topText,
		Flags: l.reachFlags(
			&cli.DurationFlag{Name: "interval", Value: time.Second, Usage: "look again after `TIME`", DefaultText: "1s", Destination: &o.interval},
			&cli.BoolFlag{Name: "once", Usage: "print what the screen would show, and end", DisableDefaultText: true, Destination: &o.once},
		),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 0, 1, "")
			switch {
			case err != nil:
				return err
			case o.interval < 10*time.Millisecond:
				return usagef(c.Command.HelpName, "--interval %s is no time to look at anything", o.interval)
			case !o.once && !(onTerminal(p.in) && onTerminal(p.out)) || os.Getenv("TERM") == "dumb" && !o.once:
				return &failure{code: codeUsage, cause: errors.New("theater top needs a terminal that can be drawn on"),
					hint: "theater ps -o json is for programs, theater top --once prints one picture"}
			}
			l.endless = true
			return l.with(c, func(ctx context.Context, n *conn) error { return n.top(ctx, o, append(args, "")[0]) })
		},
	}
}

func (n *conn) top(ctx context.Context, o *topOptions, target string) error {
	source := &topSource{n, target}
	first, err := source.Look(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	if !o.once {
		return top.Run(ctx, top.Config{Source: source, First: first, Interval: o.interval, In: n.live.in, Out: n.live.out, Env: os.Environ()})
	}
	if err := wait(ctx, o.interval); err != nil {
		return err
	}
	second, err := source.Look(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	width := 120
	if onTerminal(n.live.out) {
		width, _ = sizeOf(n.live.out)
	}
	_, err = io.WriteString(n.live.out, top.Frame(first, second, now.Sub(began), width, now))
	return err
}
