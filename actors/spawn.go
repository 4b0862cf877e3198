package actors

import (
	"context"
	"errors"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm/pack"
)

// Spec says which actor to spawn: one of a Blueprint, or one of a Manifest.
type Spec struct {
	Blueprint *Blueprint         // what Prepare returned; nil prepares Manifest and Package for this one actor
	Manifest  *manifest.Manifest // required without a Blueprint
	Package   []byte             // the wasm module; nil reads the manifest's package
	Name      string             // "" is the manifest's name
	State     *pack.Value        // the state before init; nil is the manifest's
}

// Spawn starts an actor at the root of the tree and returns once its init is
// over. A failed init ends the actor and is the error.
func (s *System) Spawn(ctx context.Context, spec Spec) (Ref, error) {
	birth, err := s.conceive(ctx, spec)
	if err != nil {
		return Ref{}, err
	}
	return s.launch(ctx, birth)
}

// birth is an actor about to live.
type birth struct {
	control *control
	state   []byte         // CGRF
	genesis *chain.Genesis // nil when resumed
}

// conceive makes the control block of a new actor and what its chain begins with.
func (s *System) conceive(ctx context.Context, spec Spec) (*birth, error) {
	b := spec.Blueprint
	if b == nil {
		var err error
		if b, err = s.Prepare(ctx, spec.Manifest, spec.Package); err != nil {
			return nil, err
		}
	}
	if b.system != s {
		return nil, errors.New("the blueprint is of another system: prepare it on the one that spawns")
	}
	id, err := chain.NewID(s.config.Now(), s.config.Random)
	if err != nil {
		return nil, fmt.Errorf("new id: %w", err)
	}
	name := spec.Name
	if name == "" {
		name = b.manifest.Name
	}
	genesis, state := b.genesis, b.state
	genesis.Name = name
	if spec.State != nil {
		if state, err = pack.Encode(*spec.State); err != nil {
			return nil, fmt.Errorf("initial state: %w", err)
		}
		genesis.InitialState = b.writer.PutBlob(state)
	}
	return &birth{control: s.newControl(b, id, name), state: state, genesis: &genesis}, nil
}

// launch gives the actor its path and process and waits for init.
func (s *System) launch(ctx context.Context, b *birth) (Ref, error) {
	c := b.control
	if err := s.registry.add(c, ""); err != nil {
		return Ref{}, err
	}
	if err := s.run(ctx, b); err != nil {
		s.registry.remove(c)
		c.shut()
		c.end(Exit{Reason: ReasonInitFailed, Err: err})
		return Ref{}, fmt.Errorf("spawn %s: %w", c.path, err)
	}
	select {
	case <-c.ready:
	case <-ctx.Done():
		c.give(orderKill, s.stop)
		<-c.ready
	}
	c.mu.Lock()
	err := c.initErr
	c.mu.Unlock()
	if err != nil {
		return Ref{}, fmt.Errorf("spawn %s: %w", c.path, err)
	}
	return c.ref(), nil
}

// run starts the actor's process. A new actor takes its path from those of an
// earlier run.
func (s *System) run(ctx context.Context, b *birth) error {
	c := b.control
	if b.genesis != nil {
		if err := s.supersede(ctx, c.path); err != nil {
			return err
		}
	}
	p := newProcess(s, b)
	props := actor.PropsFromProducer(func() actor.Actor { return newGuard(p, s.config.Logger) },
		actor.WithMailbox(func() actor.Mailbox { return c.mailbox }),
		actor.WithDispatcher(s.dispatcher),
		actor.WithGuardian(supervision.Guardian{}))
	if _, err := s.proto.Root.SpawnNamed(props, c.pid.Id); err != nil {
		return err
	}
	if c.ordered() != orderNone { // before there was a process to tell
		s.stop(c.pid)
	}
	return nil
}
