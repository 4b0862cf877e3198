// Package node is the composition root: it opens the log, the engine and the
// handlers, puts them together as a System of actors, and closes them in
// reverse. It is the only place outside cli that wires parts together, and the
// only one that names a clock and a source of randomness.
//
// A Go program embeds Theater by opening a Node:
//
//	n, err := node.Open(ctx, node.Config{Data: ".theater"})
//	…
//	defer n.Close(ctx)
//	m, err := manifest.Load("examples/counter", n.Handlers)
//	ref, err := n.System.Spawn(ctx, actors.Spec{Manifest: m})
//	answer, err := n.System.Request(ctx, ref, "my program", []byte("increment"))
package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"runtime"
	"time"

	"github.com/theater-go/theater/actors"
	"github.com/theater-go/theater/actors/observe"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/chain/badgerlog"
	"github.com/theater-go/theater/chain/memlog"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/host/message"
	hostruntime "github.com/theater-go/theater/host/runtime"
	"github.com/theater-go/theater/host/supervisor"
	"github.com/theater-go/theater/wasm"
)

// Config configures a Node. Its zero value is a node that keeps everything in
// memory.
type Config struct {
	// Data is the folder of the chains; "" keeps them in memory.
	Data string
	// Durability is "async" or "sync" for a new folder; "" is the folder's own,
	// and "async" for a new one.
	Durability string
	// Cache is the folder of compiled modules; "" keeps them in memory.
	Cache string
	// Compiler compiles modules in processes of their own; nil compiles them in
	// this one.
	Compiler *wasm.Compiler
	// MemoryBudget is how many bytes of linear memory all actors together may
	// have; 0 is no bound. See wasm.EngineConfig.
	MemoryBudget int64
	// Logger takes what operators should know; nil drops it.
	Logger *slog.Logger
	// Output takes what guests log and write; nil drops it. It must not wait.
	Output func(actors.Line)
	// Observe takes what becomes of actors; nil drops it. It must not wait. See
	// actors.Config.
	Observe func(actors.Change)
	// Recovers says that System.Recover will be called; see actors.Config.
	Recovers bool
	// FreeSpace is how many bytes may still be written at dir; nil asks the machine.
	FreeSpace func(dir string) (uint64, error)
	// Now and Random are the machine's when nil.
	Now    func() time.Time
	Random io.Reader
}

// Node is a System of actors with all that it needs.
type Node struct {
	System   *actors.System
	Log      chain.Log
	Engine   *wasm.Engine // closed by Close
	Handlers *host.Registry

	durability string
	epoch      uint64

	memory chain.Log                     // of actors whose chain nobody keeps
	store  store                         // Log, where that is in a folder
	room   func() error                  // of its writer
	close  []func(context.Context) error // last opened is closed first
}

// Handlers are the capabilities that this build offers.
func Handlers() (*host.Registry, error) {
	return host.NewRegistry(hostruntime.New(), message.New(), supervisor.New())
}

// Open opens a node. What it has opened it closes again when it cannot go on.
func Open(ctx context.Context, config Config) (*Node, error) {
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Random == nil {
		config.Random = rand.Reader
	}
	n := &Node{}
	if err := n.open(ctx, config); err != nil {
		return nil, errors.Join(err, n.Close(ctx))
	}
	return n, nil
}

func (n *Node) open(ctx context.Context, config Config) error {
	var err error
	if n.Handlers, err = Handlers(); err != nil {
		return err
	}
	if n.durability, err = n.openLog(config); err != nil {
		return err
	}
	writer, err := n.writer(ctx, n.Log)
	if err != nil {
		return err
	}
	n.epoch, n.room = writer.Epoch(), writer.Room
	memory, err := n.openMemory(ctx)
	if err != nil {
		return err
	}
	n.Engine, err = wasm.OpenEngine(ctx, wasm.EngineConfig{CacheDir: config.Cache, Workers: runtime.GOMAXPROCS(0), Compiler: config.Compiler, MemoryBudget: config.MemoryBudget})
	if err != nil {
		return err
	}
	n.onClose(n.Engine.Close)
	n.System, err = actors.Open(ctx, actors.Config{
		Log: n.Log, Writer: writer, Durability: n.durability, Memory: memory,
		Engine: n.Engine, Handlers: n.Handlers, Logger: config.Logger,
		Now: config.Now, Random: config.Random, Output: config.Output, Recovers: config.Recovers, Observe: config.Observe,
	})
	if err != nil {
		return err
	}
	n.onClose(n.System.Close)
	return nil
}

