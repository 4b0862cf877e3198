package actors

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/wasm/pack"
)

// rebirth reads from the log what an actor was started with. It is nil for a child
// that its parent was not told of.
func (s *System) rebirth(ctx context.Context, sum chain.Summary, parent *birth, born map[chain.ID]map[role]int64) (*birth, error) {
	var above *control
	var blueprint *Blueprint
	goesOn := false
	if parent != nil {
		above, blueprint = parent.control, parent.control.Blueprint
		spawning, err := s.spawning(ctx, blueprint, sum.Parent)
		if err != nil || !spawning.settled {
			return nil, err
		}
		goesOn = spawning.resumed
	}
	made := chain.Child{Manifest: sum.Manifest, Module: sum.Module, Children: sum.Children}
	b, err := s.restored(ctx, made, sum.Path, sum.Folder, blueprint)
	if err != nil {
		return nil, err
	}
	state, err := s.config.Log.Blob(ctx, sum.InitialState)
	if err != nil {
		return nil, fmt.Errorf("initial state: %w", err)
	}
	if view := (pack.View{}); !view.Scan(state) {
		return nil, fmt.Errorf("initial state: %w", chain.ErrCorrupt)
	}
	_, name := splitPath(sum.Path)
	c := s.newControl(b, sum.ID, name, sum.InitialState, above)
	c.created = time.Unix(0, sum.Created)
	c.path = sum.Path // as its handlers know it until the registry gives it the same
	return &birth{
		control: c, state: state, goesOn: goesOn,
		sum: sum, parent: parent, as: roleOf(sum), born: born[sum.ID],
	}, nil
}

// restored is the blueprint of what the log has of an actor whose manifest lay in a
// folder, and of the children that it declares, below another one unless that is nil.
func (s *System) restored(ctx context.Context, made chain.Child, path, folder string, parent *Blueprint) (*Blueprint, error) {
	from := source{Child: made, folder: folder}
	var above host.Ceiling
	if parent != nil {
		above, from.above = parent.ceiling, parent.lineage
	}
	if b := s.blueprints.find(from); b != nil {
		return b, nil
	}
	raw, err := s.config.Log.Blob(ctx, made.Manifest)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	m, err := manifest.Parse(raw, "manifest of "+path, s.config.Handlers)
	if err != nil {
		return nil, err
	}
	m.PutIn(folder)
	code, err := s.config.Log.Blob(ctx, made.Module)
	if err != nil {
		return nil, fmt.Errorf("module: %w", err)
	}
	b, err := s.link(ctx, m, code, above)
	if err != nil {
		return nil, err
	}
	b.made, b.writer = made, s.config.Writer
	if m.Chain.Durability == manifest.DurabilityMemory { // a declared child, which has no chain on the log
		b.writer = s.config.Memory
	}
	b.lineage = sha256.Sum256(append(from.above[:], made.Manifest[:]...))
	if err := s.redeclare(ctx, b, path); err != nil {
		return nil, err
	}
	if err := b.found(); err != nil {
		return nil, err
	}
	s.blueprints.keep(from, b)
	return b, nil
}

// redeclare restores the children that the manifest of a restored actor declares.
func (s *System) redeclare(ctx context.Context, b *Blueprint, path string) error {
	list, err := chain.LoadChildren(ctx, s.config.Log, b.made.Children)
	if err != nil {
		return fmt.Errorf("children: %w", err)
	}
	declares := b.manifest.Children
	if len(list) != len(declares) {
		return fmt.Errorf("the manifest declares %d children, and the chain names %d: %w", len(declares), len(list), chain.ErrCorrupt)
	}
	for i := range declares {
		c := &declares[i]
		child, err := s.restored(ctx, list[i], path+"/"+c.ID, b.manifest.FolderOf(c), b)
		if err != nil {
			return fmt.Errorf("child %s: %w", c.ID, err)
		}
		c.Attach(child.manifest)
		b.declared = append(b.declared, declaredOf(*c, child))
	}
	return nil
}
