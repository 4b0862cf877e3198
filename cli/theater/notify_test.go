package main

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// notified is the socket at which a service manager hears of a node.
type notified struct {
	path string
	conn *net.UnixConn
}

func listen(t testing.TB, path string) *notified {
	t.Helper()
	_ = os.Remove(path) // of the node before
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	return &notified{path, conn}
}

// ready waits until the node says that it is ready.
func (n *notified) ready(t testing.TB) {
	t.Helper()
	defer n.conn.Close()
	_ = n.conn.SetReadDeadline(time.Now().Add(time.Minute))
	said := make([]byte, 4096)
	for {
		size, err := n.conn.Read(said)
		if err != nil {
			t.Fatalf("the node does not become ready: %v", err)
		}
		if strings.Contains("\n"+string(said[:size])+"\n", "\nREADY=1\n") {
			return
		}
	}
}
