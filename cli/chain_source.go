package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

const sourceText = `Chains are read in the folder of --data or from the node at --address. Without
either it is the folder .theater, where there is one, which a node that has it open
is asked for; and else the node of this user.`

// chainSource is where a command finds the chains that it reads, as sourceText says.
type chainSource struct {
	*live
	data string
}

// newChainSource is for a command; its fields are set by its flags.
func (p *program) newChainSource() *chainSource {
	s := &chainSource{live: p.newLive()}
	s.endless, s.bound = true, "0" // chains are as long as they are
	return s
}

func (s *chainSource) flags(own ...cli.Flag) []cli.Flag {
	return s.live.flags(append(own, dataFlag(&s.data))...)
}

// read lends the chains to f. What f returns of a node's errors is explained.
func (s *chainSource) read(c *cli.Context, f func(context.Context, chain.Reader) error) error {
	fromFolder := func(r chain.Reader) error { return f(c.Context, r) }
	fromNode := func(ctx context.Context, n *conn) error { return n.lendChains(ctx, f) }
	switch given := s.address != ""; {
	case c.IsSet("data") && given && s.address != os.Getenv(envAddress):
		return usagef(c.Command.HelpName, "--data names a folder and --address a node: leave one out")
	case c.IsSet("data"):
		err := withLog(s.data, fromFolder)
		if errors.Is(err, chain.ErrInUse) {
			return &failure{code: codeFailed, cause: err, hint: "a node that has it open is asked with --address in place of --data; else wait until that process has ended"}
		}
		return err
	case given:
		return s.with(c, fromNode)
	}
	if _, err := os.Stat(s.data); !errors.Is(err, fs.ErrNotExist) {
		err := withLog(s.data, fromFolder)
		if errors.Is(err, chain.ErrInUse) && s.heldByNode(c) {
			return s.with(c, fromNode)
		}
		return err
	}
	err := s.with(c, fromNode)
	var none *failure
	if errors.As(err, &none) && none.code == codeNoNode {
		return &failure{code: codeNoNode, cause: fmt.Errorf("there is no data folder %s here, and %w", s.data, none.cause),
			hint: "theater run makes a folder, theater serve starts a node; --data and --address name others"}
	}
	return err
}

// heldByNode reports whether the node of this user has the data folder open.
func (s *chainSource) heldByNode(c *cli.Context) bool {
	held := false
	err := s.with(c, func(ctx context.Context, n *conn) error {
		info, err := n.Node.Info(ctx, &theaterv1.InfoRequest{})
		if err != nil {
			return err
		}
		there, err := os.Stat(info.Data)
		if err != nil || !filepath.IsAbs(info.Data) {
			return err
		}
		here, err := os.Stat(s.data)
		held = err == nil && os.SameFile(here, there)
		return err
	})
	return err == nil && held
}

// withLog opens a data folder for reading.
func withLog(dir string, f func(chain.Reader) error) error {
	log, err := badgerlog.Open(dir, badgerlog.Options{ReadOnly: true})
	switch {
	case errors.Is(err, chain.ErrNotFound):
		return notFound(fmt.Errorf("no data folder %s", dir), "theater run makes it; --data names another")
	case errors.Is(err, syscall.ENOTDIR):
		return folderError(dir, err)
	case err != nil:
		return err
	}
	return errors.Join(f(log), log.Close())
}

// finder is a reader that finds the actor that a person names by itself.
type finder interface {
	Find(ctx context.Context, target string) (chain.Summary, error)
}

// find is the actor that a person names.
func find(ctx context.Context, r chain.Reader, target string) (s chain.Summary, err error) {
	if f, ok := r.(finder); ok {
		s, err = f.Find(ctx, target)
	} else {
		s, err = chain.Find(ctx, r, target)
	}
	if errors.Is(err, chain.ErrNotFound) {
		return s, notFound(err, "theater chain list shows the actors that have chains")
	}
	return s, err
}
