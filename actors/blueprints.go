package actors

import (
	"runtime"
	"sync"
	"weak"

	"github.com/theater-go/theater/chain"
)

// blueprints are those of actors that were resumed. More actors of the same
// manifest and module need not be read from the log, for as long as one of them
// lives.
type blueprints struct {
	mu   sync.Mutex
	made map[source]weak.Pointer[Blueprint] // guarded by mu
}

// source is what a blueprint was made from, and the manifests above, which bound
// what may be granted.
type source struct {
	chain.Child
	above  chain.Hash
	folder string // that the manifest lay in
}

func newBlueprints() *blueprints {
	return &blueprints{made: map[source]weak.Pointer[Blueprint]{}}
}

// find returns nil where there is none.
func (b *blueprints) find(from source) *Blueprint {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.made[from].Value()
}

func (b *blueprints) keep(from source, made *Blueprint) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.made[from] = weak.Make(made)
	runtime.AddCleanup(made, b.forget, from)
}

func (b *blueprints) forget(from source) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.made[from].Value() == nil { // else it was made once more
		delete(b.made, from)
	}
}
