package badgerlog_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// TestAFolderIsMadeOneOfTheOtherDurability holds guarantee 7.
func TestAFolderIsMadeOneOfTheOtherDurability(t *testing.T) {
	dir := written(t, 40)
	for _, step := range []struct{ from, to string }{
		{badgerlog.Async, badgerlog.Sync}, {badgerlog.Sync, badgerlog.Sync}, {badgerlog.Sync, badgerlog.Async},
	} {
		before, err := badgerlog.Convert(dir, step.to)
		if err != nil || before != step.from {
			t.Fatalf("to %s: it was %q, %v", step.to, before, err)
		}
		l := open(t, dir, badgerlog.Options{Durability: step.to})
		verified(t, l, 40)
		chaintest.Must(t, l.Close())
	}
}

func TestWhatCannotBeConvertedIsLeftAlone(t *testing.T) {
	dir := written(t, 3)
	l := open(t, dir, badgerlog.Options{})
	var inUse *chain.InUseError
	if _, err := badgerlog.Convert(dir, badgerlog.Sync); !errors.As(err, &inUse) || inUse.PID != os.Getpid() {
		t.Errorf("a folder in use: %v", err)
	}
	chaintest.Must(t, l.Close())
	if _, err := badgerlog.Convert(dir, "perhaps"); err == nil {
		t.Error("an unknown durability is taken")
	}
	if _, err := badgerlog.Convert(dir, ""); err == nil {
		t.Error("no durability is taken")
	}
	missing := filepath.Join(t.TempDir(), "missing")
	if _, err := badgerlog.Convert(missing, badgerlog.Sync); !errors.Is(err, chain.ErrNotFound) {
		t.Errorf("a missing folder: %v", err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("it is made")
	}
	l = open(t, dir, badgerlog.Options{Durability: badgerlog.Async})
	verified(t, l, 3)
	chaintest.Must(t, l.Close())
}
func init() { children["BADGERLOG_TEST_CONVERT"] = convertChild }

// convertChild converts a folder to and fro until it is killed, and says so of each time.
func convertChild(dir string) {
	for {
		for _, to := range []string{badgerlog.Sync, badgerlog.Async} {
			_, err := badgerlog.Convert(dir, to)
			exitOn(err)
			fmt.Println(to)
		}
	}
}

func TestAConversionThatIsKilledLeavesAFolderOfOneDurability(t *testing.T) {
	dir := written(t, 40)
	for range 10 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "BADGERLOG_TEST_CONVERT="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		chaintest.Must(t, err)
		chaintest.Must(t, cmd.Start())
		lines := 0
		for in := bufio.NewScanner(out); in.Scan(); lines++ {
			if lines == 0 {
				time.AfterFunc(time.Duration(rand.IntN(20_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
			}
		}
		if cmd.Wait() == nil || lines == 0 {
			t.Fatalf("the child was not killed after %d conversions", lines)
		}
		l := open(t, dir, badgerlog.Options{})
		verified(t, l, 40)
		chaintest.Must(t, l.Close())
	}
}