func (n *Node) onClose(f func(context.Context) error) { n.close = append(n.close, f) }

func (n *Node) openLog(config Config) (durability string, err error) {
	if config.Data == "" {
		n.Log = memlog.New()
		n.onClose(func(context.Context) error { return n.Log.Close() })
		return "memory", nil
	}
	log, err := badgerlog.Open(config.Data, badgerlog.Options{Durability: config.Durability, Logger: config.Logger, FreeSpace: config.FreeSpace})
	if err != nil {
		return "", err
	}
	n.Log, n.store = log, log
	n.onClose(func(context.Context) error { return log.Close() })
	return log.Durability(), nil
}

// store is what a log in a folder tells of itself.
type store interface {
	Stats() badgerlog.Stats
	// Backup writes a backup of all that is acknowledged.
	Backup(ctx context.Context, to io.Writer, begun func(badgerlog.Plan)) error
	// Stopped is closed when the log takes no more records; Err says why.
	Stopped() <-chan struct{}
	Err() error
	// Disk is how many bytes are free, and how many must be for turns to begin.
	Disk() (free, needed uint64)
	// SpendReserve lets the log use what it has kept for its end.
	SpendReserve() error
}

// stopped is closed when the log takes no more records; one in memory always does.
func (n *Node) stopped() <-chan struct{} {
	if n.store == nil {
		return nil
	}
	return n.store.Stopped()
}

// Backup is what an api.Config makes backups of the log with; nil where that is in memory.
func (n *Node) Backup() func(context.Context, io.Writer, func(total uint64)) error {
	if n.store == nil {
		return nil
	}
	return func(ctx context.Context, to io.Writer, begun func(uint64)) error {
		return n.store.Backup(ctx, to, func(p badgerlog.Plan) { begun(p.Bytes) })
	}
}

// logged is what the log has written.
func (n *Node) logged() observe.Log {
	if n.store == nil {
		return observe.Log{}
	}
	s := n.store.Stats()
	return observe.Log{Records: s.Records, Bytes: s.Bytes, Commits: s.Commits, CommitTime: s.CommitTime, Stopped: n.store.Err() != nil}
}

// full is why the log takes no turn for now, nil while it does.
func (n *Node) full() error {
	if err := n.room(); errors.Is(err, chain.ErrNoSpace) {
		return err
	}
	return nil
}

// disk is how many bytes are free for the log, and how many must be for turns to
// begin; both are 0 in memory.
func (n *Node) disk() (free, needed uint64) {
	if n.store == nil {
		return 0, 0
	}
	return n.store.Disk()
}

// spendReserve lets what is still to be recorded be written also on a full disk.
func (n *Node) spendReserve() error {
	if n.store == nil {
		return nil
	}
	return n.store.SpendReserve()
}

// openMemory opens the log of actors whose chain nobody keeps.
func (n *Node) openMemory(ctx context.Context) (chain.Writer, error) {
	n.memory = memlog.New()
	n.onClose(func(context.Context) error { return n.memory.Close() })
	return n.writer(ctx, n.memory)
}

// Follow yields the records of an actor of this run from number from on, as
// chain.Follow does, also those that nobody keeps.
func (n *Node) Follow(ctx context.Context, id chain.ID, from uint64) iter.Seq2[chain.Record, error] {
	if _, err := n.memory.Summary(ctx, id); err == nil {
		return chain.Follow(ctx, n.memory, id, from)
	}
	return chain.Follow(ctx, n.Log, id, from)
}

func (n *Node) writer(ctx context.Context, log chain.Log) (chain.Writer, error) {
	w, err := log.Writer(ctx)
	if err != nil {
		return nil, fmt.Errorf("writer: %w", err)
	}
	n.onClose(func(context.Context) error { return w.Close() })
	return w, nil
}

// Close ends the actors, which stay resumable, and then everything below them.
// When ctx ends, actors that have not ended are killed. It may be called twice.
func (n *Node) Close(ctx context.Context) error {
	errs := []error{n.spendReserve()}
	for i := len(n.close) - 1; i >= 0; i-- {
		errs = append(errs, n.close[i](ctx))
	}
	n.close = nil
	return errors.Join(errs...)
}
