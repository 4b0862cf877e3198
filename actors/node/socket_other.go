//go:build !unix

package node

import (
	"fmt"
	"io/fs"
	"net"
	"os"
)

const maxSocketPath = 107

// mayWrite is not known before it is tried.
func mayWrite(string) bool { return true }

// lockSocket marks who has the socket. Where there are no locks that end with a
// process, only the look whether somebody answers tells a socket that is in use.
func lockSocket(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock of the socket: %w", err)
	}
	fmt.Fprintln(f, os.Getpid())
	return f, nil
}

// SocketHolder is not known here.
func SocketHolder(string) (pid int, known bool) { return 0, false }

func listenPrivately(path string) (net.Listener, error) { return net.Listen("unix", path) }

func ownerOf(fs.FileInfo) (uid int, known bool) { return 0, false }
