package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
)

func (p *program) chainVerifyCommand() *cli.Command {
	source := p.newChainSource()
	return &cli.Command{
		Name:      "verify",
		Usage:     "check links, hashes and blobs of chains, and the signed checkpoint",
		UsageText: "theater chain verify [ACTOR...] [FLAGS]",
		Description: `Without an ACTOR all chains are verified. A failure names the actor, the record
and what differs, and the exit code is 4. Those of a node are verified here: what it
sends is held against its hashes.

All chains of a folder are also held against its checkpoint: the signed statement of
how many blocks of records it had, and of their hashes. So no record is missing up to
that, and none is another one. The result names the checkpoint, its era and its
signer: a new era begins when a power cut took records of an async folder.

` + sourceText + `

Examples:
   theater chain verify
   theater chain verify --data /var/lib/theater -o json
   theater chain verify /shop/till`,
		Flags: source.flags(),
		Action: func(c *cli.Context) error {
			targets := c.Args().Slice()
			err := source.read(c, func(ctx context.Context, r chain.Reader) error {
				return p.chainVerify(ctx, r, targets, source)
			})
			if errors.Is(err, chain.ErrCorrupt) { // also a folder that does not open
				return folderError(source.data, err)
			}
			return err
		},
	}
}

type verified struct {
	Actors     int            `json:"actors"`
	Records    uint64         `json:"records"`
	Events     uint64         `json:"events"`
	Blocks     uint64         `json:"blocks,omitempty"`
	Checkpoint *checkpointRow `json:"checkpoint,omitempty"` // that all was held against
	Failures   []string       `json:"failures"`
}

func (p *program) chainVerify(ctx context.Context, r chain.Reader, targets []string, source *chainSource) error {
	var total verified
	var failures []error
	log, isFolder := r.(*badgerlog.Log)
	whole := isFolder && len(targets) == 0
	if whole {
		report, err := p.verifyLog(ctx, log)
		if err != nil {
			return err
		}
		total, failures = summed(report)
	} else {
		ids, err := chosen(ctx, r, targets)
		if err != nil {
			return err
		}
		if total, failures, err = verifyAll(ctx, r, ids); err != nil {
			return err
		}
	}
	total.Failures = []string{}
	for _, f := range failures {
		total.Failures = append(total.Failures, f.Error())
	}
	var err error
	if source.format.value == formatJSON {
		err = p.writeJSON(total, true)
	} else {
		_, err = io.WriteString(p.out, total.text(whole))
	}
	if err != nil || len(failures) == 0 {
		return err
	}
	hint := ""
	if isFolder {
		hint = repairHint(source.data)
	}
	return &failure{code: codeUnverified, cause: firstOf(failures), hint: hint}
}

// text says whether it was held against a checkpoint, where that was asked for.
func (v *verified) text(whole bool) string {
	text := fmt.Sprintf("verified %s, %s, %s\n", count(v.Actors, "actor"), count(v.Records, "record"), count(v.Events, "event"))
	if c := v.Checkpoint; c != nil {
		text += fmt.Sprintf("checkpoint of %s, era %d, %s, signed by %s\n", c.Signed, c.Era, count(c.Blocks, "block"), c.Signer)
	} else if whole {
		text += "no checkpoint shows how much there was\n"
	}
	return text
}

// verifyLog verifies a data folder, and shows on a terminal how far it is.
func (p *program) verifyLog(ctx context.Context, log *badgerlog.Log) (report badgerlog.Report, err error) {
	bar := p.err.bar("verifying")
	defer bar.done()
	return log.Verify(ctx, badgerlog.VerifyOptions{Progress: func(at badgerlog.Progress) {
		bar.set(at.Blocks, at.Total, at.Records, "records")
	}})
}

// summed is what a report says in all.
func summed(r badgerlog.Report) (total verified, failures []error) {
	total = verified{Actors: int(r.Actors), Records: r.Records, Events: r.Events, Blocks: r.Blocks}
	total.Checkpoint = newCheckpointRow(r.Checkpoint)
	for _, d := range r.Damage {
		failures = append(failures, d.Err)
	}
	return total, failures
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
