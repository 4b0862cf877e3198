package cli

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
)

func (p *program) chainCommand() *cli.Command {
	return &cli.Command{
		Name:      "chain",
		Usage:     "list, show and verify the chains of a data folder",
		UsageText: "theater chain COMMAND [FLAGS] [ARGUMENTS]",
		Description: `An ACTOR is named by its id, by eight or more characters that only its id begins
with, by its path or by its name; of several at one path or name the newest is
meant. The data folder must not be in use by another process.`,
		Subcommands: []*cli.Command{p.chainListCommand(), p.chainShowCommand(), p.chainVerifyCommand()},
	}
}

// withLog opens a data folder for reading.
func withLog(dir string, f func(chain.Reader) error) error {
	log, err := badgerlog.Open(dir, badgerlog.Options{ReadOnly: true})
	if errors.Is(err, chain.ErrNotFound) {
		return notFound(fmt.Errorf("no data folder %s", dir), "theater run makes it; --data names another")
	}
	if err != nil {
		return err
	}
	return errors.Join(f(log), log.Close())
}

// noActor turns the error of a search for an actor into one with a hint.
func noActor(err error) error {
	if errors.Is(err, chain.ErrNotFound) {
		return notFound(err, "theater chain list shows the actors of a data folder")
	}
	return err
}
