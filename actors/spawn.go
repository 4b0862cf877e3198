package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// Spec says which actor to spawn.
type Spec struct {
	Manifest *manifest.Manifest // required
	Package  []byte             // the wasm module; nil reads the manifest's package
	Name     string             // "" is the manifest's name
	State    *pack.Value        // the state before init; nil is the manifest's
}

// Spawn starts an actor at the root of the tree and returns once its init is
// over. A failed init ends the actor and is the error.
func (s *System) Spawn(ctx context.Context, spec Spec) (Ref, error) {
	birth, err := s.prepare(ctx, spec)
	if err != nil {
		return Ref{}, err
	}
	return s.launch(ctx, birth)
}

// Check says why Spawn would refuse the manifest with the package, without
// starting anything.
func (s *System) Check(ctx context.Context, m *manifest.Manifest, code []byte) error {
	_, err := s.link(ctx, m, code)
	return err
}

// birth is an actor about to live.
type birth struct {
	control   *control
	manifest  *manifest.Manifest
	functions []host.Function // by import index; the zero Function for WASI
	state     pack.Value
	genesis   *chain.Genesis // nil when resumed
	writer    chain.Writer
	resume    bool
}

// prepare compiles, checks what the module asks for against what it is
// granted, and puts what the genesis names into the log.
func (s *System) prepare(ctx context.Context, spec Spec) (*birth, error) {
	m := spec.Manifest
	if m == nil {
		return nil, errors.New("a spawn needs a manifest")
	}
	writer, err := s.writerFor(m)
	if err != nil {
		return nil, err
	}
	code := spec.Package
	if code == nil {
		if code, err = m.ReadPackage(); err != nil {
			return nil, err
		}
	}
	b, err := s.link(ctx, m, code)
	if err != nil {
		return nil, err
	}
	b.writer = writer
	if spec.Name != "" {
		b.control.name = spec.Name
	}
	if b.control.id, err = chain.NewID(s.config.Now(), s.config.Random); err != nil {
		return nil, fmt.Errorf("new id: %w", err)
	}
	b.state = initialState(m)
	if spec.State != nil {
		b.state = *spec.State
	}
	state, err := pack.Encode(b.state)
	if err != nil {
		return nil, fmt.Errorf("initial state: %w", err)
	}
	b.genesis = &chain.Genesis{
		Name: b.control.name, Module: writer.PutBlob(code), Manifest: writer.PutBlob(m.Raw), InitialState: writer.PutBlob(state),
		Convention: wasm.Convention, Rewriter: wasm.Rewriter, FuelSchedule: wasm.FuelSchedule, Sealed: m.Chain.Sealed,
	}
	return b, nil
}

// writerFor is the log that keeps the actor's chain.
func (s *System) writerFor(m *manifest.Manifest) (chain.Writer, error) {
	switch wanted := m.Chain.Durability; {
	case wanted == manifest.DurabilityMemory:
		return s.config.Memory, nil
	case wanted == manifest.DurabilitySync && s.config.Durability != string(wanted):
		return nil, &DurabilityError{Wanted: string(wanted), Folder: s.config.Durability}
	}
	return s.config.Writer, nil
}

// link compiles the module and resolves its imports.
func (s *System) link(ctx context.Context, m *manifest.Manifest, code []byte) (*birth, error) {
	module, err := s.config.Engine.Compile(ctx, code)
	if err != nil {
		return nil, fmt.Errorf("package %s: %w", m.Package, err)
	}
	if _, ok := module.Callable(exportInit); !ok {
		return nil, fmt.Errorf("package %s: %w", m.Package, &wasm.ABIError{
			Reason: fmt.Sprintf("the module does not export %s, which every actor has", exportInit),
			Hint:   "export it, and declare it in the interface metadata if that declares any",
		})
	}
	var imports []host.Import
	var at []int
	for i, imp := range module.Layout.Imports {
		if !imp.WASI() {
			imports = append(imports, host.Import{Interface: imp.Module, Function: imp.Name})
			at = append(at, i)
		}
	}
	linked, err := s.config.Handlers.Link(imports, module.Metadata, tables(m), ceiling(m))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.File, err)
	}
	functions := make([]host.Function, len(module.Layout.Imports))
	for i, f := range linked {
		functions[at[i]] = f
	}
	limits := m.Limits
	later := slices.ContainsFunc(module.Layout.Imports, func(i wasm.Import) bool { return i.String() == importRespond })
	return &birth{
		manifest:  m,
		functions: functions,
		control: &control{
			name: m.Name, module: module, created: s.config.Now(),
			answersLater: later,
			mailbox:      newMailbox(limits.MailboxMessages, limits.MailboxBytes),
			stopping:     make(chan struct{}), ready: make(chan struct{}), done: make(chan struct{}),
		},
	}, nil
}

func tables(m *manifest.Manifest) []host.Table {
	var t []host.Table
	for _, h := range m.Handlers {
		t = append(t, host.Table{Type: h.Type, Config: h.Config})
	}
	return t
}

// ceiling is what the manifest allows its actor and all below it.
func ceiling(m *manifest.Manifest) host.Ceiling {
	var rules []host.Rule
	for name, p := range m.PermissionPolicy {
		if p.Mode != manifest.Inherit {
			rules = append(rules, host.Rule{Capability: name, Disallow: p.Mode == manifest.Disallow, Policy: p.Config})
		}
	}
	return host.Ceiling{}.Under(rules...)
}

func initialState(m *manifest.Manifest) pack.Value {
	if m.InitialState == nil {
		return wasm.DefaultState()
	}
	return pack.String(*m.InitialState)
}

// launch gives the actor its path and process and waits for init.
func (s *System) launch(ctx context.Context, b *birth) (Ref, error) {
	c := b.control
	c.pid = s.proto.NewLocalPID(c.id.String())
	c.ctx, c.cancel = context.WithCancelCause(s.ctx)
	if err := s.registry.add(c, ""); err != nil {
		return Ref{}, err
	}
	if err := s.run(ctx, b); err != nil {
		s.registry.remove(c)
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
	if _, err := s.proto.Root.SpawnNamed(props, c.id.String()); err != nil {
		return err
	}
	if c.ordered() != orderNone { // before there was a process to tell
		s.stop(c.pid)
	}
	return nil
}
