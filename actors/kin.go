package actors

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm/pack"
)

// kin are the actors of a tree that is resumed, as the log has them.
type kin struct {
	left map[string][]chain.Summary  // that can be resumed, oldest first; by the path of the parent
	born map[chain.ID]map[role]int64 // when the newest of them all was; by the parent and its role
}

// lasts stands for the birth of a child that has not ended, whatever the clock said.
const lasts = math.MaxInt64

// kin looks for the actors below path.
func (s *System) kin(ctx context.Context, path string) (kin, error) {
	k := kin{left: map[string][]chain.Summary{}, born: map[chain.ID]map[role]int64{}}
	for sum, err := range s.config.Log.Actors(ctx) {
		if err != nil {
			return k, err
		}
		if !strings.HasPrefix(sum.Path, path+"/") {
			continue
		}
		born := sum.Created
		if s.earlier.has(sum.ID, sum.Path) {
			parent, _ := splitPath(sum.Path)
			k.left[parent] = append(k.left[parent], sum)
			born = lasts
		}
		by := sum.Parent.Actor
		if k.born[by] == nil {
			k.born[by] = map[role]int64{}
		}
		as := roleOf(sum)
		k.born[by][as] = max(born, k.born[by][as])
	}
	for _, siblings := range k.left {
		slices.SortFunc(siblings, func(a, b chain.Summary) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	}
	return k, nil
}

// splitPath takes the path of the parent and the name from a path.
func splitPath(path string) (parent, name string) {
	i := strings.LastIndex(path, "/")
	return path[:i], path[i+1:]
}

// role is what an actor is to its parent.
type role struct {
	name    string // without a number; the id of one that the manifest declares
	spawned bool   // by the parent's guest, in a turn
}

func roleOf(sum chain.Summary) role {
	return role{sum.Name, sum.Parent != (chain.Ref{Actor: sum.Parent.Actor})}
}

// rebirth reads from the log what the actor was started with, and those below it.
func (s *System) rebirth(ctx context.Context, sum chain.Summary, parent *control, kin kin) (*birth, error) {
	var above *Blueprint
	if parent != nil {
		above = parent.Blueprint
	}
	b, err := s.restored(ctx, chain.Child{Manifest: sum.Manifest, Module: sum.Module, Children: sum.Children}, sum.Path, above)
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
	reborn := &birth{control: s.newControl(b, sum.ID, name, sum.InitialState, parent), state: state, was: sum.Path, as: roleOf(sum), born: kin.born[sum.ID]}
	for _, child := range kin.left[sum.Path] {
		if child.Parent.Actor != sum.ID {
			continue // of an earlier actor at the path
		}
		c, err := s.rebirthOf(ctx, child, reborn.control, kin)
		if err != nil {
			return nil, fmt.Errorf("child %s: %w", child.Path, err)
		}
		if c != nil {
			reborn.past = append(reborn.past, c)
		}
	}
	return reborn, nil
}

// rebirthOf is the rebirth of a child, nil where its parent was not told of it.
func (s *System) rebirthOf(ctx context.Context, child chain.Summary, parent *control, kin kin) (*birth, error) {
	spawning, err := s.spawning(ctx, parent.Blueprint, child.Parent)
	if err != nil || !spawning.settled {
		return nil, err
	}
	b, err := s.rebirth(ctx, child, parent, kin)
	if err == nil {
		b.goesOn = spawning.resumed
	}
	return b, err
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
