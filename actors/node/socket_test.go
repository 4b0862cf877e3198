//go:build unix

package node_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/theater-go/theater/actors/node"
)

// leave makes a socket and closes it without removing it, as a killed process does.
func leave(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestASocketThatAKilledNodeHasLeftIsReplaced(t *testing.T) {
	path := filepath.Join(short(t), "s")
	leave(t, path)
	write(t, path+".lock", "99999\n")
	l, err := node.ListenSocket(path)
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := net.Dial("unix", path); err != nil {
		t.Errorf("nobody answers: %v", err)
	} else {
		conn.Close()
	}
	for file, want := range map[string]fs.FileMode{path: fs.ModeSocket | 0o600, path + ".lock": 0o600} {
		if info, err := os.Lstat(file); err != nil || info.Mode() != want {
			t.Errorf("%s has the mode %v, %v", file, info.Mode(), err)
		}
	}
	for range 2 {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestASocketThatIsInUseIsRefused(t *testing.T) {
	dir := short(t)
	held := filepath.Join(dir, "held")
	l, err := node.ListenSocket(held)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	foreign := filepath.Join(dir, "foreign") // of somebody who knows of no lock
	other, err := net.Listen("unix", foreign)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for path, pid := range map[string]int{held: os.Getpid(), foreign: 0} {
		var used *node.SocketInUseError
		if _, err := node.ListenSocket(path); !errors.As(err, &used) || used.PID != pid || used.Path != path {
			t.Errorf("%s gives %v", path, err)
		}
		if conn, err := net.Dial("unix", path); err != nil {
			t.Errorf("%s does not answer any more: %v", path, err)
		} else {
			conn.Close()
		}
	}
}

func TestWhatIsNoSocketOrInAnOpenFolderIsLeftAlone(t *testing.T) {
	dir := short(t)
	file := write(t, filepath.Join(dir, "file"), "text")
	if _, err := node.ListenSocket(file); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("a file gives %v", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "text" {
		t.Errorf("the file is %q, %v", text, err)
	}
	open := filepath.Join(dir, "open")
	if err := errors.Join(os.Mkdir(open, 0o700), os.Chmod(open, 0o777)); err != nil {
		t.Fatal(err)
	}
	if _, err := node.ListenSocket(filepath.Join(open, "s")); err == nil || !strings.Contains(err.Error(), "others may write") {
		t.Errorf("an open folder gives %v", err)
	}
	link := filepath.Join(dir, "linked")
	if err := os.Symlink(file, link+".lock"); err != nil {
		t.Fatal(err)
	}
	if _, err := node.ListenSocket(link); err == nil {
		t.Error("a lock that is a link is followed")
	}
}

// TestOfManyWhoWantASocketOneHasIt hammers the lock, with what killed nodes leave.
func TestOfManyWhoWantASocketOneHasIt(t *testing.T) {
	path := filepath.Join(short(t), "s")
	var holders, held atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				l, err := node.ListenSocket(path)
				var used *node.SocketInUseError
				if errors.As(err, &used) {
					continue
				}
				if err != nil {
					t.Errorf("it gives %v", err)
					return
				}
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d have it at once", n)
				}
				held.Add(1)
				if conn, err := net.Dial("unix", path); err != nil {
					t.Errorf("its holder cannot be called: %v", err)
				} else {
					conn.Close()
				}
				holders.Add(-1)
				if err := l.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}
		})
	}
	all.Wait()
	if held.Load() == 0 {
		t.Error("nobody ever had it")
	}
}

func TestTheDefaultSocketIsInTheRuntimeFolder(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/7")
	if got := node.DefaultSocket(); got != "/run/user/7/theater/theater.sock" {
		t.Errorf("it is %s", got)
	}
	for _, none := range []string{"", "relative"} {
		t.Setenv("XDG_RUNTIME_DIR", none)
		if got := node.DefaultSocket(); !strings.HasPrefix(got, filepath.Join(os.TempDir(), "theater-")) || !strings.HasSuffix(got, "/theater.sock") {
			t.Errorf("with XDG_RUNTIME_DIR=%s it is %s", none, got)
		}
	}
}
