package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
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

	genesis chain.Genesis // of a new actor, but for its name, path, time and own state
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
	writer, err := s.writerFor(m)
	if err != nil {
		return nil, err
	}
	if code == nil {
		if code, err = m.ReadPackage(); err != nil {
			return nil, err
		}
	}
	b, err := s.link(ctx, m, code)
	if err != nil {
		return nil, err
	}
	if b.state, err = pack.Encode(initialState(m)); err != nil {
		return nil, fmt.Errorf("initial state: %w", err)
	}
	b.writer = writer
	b.genesis = chain.Genesis{
		Module: writer.PutBlob(code), Manifest: writer.PutBlob(m.Raw), InitialState: writer.PutBlob(b.state),
		Convention: wasm.Convention, Rewriter: wasm.Rewriter, FuelSchedule: wasm.FuelSchedule, Sealed: m.Chain.Sealed,
	}
	return b, nil
}

// Check says why Prepare would refuse the manifest with the package. It leaves
// nothing on the log.
func (s *System) Check(ctx context.Context, m *manifest.Manifest, code []byte) error {
	_, err := s.link(ctx, m, code)
	return err
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

// link compiles the module and resolves its imports.
func (s *System) link(ctx context.Context, m *manifest.Manifest, code []byte) (*Blueprint, error) {
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
	for i, f := range linked.Functions {
		functions[at[i]] = f
	}
	return &Blueprint{
		system: s, manifest: m, module: module, linked: linked, functions: functions,
		handleSend: callable(module, exportSend), handleReq: callable(module, exportRequest),
		answersLater: slices.ContainsFunc(module.Layout.Imports, func(i wasm.Import) bool { return i.String() == importRespond }),
	}, nil
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
