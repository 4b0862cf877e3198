package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm"
	"github.com/theater-go/theater/wasm/pack"
)

// Blueprint is all that the actors of one manifest and one package share: the
// module is compiled, held against what the manifest grants, and on the log
// with it. It is immutable and serves the System that prepared it.
type Blueprint struct {
	system   *System
	manifest *manifest.Manifest
	module   *wasm.Module
	linked   *host.Linked
	writer   chain.Writer // of the log that keeps the actors' chains

	functions    []host.Function // by import index; the zero Function for WASI
	handleSend   int             // export index, absent where the guest has none
	handleReq    int             // the same for handle-request
	answersLater bool            // the guest can answer a request after the turn that delivered it
	misfitSend   error           // why handle-send could decode no message, nil where it can
	misfitReq    error           // the same of handle-request

	ceiling    host.Ceiling     // of the actor and all below it
	lineage    chain.Hash       // of the manifests of the actor and of those above, of a resumed one
	made       chain.Child      // what it is made from
	supervises supervision.Spec // how it supervises its children
	declared   []declared       // the children that its manifest declares
	callbacks  map[callback]int // export indexes of those that the guest has

	genesis chain.Genesis // of a new actor, but for its name, parent, path, time and own state
	state   []byte        // of a new actor, before init, as CGRF
}

// absent is the index of an export that the guest does not have.
const absent = -1

// Prepare makes a Blueprint, from which any number of actors can be spawned
// without reading, compiling or checking anything again. A nil package is read
// from where the manifest says, now. Prepare keeps code, which must not change.
func (s *System) Prepare(ctx context.Context, m *manifest.Manifest, code []byte) (*Blueprint, error) {
	if m == nil {
		return nil, errors.New("a spawn needs a manifest")
	}
	if err := m.LoadChildren(s.config.Handlers); err != nil {
		return nil, err
	}
	return s.prepare(ctx, m, code, host.Ceiling{})
}

// prepare makes the Blueprint of an actor whose parent has a ceiling, and those of
// the children that its manifest declares. What it is made from is kept by its own
// log and by those of the actors that declare it.
func (s *System) prepare(ctx context.Context, m *manifest.Manifest, code []byte, above host.Ceiling, logs ...chain.Writer) (*Blueprint, error) {
	writer, err := s.writerFor(m)
	if err != nil {
		return nil, err
	}
	if err := writer.Room(); err != nil {
		return nil, err
	}
	if code == nil {
		if code, err = m.ReadPackage(); err != nil {
			return nil, err
		}
	}
	b, err := s.link(ctx, m, code, above)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(logs, writer) {
		logs = append(slices.Clip(logs), writer)
	}
	if b.declared, err = s.declare(ctx, b, logs); err != nil {
		return nil, err
	}
	list := b.list()
	for _, log := range logs {
		b.made = chain.Child{Manifest: log.PutBlob(m.Raw), Module: log.PutBlob(code)}
		if len(list) > 0 {
			b.made.Children = log.PutBlob(list)
		}
	}
	b.writer = writer
	b.sayNeverKept()
	return b, b.found()
}

// list says what the declared children are made from.
func (b *Blueprint) list() []byte {
	var list []chain.Child
	for _, d := range b.declared {
		list = append(list, d.blueprint.made)
	}
	return chain.AppendChildren(nil, list)
}

// found sets what new actors begin with.
func (b *Blueprint) found() (err error) {
	if b.state, err = pack.Encode(initialState(b.manifest)); err != nil {
		return fmt.Errorf("initial state: %w", err)
	}
	b.genesis = chain.Genesis{
		Module: b.made.Module, Manifest: b.made.Manifest, Children: b.made.Children, InitialState: b.writer.PutBlob(b.state),
		Convention: wasm.Convention, Rewriter: wasm.Rewriter, FuelSchedule: wasm.FuelSchedule, Sealed: b.manifest.Chain.Sealed,
		Folder: b.manifest.Folder(),
	}
	return nil
}

// ParseState reads a literal as a state before init, as what the guest declares its
// init to take. The error is a *wasm.ParamsError, or a *pack.SyntaxError where it
// declares nothing.
func (b *Blueprint) ParseState(literal string) (pack.Value, error) {
	return b.module.ParseState(callable(b.module, exportInit), literal)
}

// Check says why Prepare would refuse the manifest with the package. It leaves
// nothing on the log.
func (s *System) Check(ctx context.Context, m *manifest.Manifest, code []byte) error {
	_, err := s.link(ctx, m, code, host.Ceiling{})
	return err
}

