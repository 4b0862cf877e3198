package cli

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"
	"google.golang.org/protobuf/types/known/durationpb"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func (p *program) nodeCommand() *cli.Command {
	return &cli.Command{
		Name:        "node",
		Usage:       "show a node that runs, have it take no more work, or end it",
		UsageText:   "theater node COMMAND [FLAGS]",
		Description: "theater serve starts a node.",
		Subcommands: []*cli.Command{p.nodeInfoCommand(), p.nodeDrainCommand(), p.nodeShutdownCommand()},
	}
}

const nodeInfoText = `What the node is, where its data and its addresses are, whether it takes
requests, and what it could not bring back when it started. It answers also while
the node recovers.

Examples:
   theater node info
   theater node info -o json | jq .state`

func (p *program) nodeInfoCommand() *cli.Command {
	l := p.newLive()
	return &cli.Command{
		Name:        "info",
		Usage:       "show what a node is and does",
		UsageText:   "theater node info [FLAGS]",
		Description: nodeInfoText,
		Flags:       l.flags(),
		Action: func(c *cli.Context) error {
			return l.alone(c, func(ctx context.Context, n *conn) error {
				info, err := ask(ctx, n, n.Node.Info, &theaterv1.InfoRequest{})
				if err != nil {
					return err
				}
				return l.showNode(newNodeInfo(info))
			})
		},
	}
}

const nodeDrainText = `The node starts no more actors and takes no more messages from clients; what
waits in mailboxes is handled. Actors go on, and can be looked at. A drained node
takes work again when it is started anew.

Examples:
   theater node drain && theater node shutdown`

func (p *program) nodeDrainCommand() *cli.Command {
	l := p.newLive()
	return &cli.Command{
		Name:        "drain",
		Usage:       "have a node take no more work",
		UsageText:   "theater node drain [FLAGS]",
		Description: nodeDrainText,
		Flags:       l.flags(),
		Action: func(c *cli.Context) error {
			return l.alone(c, func(ctx context.Context, n *conn) error {
				answer, err := ask(ctx, n, n.Node.Drain, &theaterv1.DrainRequest{})
				if err != nil {
					return err
				}
				if l.format.value == formatJSON {
					return l.writeJSON(struct {
						Waiting uint64 `json:"waiting"`
					}{answer.Waiting}, true)
				}
				_, err = fmt.Fprintf(l.out, "draining, %s waiting\n", count(answer.Waiting, "message"))
				return err
			})
		},
	}
}

const nodeShutdownText = `The node handles what waits, suspends every actor and ends; the command waits for
that. The next node of the data folder goes on with the actors.

Examples:
   theater node shutdown
   theater node shutdown --grace 5s`

func (p *program) nodeShutdownCommand() *cli.Command {
	l := p.newLive()
	return &cli.Command{
		Name:        "shutdown",
		Usage:       "end a node in order",
		UsageText:   "theater node shutdown [FLAGS]",
		Description: nodeShutdownText,
		Flags: l.flags(&cli.DurationFlag{Name: "grace", Destination: &l.grace, Usage: "kill what has not ended after `TIME`",
			DefaultText: "what the node is set to"}),
		Action: func(c *cli.Context) error {
			request := &theaterv1.ShutdownRequest{}
			if c.IsSet("grace") {
				if l.grace <= 0 {
					return usagef(c.Command.HelpName, "--grace %s is no time to end in", l.grace)
				}
				request.Timeout = durationpb.New(l.grace)
			}
			return l.alone(c, func(ctx context.Context, n *conn) error {
				end := n.nodeEnd()
				if _, err := ask(ctx, n, n.Node.Shutdown, request); err != nil && !(end.lost() && codeOf(err) == codeNoNode) {
					return err
				}
				if err := end.await(ctx); err != nil {
					return err
				}
				if l.format.value == formatJSON {
					return l.writeJSON(struct {
						Ended bool `json:"ended"`
					}{true}, true)
				}
				_, err := fmt.Fprintln(l.out, "the node has ended; its actors are suspended")
				return err
			})
		},
	}
}

// alone is with, for a command without arguments.
func (l *live) alone(c *cli.Context, f func(context.Context, *conn) error) error {
	if _, err := arguments(c, 0, 0, ""); err != nil {
		return err
	}
	return l.with(c, f)
}
