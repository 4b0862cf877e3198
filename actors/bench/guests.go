package bench

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
)

// echo is the C guest whose source and protocol are in
// wasm/testdata/guests/c-echo. Files of other folders cannot be embedded, so
// this is a copy; a test holds it to the original, and renews it with -update.
//
//go:embed echo.wasm
var echo []byte

const echoManifest = `name = "echo"
version = "1.0.0"
package = "echo.wasm"

[[handler]]
type = "runtime"

[[handler]]
type = "message-server"
allow = ["/"]
`

const (
	payloadBytes = 64
	sender       = "bench"                // in the chain
	pause        = 100 * time.Microsecond // between two looks at how far actors are
)

// guests are actors of the C guest on a node of their own.
type guests struct {
	node   *node.Node
	folder string // "" keeps chains in memory
	refs   []actors.Ref
}

// openGuests spawns n actors on a node with a new data folder, or none.
func openGuests(ctx context.Context, durability string, n int) (*guests, error) {
	g := &guests{}
	if err := g.open(ctx, durability, n); err != nil {
		return nil, errors.Join(err, g.close(context.WithoutCancel(ctx)))
	}
	return g, nil
}

func (g *guests) open(ctx context.Context, durability string, n int) (err error) {
	if durability != "" {
		if g.folder, err = os.MkdirTemp("", "theater-bench-"); err != nil {
			return err
		}
	}
	if g.node, err = node.Open(ctx, node.Config{Data: g.folder, Durability: durability}); err != nil {
		return err
	}
	m, err := manifest.Parse([]byte(echoManifest), manifest.FileName, g.node.Handlers)
	if err != nil {
		return err
	}
	for i := range n {
		ref, err := g.node.System.Spawn(ctx, actors.Spec{Manifest: m, Package: echo, Name: fmt.Sprintf("echo-%d", i+1)})
		if err != nil {
			return err
		}
		g.refs = append(g.refs, ref)
	}
	return nil
}

// close ends the actors and the node and removes its data folder.
func (g *guests) close(ctx context.Context) error {
	var err error
	if g.node != nil {
		err = g.node.Close(ctx)
	}
	if g.folder != "" {
		err = errors.Join(err, os.RemoveAll(g.folder))
	}
	return err
}

// ball is a message of the guest's ping-pong: its receiver passes it to target
// and from there it goes to and fro, number times in all. In a burst the number
// is that of messages.
func ball(target actors.Ref, number int) []byte {
	id := target.ID.String()
	b := append([]byte{byte(len(id))}, id...)
	b = binary.LittleEndian.AppendUint32(b, uint32(number))
	return append(b, strings.Repeat("x", payloadBytes)...)
}

func (g *guests) send(to actors.Ref, message []byte) error {
	return g.node.System.Send(to, sender, message)
}

// turns is how many turns the actor has closed; all must have succeeded.
func (g *guests) turns(ctx context.Context, of actors.Ref) (int64, error) {
	info, err := g.node.System.Inspect(of)
	if err != nil {
		return 0, err
	}
	if info.Failed == 0 && info.Status == actors.StatusRunning {
		return info.Turns, nil
	}
	ended, err := g.node.System.Watch(of)
	if err != nil {
		return 0, err
	}
	select {
	case exit := <-ended:
		return 0, fmt.Errorf("actor %s ended, %s: %v", of, exit.Reason, exit.Err)
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// settle waits until the log has acknowledged all turns that are closed: its
// records keep their order, so the answer to a request comes after them.
func (g *guests) settle(ctx context.Context) error {
	_, err := g.node.System.Request(ctx, g.refs[0], sender, nil)
	return err
}

// rest lets actors run for a moment.
func rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(pause):
		return nil
	}
}
