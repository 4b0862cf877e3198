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
	tries := 0
	_, err := badgerlog.UnlessEnding(func() (any, error) { tries++; return nil, chain.ErrInUse }, func(error) int { return os.Getpid() })
	if !errors.Is(err, chain.ErrInUse) || tries != 1 {
		t.Errorf("after %d tries: %v", tries, err)
	}
}

func TestWhoIsKilledIsEnding(t *testing.T) {
	killed := exec.Command("sleep", "60")
	chaintest.Must(t, killed.Start())
	if pid := killed.Process.Pid; badgerlog.Ending(pid) {
		t.Error("it is ending before it was killed")
	}
	chaintest.Must(t, killed.Process.Kill())
	if pid := killed.Process.Pid; !badgerlog.Ending(pid) { // nobody has waited for it yet
		t.Error("it was killed and goes on")
	}
	_ = killed.Wait()
	for pid, want := range map[int]bool{killed.Process.Pid: true, os.Getpid(): false, 0: false} {
		if got := badgerlog.Ending(pid); got != want {
			t.Errorf("process %d is ending: %t", pid, got)
		}
	}
}
