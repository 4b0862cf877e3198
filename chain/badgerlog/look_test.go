package badgerlog_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestALookTellsWhoHasAFolderAndTakesItFromNobody(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir, badgerlog.Options{Durability: badgerlog.Sync})
	for range 3 {
		face, err := badgerlog.Look(dir)
		chaintest.Must(t, err)
		if face.Durability != badgerlog.Sync || face.Holder == nil || face.Holder.PID != os.Getpid() || face.Free == 0 || face.Needed == 0 {
			t.Errorf("of an open folder: %+v", face)
		}
	}
	chaintest.Must(t, l.Close())
	face, err := badgerlog.Look(dir)
	if chaintest.Must(t, err); face.Holder != nil {
		t.Errorf("of a closed folder: %+v", face.Holder)
	}
	chaintest.Must(t, open(t, dir, badgerlog.Options{}).Close())
}

func TestALookAtWhatIsNoDataFolderSaysSo(t *testing.T) {
	empty := t.TempDir()
	if _, err := badgerlog.Look(empty); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("an empty folder gives %v", err)
	}
	if entries, err := os.ReadDir(empty); err != nil || len(entries) != 0 {
		t.Errorf("the look has left %v, %v", entries, err)
	}
	for text, want := range map[string]error{"nonsense": chain.ErrCorrupt, "theater data folder\nversion 99\ndurability async\n": chain.ErrVersion} {
		dir := t.TempDir()
		chaintest.Must(t, os.WriteFile(filepath.Join(dir, "format"), []byte(text), 0o600))
		if _, err := badgerlog.Look(dir); !errors.Is(err, want) {
			t.Errorf("%q gives %v", text, err)
		}
	}
}
