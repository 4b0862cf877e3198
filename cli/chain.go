package cli

import "github.com/urfave/cli/v2"

func (p *program) chainCommand() *cli.Command {
	return &cli.Command{
		Name:      "chain",
		Usage:     "list, show and verify the chains of a data folder or a node",
		UsageText: "theater chain COMMAND [FLAGS] [ARGUMENTS]",
		Description: `An ACTOR is named by its id, by eight or more characters that only its id begins
with, by its path or by its name; of several at one path or name the newest is
meant; a node prefers the one that lives.

` + sourceText,
		Subcommands: []*cli.Command{p.chainListCommand(), p.chainShowCommand(), p.chainVerifyCommand()},
	}
}
