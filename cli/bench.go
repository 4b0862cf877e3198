package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/actors/bench"
)

func (p *program) benchCommand() *cli.Command {
	format := choose("text", formatJSON)
	var text strings.Builder
	for _, name := range bench.Names() {
		fmt.Fprintf(&text, "   %-16s %s\n", name, bench.Describe(name))
	}
	return &cli.Command{
		Name:      "bench",
		Usage:     "measure this build on this machine",
		UsageText: "theater bench [NAME...] [-o json]",
		Description: `Without a NAME everything is measured. A row with a baseline is measured in
turns with it; the ratio is ours to the baseline's, and higher is better. With
-o json the result is an array of rows with the keys name, value, unit, baseline
and ratio, the last two null where there is no baseline. The actors of recording
and fuel are written in Go: where there is no go command to build them, these two
are left out unless they are named.

Benchmarks:
` + text.String() + `
Examples:
   theater bench
   theater bench codec spawn -o json`,
		Flags: []cli.Flag{outputFlag(format)},
		Action: func(c *cli.Context) error {
			return p.bench(c.Context, c.Args().Slice(), format.value)
		},
	}
}

func (p *program) bench(ctx context.Context, names []string, format string) error {
	rows, err := bench.Run(ctx, names, func(what string) { fmt.Fprintln(p.err, escape(what)) })
	if errors.Is(err, bench.ErrUnknown) {
		return notFound(err, "theater bench --help lists them")
	}
	if err != nil {
		return err
	}
	if format == formatJSON {
		return p.writeJSON(rows, true)
	}
	table := [][]string{{"NAME", "VALUE", "UNIT", "BASELINE", "RATIO"}}
	for _, r := range rows {
		table = append(table, []string{r.Name, number(&r.Value), r.Unit, number(r.Baseline), ratio(r.Ratio)})
	}
	return p.writeColumns(table)
}

func number(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f", *v)
}

func ratio(v *float64) string {
	if v == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f", *v)
}
