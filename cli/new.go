package cli

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/wasm/guest/sdk"
)

func (p *program) newCommand() *cli.Command {
	template := choose(sdk.Templates()...)
	return &cli.Command{
		Name:      "new",
		Usage:     "make a project for an actor written in Go",
		UsageText: "theater new NAME [--template basic|message-server|supervisor]",
		Description: `NAME is the actor's name and that of the new folder. The project holds the
actor, its test, its manifest and a copy of the SDK, and builds without a
network. The template basic is an actor that starts, greets and ends;
message-server is one that answers requests; supervisor has a child that may
crash and is started again.

Examples:
   theater new hello && theater run hello
   theater new shop --template supervisor`,
		Flags: []cli.Flag{&cli.GenericFlag{Name: "template", Value: template, Usage: "start from `TEMPLATE`"}},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "a NAME")
			if err != nil {
				return err
			}
			name := args[0]
			if err := sdk.WriteProject(name, name, template.value); err != nil {
				if errors.Is(err, sdk.ErrName) {
					return usagef("theater new", "%w", err)
				}
				return err
			}
			next := "theater run " + name
			switch template.value {
			case "message-server":
				next += " --send 'buy milk' --request milk"
			case "supervisor":
				next += " --request 84/2 --request 1/0 --request 9/3 --tree"
			}
			_, err = fmt.Fprintf(p.out, "made %s\n\nnext:\n   %s\n   cd %s && go test ./...\n", name, next, name)
			return err
		},
	}
}
