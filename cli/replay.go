package cli

import (
	"context"
	"math"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
)

const replayText = `The module of the ACTOR is given again what it was given then, with no handler
running: what it asks of the world is answered from the chain. What it does must be
what it did; its calls, its answers, its states and the hashes of its records are
compared. The first difference is shown with both sides, and the exit code is 5. A
chain that is not in order by itself ends the replay before; that code is 4.

With --wasm another module, such as one that was edited, runs in place of the
recorded one: the first difference shows where it would have gone another way.
--until N looks no further than record N. --print event shows the records, each
once it is found to be the same, as chain show does; --print state prints the state
after the last of the turns, a literal.

The ACTOR is named as in theater chain; without one all chains are replayed, and
with --tree also those of the actors below it.

` + sourceText + `

Examples:
   theater replay /counter
   theater replay /counter --until 4 --print state
   theater replay /counter --wasm counter/counter.wasm
   theater replay /shop --tree -o json`

func (p *program) replayCommand() *cli.Command {
	source := p.newChainSource()
	o := &replayOptions{print: choose("", "event", "state")}
	flags := source.flags(
		&cli.StringFlag{Name: "wasm", Destination: &o.module, Usage: "run the module in `FILE` in place of the recorded one"},
		&cli.Uint64Flag{Name: "until", Destination: &o.until, Usage: "stop after record `N`", DefaultText: "the last"},
		&cli.GenericFlag{Name: "print", Value: o.print, Usage: "print `WHAT`: event or state"},
		&cli.BoolFlag{Name: "tree", Destination: &o.tree, Usage: "replay also the actors below it", DisableDefaultText: true},
	)
	return &cli.Command{
		Name:        "replay",
		Usage:       "execute a chain again and compare",
		UsageText:   "theater replay [ACTOR...] [--wasm FILE] [--until N] [--print event|state] [--tree] [FLAGS]",
		Description: replayText,
		Flags:       flags,
		Action: func(c *cli.Context) error {
			args := c.Args().Slice()
			if single := len(args) == 1 && !o.tree; !single && o.print.value != "" {
				return usagef(c.Command.HelpName, "--print is for one ACTOR, without --tree")
			}
			if len(args) == 0 && o.module != "" {
				return usagef(c.Command.HelpName, "--wasm is for the chains of a module: name an ACTOR")
			}
			if o.records = 0; c.IsSet("until") && o.until < math.MaxUint64 {
				o.records = o.until + 1
			}
			return source.read(c, func(ctx context.Context, r chain.Reader) error { return source.live.replay(ctx, r, args, o) })
		},
	}
}

type replayOptions struct {
	module  string // file of another one, or ""
	until   uint64
	records uint64 // that until leaves; 0 is all
	print   *choice
	tree    bool
}
