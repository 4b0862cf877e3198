package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
)

const dataRestoreText = `The folder must not be there yet, or be empty. Everything is verified before the command
says that it is done: the file, all chains and what they name, and that they begin as the
checkpoint of the backup says. A backup that is damaged or cut off makes no folder; the error
names the byte where it is. FILE - is standard input.

The new folder signs its checkpoints with a key of its own; the newest of the folder that was
backed up is kept in checkpoint/origin. When both folders are used, each goes its own way.
Chains that did not verify when they were backed up are named, and the exit code is 4.

Examples:
   theater data restore monday.theater --to /var/lib/theater
   ssh safe 'cat monday.theater' | theater data restore - --to restored
   theater data restore monday.theater --to strict --durability sync`

func (p *program) dataRestoreCommand() *cli.Command {
	format := choose("text", formatJSON)
	durability := &choice{words: []string{badgerlog.Sync, badgerlog.Async}}
	to := ""
	return &cli.Command{
		Name:        "restore",
		Usage:       "make a data folder from a backup",
		UsageText:   "theater data restore FILE|- --to DIR [FLAGS]",
		Description: dataRestoreText,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "to", Destination: &to, Usage: "the new folder is `DIR`"},
			&cli.GenericFlag{Name: "durability", Value: durability, Usage: "the folder becomes `DURABILITY`: sync or async", DefaultText: "what the folder was that was backed up"},
			outputFlag(format),
		},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "a FILE, or - for standard input")
			if err != nil {
				return err
			}
			if to == "" {
				return usagef(c.Command.HelpName, "--to is missing: it names the new folder")
			}
			return p.restore(c, args[0], to, durability.value, format.value)
		},
	}
}

func (p *program) restore(c *cli.Context, file, to, durability, format string) error {
	from := p.in
	if file != "-" {
		f, err := os.Open(file)
		if errors.Is(err, os.ErrNotExist) {
			return notFound(err, "theater data backup makes a backup")
		}
		if err != nil {
			return err
		}
		defer f.Close()
		from = f
	}
	shown := &stages{to: p.err}
	done, err := badgerlog.Restore(c.Context, from, to, badgerlog.RestoreOptions{Durability: durability, Step: shown.set})
	shown.done()
	switch {
	case errors.Is(err, chain.ErrCorrupt):
		return &failure{code: codeUnverified, cause: prefixed(named(file), err), hint: "nothing is restored: take another backup, or fetch this one again"}
	case errors.Is(err, chain.ErrVersion):
		return &failure{code: codeFailed, cause: prefixed(named(file), err), hint: "a newer theater made it: use that one"}
	case err != nil:
		return madeError(to, err)
	}
	if err := p.showRestored(to, done, format); err != nil || len(done.Failures) == 0 {
		return err
	}
	return &failure{code: codeUnverified, cause: firstOf(done.Failures), hint: "these chains were backed up so; all others are in order"}
}

// named is how a file is called that may be standard input.
func named(file string) string {
	if file == "-" {
		return "standard input"
	}
	return file
}

// restoredRow is what was restored, as programs see it.
type restoredRow struct {
	Folder     string         `json:"folder"`
	Durability string         `json:"durability"`
	Actors     uint64         `json:"actors"`
	Records    uint64         `json:"records"`
	Events     uint64         `json:"events"`
	Blocks     uint64         `json:"blocks"`
	Epoch      uint64         `json:"epoch"`
	Taken      time.Time      `json:"taken"`
	Signer     string         `json:"signer"`
	Origin     *checkpointRow `json:"origin,omitempty"`
	Failures   []string       `json:"failures"`
}

func (p *program) showRestored(to string, r badgerlog.Restored, format string) error {
	row := restoredRow{
		Folder: to, Durability: r.Durability, Actors: r.Actors, Records: r.Records, Events: r.Events, Blocks: r.Blocks, Epoch: r.Epoch,
		Taken: time.Unix(0, r.Taken).UTC(), Signer: r.Signer, Origin: newCheckpointRow(r.Origin), Failures: []string{},
	}
	for _, f := range r.Failures {
		row.Failures = append(row.Failures, f.Error())
	}
	if format == formatJSON {
		return p.writeJSON(row, true)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "restored %s, %s, %s into %s (%s), as they were at %s\n", count(r.Actors, "actor"), count(r.Records, "record"),
		count(r.Events, "event"), escape(to), r.Durability, moment(r.Taken))
	b.WriteString(signers(to, row.Origin, r.Signer))
	_, err := io.WriteString(p.out, b.String())
	return err
}

// signers says by whom a folder that was made from another is signed.
func signers(to string, origin *checkpointRow, signer string) string {
	text := ""
	if origin != nil {
		text = fmt.Sprintf("its first %s were signed by %s at %s\n", count(origin.Blocks, "block"), escape(origin.Signer), origin.Signed)
	}
	return text + fmt.Sprintf("checkpoints of %s are signed by %s from now on\n", escape(to), escape(signer))
}
