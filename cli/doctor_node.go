package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"

	"github.com/theater-go/theater/actors/api"
	theaterv1 "github.com/theater-go/theater/proto/theater/v1"
)

// examineSocket looks for the node that would be at a path.
func examineSocket(ctx context.Context, path, version string) finding {
	const name = "node"
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fine(name, "none runs at %s; theater serve starts one", path)
	case err != nil:
		return fails(name, "", "%v", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fails(name, "remove it, or name another socket with --socket", "%s is no socket", path)
	}
	conn, err := net.DialTimeout("unix", path, probeTime)
	if err != nil {
		return fine(name, "none runs; %s is left from one that was killed, and the next replaces it", path)
	}
	conn.Close()
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	client, err := api.Dial(api.DialConfig{Address: "unix:" + path})
	if err != nil {
		return fails(name, "", "%v", err)
	}
	defer client.Close()
	told, err := client.Node.Info(ctx, &theaterv1.InfoRequest{})
	if err != nil {
		return fails(name, "its log says what it does", "what listens at %s does not answer as a node does: %v", path, err)
	}
	return judge(name, path, told, version)
}

// examineAddress looks whether the node that other commands would talk to answers
// them.
func (l *live) examineAddress(ctx context.Context, version string) finding {
	const name = "address"
	n, err := l.dial("theater doctor")
	if err != nil {
		return fails(name, hintOf(err), "%v", err)
	}
	defer n.Close()
	if l.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, l.timeout, errTimeout)
		defer cancel()
	}
	told, err := ask(ctx, n, n.Node.Info, &theaterv1.InfoRequest{})
	if err != nil {
		return fails(name, hintOf(err), "%v", err)
	}
	return judge(name, n.Address(), told, version)
}

// judge says what to think of a node at an address.
func judge(name, address string, told *theaterv1.InfoResponse, version string) finding {
	what := fmt.Sprintf("process %d at %s, %s, %s", told.Pid, address, nodeState(told.State), count(told.Actors, "actor"))
	switch {
	case told.State == theaterv1.NodeState_NODE_STATE_FAILED:
		return fails(name, "its log says why; start it again", "%s", what)
	case told.State == theaterv1.NodeState_NODE_STATE_NO_SPACE:
		return fails(name, "make room on the disk of its data folder; it goes on by itself then", "%s: %s", what, told.Detail)
	case told.CheckpointProblem != "":
		return warns(name, "it may not start again with this data folder: theater data backup saves what it has while it works", "%s; %s", what, told.CheckpointProblem)
	case told.Version != version:
		return warns(name, "start the node again to have it run this version", "%s, of version %s", what, told.Version)
	case len(told.Recovery.GetFailures()) > 0:
		return warns(name, "its log says why", "%s; %s did not come back", what, count(len(told.Recovery.Failures), "actor"))
	}
	return fine(name, "%s", what)
}

// nodeState is what a node does, in a word.
func nodeState(s theaterv1.NodeState) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "NODE_STATE_"))
}