// declare prepares the children that an actor's manifest declares. Those of one
// manifest share a Blueprint.
func (s *System) declare(ctx context.Context, b *Blueprint, logs []chain.Writer) ([]declared, error) {
	made := map[*manifest.Manifest]*Blueprint{}
	var all []declared
	for _, c := range b.manifest.Children {
		child := made[c.Manifest]
		if child == nil {
			var err error
			if child, err = s.prepare(ctx, c.Manifest, nil, b.ceiling, logs...); err != nil {
				return nil, fmt.Errorf("child %s: %w", c.ID, err)
			}
			made[c.Manifest] = child
		}
		all = append(all, declaredOf(c, child))
	}
	return all, nil
}

// writerFor is the log that keeps the chains of the manifest's actors.
func (s *System) writerFor(m *manifest.Manifest) (chain.Writer, error) {
	switch wanted := m.Chain.Durability; {
	case wanted == manifest.DurabilityMemory:
		return s.config.Memory, nil
	case wanted == manifest.DurabilitySync && s.config.Durability != string(wanted):
		return nil, &DurabilityError{Wanted: string(wanted), Folder: s.config.Durability}
	}
	return s.config.Writer, nil
}

// link is bind, and its errors name the file in question.
func (s *System) link(ctx context.Context, m *manifest.Manifest, code []byte, above host.Ceiling) (*Blueprint, error) {
	b, err := s.bind(ctx, m, code, above)
	var refused *host.LinkError
	switch {
	case errors.As(err, &refused):
		return nil, fmt.Errorf("%s: %w", m.File, err)
	case err != nil:
		return nil, fmt.Errorf("package %s: %w", m.Package, err)
	}
	return b, nil
}

// bind compiles the module and resolves its imports.
func (s *System) bind(ctx context.Context, m *manifest.Manifest, code []byte, above host.Ceiling) (*Blueprint, error) {
	module, err := s.config.Engine.Compile(ctx, code)
	if err != nil {
		return nil, err
	}
	s.faces.learn(module.Sum, module.Layout)
	if _, ok := module.Callable(exportInit); !ok {
		return nil, &wasm.ABIError{
			Reason: fmt.Sprintf("the module does not export %s, which every actor has", exportInit),
			Hint:   "export it, and declare it in the interface metadata if that declares any",
		}
	}
	var imports []host.Import
	var at []int
	for i, imp := range module.Layout.Imports {
		if !imp.WASI() {
			imports = append(imports, host.Import{Interface: imp.Module, Function: imp.Name})
			at = append(at, i)
		}
	}
	ceiling := above.Under(rules(m)...)
	linked, err := s.config.Handlers.Link(imports, module.Metadata, tables(m), ceiling)
	if err != nil {
		return nil, err
	}
	functions := make([]host.Function, len(module.Layout.Imports))
	for i, f := range linked.Functions {
		functions[at[i]] = f
	}
	b := &Blueprint{
		system: s, manifest: m, module: module, linked: linked, functions: functions,
		ceiling: ceiling, supervises: supervises(m), callbacks: callbacksOf(module),
		handleSend: callable(module, exportSend), handleReq: callable(module, exportRequest),
		answersLater: slices.ContainsFunc(module.Layout.Imports, func(i wasm.Import) bool { return i.String() == importRespond }),
	}
	b.misfitSend, b.misfitReq = misfits(module)
	return b, nil
}

// callable is the index of an export, or absent.
func callable(module *wasm.Module, name string) int {
	if index, ok := module.Callable(name); ok {
		return index
	}
	return absent
}

func tables(m *manifest.Manifest) []host.Table {
	var t []host.Table
	for _, h := range m.Handlers {
		t = append(t, host.Table{Type: h.Type, Config: h.Config})
	}
	return t
}

// rules are what the manifest allows its actor and all below it.
func rules(m *manifest.Manifest) []host.Rule {
	var rules []host.Rule
	for name, p := range m.PermissionPolicy {
		if p.Mode != manifest.Inherit {
			rules = append(rules, host.Rule{Capability: name, Disallow: p.Mode == manifest.Disallow, Policy: p.Config})
		}
	}
	return rules
}

func initialState(m *manifest.Manifest) pack.Value {
	if m.InitialState == nil {
		return wasm.DefaultState()
	}
	return pack.String(*m.InitialState)
}
