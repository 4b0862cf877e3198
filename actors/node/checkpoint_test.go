package node_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/theater-go/theater/chain/badgerlog"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

func TestANodeShowsTheCheckpointOfItsDataFolder(t *testing.T) {
	s := serve(t, settingsOf(short(t)))
	info := func() *theaterv1.InfoResponse {
		t.Helper()
		info, err := s.Node.Info(t.Context(), &theaterv1.InfoRequest{})
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	if c := info().Checkpoint; c.GetBlocks() != 0 || c.GetDurability() != badgerlog.Async {
		t.Errorf("that of a new folder is %v", c)
	}
	s.spawn(counter(t, "a"))
	s.eventually("what is on the log is signed", func() bool { return info().Checkpoint.GetBlocks() > 0 })

	// Who has the key of the folder finds all of it in the note.
	c := info().Checkpoint
	dir := filepath.Join(s.settings.Data, "checkpoint")
	key, err := os.ReadFile(filepath.Join(dir, "key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := badgerlog.ReadCheckpoint([]byte(c.Note), string(key))
	if err != nil {
		t.Fatal(err)
	}
	if c.Signer != signed.Signer || c.Blocks != signed.Size || c.Root != signed.Root.String() || !c.Signed.AsTime().Equal(signed.Time) ||
		c.Era != signed.Era || c.Epoch != signed.Epoch || c.Durable != signed.Durable || c.Durability != signed.Durability {
		t.Errorf("it shows %v of\n%s", c, c.Note)
	}

	// One that nobody could check is not shown.
	text := strings.Replace(c.Note, c.Signer+"/0\n", c.Signer+"/1\n", 1)
	if err := os.WriteFile(filepath.Join(dir, "signed"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if i := info(); i.Checkpoint != nil || !strings.Contains(i.CheckpointProblem, filepath.Join(dir, "signed")) {
		t.Errorf("of a forged one it shows %v, %q", i.Checkpoint, i.CheckpointProblem)
	}
	s.end()
}
