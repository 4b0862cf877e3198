package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// moduleNames reads a module's names from the log. Where the module is missing
// or damaged, which chain verify tells, it is nil, and indexes stand for the names.
func moduleNames(ctx context.Context, r chain.Reader, module chain.Hash) *wasm.Layout {
	code, err := r.Blob(ctx, module)
	if err != nil {
		return nil
	}
	layout, err := wasm.ReadLayout(code)
	if err != nil {
		return nil
	}
	return layout
}

// functionsOf are the exports that are functions of an interface, sorted.
func functionsOf(l *wasm.Layout) []string {
	var full []string
	for _, e := range l.Exports {
		if strings.Contains(e, ".") && strings.Contains(e, "/") {
			full = append(full, e)
		}
	}
	slices.Sort(full)
	return full
}

// callable lists them.
func callable(l *wasm.Layout) string {
	full := functionsOf(l)
	if len(full) == 0 {
		return "no functions"
	}
	return strings.Join(full, ", ")
}
