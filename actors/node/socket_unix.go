//go:build unix

package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
)

// maxSocketPath is how many bytes the path of a socket may have.
const maxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// mayWrite reports whether this process may make files in a folder.
func mayWrite(dir string) bool {
	const writeAndEnter = 0x2 | 0x1
	return syscall.Access(dir, writeAndEnter) == nil
}

// lockSocket takes the lock of a socket, which lasts until the file is closed or the
// process ends, and writes into it who holds it.
func lockSocket(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock of the socket: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(&SocketInUseError{Path: strings.TrimSuffix(path, ".lock"), PID: holderOf(path)}, f.Close())
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = fmt.Fprintln(f, os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock of the socket: %w", err), f.Close())
	}
	return f, nil
}

// SocketHolder looks which process has a socket; 0 is none that lives. It is not known
// where no lock lies beside the socket.
func SocketHolder(path string) (pid int, known bool) {
	f, err := os.OpenFile(path+".lock", os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); {
	case err == nil:
		return 0, true
	case errors.Is(err, syscall.EWOULDBLOCK):
		pid = holderOf(path + ".lock")
		return pid, pid != 0
	}
	return 0, false
}

// listenPrivately makes a socket that nobody else can open from its first moment on,
// where the system knows that of a socket without a name.
func listenPrivately(path string) (net.Listener, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), 0o600) })
	}}
	return config.Listen(context.Background(), "unix", path)
}

// ownerOf is the user to whom a file belongs.
func ownerOf(info fs.FileInfo) (uid int, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}
