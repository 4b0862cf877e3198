package actors

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/theater-go/theater/actors/manifest"
	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/host"
	"github.com/theater-go/theater/supervision"
	"github.com/theater-go/theater/wasm/pack"
)

// kin are the actors of the log that belong to a tree which is resumed.
type kin struct {
	system *System
	left   map[string][]chain.Summary   // by earlier systems, by the paths of their parents
	ended  map[chain.ID][]chain.Summary // by their parents; nil until they are asked for
}

// rebirth reads from the log what an actor was started with, and those below it.
func (s *System) rebirth(ctx context.Context, sum chain.Summary) (*birth, error) {
	k := &kin{system: s, left: map[string][]chain.Summary{}}
	for id, at := range s.earlier.below(sum.Path) {
		sum, err := s.config.Log.Summary(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", at, err)
		}
		parent := at[:strings.LastIndex(at, "/")]
		k.left[parent] = append(k.left[parent], sum)
	}
	for _, siblings := range k.left {
		slices.SortFunc(siblings, older)
	}
	return k.rebirth(ctx, sum, nil)
}

func older(a, b chain.Summary) int { return bytes.Compare(a.ID[:], b.ID[:]) }

func (k *kin) rebirth(ctx context.Context, sum chain.Summary, parent *control) (*birth, error) {
	var above *Blueprint
	if parent != nil {
		above = parent.Blueprint
	}
	b, err := k.system.restored(ctx, sum, above)
	if err != nil {
		return nil, err
	}
	state, err := k.system.config.Log.Blob(ctx, sum.InitialState)
	if err != nil {
		return nil, fmt.Errorf("initial state: %w", err)
	}
	if view := (pack.View{}); !view.Scan(state) {
		return nil, fmt.Errorf("initial state: %w", chain.ErrCorrupt)
	}
	name := sum.Path[strings.LastIndex(sum.Path, "/")+1:]
	reborn := &birth{control: k.system.newControl(b, sum.ID, name, sum.InitialState, parent), state: state, was: sum.Path}
	known := map[string]*Blueprint{}
	for _, child := range k.left[sum.Path] {
		if child.Parent.Actor != sum.ID {
			continue // of an earlier actor at the path
		}
		c, err := k.rebirth(ctx, child, reborn.control)
		if err != nil {
			return nil, fmt.Errorf("child %s: %w", child.Path, err)
		}
		reborn.past = append(reborn.past, c)
		known[child.Path] = c.control.Blueprint
	}
	reborn.control.Blueprint, err = k.declare(ctx, b, sum, known)
	return reborn, err
}

// declare is the blueprint of an actor with what the children are made from that
// its manifest declares: the manifests and modules of those it has had, by their
// paths. One that it never had is not known.
func (k *kin) declare(ctx context.Context, b *Blueprint, of chain.Summary, known map[string]*Blueprint) (*Blueprint, error) {
	if len(b.declared) == 0 {
		return b, nil
	}
	own := *b
	own.shared, own.declared = b, slices.Clone(b.declared)
	for i := range own.declared {
		d := &own.declared[i]
		path := of.Path + "/" + d.spec.ID
		if d.blueprint = known[path]; d.blueprint != nil {
			continue
		}
		last, err := k.former(ctx, path, of.ID)
		if err == nil && last != nil {
			d.over = d.spec.Restart != supervision.Permanent || last.Reason == string(ReasonShutdown)
			d.blueprint, err = k.restored(ctx, *last, b)
		}
		if err != nil {
			return nil, fmt.Errorf("child %s: %w", path, err)
		}
	}
	return &own, nil
}

// restored is the blueprint of an actor that has ended.
func (k *kin) restored(ctx context.Context, sum chain.Summary, parent *Blueprint) (*Blueprint, error) {
	b, err := k.system.restored(ctx, sum, parent)
	if err != nil {
		return nil, err
	}
	return k.declare(ctx, b, sum, nil)
}

// former is the last actor that has had a path and a parent, nil where there was
// none.
func (k *kin) former(ctx context.Context, path string, parent chain.ID) (last *chain.Summary, err error) {
	if k.ended == nil {
		k.ended = map[chain.ID][]chain.Summary{}
		for sum, err := range k.system.config.Log.Actors(ctx) {
			if err != nil {
				return nil, err
			}
			k.ended[sum.Parent.Actor] = append(k.ended[sum.Parent.Actor], sum)
		}
	}
	for _, sum := range k.ended[parent] {
		if sum.Path == path && (last == nil || older(*last, sum) < 0) {
			last = &sum
		}
	}
	return last, nil
}

// claimed is an actor that is being resumed.
type claimed struct {
	id   chain.ID
	path string
}

// claim takes the actors from those that are left.
func (s *System) claim(b *birth) []claimed {
	var all []claimed
	if id := b.control.id; s.earlier.claim(id, b.was) {
		all = append(all, claimed{id, b.was})
	}
	for _, child := range b.past {
		all = append(all, s.claim(child)...)
	}
	return all
}

// restored is the blueprint of the manifest and module that the log has of an
// actor, below another one unless that is nil. What its children are made from is
// not known yet.
func (s *System) restored(ctx context.Context, sum chain.Summary, parent *Blueprint) (*Blueprint, error) {
	from := source{manifest: sum.Manifest, module: sum.Module}
	var above host.Ceiling
	if parent != nil {
		above, from.above = parent.ceiling, parent.lineage
	}
	if b := s.blueprints.find(from); b != nil {
		return b, nil
	}
	raw, err := s.config.Log.Blob(ctx, sum.Manifest)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	m, err := manifest.Parse(raw, "manifest of "+sum.Path, s.config.Handlers)
	if err != nil {
		return nil, err
	}
	code, err := s.config.Log.Blob(ctx, sum.Module)
	if err != nil {
		return nil, fmt.Errorf("module: %w", err)
	}
	b, err := s.link(ctx, m, code, above)
	if err != nil {
		return nil, err
	}
	b.writer = s.config.Writer
	b.lineage = sha256.Sum256(append(from.above[:], sum.Manifest[:]...))
	for _, c := range m.Children {
		b.declared = append(b.declared, declaredBy(c))
	}
	if err := b.found(sum.Module, sum.Manifest); err != nil {
		return nil, err
	}
	s.blueprints.keep(from, b)
	return b, nil
}
