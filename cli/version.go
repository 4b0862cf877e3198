package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

func (p *program) versionCommand() *cli.Command {
	format := choose("text", formatJSON)
	return &cli.Command{
		Name:      "version",
		Usage:     "show the versions of the program and of its formats",
		UsageText: "theater version [-o json]",
		Description: `Examples:
   theater version
   theater version -o json | jq .chain_format`,
		Flags: []cli.Flag{outputFlag(format)},
		Action: func(c *cli.Context) error {
			if _, err := arguments(c, 0, 0, ""); err != nil {
				return err
			}
			return p.version(format.value)
		},
	}
}

type versions struct {
	Theater     string `json:"theater"`
	Revision    string `json:"revision,omitempty"`
	Go          string `json:"go"`
	Platform    string `json:"platform"`
	ChainFormat int    `json:"chain_format"`
	Convention  int    `json:"guest_convention"`
}

func programVersions() versions {
	v := versions{
		Theater: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		ChainFormat: chain.Version, Convention: wasm.Convention,
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Theater = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Revision = s.Value
			}
		}
	}
	return v
}

func (p *program) version(format string) error {
	v := programVersions()
	if format == formatJSON {
		return p.writeJSON(v, true)
	}
	_, err := fmt.Fprintf(p.out, "theater %s\n%s %s\nchain format %d, guest convention %d\n",
		v.Theater, v.Go, v.Platform, v.ChainFormat, v.Convention)
	return err
}
