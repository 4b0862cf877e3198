package cli

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/manifest"
)

// arrange puts a command line into the order that the flag parser understands,
// which stops at the first argument: the command, its flags, each as one word,
// and behind "--" its arguments. What does not exist is refused here, so that
// the mistake is named with what may have been meant.
func arrange(app *cli.App, args []string) ([]string, error) {
	if len(args) > 0 && args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	at, args, err := descend(app, args)
	if err != nil {
		return nil, err
	}
	var flags, positional []string
	for len(args) > 0 {
		word := args[0]
		args = args[1:]
		if word == "--" {
			positional = append(positional, args...)
			break
		}
		if !strings.HasPrefix(word, "-") || word == "-" {
			positional = append(positional, word)
			continue
		}
		flag, rest, err := at.flag(word, args)
		if err != nil {
			return nil, err
		}
		flags, args = append(flags, flag), rest
	}
	switch arranged := at.path[1:]; {
	case slices.Contains(flags, helpFlag):
		return append(arranged, helpFlag), nil
	case len(at.commands) > 0:
		return append(arranged, flags...), nil
	default:
		return slices.Concat(arranged, flags, []string{"--"}, positional), nil
	}
}

// level is a place in the tree of commands.
type level struct {
	path     []string
	commands []*cli.Command
	flags    []cli.Flag
}

func (l level) String() string { return strings.Join(l.path, " ") }

// descend finds the command that the first words name.
func descend(app *cli.App, args []string) (level, []string, error) {
	at := level{path: []string{app.Name}, commands: app.Commands, flags: app.Flags}
	for len(at.commands) > 0 && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		i := slices.IndexFunc(at.commands, func(c *cli.Command) bool { return c.HasName(args[0]) })
		if i < 0 {
			return at, nil, usagef(at.String(), "unknown command %q%s", args[0], suggest(args[0], at.commandNames()))
		}
		c := at.commands[i]
		at = level{path: append(at.path, c.Name), commands: c.Subcommands, flags: c.Flags}
		args = args[1:]
	}
	return at, args, nil
}

func (l level) commandNames() []string {
	var names []string
	for _, c := range l.commands {
		if !c.Hidden {
			names = append(names, c.Name)
		}
	}
	return names
}

func (l level) flagNames() []string {
	names := []string{helpFlag}
	for _, f := range l.flags {
		names = append(names, "--"+f.Names()[0])
	}
	return names
}

const helpFlag = "--help"

// flag makes one word of a flag and its value, which may be the next word.
func (l level) flag(word string, next []string) (string, []string, error) {
	name, value, joined := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(word, "-"), "-"), "=")
	if name == "help" || name == "h" {
		return helpFlag, next, nil
	}
	i := slices.IndexFunc(l.flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) })
	if i < 0 {
		wrong, _, _ := strings.Cut(word, "=")
		if slices.ContainsFunc(l.commands, func(c *cli.Command) bool { return knows(c, name) }) {
			return "", nil, usagef(l.String(), "flag %q stands behind the command that it is for", wrong)
		}
		return "", nil, usagef(l.String(), "unknown flag %q%s", wrong, suggest("--"+name, l.flagNames()))
	}
	name = "--" + l.flags[i].Names()[0]
	takes, ok := l.flags[i].(cli.DocGenerationFlag)
	switch {
	case joined:
		return name + "=" + value, next, nil
	case ok && !takes.TakesValue():
		return name, next, nil
	case len(next) == 0:
		return "", nil, usagef(l.String(), "flag %s needs a value", word)
	}
	return name + "=" + next[0], next[1:], nil
}

// knows reports whether the command, or one below it, has the flag.
func knows(c *cli.Command, flag string) bool {
	return slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), flag) }) ||
		slices.ContainsFunc(c.Subcommands, func(c *cli.Command) bool { return knows(c, flag) })
}

// suggest names what may have been meant.
func suggest(word string, known []string) string {
	best, distance := "", len(word)/3+2
	for _, k := range known {
		if d := manifest.EditDistance(word, k, distance); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return ", did you mean " + best + "?"
}

// arguments returns the arguments of a command that takes from least to most
// of them; most < 0 is any number.
func arguments(c *cli.Context, least, most int, what string) ([]string, error) {
	args := c.Args().Slice()
	switch {
	case len(args) < least:
		return nil, usagef(c.Command.HelpName, "%s needs %s", c.Command.HelpName, what)
	case most >= 0 && len(args) > most:
		return nil, usagef(c.Command.HelpName, "unexpected argument %q", args[most])
	}
	return args, nil
}
