package cli

import (
	"context"

	"github.com/urfave/cli/v2"
	"google.golang.org/protobuf/types/known/durationpb"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func (p *program) stopCommand() *cli.Command {
	l := p.newLive()
	return &cli.Command{
		Name:      "stop",
		Usage:     "end actors for good",
		UsageText: "theater stop TARGET... [--grace TIME]",
		Description: `Each TARGET, the path or id of an actor, ends in order: it takes no more messages,
those below it end, the last first, and it finishes its turn. Its path is printed
when it has ended. It is not started again; its chain stays. What does not end by
itself is killed after the shutdown time of its manifest, or after --grace.

Where one TARGET fails that is said, and the rest is done.

Examples:
   theater stop /shop
   theater stop /shop/till /shop/stock --grace 2s`,
		Flags: l.flags(
			&cli.DurationFlag{Name: "grace", Destination: &l.grace, Usage: "kill after `TIME` what has not ended, such as 5s", DefaultText: "what manifests say"},
		),
		Action: func(c *cli.Context) error {
			if l.grace < 0 {
				return usagef(c.Command.HelpName, "--grace %s is no time to wait", l.grace)
			}
			given := c.IsSet("grace")
			return l.each(c, true, func(ctx context.Context, n *conn, target string) (*theaterv1.Actor, *theaterv1.Exit, error) {
				request := &theaterv1.StopRequest{Target: target}
				if given {
					request.Timeout = durationpb.New(l.grace)
				}
				answer, err := ask(ctx, n, n.Actors.Stop, request)
				return answer.GetActor(), answer.GetExit(), err
			})
		},
	}
}
