package node

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/theater-go/theater/chain/badgerlog/platform"
)

// DefaultSocket is where a node listens, and who calls it looks, when nobody says
// where: in the user's runtime folder, or else in a folder of the user's among the
// temporary files.
func DefaultSocket() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "theater", "theater.sock")
	}
	return filepath.Join(os.TempDir(), "theater-"+strconv.Itoa(os.Getuid()), "theater.sock")
}

// SocketInUseError says that another process listens on a socket.
type SocketInUseError struct {
	Path string
	PID  int // 0 when it is not known
}

func (e *SocketInUseError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("socket %s is in use by another process", e.Path)
	}
	return fmt.Sprintf("socket %s is in use by process %d", e.Path, e.PID)
}

// socket is a unix socket that is this process's alone. A lock beside it says so: it
// lasts as long as the process, so that what a killed one has left behind is told
// from what a live one uses.
type socket struct {
	net.Listener
	path string
	lock *os.File
}

// probeTime bounds the look whether somebody answers at a socket.
const probeTime = time.Second

// listenSocket makes the socket, and its folder, for this user alone. What an earlier
// process has left at its path is replaced, and one that is ending is waited for; what
// a live one uses is *SocketInUseError.
func listenSocket(path string) (*socket, error) {
	if err := CheckSocketPath(path); err != nil {
		return nil, err
	}
	if err := socketFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	lock, err := platform.UnlessEnding(func() (*os.File, error) { return lockSocket(path + ".lock") }, func(err error) int {
		var used *SocketInUseError
		if errors.As(err, &used) {
			return used.PID
		}
		return 0
	})
	if err != nil {
		return nil, err
	}
	s := &socket{path: path, lock: lock}
	if err := s.listen(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return s, nil
}

// listen is for the holder of the lock. Somebody else may listen all the same, who
// does not know of it.
func (s *socket) listen() error {
	info, err := os.Lstat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return fmt.Errorf("socket: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is there and is no socket", s.path)
	default:
		if conn, err := net.DialTimeout("unix", s.path, probeTime); err == nil {
			conn.Close()
			return &SocketInUseError{Path: s.path}
		}
		if err := os.Remove(s.path); err != nil {
			return fmt.Errorf("remove what an earlier node has left: %w", err)
		}
	}
	if s.Listener, err = listenPrivately(s.path); err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if unix, ok := s.Listener.(*net.UnixListener); ok {
		unix.SetUnlinkOnClose(false)
	}
	if err := os.Chmod(s.path, 0o600); err != nil {
		return errors.Join(fmt.Errorf("socket: %w", err), s.Listener.Close())
	}
	return nil
}

// Close takes no more connections. It may be called twice.
func (s *socket) Close() error {
	if err := s.Listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// leave removes the socket and lets go of the lock, whose file stays. It is the last
// that a node does: who waits for its end looks whether the socket is there. It may be
// called twice.
func (s *socket) leave() error {
	err := os.Remove(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if lock := s.lock.Close(); !errors.Is(lock, os.ErrClosed) {
		err = errors.Join(err, lock)
	}
	return err
}

// CheckSocketPath says why nothing can listen at a path, wherever it is.
func CheckSocketPath(path string) error {
	if len(path) > maxSocketPath {
		return fmt.Errorf("%s is no path for a socket: it has %d bytes, and the system allows %d", path, len(path), maxSocketPath)
	}
	return nil
}

// socketFolder makes the folder of a socket for this user alone, or sees to it that
// nobody else can put something into the one that is there.
func socketFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("folder of the socket: %w", err)
	}
	if why := CheckSocketFolder(dir); why != nil {
		return why
	}
	return nil
}

// CheckSocketFolder says why a node does not trust a folder with its socket: another
// user may remove or replace what is in it.
func CheckSocketFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("folder of the socket: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is no folder", dir)
	}
	if owner, known := ownerOf(info); known && owner != os.Getuid() && owner != 0 {
		return fmt.Errorf("folder %s of the socket belongs to another user: name a socket elsewhere", dir)
	}
	if info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("others may write to folder %s of the socket: take that away with chmod 700, or name a socket elsewhere", dir)
	}
	return nil
}

// holderOf reads who holds the lock of a socket.
func holderOf(lock string) int {
	text, err := os.ReadFile(lock)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}
