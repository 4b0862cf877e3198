package api

import (
	"context"
	"sync"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// maxLayouts is how many modules' names are remembered.
const maxLayouts = 64

// layouts are the names of modules, which chains hold by their indexes.
type layouts struct {
	log chain.Reader

	mu   sync.Mutex
	read map[chain.Hash]*wasm.Layout // guarded by mu; nil where there is none to read
}

// of finds the names of a module. Where it is missing or damaged it is nil, so that
// indexes stand for them.
func (l *layouts) of(ctx context.Context, module chain.Hash) *wasm.Layout {
	l.mu.Lock()
	layout, ok := l.read[module]
	l.mu.Unlock()
	if ok {
		return layout
	}
	code, err := l.log.Blob(ctx, module)
	if err != nil {
		return nil
	}
	if layout, err = wasm.ReadLayout(code); err != nil {
		layout = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.read) >= maxLayouts {
		clear(l.read)
	}
	l.read[module] = layout
	return layout
}
