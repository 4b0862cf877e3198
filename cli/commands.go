package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// group are commands that belong together.
type group struct {
	title    string
	commands []maker
}

// maker makes the command of a name. Most runs need one command, and to make them all
// takes longer than some of them do.
type maker struct {
	name string
	make func() *cli.Command
}

// groups are the commands that people type, in the order in which they are shown.
func (p *program) groups() []group {
	return []group{
		{"Projects", []maker{
			{"new", p.newCommand}, {"build", p.buildCommand}, {"validate", p.validateCommand}, {"run", p.runCommand},
		}},
		{"Actors", []maker{
			{"spawn", p.spawnCommand}, {"ps", p.psCommand}, {"tree", p.treeCommand}, {"inspect", p.inspectCommand}, {"state", p.stateCommand},
			{"request", p.requestCommand}, {"send", p.sendCommand}, {"call", p.callCommand},
			{"restart", p.restartCommand}, {"stop", p.stopCommand}, {"kill", p.killCommand},
			{"events", p.eventsCommand}, {"logs", p.logsCommand}, {"top", p.topCommand},
		}},
		{"Nodes", []maker{
			{"serve", p.serveCommand}, {"node", p.nodeCommand}, {"token", p.tokenCommand}, {"doctor", p.doctorCommand},
		}},
		{"Chains", []maker{
			{"chain", p.chainCommand}, {"replay", p.replayCommand}, {"data", p.dataCommand},
		}},
		{"This program", []maker{
			{"bench", p.benchCommand}, {"version", p.versionCommand}, {"completion", p.completionCommand},
		}},
	}
}

// commands are those of which words may be about: one where the first word names it,
// else all. help is the template of the program's own help, "" with one command.
func (p *program) commands(words []string) (commands []*cli.Command, help string) {
	if len(words) > 0 && words[0] == "help" {
		words = words[1:]
	}
	all := []maker{{compileName, p.compileCommand}}
	groups := p.groups()
	for _, g := range groups {
		all = append(all, g.commands...)
	}
	for _, m := range all {
		if len(words) > 0 && words[0] == m.name {
			return []*cli.Command{m.make()}, ""
		}
	}
	for _, m := range all {
		commands = append(commands, m.make())
	}
	return commands, helpOf(groups, commands[1:])
}

// helpOf is the template of the program's own help. commands are those of the groups.
func helpOf(groups []group, commands []*cli.Command) string {
	var b strings.Builder
	for _, g := range groups {
		b.WriteString("\n" + g.title + ":\n")
		for _, c := range commands[:len(g.commands)] {
			fmt.Fprintf(&b, "   %-10s  %s\n", c.Name, c.Usage)
		}
		commands = commands[len(g.commands):]
	}
	return strings.Replace(appHelp, "COMMANDS\n", b.String()[1:], 1)
}
