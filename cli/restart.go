package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func (p *program) restartCommand() *cli.Command {
	l := p.newLive()
	return &cli.Command{
		Name:      "restart",
		Usage:     "have actors begin again",
		UsageText: "theater restart TARGET...",
		Description: `Each TARGET, the path or id of an actor, finishes its turn and begins again with a
fresh instance, and the state that restart_state in its manifest says: its first
or its last. It keeps its id, its chain and the messages that wait. Its path is
printed when it is ready. A restart by hand counts against no restart intensity.

Where one TARGET fails that is said, and the rest is done.

Examples:
   theater restart /shop/till
   theater restart $(theater ps -q --filter 'name=worker-*')`,
		Flags: l.flags(),
		Action: func(c *cli.Context) error {
			return l.each(c, false, func(ctx context.Context, n *conn, target string) (*theaterv1.Actor, *theaterv1.Exit, error) {
				answer, err := ask(ctx, n, n.Actors.Restart, &theaterv1.RestartRequest{Target: target})
				return answer.GetActor(), nil, err
			})
		},
	}
}
