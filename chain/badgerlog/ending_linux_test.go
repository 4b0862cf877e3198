package badgerlog_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/chaintest"
)

// holds locks a new data folder in the name of a process.
func holds(t *testing.T, pid int) (dir string, release func()) {
	t.Helper()
	dir = t.TempDir()
	lock, err := os.Create(filepath.Join(dir, "lock"))
	chaintest.Must(t, err)
	chaintest.Must(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	_, err = fmt.Fprintf(lock, "%d\ntheater serve\n", pid)
	chaintest.Must(t, err)
	t.Cleanup(func() { lock.Close() })
	return dir, func() { lock.Close() }
}

func TestAProcessThatIsEndingIsWaitedFor(t *testing.T) {
	gone := exec.Command("true")
	chaintest.Must(t, gone.Run())
	dir, release := holds(t, gone.Process.Pid)
	released := time.AfterFunc(30*time.Millisecond, release)
	defer released.Stop()
	l, err := badgerlog.Open(dir, badgerlog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	chaintest.Must(t, l.Close())
}

func TestAProcessThatGoesOnIsNotWaitedFor(t *testing.T) {
	dir, _ := holds(t, os.Getpid())
	if _, err := badgerlog.Open(dir, badgerlog.Options{}); !errors.Is(err, chain.ErrInUse) {
		t.Errorf("error %v", err)
	}
}
