package bench

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
)

// echo is the C guest whose source and protocol are in
// wasm/testdata/guests/c-echo. Files of other folders cannot be embedded, so
// this is a copy; a test holds it to the original, and renews it with -update.
//
//go:embed echo.wasm
var echo []byte

// guest is a module that actors run.
type guest struct {
	name  string
	code  []byte
	cache string // a folder of compiled code; "" where compiling takes no time

	tables string // of its manifest, beside those that all have
}

var echoGuest = guest{name: "echo", code: echo}

// manifestOf is the manifest of a guest with that name.
const manifestOf = `name = "%[1]s"
version = "1.0.0"
package = "%[1]s.wasm"

[[handler]]
type = "runtime"

[[handler]]
type = "message-server"
allow = ["/"]

[limits]
mailbox_messages = 10000
`

// mailbox is how many messages may wait for an actor.
const mailbox = 10_000

const (
	payloadBytes = 64
	sender       = "bench"                // in the chain
	pause        = 100 * time.Microsecond // between two looks at how far actors are, at least
)

// guests are actors of one guest in a system of their own.
type guests struct {
	system    *actors.System
	handlers  *host.Registry
	log       chain.Log // nil where nothing is kept
	guest     guest
	blueprint *actors.Blueprint
	refs      []actors.Ref

	closers
}

// openGuests spawns n actors of the C guest on a node.
func openGuests(ctx context.Context, durability string, n int) (*guests, error) {
	return openNode(ctx, durability, echoGuest, n)
}

// openNode spawns n actors on a node with a new data folder, or in memory when
// durability is "".
func openNode(ctx context.Context, durability string, of guest, n int) (*guests, error) {
	g := &guests{guest: of}
	return g, g.opened(ctx, func() error {
		var folder string
		if durability != "" {
			var err error
			if folder, err = g.folder(); err != nil {
				return err
			}
		}
		made, err := node.Open(ctx, node.Config{Data: folder, Durability: durability, Cache: of.cache})
		if err != nil {
			return err
		}
		g.onClose(made.Close)
		g.system, g.handlers, g.log = made.System, made.Handlers, made.Log
		return g.spawn(ctx, n)
	})
}

// spawn spawns the first n actors.
func (g *guests) spawn(ctx context.Context, n int) (err error) {
	m, err := manifest.Parse(append(fmt.Appendf(nil, manifestOf, g.guest.name), g.guest.tables...), manifest.FileName, g.handlers)
	if err != nil {
		return err
	}
	if g.blueprint, err = g.system.Prepare(ctx, m, g.guest.code); err != nil {
		return err
	}
	for range n {
		ref, err := g.spawnOne(ctx, fmt.Sprintf("%s-%d", g.guest.name, len(g.refs)+1))
		if err != nil {
			return err
		}
		g.refs = append(g.refs, ref)
	}
	return nil
}

func (g *guests) spawnOne(ctx context.Context, name string) (actors.Ref, error) {
	return g.system.Spawn(ctx, actors.Spec{Blueprint: g.blueprint, Name: name})
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
	return g.system.Send(to, sender, message)
}

// turns is how many turns the actor has closed; all must have succeeded.
func (g *guests) turns(ctx context.Context, of actors.Ref) (int64, error) {
	info, err := g.system.Inspect(of)
	if err != nil {
		return 0, err
	}
	if info.Failed == 0 && info.Status == actors.StatusRunning {
		return info.Turns, nil
	}
	ended, err := g.system.Watch(of)
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
	_, err := g.system.Request(ctx, g.refs[0], sender, nil)
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
