package badgerlog_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

func init() { children["BADGERLOG_TEST_REMOVED"] = removed }

// removed closes a log whose folder is there no more.
func removed(dir string) {
	l, err := badgerlog.Open(dir, badgerlog.Options{})
	exitOn(err)
	w, err := l.Writer(context.Background())
	exitOn(err)
	exitOn(w.Append(chaintest.Draft(chaintest.Turn(chaintest.ID(1), 0, 8)), nil))
	exitOn(w.Flush(context.Background()))
	exitOn(os.RemoveAll(dir))
	fmt.Println(l.Close())
	os.Exit(0)
}

func TestALogWhoseFolderWasRemovedCanBeClosed(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	dir := filepath.Join(t.TempDir(), "data")
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), "BADGERLOG_TEST_REMOVED="+dir)
	out, err := cmd.Output()
	chaintest.Must(t, err)
	if !bytes.Contains(out, []byte("the data folder was removed")) {
		t.Errorf("its Close says %s", out)
	}
}
