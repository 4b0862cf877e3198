package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func (p *program) sendCommand() *cli.Command {
	l := p.newLive()
	return &cli.Command{
		Name:      "send",
		Usage:     "send an actor a message",
		UsageText: "theater send TARGET TEXT",
		Description: `The message is put into the mailbox of TARGET, the path or id of an actor, and
no answer is expected; nothing is printed. TEXT that is - is read from standard
input, TEXT that is @FILE from the file.

Until the actor has handled it, the message is lost when the node dies: theater request
waits for an answer, which is on the chain by then.

Examples:
   theater send /shop/till open
   echo open | theater send /shop/till -
   theater send /shop/till @order.json`,
		Flags: l.flags(),
		Action: func(c *cli.Context) error {
			m, target, err := p.bodyFor(c, kindSend)
			if err != nil {
				return err
			}
			return l.with(c, func(ctx context.Context, n *conn) error {
				request := &theaterv1.SendRequest{Target: target, Body: m.body}
				if _, err := askAbout(ctx, n, target, n.Messages.Send, request); err != nil || l.format.value == "text" {
					return err
				}
				return l.show(sent{Target: target, Bytes: len(m.body)})
			})
		},
	}
}

// sent is a message that was put into a mailbox, as JSON shows it.
type sent struct {
	Target string `json:"target"`
	Bytes  int    `json:"bytes"`
}

// bodyFor reads the arguments TARGET and TEXT.
func (p *program) bodyFor(c *cli.Context, k kind) (m *message, target string, err error) {
	args, err := arguments(c, 2, 2, "a TARGET, the path or id of an actor, and a TEXT, - or @FILE")
	if err != nil {
		return nil, "", err
	}
	m = &message{kind: k, text: args[1]}
	return m, args[0], p.readBodies([]*message{m})
}
