package actors

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
)

// restored is the blueprint of what the log has of an actor, and of the children
// that its manifest declares, below another one unless that is nil.
func (s *System) restored(ctx context.Context, made chain.Child, path string, parent *Blueprint) (*Blueprint, error) {
	from := source{Child: made}
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
		child, err := s.restored(ctx, list[i], path+"/"+c.ID, b)
		if err != nil {
			return fmt.Errorf("child %s: %w", c.ID, err)
		}
		c.Attach(child.manifest)
		b.declared = append(b.declared, declaredOf(*c, child))
	}
	return nil
}
