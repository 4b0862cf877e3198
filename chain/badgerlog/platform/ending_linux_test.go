package platform_test

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/theater-go/theater/chain/badgerlog/platform"
	"github.com/theater-go/theater/chain/chaintest"
)

func TestALockOfAProcessThatGoesOnIsNotTriedAgain(t *testing.T) {
	used := errors.New("in use")
	tries := 0
	_, err := platform.UnlessEnding(func() (any, error) { tries++; return nil, used }, func(error) int { return os.Getpid() })
	if !errors.Is(err, used) || tries != 1 {
		t.Errorf("after %d tries: %v", tries, err)
	}
}

func TestWhoIsKilledIsEnding(t *testing.T) {
	killed := exec.Command("sleep", "60")
	chaintest.Must(t, killed.Start())
	if pid := killed.Process.Pid; platform.Ending(pid) {
		t.Error("it is ending before it was killed")
	}
	chaintest.Must(t, killed.Process.Kill())
	if pid := killed.Process.Pid; !platform.Ending(pid) { // nobody has waited for it yet
		t.Error("it was killed and goes on")
	}
	_ = killed.Wait()
	for pid, want := range map[int]bool{killed.Process.Pid: true, os.Getpid(): false, 0: false} {
		if got := platform.Ending(pid); got != want {
			t.Errorf("process %d is ending: %t", pid, got)
		}
	}
}
