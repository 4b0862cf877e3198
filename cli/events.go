package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
)

const eventsText = `An ACTOR is named by its path or id. Without one it is all live actors of the node,
or all that the data folder has; their paths stand in front then.

` + sourceText + `

-f goes on with what comes, without a gap, until the actor has ended or Ctrl-C; it
asks a node. It begins with what comes from now on, unless --from, --since or --tail
say otherwise. What comes of several actors comes in the order of the log. Who reads
more slowly than the node works misses nothing: standard error says when the stream is
thousands of records behind, and when it has caught up.

A KIND is genesis, call, host, intent, outcome, key, result or lifecycle. Behind a
colon may stand which of them: the function of a call, the status of a result, what
a lifecycle event says.

Each event stands on a line. With -o json the result is an array of events, as those
of chain show with their names; with -f each is an object on a line.

Examples:
   theater events /shop/till
   theater events /shop/till -f --tail 10
   theater events -f --type lifecycle --type result:trap
   theater events --since 10m -o json | jq -r '.[] | select(.kind == "result") | .path'`

// eventOptions are what the flags of events say.
type eventOptions struct {
	target string // "" is all
	follow bool
	from   *uint64
	limit  uint64  // 0 is none
	tail   *uint64 // nil is all
	types  kindFlag
	since  instant
}

func (p *program) eventsCommand() *cli.Command {
	s, o := p.newChainSource(), &eventOptions{}
	return &cli.Command{
		Name:        "events",
		Usage:       "show what actors did, event by event",
		UsageText:   "theater events [ACTOR] [-f] [FLAGS]",
		Description: eventsText,
		Flags: s.flags(
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "go on with what comes", DisableDefaultText: true, Destination: &o.follow},
			&cli.Uint64Flag{Name: "from", Usage: "begin with record `N`", DefaultText: "the oldest"},
			&cli.Uint64Flag{Name: "limit", Usage: "show at most `N` events", DefaultText: "all", Destination: &o.limit},
			&cli.Uint64Flag{Name: "tail", Usage: "begin with the newest `N` events of each actor", DefaultText: "all"},
			&cli.GenericFlag{Name: "type", Value: &o.types, Usage: "show events of this `KIND`; may be repeated"},
			&cli.GenericFlag{Name: "since", Value: &o.since, Usage: "show events at this `TIME` or later, such as 2026-05-01T12:00:00Z, or 10m for ten minutes ago"},
		),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 0, 1, "")
			if err != nil {
				return err
			}
			o.target = append(args, "")[0]
			if c.IsSet("from") {
				from := c.Uint64("from")
				o.from = &from
			}
			if c.IsSet("tail") {
				tail := min(c.Uint64("tail"), maxTail)
				o.tail = &tail
			}
			switch {
			case o.tail != nil && (c.IsSet("limit") || o.from != nil):
				return usagef(c.Command.HelpName, "--tail begins with the newest events, --from and --limit with the oldest: leave one out")
			case o.tail != nil && *o.tail == 0 && !o.follow:
				return usagef(c.Command.HelpName, "--tail 0 shows nothing without -f")
			case c.IsSet("limit") && o.limit == 0:
				return usagef(c.Command.HelpName, "--limit 0 shows nothing")
			case o.follow && c.IsSet("data"):
				return usagef(c.Command.HelpName, "-f asks a node, and --data names a folder: leave one out")
			}
			return p.events(c, s, o)
		},
	}
}

func (p *program) events(c *cli.Context, s *chainSource, o *eventOptions) error {
	to := p.newEventWriter(o, s.format.value)
	show := func(ctx context.Context, r chain.Reader) error {
		if n, ok := r.(*nodeChains); ok {
			return n.tellEvents(ctx, o, to)
		}
		return tellChains(ctx, r, o, to)
	}
	if !o.follow {
		return s.read(c, show)
	}
	return s.with(c, func(ctx context.Context, n *conn) error { return n.lendChains(ctx, show) })
}

// eventWriter shows events.
type eventWriter struct {
	*eventOptions
	*listWriter
	hues *hues
	lag  lag
}

func (p *program) newEventWriter(o *eventOptions, format string) *eventWriter {
	return &eventWriter{o, p.newListWriter(format, o.follow), p.newHues(), lag{to: p.err}}
}

func (w *eventWriter) event(e *actorEvent) error {
	if w.json {
		e.spell()
		return w.value(e)
	}
	line := e.inOneLine()
	if w.target == "" {
		line = w.hues.paint(e.Path) + " " + line
	}
	return w.line(line)
}

// inOneLine is an event without its actor.
func (e *actorEvent) inOneLine() string {
	text, state := e.text()
	if state != "" {
		text += ", " + state
	}
	return fmt.Sprintf("%-6s %-9s %s", fmt.Sprintf("#%d.%d", e.Record, e.Index), escape(e.Kind), text)
}

// kinds are those of events.
var kinds = []string{"genesis", "call", "host", "intent", "outcome", "key", "result", "lifecycle"}

// kindFlag collects the kinds of --type.
type kindFlag []string

// Set is called by the flag parser.
func (f *kindFlag) Set(text string) error {
	kind, _, _ := strings.Cut(text, ":")
	if !slices.Contains(kinds, kind) {
		return fmt.Errorf("kinds are %s, each with a --type of its own%s", strings.Join(kinds, ", "), suggest(kind, kinds))
	}
	*f = append(*f, text)
	return nil
}

// String is the default in help texts.
func (f *kindFlag) String() string { return "" }

// instant is a flag with a time, or with how long ago that was.
type instant struct{ time.Time }

// Set is called by the flag parser.
func (i *instant) Set(text string) error {
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		i.Time = time.Now().Add(-ago)
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02"} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			i.Time = at
			return nil
		}
	}
	return errors.New("it is a time such as 2026-05-01T12:00:00Z, or 10m for ten minutes ago")
}

// String is the default in help texts.
func (i *instant) String() string { return "" }
