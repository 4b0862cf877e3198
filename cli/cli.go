// Package cli is the command line of Theater: one file for each command, which
// reads its flags, calls the packages below and shows what they say, as text
// for people or as JSON for programs.
//
// It decides nothing about actors and chains, never ends the process and never
// touches the process's own streams: it is given a Console, and returns an exit
// code. Hints about what to type next live here and nowhere else. Only the
// program in cli/theater and tests import it.
package cli

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/urfave/cli/v2"
)

// Console is what a command is run with.
type Console struct {
	In       io.Reader
	Out, Err io.Writer // results; everything else
	// Kill is closed when the user does not want to wait for an orderly end;
	// nil is never.
	Kill <-chan struct{}
	// Hangup begins to take hangups, which else end the process: each is an element
	// of the channel until stop is called. nil takes none.
	Hangup func() (hung <-chan os.Signal, stop func())
	// Program is the path of this program, which compiles modules in processes
	// of their own; without it they are compiled in this one.
	Program string
}

// ErrInterrupted is the cause with which a context tells a command that the
// user ended it.
var ErrInterrupted = errors.New("interrupted")

// Run runs the command that args, without the program's name, describe, until
// it is over or ctx ends. It returns the exit code, one of those that
// theater --help lists.
func Run(ctx context.Context, args []string, c Console) int {
	p := &program{in: c.In, out: c.Out, err: newStatus(c.Err), kill: c.Kill, hangup: c.Hangup, path: c.Program}
	if len(args) > 0 {
		switch args[0] {
		case "__complete":
			p.complete(ctx, args[1:])
			return codeOK
		case "__complete-bash":
			p.completeBash(ctx, args[1:])
			return codeOK
		}
	}
	app := p.app(args)
	arranged, err := arrange(app, args)
	if err == nil {
		err = app.RunContext(ctx, append([]string{app.Name}, arranged...))
	}
	return p.report(err)
}

// program is one run of theater.
type program struct {
	in     io.Reader
	out    io.Writer
	err    *status
	kill   <-chan struct{}
	hangup func() (<-chan os.Signal, func())
	path   string // of the program itself, or ""
}

// app has what a command line needs that consists of the words.
func (p *program) app(words []string) *cli.App {
	commands, help := p.commands(words)
	app := &cli.App{
		Name:                      "theater",
		Usage:                     "run actors in WebAssembly, and keep a chain of all they do",
		UsageText:                 "theater COMMAND [FLAGS] [ARGUMENTS]",
		Commands:                  commands,
		Flags:                     []cli.Flag{&cli.BoolFlag{Name: "version", Usage: "same as theater version", DisableDefaultText: true}},
		CustomAppHelpTemplate:     help,
		Reader:                    p.in,
		Writer:                    p.out,
		ErrWriter:                 p.err,
		HideVersion:               true,
		HideHelpCommand:           true,
		DisableSliceFlagSeparator: true,
		OnUsageError:              usageOf,
		ExitErrHandler:            func(*cli.Context, error) {}, // the exit code is Run's result
		Action: func(c *cli.Context) error {
			if c.Bool("version") {
				return p.version("text")
			}
			return cli.ShowAppHelp(c)
		},
	}
	p.prepare(app.Commands)
	return app
}

// prepare gives every command what all have in common.
func (p *program) prepare(commands []*cli.Command) {
	for _, c := range commands {
		c.HideHelpCommand = true // else an argument "help" would be taken for it
		c.OnUsageError = usageOf
		c.CustomHelpTemplate = commandHelp
		c.Action = p.translated(c.Flags, c.Action)
		if len(c.Subcommands) > 0 {
			c.CustomHelpTemplate = groupHelp
			c.Action = cli.ShowSubcommandHelp
		}
		p.prepare(c.Subcommands)
	}
}
