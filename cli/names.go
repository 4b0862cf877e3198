package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/theater-go/theater/chain"
	"github.com/theater-go/theater/wasm"
)

// names turns the indexes that a chain holds into the names of the module.
type names struct{ layout *wasm.Layout }

// moduleNames reads a module's names from the log. Where the module is missing
// or damaged, which chain verify tells, indexes stand for the names.
func moduleNames(ctx context.Context, r chain.Reader, module chain.Hash) names {
	code, err := r.Blob(ctx, module)
	if err != nil {
		return names{}
	}
	layout, err := wasm.ReadLayout(code)
	if err != nil {
		return names{}
	}
	return names{layout}
}

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
	if !t.Known {
		return ""
	}
	if n.layout != nil {
		if name := n.layout.FunctionName(t.Function); name != "" {
			return name
		}
	}
	return fmt.Sprintf("function %d", t.Function)
}

// callable lists the exports that are functions of an interface.
func callable(l *wasm.Layout) string {
	var full []string
	for _, e := range l.Exports {
		if strings.Contains(e, ".") && strings.Contains(e, "/") {
			full = append(full, e)
		}
	}
	slices.Sort(full)
	if len(full) == 0 {
		return "no functions"
	}
	return strings.Join(full, ", ")
}
