package node

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
)

// ListenSocket makes the socket of a node.
func ListenSocket(path string) (net.Listener, error) {
	s, err := listenSocket(path)
	if err != nil {
		return nil, err
	}
	return ended{s}, nil
}

// ended is a socket whose node ends with it.
type ended struct{ *socket }

func (e ended) Close() error { return errors.Join(e.socket.Close(), e.leave()) }

// Opened has Serve call f with the node once it is open.
func (c *DaemonConfig) Opened(f func(n *Node)) { c.opened = f }

// StopLog has the node find that its log has stopped with err.
func (n *Node) StopLog(err error) { n.store = brokenLog{n.store, err, closedChannel()} }

type brokenLog struct {
	store
	err     error
	stopped chan struct{}
}

func (b brokenLog) Stopped() <-chan struct{} { return b.stopped }
func (b brokenLog) Err() error               { return b.err }

func closedChannel() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// Watchdog runs a watchdog until ctx ends.
func Watchdog(ctx context.Context, alive func() bool) {
	notifier{slog.New(slog.NewTextHandler(io.Discard, nil))}.runWatchdog(ctx, alive)
}
