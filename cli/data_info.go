package cli

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
)

const dataInfoText = `Shown is what can be seen of a data folder: its durability, its size on the disk, which
process has it open, and its newest checkpoint, the signed statement of how many blocks of
records it has. What actors it has is shown when no process has it open. Without DIR it is
the folder .theater.

What is seen to be damaged is named, and the exit code is 4; theater chain verify looks at
everything.

Examples:
   theater data info
   theater data info /var/lib/theater -o json | jq -r .checkpoint.note`

func (p *program) dataInfoCommand() *cli.Command {
	format := choose("text", formatJSON)
	return &cli.Command{
		Name:        "info",
		Usage:       "show what a data folder is and holds",
		UsageText:   "theater data info [DIR] [FLAGS]",
		Description: dataInfoText,
		Flags:       []cli.Flag{outputFlag(format)},
		Action: func(c *cli.Context) error {
			dir, err := folderOf(c)
			if err != nil {
				return err
			}
			info, damage, err := newFolderInfo(c.Context, dir)
			if err != nil {
				return folderError(dir, err)
			}
			if err := p.showFolder(info, format.value); err != nil || damage == nil {
				return err
			}
			return &failure{code: codeUnverified, cause: damage, hint: repairHint(dir)}
		},
	}
}

// folderInfo is a data folder as programs see it.
type folderInfo struct {
	Folder     string         `json:"folder"`
	Durability string         `json:"durability"`
	Bytes      int64          `json:"bytes"` // on the disk
	Free       uint64         `json:"free"`
	Holder     *holderInfo    `json:"holder,omitempty"`
	Checkpoint *checkpointRow `json:"checkpoint,omitempty"`
	Actors     *uint64        `json:"actors,omitempty"` // known where nobody has it open
	Records    *uint64        `json:"records,omitempty"`
	Events     *uint64        `json:"events,omitempty"`
	Problem    string         `json:"problem,omitempty"`
}

type holderInfo struct {
	PID     int    `json:"pid"`
	Command string `json:"command"`
}

// newFolderInfo looks at a folder. What is wrong with it is in damage, what keeps it from
// looking in err.
func newFolderInfo(ctx context.Context, dir string) (info folderInfo, damage, err error) {
	face, err := badgerlog.Look(dir)
	if err != nil {
		return info, nil, err
	}
	info = folderInfo{Folder: dir, Durability: face.Durability, Free: face.Free}
	if info.Bytes, err = diskUse(dir); err != nil {
		return info, nil, err
	}
	signed, _, err := badgerlog.SignedCheckpoint(dir)
	switch {
	case err == nil:
		info.Checkpoint = newCheckpointRow(signed)
	case !errors.Is(err, chain.ErrNotFound):
		damage = err
	}
	if face.Holder != nil {
		info.Holder = &holderInfo{face.Holder.PID, face.Holder.Command}
	} else if damage == nil {
		damage = info.count(ctx)
	}
	if damage != nil {
		info.Problem = damage.Error()
	}
	return info, damage, nil
}

// count counts what the folder has.
func (i *folderInfo) count(ctx context.Context) error {
	return withLog(i.Folder, func(r chain.Reader) error {
		var actors, records, events uint64
		for s, err := range r.Actors(ctx) {
			if err != nil {
				return err
			}
			actors, records, events = actors+1, records+s.Records, events+s.Events
		}
		i.Actors, i.Records, i.Events = &actors, &records, &events
		return nil
	})
}

// diskUse is how many bytes the files below a folder have on the disk.
func diskUse(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // who has the folder open has just removed it
		}
		if err == nil {
			total += allocated(info)
		}
		return err
	})
	return total, err
}

func (p *program) showFolder(i folderInfo, format string) error {
	if format == formatJSON {
		return p.writeJSON(i, true)
	}
	rows := [][]string{{"folder", i.Folder}, {"durability", i.Durability}, {"size", size(i.Bytes) + ", and " + size(i.Free) + " are free"}}
	if h := i.Holder; h != nil {
		rows = append(rows, []string{"open in", "process " + strconv.Itoa(h.PID) + " (" + h.Command + ")"})
	}
	if i.Actors != nil {
		rows = append(rows, []string{"holds", count(*i.Actors, "actor") + ", " + count(*i.Records, "record") + ", " + count(*i.Events, "event")})
	}
	if c := i.Checkpoint; c != nil {
		rows = append(rows, c.rows()...)
	} else {
		rows = append(rows, []string{"checkpoint", "none"})
	}
	return p.writeColumns(rows)
}
