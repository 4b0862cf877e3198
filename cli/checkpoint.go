package cli

import (
	"strconv"
	"time"

	"github.com/theater-go/theater/chain/badgerlog"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// checkpointRow is a checkpoint of a data folder in JSON.
type checkpointRow struct {
	Signer     string `json:"signer"`
	Era        uint64 `json:"era"`
	Blocks     uint64 `json:"blocks"`
	Root       string `json:"root"`
	Signed     string `json:"signed"`
	Durable    uint64 `json:"durable"`
	Durability string `json:"durability"`
	Epoch      uint64 `json:"epoch"`
	Note       string `json:"note"` // all of it, signed
}

// newCheckpointRow is nil for no checkpoint.
func newCheckpointRow(c badgerlog.Checkpoint) *checkpointRow {
	if c.Note == nil {
		return nil
	}
	return &checkpointRow{Signer: c.Signer, Era: c.Era, Blocks: c.Size, Root: c.Root.String(),
		Signed: signedAt(c.Time), Durable: c.Durable, Durability: c.Durability, Epoch: c.Epoch, Note: string(c.Note)}
}

// newLiveCheckpoint is the same of a node; nil for none.
func newLiveCheckpoint(c *theaterv1.Checkpoint) *checkpointRow {
	if c == nil {
		return nil
	}
	return &checkpointRow{Signer: c.Signer, Era: c.Era, Blocks: c.Blocks, Root: c.Root,
		Signed: signedAt(c.Signed.AsTime()), Durable: c.Durable, Durability: c.Durability, Epoch: c.Epoch, Note: c.Note}
}

func signedAt(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// rows are a checkpoint in text.
func (c *checkpointRow) rows() [][]string {
	return [][]string{
		{"checkpoint", count(c.Blocks, "block") + ", epoch " + strconv.FormatUint(c.Epoch, 10) + ", era " + strconv.FormatUint(c.Era, 10)},
		{"root", c.Root},
		{"signed", c.Signed + " by " + c.Signer},
	}
}
