package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/node"
)

const doctorText = `It looks at what a node and its actors need, with the settings that theater serve would
have here, and says of each thing whether it is in order and what to do about it. It
changes nothing. With --address, or $THEATER_ADDRESS, it also looks whether the node there
can be used from here. The exit code is 1 when something keeps a node from working.

Examples:
   theater doctor
   theater doctor --config /etc/theater.toml
   theater doctor --address https://node:7443 --token @token
   theater doctor -o json`

func (p *program) doctorCommand() *cli.Command {
	l := p.newLive()
	l.bound = probeTime.String()
	return &cli.Command{
		Name:        "doctor",
		Usage:       "find out what keeps a node from working here",
		UsageText:   "theater doctor [FLAGS]",
		Description: doctorText,
		Flags: l.flags(
			&cli.StringFlag{Name: "config", Usage: "the settings are in `FILE`", DefaultText: "$" + node.ConfigEnv + ", else none"},
			&cli.StringFlag{Name: "data", Usage: "the data folder is `DIR`", DefaultText: ".theater"},
			&cli.StringFlag{Name: "socket", Usage: "the socket of the node is `PATH`", DefaultText: "that of this user's node"},
		),
		Action: func(c *cli.Context) error {
			if _, err := arguments(c, 0, 0, ""); err != nil {
				return err
			}
			from := node.Sources{Flags: flagsGiven(c), Env: os.LookupEnv, File: c.String("config")}
			if !c.IsSet("timeout") {
				l.timeout = probeTime
			}
			return l.doctor(c.Context, from)
		},
	}
}

// The verdicts on what was looked at.
const (
	verdictOK   = "ok"
	verdictWarn = "warn" // it works, and may not for long or not for all
	verdictFail = "fail"
)

// finding is what the doctor says of one thing.
type finding struct {
	Name    string `json:"name"`
	Verdict string `json:"verdict"`
	Detail  string `json:"detail"`
	Advice  string `json:"advice,omitempty"`
}

func fine(name, format string, args ...any) finding {
	return finding{Name: name, Verdict: verdictOK, Detail: fmt.Sprintf(format, args...)}
}

func warns(name, advice, format string, args ...any) finding {
	return finding{name, verdictWarn, fmt.Sprintf(format, args...), advice}
}

func fails(name, advice, format string, args ...any) finding {
	return finding{name, verdictFail, fmt.Sprintf(format, args...), advice}
}

// doctor looks at everything and shows what it finds.
func (l *live) doctor(ctx context.Context, from node.Sources) error {
	findings := l.diagnose(ctx, from)
	failed := 0
	for _, f := range findings {
		if f.Verdict == verdictFail {
			failed++
		}
	}
	if err := l.showFindings(findings, failed, l.format.value); err != nil {
		return err
	}
	if failed > 0 {
		return reported(codeFailed)
	}
	return nil
}

func (p *program) showFindings(findings []finding, failed int, format string) error {
	if format == formatJSON {
		return p.writeJSON(struct {
			Failed   int       `json:"failed"`
			Findings []finding `json:"findings"`
		}{failed, findings}, true)
	}
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%-5s %-13s %s\n", f.Verdict, f.Name, escape(f.Detail))
		if f.Advice != "" {
			fmt.Fprintf(&b, "%-19s %s\n", "", escape(f.Advice))
		}
	}
	_, err := fmt.Fprint(p.out, b.String())
	return err
}
