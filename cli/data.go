package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
)

const defaultData = ".theater"

func (p *program) dataCommand() *cli.Command {
	return &cli.Command{
		Name:      "data",
		Usage:     "look at data folders, convert, back up, restore and repair them",
		UsageText: "theater data COMMAND [FLAGS] [ARGUMENTS]",
		Description: `A data folder has the chains of its actors and all that they name. One process at a time
has it open: a node, or theater run. docs/data.md says what stays safe when.`,
		Subcommands: []*cli.Command{
			p.dataInfoCommand(), p.dataConvertCommand(), p.dataBackupCommand(), p.dataRestoreCommand(), p.dataRepairCommand(),
		},
	}
}

// folderOf is the data folder that is the only argument of a command, or the usual one.
func folderOf(c *cli.Context) (string, error) {
	args, err := arguments(c, 0, 1, "")
	if err != nil || len(args) == 0 {
		return defaultData, err
	}
	return args[0], nil
}

// folderError says what to do about a data folder that a command cannot use.
func folderError(dir string, err error) error {
	var known *failure
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, syscall.ENOTDIR):
		return notFound(fmt.Errorf("%s is no folder", dir), "a data folder is one that theater run or theater serve has made")
	case errors.Is(err, chain.ErrInUse):
		return &failure{code: codeFailed, cause: err, hint: "theater node shutdown ends a node in order; theater data backup makes a backup beside one that works"}
	case errors.Is(err, chain.ErrNotFound):
		return notFound(fmt.Errorf("no data folder %s", dir), "theater run and theater serve make one")
	case errors.Is(err, chain.ErrVersion):
		return &failure{code: codeFailed, cause: err, hint: "a newer theater made it: use that one"}
	case errors.Is(err, chain.ErrCorrupt):
		return &failure{code: codeUnverified, cause: err, hint: repairHint(dir)}
	}
	return err
}

func repairHint(dir string) string {
	return "theater data repair " + dir + " --to NEW saves what is whole"
}

// madeError says what to do when a new data folder cannot be made.
func madeError(to string, err error) error {
	switch {
	case errors.Is(err, fs.ErrExist):
		return &failure{code: codeFailed, cause: fmt.Errorf("%s is there already, and not empty", to), hint: "nothing is written over: name a folder that is not there yet"}
	case errors.Is(err, fs.ErrNotExist):
		return notFound(err, "")
	case errors.Is(err, chain.ErrNoSpace):
		return &failure{code: codeFailed, cause: err, hint: "make room on the disk, or name a folder on another one with --to"}
	}
	return err
}

// stages shows how far the steps of some work are, one after the other.
type stages struct {
	to   *status
	what string
	bar  *bar
}

// set says that so much of a step is done. Bytes are counted in MiB.
func (s *stages) set(what string, done, total uint64) {
	if s.bar == nil || what != s.what {
		s.done()
		s.what, s.bar = what, s.to.bar(what)
	}
	noun, things := "blocks", done
	if what == badgerlog.StepRead {
		noun, things = "MiB", done>>20
	}
	s.bar.set(min(done, total), total, things, noun)
}

func (s *stages) done() {
	if s.bar != nil {
		s.bar.done()
	}
	s.bar = nil
}
