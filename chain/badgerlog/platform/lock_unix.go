//go:build unix

package platform

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/theater-go/theater/chain"
)

// Lock takes the lock of a folder, the file path in it, which lasts until the file is
// closed or the process ends, and writes into it who holds it. Where another process has
// it, it is *chain.InUseError of the folder.
func Lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(holder(path), f.Close())
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = fmt.Fprintf(f, "%d\n%s\n", os.Getpid(), strings.Join(os.Args, " "))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, nil
}

// holder reads who holds the lock.
func holder(path string) error {
	e := &chain.InUseError{Path: strings.TrimSuffix(path, string(os.PathSeparator)+"lock")}
	if text, err := os.ReadFile(path); err == nil {
		pid, command, _ := strings.Cut(string(text), "\n")
		if _, err := fmt.Sscan(pid, &e.PID); err == nil {
			e.Command = strings.TrimSuffix(command, "\n")
		}
	}
	return e
}

// ProbeLock is *chain.InUseError while a process has the lock, and nil where there is
// none. It holds the lock for
// no more than the moment of the look.
func ProbeLock(path string) error {
	f, err := ShareLock(path)
	if err != nil {
		return err
	}
	if f == nil {
		return nil
	}
	return f.Close()
}

// ShareLock keeps others from taking the lock until the file is closed, and writes
// nothing. Where a process has it, it is *chain.InUseError; where there is no lock, the
// file is nil.
func ShareLock(path string) (*os.File, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = holder(path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
