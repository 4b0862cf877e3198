package badgerlog

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/theater-go/theater/chain"
)

// RestoreOptions say how a backup is restored.
type RestoreOptions struct {
	// Durability is that of the folder; empty is that of the one that was backed up.
	Durability string
	// Logger receives what the database has to say. Nil discards it.
	Logger *slog.Logger
	// Step is told how far a step of the work is: StepRead and StepVerify. Nil drops it.
	Step func(what string, done, total uint64)
}

// Restored is what was restored.
type Restored struct {
	Plan
	Durability string // of the folder
	// Origin is the checkpoint of the log that was backed up, which vouches for its first
	// blocks; its Note is nil where there was none.
	Origin  Checkpoint
	Signer  string // of the checkpoints of the new folder
	Actors  uint64 // whose chains are in order
	Records uint64
	Events  uint64
	// Failures are of chains that do not verify; those have been backed up so.
	Failures []error
}

// Restore makes the data folder to, which must not be there yet or be empty (else
// fs.ErrExist), from what Backup wrote, and verifies all of it. A backup that is damaged
// or not complete is chain.ErrCorrupt and names the place, one of a newer format
// chain.ErrVersion; then, and when ctx ends, nothing is left of the folder.
func Restore(ctx context.Context, from io.Reader, to string, opts RestoreOptions) (Restored, error) {
	if opts.Durability != "" {
		if err := knownDurability(opts.Durability); err != nil {
			return Restored{}, err
		}
	}
	if opts.Step == nil {
		opts.Step = func(string, uint64, uint64) {}
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	frames := &frameReader{r: bufio.NewReaderSize(from, 64<<10)}
	if err := frames.line(); err != nil {
		return Restored{}, err
	}
	plan, err := readPlan(frames)
	if err != nil {
		return Restored{}, err
	}
	p, err := newLoader(to, opts.Logger)
	if err != nil {
		return Restored{}, err
	}
	r := restore{ctx: ctx, from: frames, loader: p}
	done, err := r.run(plan, opts)
	if err != nil {
		return Restored{}, errors.Join(err, p.abandon())
	}
	return done, p.finish(done.Epoch, done.Durability, r.origin)
}

// ReadPlan reads what the beginning of a backup says of it.
func ReadPlan(from io.Reader) (Plan, error) {
	frames := &frameReader{r: bufio.NewReader(from)}
	if err := frames.line(); err != nil {
		return Plan{}, err
	}
	return readPlan(frames)
}

func readPlan(from *frameReader) (Plan, error) {
	at := from.at
	kind, body, err := from.next()
	if err != nil {
		return Plan{}, err
	}
	plan, ok := decodePlan(body)
	if kind != frameBegin || !ok {
		return Plan{}, damagedAt(at, "the backup does not begin as one")
	}
	return plan, nil
}

// restore is one that is going on.
type restore struct {
	ctx    context.Context
	from   *frameReader
	loader *loader
	origin origin
	blob   incoming
	parts  uint64
}

func (r *restore) run(plan Plan, opts RestoreOptions) (done Restored, err error) {
	for more := true; more; {
		if err := r.ctx.Err(); err != nil {
			return Restored{}, err
		}
		if more, err = r.frame(); err != nil {
			return Restored{}, err
		}
		opts.Step(StepRead, uint64(r.from.at), plan.Bytes)
	}
	if err := r.from.over(); err != nil {
		return Restored{}, err
	}
	done = Restored{Plan: plan, Durability: cmp.Or(opts.Durability, plan.Durability), Origin: r.origin.Checkpoint}
	report, err := r.loader.verify(r.ctx, func(p Progress) { opts.Step(StepVerify, p.Blocks, p.Total) })
	if err == nil {
		err = r.loader.holds(&r.origin)
	}
	if err != nil {
		return Restored{}, err
	}
	done.Records, done.Events, done.Signer = r.loader.records, r.loader.events, report.Checkpoint.Signer
	done.Actors = report.Actors
	for _, d := range report.Damage {
		done.Failures = append(done.Failures, d.Err)
	}
	return done, nil
}

// frame takes the next frame; more is false after the last.
func (r *restore) frame() (more bool, err error) {
	at := r.from.at
	kind, body, err := r.from.next()
	if err != nil {
		return false, err
	}
	switch kind {
	case frameSigned:
		err = r.signed(body)
	case frameBlob:
		err = r.blobPart(body)
	case frameBlock:
		if err = r.blob.complete(); err == nil {
			err = r.loader.block(body)
		}
	case frameEnd:
		if err = r.blob.complete(); err == nil {
			err = r.end(body)
		}
	default:
		err = fmt.Errorf("a frame of a kind that there is not: %w", chain.ErrCorrupt)
	}
	if err != nil && (errors.Is(err, chain.ErrCorrupt) || errors.Is(err, chain.ErrVersion)) {
		err = fmt.Errorf("byte %d: %w", at, err)
	}
	return kind != frameEnd, err
}

// signed takes the checkpoint of the log that was backed up.
func (r *restore) signed(body []byte) error {
	key, text, ok := bytes.Cut(body, []byte("\n"))
	if !ok || r.origin.Note != nil || r.parts+r.loader.next > 0 {
		return fmt.Errorf("a checkpoint stands where none may: %w", chain.ErrCorrupt)
	}
	c, err := ReadCheckpoint(text, string(key))
	r.origin = origin{c, string(key) + "\n"}
	return err
}

func (r *restore) end(body []byte) error {
	parts, blocks := r.parts, r.loader.next
	if want := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, parts), blocks); string(body) != string(want) {
		return fmt.Errorf("the backup has %d parts of blobs and %d blocks, and says otherwise: %w", parts, blocks, chain.ErrCorrupt)
	}
	return nil
}

func (r *restore) blobPart(body []byte) error {
	const head = len(chain.Hash{}) + 4
	if len(body) < head || r.loader.next > 0 {
		return fmt.Errorf("a part of a blob stands where none may: %w", chain.ErrCorrupt)
	}
	sum, part := chain.Hash(body[:head-4]), int(binary.BigEndian.Uint32(body[head-4:]))
	if part == 0 {
		if err := r.blob.complete(); err != nil {
			return err
		}
		r.blob = incoming{sum: sum, hash: sha256.New()}
	}
	if err := r.blob.take(sum, part, body[head:]); err != nil {
		return fmt.Errorf("part %d of blob %s: %w", part, sum, err)
	}
	r.parts++
	return r.loader.blobPart(sum, part, body[head:])
}
