package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/theater-go/theater/actors/api"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain/badgerlog/platform"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// endPoll is the time between two looks whether a node is there.
const endPoll = 20 * time.Millisecond

// errKilled is of a node that was to end in order and did not come to it.
var errKilled = errors.New("the node was killed before its end was in order")

// nodeEnd is the end of a node that is there now.
type nodeEnd struct {
	*conn
	socket string // "" when the node is elsewhere
	holder int    // who has the socket, if known
	known  bool
}

func (n *conn) nodeEnd() nodeEnd {
	e := nodeEnd{conn: n}
	if socket, ok := strings.CutPrefix(n.Address(), "unix:"); ok {
		e.socket = strings.TrimPrefix(socket, "//")
		e.holder, e.known = node.SocketHolder(e.socket)
	}
	return e
}

// lost reports whether a node that was there has ended without a word.
func (e nodeEnd) lost() bool {
	holder, known := node.SocketHolder(e.socket)
	return e.holder != 0 && known && (holder != e.holder || platform.Ending(holder))
}

// await waits for the end.
func (e nodeEnd) await(ctx context.Context) error {
	tick := time.NewTicker(endPoll)
	defer tick.Stop()
	for {
		if over, err := e.look(ctx); over {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return e.givenUp(ctx)
		}
	}
}

// look reports whether the node has ended. One that is elsewhere does not answer any
// more. The socket is the last thing that goes, and then its lock: where the lock is
// free and the socket is there, the node had no time for that.
func (e nodeEnd) look(ctx context.Context) (over bool, err error) {
	if e.socket == "" {
		_, err := e.Node.Health(ctx, &theaterv1.HealthRequest{})
		return ctx.Err() == nil && err != nil && api.ErrorOf(err).Code == api.CodeUnreachable, nil
	}
	holder, known := node.SocketHolder(e.socket) // before the look at the socket
	_, err = os.Lstat(e.socket)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case !known || !e.known || holder == e.holder:
		return false, nil
	case holder != 0: // another node has taken its place
		return true, nil
	}
	return true, &failure{code: codeFailed, cause: errKilled, hint: "theater serve brings the actors back, with all that was answered"}
}
