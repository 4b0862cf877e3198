package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// group are commands that belong together.
type group struct {
	title    string
	commands []*cli.Command
}

// commands are those that people type, in the order in which they are shown.
func (p *program) commands() []group {
	return []group{
		{"Projects", []*cli.Command{
			p.newCommand(), p.buildCommand(), p.validateCommand(), p.runCommand(),
		}},
		{"Actors", []*cli.Command{
			p.spawnCommand(), p.psCommand(), p.treeCommand(), p.inspectCommand(), p.stateCommand(),
			p.requestCommand(), p.sendCommand(), p.callCommand(),
			p.restartCommand(), p.stopCommand(), p.killCommand(),
			p.eventsCommand(), p.logsCommand(), p.topCommand(),
		}},
		{"Nodes", []*cli.Command{
			p.serveCommand(), p.nodeCommand(), p.tokenCommand(), p.doctorCommand(),
		}},
		{"Chains", []*cli.Command{
			p.chainCommand(), p.replayCommand(), p.dataCommand(),
		}},
		{"This program", []*cli.Command{
			p.benchCommand(), p.versionCommand(), p.completionCommand(),
		}},
	}
}

// helpOf is the template of the program's own help.
func helpOf(groups []group) string {
	var b strings.Builder
	for _, g := range groups {
		b.WriteString("\n" + g.title + ":\n")
		for _, c := range g.commands {
			fmt.Fprintf(&b, "   %-10s  %s\n", c.Name, c.Usage)
		}
	}
	return strings.Replace(appHelp, "COMMANDS\n", b.String()[1:], 1)
}
