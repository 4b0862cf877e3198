package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func (p *program) killCommand() *cli.Command {
	l := p.newLive()
	return &cli.Command{
		Name:      "kill",
		Usage:     "end actors in the middle of what they do",
		UsageText: "theater kill TARGET...",
		Description: `Each TARGET, the path or id of an actor, is cut off, in the middle of its turn too.
That is a failure like any other: its supervisor decides whether it starts again,
and one that nobody supervises is gone. theater stop ends actors in order and for
good. The path is printed when it is done.

Where one TARGET fails that is said, and the rest is done.

Examples:
   theater kill /shop/till`,
		Flags: l.flags(),
		Action: func(c *cli.Context) error {
			return l.each(c, false, func(ctx context.Context, n *conn, target string) (*theaterv1.Actor, *theaterv1.Exit, error) {
				answer, err := ask(ctx, n, n.Actors.Kill, &theaterv1.KillRequest{Target: target})
				return answer.GetActor(), answer.GetExit(), err
			})
		},
	}
}
