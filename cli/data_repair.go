package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
)

const dataRepairText = `The files of DIR are read, and never written; what is in order is brought into the new
folder. Of each actor that is the beginning of its chain: up to the first record that is
lost, or that names bytes which are, or that follows from a record of another actor which is
not kept. All of that verifies, and a node can go on with it. What is lost is said: which
blocks, of which actors the records from which number on, and which blobs. The exit code is
4 when something is, 0 when nothing is.

A missing blob may be a module or a manifest that you still have: --with FILE gives it, and
may be said several times. A wrong file does no harm.

The new folder signs its checkpoints with a key of its own; the newest of DIR is kept in
checkpoint/origin.

Examples:
   theater data repair .theater --to repaired
   theater data repair .theater --to repaired --with build/till.wasm --with till.toml
   theater data repair /var/lib/theater --to /var/lib/repaired -o json | jq .lost_records`

func (p *program) dataRepairCommand() *cli.Command {
	format := choose("text", formatJSON)
	to, with := "", &cli.StringSliceFlag{Name: "with", Usage: "`FILE` may have the bytes of a missing blob"}
	return &cli.Command{
		Name:        "repair",
		Usage:       "save what is in order of a damaged data folder into a new one",
		UsageText:   "theater data repair DIR --to NEW [FLAGS]",
		Description: dataRepairText,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "to", Destination: &to, Usage: "the new folder is `NEW`"},
			with, outputFlag(format),
		},
		Action: func(c *cli.Context) error {
			args, err := arguments(c, 1, 1, "the folder DIR")
			if err != nil {
				return err
			}
			if to == "" {
				return usagef(c.Command.HelpName, "--to is missing: it names the new folder")
			}
			shown := &stages{to: p.err}
			report, err := badgerlog.Salvage(c.Context, args[0], to, badgerlog.RepairOptions{With: c.StringSlice("with"), Step: shown.set})
			shown.done()
			if err != nil {
				return folderError(args[0], madeError(to, err))
			}
			if err := p.showRepair(args[0], to, &report, format.value); err != nil || report.Whole() {
				return err
			}
			return reported(codeUnverified)
		},
	}
}

// repairRow is a repair as programs see it.
type repairRow struct {
	Folder      string         `json:"folder"`
	Durability  string         `json:"durability"`
	Whole       bool           `json:"whole"`
	Actors      int            `json:"actors"`
	Records     uint64         `json:"records"`
	Events      uint64         `json:"events"`
	Blobs       int            `json:"blobs"`
	Blocks      uint64         `json:"blocks"`
	LostBlocks  []spanRow      `json:"lost_blocks"`
	LostRecords []cutRow       `json:"lost_records"`
	LostBlobs   []lostBlobRow  `json:"lost_blobs"`
	Stranded    uint64         `json:"stranded"`
	Damage      []gapRow       `json:"damage"`
	Signer      string         `json:"signer"`
	Origin      *checkpointRow `json:"origin,omitempty"`
	Unsealed    string         `json:"unsealed,omitempty"`
}

type spanRow struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"` // the last
}

type cutRow struct {
	Actor  chain.ID `json:"actor"`
	Path   string   `json:"path,omitempty"`
	From   uint64   `json:"from"` // the first record that is lost
	Had    uint64   `json:"had"`  // records, at least
	Reason string   `json:"reason"`
	Detail string   `json:"detail"`
}

type lostBlobRow struct {
	Sum    chain.Hash `json:"sha256"`
	Actor  chain.ID   `json:"actor"`
	Record uint64     `json:"record"`
}

type gapRow struct {
	File string `json:"file"`
	From int64  `json:"from"`
	To   int64  `json:"to"` // the byte behind
}

func newRepairRow(to string, r *badgerlog.Repair) repairRow {
	row := repairRow{
		Folder: to, Durability: r.Durability, Whole: r.Whole(), Actors: r.Actors, Records: r.Records, Events: r.Events, Blobs: r.Blobs,
		Blocks: r.Blocks, LostBlocks: []spanRow{}, LostRecords: []cutRow{}, LostBlobs: []lostBlobRow{}, Stranded: r.Stranded,
		Damage: []gapRow{}, Signer: r.Signer, Origin: newCheckpointRow(r.Origin),
	}
	for _, s := range r.Lost {
		row.LostBlocks = append(row.LostBlocks, spanRow{s.From, s.To - 1})
	}
	for _, c := range r.Cuts {
		row.LostRecords = append(row.LostRecords, cutRow{c.Actor, c.Path, c.Kept, c.Had, c.Reason, c.Detail})
	}
	for _, m := range r.Missing {
		row.LostBlobs = append(row.LostBlobs, lostBlobRow(m))
	}
	for _, g := range r.Gaps {
		row.Damage = append(row.Damage, gapRow{g.File, g.From, g.To})
	}
	if r.Unsealed != nil {
		row.Unsealed = r.Unsealed.Error()
	}
	return row
}

func (p *program) showRepair(dir, to string, r *badgerlog.Repair, format string) error {
	row := newRepairRow(to, r)
	if format == formatJSON {
		return p.writeJSON(row, true)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "saved %s, %s, %s and %s into %s\n", count(row.Actors, "actor"), count(row.Records, "record"),
		count(row.Events, "event"), count(row.Blobs, "blob"), escape(to))
	list(&b, "damaged  ", row.Damage, func(g gapRow) string {
		return fmt.Sprintf("%s, bytes %d to %d", g.File, g.From, g.To-1)
	})
	list(&b, "lost     ", row.LostBlocks, func(s spanRow) string {
		if s.From == s.To {
			return fmt.Sprintf("block %d", s.From)
		}
		return fmt.Sprintf("blocks %d to %d", s.From, s.To)
	})
	list(&b, "lost     ", row.LostRecords, cutRow.text)
	list(&b, "missing  ", row.LostBlobs, func(m lostBlobRow) string {
		return fmt.Sprintf("blob %s, which record %d of actor %s names", m.Sum, m.Record, m.Actor)
	})
	b.WriteString(row.verdict(dir))
	b.WriteString(fmt.Sprintf("checkpoints of %s are signed by %s from now on\n", escape(to), escape(row.Signer)))
	_, err := io.WriteString(p.out, b.String())
	return err
}

func (c cutRow) text() string {
	who := "actor " + c.Actor.String()
	if c.Path != "" {
		who = c.Path + " (" + c.Actor.String() + ")"
	}
	return fmt.Sprintf("%s from record %d on, of %d: %s", who, c.From, c.Had, c.Detail)
}

// verdict says how sure it is that this is all.
func (r *repairRow) verdict(dir string) string {
	what := "something is lost"
	if r.Whole {
		what = "nothing is lost"
	}
	if r.Origin == nil || r.Unsealed != "" {
		text := fmt.Sprintf("%s that can be seen; no checkpoint shows how much there was", what)
		if r.Unsealed != "" {
			text += ": " + escape(r.Unsealed)
		}
		return text + "\n"
	}
	return fmt.Sprintf("%s of the %s that %s signed at %s\n", what, count(r.Origin.Blocks, "block"), escape(r.Origin.Signer), r.Origin.Signed)
}

// list writes a line for each of some things, but not for very many.
func list[T any](b *strings.Builder, lead string, all []T, line func(T) string) {
	for i, v := range all {
		if i == mostShown {
			fmt.Fprintf(b, "%sand %d more, which -o json shows\n", lead, len(all)-i)
			return
		}
		b.WriteString(lead + escape(line(v)) + "\n")
	}
}
