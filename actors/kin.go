package actors

import (
	"context"
	"math"
	"strings"

	"github.com/theater-go/theater/chain"
)

// kin are the actors of a tree, or of all trees, that may be resumed, as one
// reading of the log has them.
type kin struct {
	left   []chain.Summary              // that can be resumed, oldest first
	below  map[chain.ID][]chain.Summary // of them, by their parent
	at     map[string][]chain.Summary   // of them, by their path
	born   map[chain.ID]map[role]int64  // when the newest child of all was, by the parent and its role
	others []other                      // all other actors of the log
}

// other is an actor that is not resumed, whose chain may say what has become of a
// message.
type other struct {
	id     chain.ID
	module chain.Hash
}

// lasts stands for the birth of a child that has not ended, whatever the clock said.
const lasts = math.MaxInt64

// kin reads the log for the actors at path and below it, "" for all.
func (s *System) kin(ctx context.Context, path string) (kin, error) {
	k := kin{below: map[chain.ID][]chain.Summary{}, at: map[string][]chain.Summary{}, born: map[chain.ID]map[role]int64{}}
	for sum, err := range s.config.Log.Actors(ctx) {
		if err != nil {
			return k, err
		}
		if path != "" && sum.Path != path && !strings.HasPrefix(sum.Path, path+"/") {
			k.others = append(k.others, other{sum.ID, sum.Module})
			continue
		}
		by, born := sum.Parent.Actor, sum.Created
		if s.earlier.has(sum.ID, sum.Path) {
			k.left = append(k.left, sum)
			k.below[by] = append(k.below[by], sum)
			k.at[sum.Path] = append(k.at[sum.Path], sum)
			born = lasts
		} else {
			k.others = append(k.others, other{sum.ID, sum.Module})
		}
		if parent, _ := splitPath(sum.Path); !s.earlier.has(by, parent) {
			continue
		}
		if k.born[by] == nil {
			k.born[by] = map[role]int64{}
		}
		as := roleOf(sum)
		k.born[by][as] = max(born, k.born[by][as])
	}
	return k, nil
}

// splitPath takes the path of the parent and the name from a path.
func splitPath(path string) (parent, name string) {
	i := strings.LastIndex(path, "/")
	return path[:max(i, 0)], path[i+1:]
}

// role is what an actor is to its parent.
type role struct {
	name    string // without a number; the id of one that the manifest declares
	spawned bool   // by the parent's guest, in a turn
}

func roleOf(sum chain.Summary) role {
	return role{sum.Name, sum.Parent != (chain.Ref{Actor: sum.Parent.Actor})}
}
