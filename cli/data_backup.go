package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
)

const dataBackupText = `A backup is one file with all chains and all that they name, as the folder had them at one
moment. A node goes on working meanwhile: when a node of this user has DIR open, it hands
the backup over, and so does that at --address, to whom that scope is granted: admin.
Tokens, bundles and configuration are not in it. FILE must not be there yet; - is standard
output.

Without DIR and --address it is the folder .theater, where there is one, and else the node
of this user. A damaged folder is not backed up: theater data repair saves what is whole.

Examples:
   theater data backup monday.theater
   theater data backup /var/lib/theater monday.theater
   theater data backup --address https://node:7443 --token @token - | ssh safe 'cat > monday.theater'`

func (p *program) dataBackupCommand() *cli.Command {
	source := p.newChainSource()
	return &cli.Command{
		Name:        "backup",
		Usage:       "write all chains of a data folder, or of a node that works, into a file",
		UsageText:   "theater data backup [DIR] FILE|- [FLAGS]",
		Description: dataBackupText,
		Flags:       source.live.flags(),
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 2, "a FILE, or - for standard output")
			if err != nil {
				return err
			}
			dir, file := "", args[len(args)-1]
			if len(args) == 2 {
				if dir = args[0]; c.IsSet("address") && source.address != os.Getenv(envAddress) {
					return usagef(c.Command.HelpName, "%s is a folder and --address names a node: leave one out", dir)
				}
			}
			return p.backUp(c, source, dir, file)
		},
	}
}

// feedBackup writes a backup, and tells before that about how many bytes it has.
type feedBackup func(ctx context.Context, to io.Writer, begun func(total uint64)) error

// backUp writes a backup of a folder, or of what the rules say where that is "".
func (p *program) backUp(c *cli.Context, source *chainSource, dir, file string) error {
	take := func(ctx context.Context, from feedBackup) error {
		return p.writeBackup(ctx, from, file, source.format.value)
	}
	fromNode := func(ctx context.Context, n *conn) error {
		return take(ctx, func(ctx context.Context, to io.Writer, begun func(uint64)) error {
			return n.explain(ctx, n.Client.Backup(ctx, to, begun))
		})
	}
	if dir == "" && source.address != "" {
		return source.with(c, fromNode)
	}
	given := dir != ""
	if !given {
		dir = defaultData
	}
	source.data, source.address = dir, ""
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) && !given {
		return source.with(c, fromNode)
	}
	log, err := badgerlog.Open(dir, badgerlog.Options{ReadOnly: true})
	if err == nil {
		err = take(c.Context, func(ctx context.Context, to io.Writer, begun func(uint64)) error {
			return folderError(dir, log.Backup(ctx, to, func(plan badgerlog.Plan) { begun(plan.Bytes) }))
		})
		return errors.Join(err, log.Close())
	}
	if !errors.Is(err, chain.ErrInUse) {
		return folderError(dir, err)
	}
	if source.heldByNode(c) {
		return source.with(c, fromNode)
	}
	return &failure{code: codeFailed, cause: err, hint: "a node that has it open is asked with --address in place of the folder; else wait until that process has ended"}
}

// writeBackup writes a backup into a file, which is there as a whole or not at all.
func (p *program) writeBackup(ctx context.Context, from feedBackup, file, format string) error {
	if file == "-" {
		return p.pipeBackup(ctx, from, format)
	}
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = &failure{code: codeFailed, cause: fmt.Errorf("%s is there already", file), hint: "nothing is written over: name a file that is not there yet"}
		}
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*")
	if errors.Is(err, fs.ErrNotExist) {
		return notFound(fmt.Errorf("there is no folder %s for %s", filepath.Dir(file), filepath.Base(file)), "")
	}
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // unless it has its name by then
	done, err := p.counted(ctx, from, tmp)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), file); err != nil {
		return err
	}
	done.File = file
	if format == formatJSON {
		return p.writeJSON(done, true)
	}
	_, err = fmt.Fprintln(p.out, done.text())
	return err
}

// pipeBackup writes a backup to standard output, and what there is to say elsewhere.
func (p *program) pipeBackup(ctx context.Context, from feedBackup, format string) error {
	switch {
	case format == formatJSON:
		return usagef("theater data backup", "standard output is for the backup: leave out -o, or name a file")
	case onTerminal(p.out):
		return usagef("theater data backup", "a backup is nothing for a terminal: name a file, or send it elsewhere with |")
	}
	done, err := p.counted(ctx, from, p.out)
	if err == nil {
		fmt.Fprintln(p.err, done.text())
	}
	return err
}

// backedUp is a backup as programs see it.
type backedUp struct {
	File       string    `json:"file"`
	Bytes      uint64    `json:"bytes"`
	Blocks     uint64    `json:"blocks"`
	Durability string    `json:"durability"`
	Epoch      uint64    `json:"epoch"`
	Taken      time.Time `json:"taken"`
}

func (b *backedUp) text() string {
	text := fmt.Sprintf("backed up %s, %s", count(b.Blocks, "block"), size(b.Bytes))
	if b.File != "" {
		text += ", into " + escape(b.File)
	}
	return text
}

// counted has a backup written, and shows how far it is.
func (p *program) counted(ctx context.Context, from feedBackup, to io.Writer) (done backedUp, err error) {
	w := &countedWriter{to: to, stages: &stages{to: p.err}}
	defer w.stages.done()
	if err := from(ctx, w, func(total uint64) { w.total = total }); err != nil {
		return done, err
	}
	plan, err := badgerlog.ReadPlan(bytes.NewReader(w.head))
	if err != nil {
		return done, err
	}
	return backedUp{Bytes: w.done, Blocks: plan.Blocks, Durability: plan.Durability, Epoch: plan.Epoch, Taken: time.Unix(0, plan.Taken).UTC()}, nil
}

// countedWriter counts what is written, and remembers how it begins.
type countedWriter struct {
	to          io.Writer
	stages      *stages
	head        []byte
	done, total uint64
}

func (w *countedWriter) Write(b []byte) (int, error) {
	const most = 1 << 10
	w.head = append(w.head, b[:min(len(b), most-len(w.head))]...)
	n, err := w.to.Write(b)
	w.done += uint64(n)
	w.stages.set(badgerlog.StepRead, w.done, w.total)
	return n, err
}
