package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain/badgerlog"
)

const dataConvertText = `What a folder has acknowledged survives the death of the process when it is async, and
also a power cut when it is sync; sync waits for the disk with every commit. A folder
becomes sync when everything in it is on the disk; chains do not change. Without DIR it is
the folder .theater. It must not be in use; a conversion that is killed leaves the folder as
it was, or converted.

Examples:
   theater data convert --durability sync
   theater data convert /var/lib/theater --durability async`

func (p *program) dataConvertCommand() *cli.Command {
	format := choose("text", formatJSON)
	durability := &choice{words: []string{badgerlog.Sync, badgerlog.Async}}
	return &cli.Command{
		Name:        "convert",
		Usage:       "change what the records of a data folder survive",
		UsageText:   "theater data convert [DIR] --durability sync|async [FLAGS]",
		Description: dataConvertText,
		Flags: []cli.Flag{
			&cli.GenericFlag{Name: "durability", Value: durability, Usage: "the folder becomes `DURABILITY`: sync or async"},
			outputFlag(format),
		},
		Action: func(c *cli.Context) error {
			dir, err := folderOf(c)
			if err != nil {
				return err
			}
			if durability.value == "" {
				return usagef(c.Command.HelpName, "--durability is missing: it is sync or async")
			}
			before, err := badgerlog.Convert(dir, durability.value)
			if err != nil {
				return folderError(dir, err)
			}
			return p.showConverted(dir, before, durability.value, format.value)
		},
	}
}

func (p *program) showConverted(dir, before, now, format string) error {
	if format == formatJSON {
		return p.writeJSON(struct {
			Folder     string `json:"folder"`
			Durability string `json:"durability"`
			Before     string `json:"before"`
		}{dir, now, before}, true)
	}
	text := fmt.Sprintf("%s is %s, it was %s", dir, now, before)
	if before == now {
		text = fmt.Sprintf("%s is %s already", dir, now)
	}
	_, err := fmt.Fprintln(p.out, escape(text))
	return err
}
