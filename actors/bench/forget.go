package bench

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"log/slog"
	"runtime"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/node"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/wasm"
)

// forgetful is a chain.Writer that keeps nothing: recording turned off. What is
// left out is all that the log does: a record is not hashed, queued or written,
// admission does not wait, and Append acknowledges before it returns. What remains
// is what actors do for the log: the events of a turn are encoded.
type forgetful struct{}

// Epoch implements chain.Writer.
func (forgetful) Epoch() uint64 { return 1 }

// Reserve implements chain.Writer.
func (forgetful) Reserve(ctx context.Context, _ int) error { return ctx.Err() }

// Room implements chain.Writer.
func (forgetful) Room() error { return nil }

// Release implements chain.Writer.
func (forgetful) Release(int) {}

// Append implements chain.Writer.
func (forgetful) Append(d *chain.Draft, ack chain.Acknowledger) error {
	if ack != nil {
		ack.Acknowledged(d.Stored(), nil)
	}
	d.Discard()
	return nil
}

// Hurry implements chain.Writer.
func (forgetful) Hurry() {}

// PutBlob implements chain.Writer.
func (forgetful) PutBlob(b []byte) chain.Hash { return sha256.Sum256(b) }

// DropBlob implements chain.Writer.
func (forgetful) DropBlob(chain.Hash) {}

// Flush implements chain.Writer.
func (forgetful) Flush(context.Context) error { return nil }

// Close implements chain.Writer.
func (forgetful) Close() error { return nil }

// openForgetful spawns n actors in a system like a node's, whose chains nobody
// keeps.
func openForgetful(ctx context.Context, of guest, n int) (*guests, error) {
	g := &guests{guest: of}
	return g, g.opened(ctx, func() error {
		handlers, err := node.Handlers()
		if err != nil {
			return err
		}
		engine, err := wasm.OpenEngine(ctx, wasm.EngineConfig{CacheDir: of.cache, Workers: runtime.GOMAXPROCS(0)})
		if err != nil {
			return err
		}
		g.onClose(engine.Close)
		log := memlog.New() // stays empty
		g.onClose(func(context.Context) error { return log.Close() })
		g.system, err = actors.Open(ctx, actors.Config{
			Log: log, Writer: forgetful{}, Memory: forgetful{}, Engine: engine, Handlers: handlers,
			Logger: slog.New(slog.DiscardHandler), Now: time.Now, Random: rand.Reader,
		})
		if err != nil {
			return err
		}
		g.onClose(g.system.Close)
		g.handlers = handlers
		return g.spawn(ctx, n)
	})
}
