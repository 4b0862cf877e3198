package api

import (
	"context"
	"fmt"
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

// of finds the names of a module. Where it is missing or damaged, indexes stand for
// them.
func (l *layouts) of(ctx context.Context, module chain.Hash) names {
	l.mu.Lock()
	layout, ok := l.read[module]
	l.mu.Unlock()
	if ok {
		return names{layout}
	}
	code, err := l.log.Blob(ctx, module)
	if err != nil {
		return names{}
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
	return names{layout}
}

// names turns the indexes that a chain holds into the names of the module.
type names struct{ layout *wasm.Layout }

func (n names) export(i uint32) string {
	if n.layout == nil || int(i) >= len(n.layout.Exports) {
		return fmt.Sprintf("export %d", i)
	}
	return n.layout.Exports[i]
}

func (n names) imported(i uint32) string {
	if n.layout == nil || int(i) >= len(n.layout.Imports) {
		return fmt.Sprintf("import %d", i)
	}
	return n.layout.Imports[i].String()
}

func (n names) function(t chain.TrapInfo) string {
	switch {
	case !t.Known:
		return ""
	case n.layout != nil && n.layout.FunctionName(t.Function) != "":
		return n.layout.FunctionName(t.Function)
	}
	return fmt.Sprintf("function %d", t.Function)
}
