package cli

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"

	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func (p *program) stateCommand() *cli.Command {
	l := p.newLive()
	raw, force := false, false
	return &cli.Command{
		Name:      "state",
		Usage:     "print the state of an actor",
		UsageText: "theater state TARGET [--raw]",
		Description: `Printed is the state of TARGET, the path or id of an actor, after the last turn that
succeeded: as a literal, or with --raw in the encoding of guests (CGRF). Either can
be given to theater spawn --state. The bytes are not for a terminal: they go to one only
with --force.

Examples:
   theater state /counter
   theater state /counter --raw > state.cgrf
   theater spawn counter --name copy --state @state.cgrf`,
		Flags: l.flags(
			&cli.BoolFlag{Name: "raw", Usage: "print the encoded bytes", DisableDefaultText: true, Destination: &raw},
			&cli.BoolFlag{Name: "force", Usage: "print them on a terminal, too", DisableDefaultText: true, Destination: &force}),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "a TARGET: the path or id of an actor")
			if err != nil {
				return err
			}
			if raw && l.format.value != "text" {
				return usagef(c.Command.HelpName, "--raw prints bytes, and -o %s does not", l.format.given)
			}
			if raw && !force && onTerminal(l.out) {
				return &failure{code: codeUsage, cause: errors.New("--raw prints bytes, which may do anything to a terminal"),
					hint: "theater state " + args[0] + " --raw > FILE keeps them; --force prints them here all the same"}
			}
			return l.with(c, func(ctx context.Context, n *conn) error {
				answer, err := askAbout(ctx, n, args[0], n.Actors.GetState, &theaterv1.GetStateRequest{Target: args[0]})
				if err != nil {
					return err
				}
				return l.showState(answer, raw)
			})
		},
	}
}

// stateJSON is an actor's state as JSON shows it.
type stateJSON struct {
	Path   string `json:"path"`
	ID     string `json:"id"`
	SHA256 string `json:"sha256,omitempty"` // of the encoded state
	State  *value `json:"state"`            // null while there is none
}

func (l *live) showState(answer *theaterv1.GetStateResponse, raw bool) error {
	encoded := answer.State.GetEncoded()
	if raw {
		_, err := l.out.Write(encoded)
		return err
	}
	if l.format.value == "text" {
		return l.writeLiteral(literalOrHex(encoded))
	}
	shown := stateJSON{Path: answer.Actor.GetPath(), ID: answer.Actor.GetId(), SHA256: answer.State.GetSha256()}
	if len(encoded) > 0 {
		shown.State = &value{Length: uint64(len(encoded))}
		shown.State.Literal, shown.State.Hex = literalOrHex(encoded)
	}
	return l.show(shown)
}
