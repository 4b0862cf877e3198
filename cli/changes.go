package cli

import (
	"context"
	"fmt"

	"github.com/theater-go/theater/actors"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// changes tell what becomes of actors, from the moment on when they are asked for.
type changes struct {
	*conn
	stream interface {
		Receive() bool
		Msg() *theaterv1.WatchResponse
		Err() error
		Close() error
	}
	stop  context.CancelFunc
	ended chan struct{} // closed when runSignal has ended; nil when it was not started
}

// watch begins to watch the actors below one and itself, or all.
func (n *conn) watch(ctx context.Context, under string) (*changes, error) {
	watched, stop := context.WithCancel(ctx)
	stream, err := n.Actors.Watch(watched, &theaterv1.WatchRequest{Under: under})
	if err != nil {
		stop()
		return nil, n.explain(ctx, err)
	}
	c := &changes{conn: n, stream: stream, stop: stop}
	if !c.stream.Receive() { // the first message says that it has begun
		defer c.close()
		return nil, c.over(ctx)
	}
	return c, nil
}

// over is why there are no more changes.
func (c *changes) over(ctx context.Context) error {
	if err := c.explain(ctx, c.stream.Err()); err != nil {
		return err
	}
	return &failure{code: codeNoNode, cause: fmt.Errorf("the node at %s has ended", c.Address())}
}

// close ends the watch.
func (c *changes) close() {
	c.stop()
	if c.ended != nil {
		<-c.ended
	}
	_ = c.stream.Close() // nothing more is expected of it
}

// end waits until an actor is gone, and returns how it ended.
func (c *changes) end(ctx context.Context, a *theaterv1.Actor) (*theaterv1.Exit, error) {
	for c.stream.Receive() {
		m := c.stream.Msg()
		if change := m.Change; change.GetId() == a.Id && change.GetWhat() == "gone" {
			return change.Exit, nil
		}
		if m.Missed == 0 {
			continue
		}
		if exit, ended, err := c.lookUp(ctx, a); ended || err != nil {
			return exit, err
		}
	}
	return nil, c.over(ctx)
}

// lookUp reads from the chain how an actor ended, when its end may have been missed.
func (c *changes) lookUp(ctx context.Context, a *theaterv1.Actor) (exit *theaterv1.Exit, ended bool, err error) {
	answer, err := ask(ctx, c.conn, c.Chain.GetChain, &theaterv1.GetChainRequest{Target: a.Id})
	if err != nil {
		return nil, false, err
	}
	return &theaterv1.Exit{Reason: answer.Chain.GetReason()}, !answer.Chain.GetLive(), nil
}

// failedExit reports whether an end was a failure.
func failedExit(e *theaterv1.Exit) bool {
	return actors.Exit{Reason: actors.Reason(e.GetReason())}.Failed()
}

// signal returns a channel that has an element when there were changes since the last
// was taken out, and is closed when there will be no more; over then says why.
func (c *changes) signal() <-chan struct{} {
	some := make(chan struct{}, 1)
	c.ended = make(chan struct{})
	go c.runSignal(some)
	return some
}

func (c *changes) runSignal(some chan<- struct{}) {
	defer close(c.ended)
	defer close(some)
	for c.stream.Receive() {
		select {
		case some <- struct{}{}:
		default: // what has changed is looked at anyway
		}
	}
}
