package cli

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
)

func (p *program) chainVerifyCommand() *cli.Command {
	source := p.newChainSource()
	return &cli.Command{
		Name:      "verify",
		Usage:     "check links, hashes and blobs of chains",
		UsageText: "theater chain verify [ACTOR...] [FLAGS]",
		Description: `Without an ACTOR all chains are verified. A failure names the actor, the record
and what differs, and the exit code is 4. Those of a node are verified here: what it
sends is held against its hashes.

` + sourceText + `

Examples:
   theater chain verify
   theater chain verify /shop/till`,
		Flags: source.flags(),
		Action: func(c *cli.Context) error {
			targets := c.Args().Slice()
			return source.read(c, func(ctx context.Context, r chain.Reader) error {
				return p.chainVerify(ctx, r, targets, source.format.value)
			})
		},
	}
}

type verified struct {
	Actors   int      `json:"actors"`
	Records  uint64   `json:"records"`
	Events   uint64   `json:"events"`
	Failures []string `json:"failures"`
}

func (p *program) chainVerify(ctx context.Context, r chain.Reader, targets []string, format string) error {
	ids, err := chosen(ctx, r, targets)
	if err != nil {
		return err
	}
	total, failures, err := verifyAll(ctx, r, ids)
	if err != nil {
		return err
	}
	for _, f := range failures {
		total.Failures = append(total.Failures, f.Error())
	}
	if format == formatJSON {
		err = p.writeJSON(total, true)
	} else {
		_, err = fmt.Fprintf(p.out, "verified %s, %s, %s\n",
			count(total.Actors, "actor"), count(total.Records, "record"), count(total.Events, "event"))
	}
	if err == nil && len(failures) > 0 {
		err = &failure{code: codeUnverified, cause: errors.Join(failures...)}
	}
	return err
}

// chosen are the actors that targets name, or all.
func chosen(ctx context.Context, r chain.Reader, targets []string) ([]chain.ID, error) {
	var ids []chain.ID
	for _, target := range targets {
		s, err := find(ctx, r, target)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, s.ID) {
			ids = append(ids, s.ID)
		}
	}
	if len(targets) > 0 {
		return ids, nil
	}
	for s, err := range r.Actors(ctx) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, s.ID)
	}
	return ids, nil
}

// verifyAll verifies chains, several at once. What is wrong with them is in
// failures, in the order of ids; err is what kept it from finding out.
func verifyAll(ctx context.Context, r chain.Reader, ids []chain.ID) (total verified, failures []error, err error) {
	reports := make([]chain.Report, len(ids))
	errs := make([]error, len(ids))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(ids)) {
		workers.Go(func() {
			for i := range next {
				reports[i], errs[i] = chain.Verify(ctx, r, ids[i])
			}
		})
	}
	for i := range ids {
		next <- i
	}
	close(next)
	workers.Wait()
	total.Failures = []string{}
	for i, err := range errs {
		switch {
		case err == nil:
			total.Actors++
			total.Records += reports[i].Records
			total.Events += reports[i].Events
		case ctx.Err() != nil:
			return total, nil, context.Cause(ctx)
		case errors.Is(err, chain.ErrInvalid), errors.Is(err, chain.ErrCorrupt):
			failures = append(failures, err)
		default:
			return total, nil, err
		}
	}
	return total, failures, nil
}
