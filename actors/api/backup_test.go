package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/chain"
)

func TestABackupComesAsItWasWritten(t *testing.T) {
	want := make([]byte, 3<<20+17)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(want)
	s := open(t, func(c *api.Config) {
		c.Backup = func(_ context.Context, to io.Writer, begun func(uint64)) error {
			begun(4 << 20)
			for _, b := range [][]byte{want[:1], want[1:2000], want[2000:]} {
				if _, err := to.Write(b); err != nil {
					return err
				}
			}
			return nil
		}
	})
	var got bytes.Buffer
	var totals []uint64
	check(t, s.Client.Backup(s.ctx(), &got, func(total uint64) { totals = append(totals, total) }))
	if !bytes.Equal(got.Bytes(), want) || fmt.Sprint(totals) != "[4194304]" {
		t.Errorf("%d bytes come, of %v", got.Len(), totals)
	}
}

func TestABackupThatFailsSaysSo(t *testing.T) {
	s := open(t, func(c *api.Config) {
		c.Backup = func(_ context.Context, to io.Writer, begun func(uint64)) error {
			begun(1)
			_, _ = to.Write([]byte("half"))
			return fmt.Errorf("block 7: %w", chain.ErrCorrupt)
		}
	})
	refuses(t, s.Client.Backup(s.ctx(), io.Discard, nil), api.CodeCorrupt, "")
}

func TestANodeWithoutAFolderIsNotBackedUp(t *testing.T) {
	s := open(t)
	refuses(t, s.Client.Backup(s.ctx(), io.Discard, nil), api.CodeDurability, "")
}
