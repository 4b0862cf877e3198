package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func (p *program) requestCommand() *cli.Command {
	l := p.newLive()
	raw := false
	return &cli.Command{
		Name:      "request",
		Usage:     "send an actor a message and print its answer",
		UsageText: "theater request TARGET TEXT [--raw]",
		Description: `The message is put into the mailbox of TARGET, the path or id of an actor, and its
answer is printed as it is, with a line break behind it, and nothing else. On a
terminal control characters of the answer are escaped. TEXT that is - is read from
standard input, TEXT that is @FILE from the file.

With -o json the answer is text under "answer", or in base64 under "answer_base64"
when it is not UTF-8.

Examples:
   theater request /counter increment
   theater request /thumbnails @photo.jpg --raw > small.jpg`,
		Flags: l.flags(&cli.BoolFlag{Name: "raw", Usage: "print the bytes of the answer alone, without a line break", DisableDefaultText: true, Destination: &raw}),
		Action: func(c *cli.Context) error {
			m, target, err := p.bodyFor(c, kindRequest)
			if err != nil {
				return err
			}
			if raw && l.format.value != "text" {
				return usagef(c.Command.HelpName, "--raw prints bytes, and -o %s does not", l.format.given)
			}
			return l.with(c, func(ctx context.Context, n *conn) error {
				answer, err := askAbout(ctx, n, target, n.Messages.Request, &theaterv1.RequestRequest{Target: target, Body: m.body})
				if err != nil {
					return err
				}
				if l.format.value != "text" {
					shown := object{"target": target}
					shown.put("answer", answer.Body)
					return l.show(shown)
				}
				return l.writeBytes(answer.Body, raw)
			})
		},
	}
}
