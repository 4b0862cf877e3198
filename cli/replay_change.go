package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/theater-go/theater/wasm"
)

// change is what a module shows of itself that another one, which was recorded,
// does not, and the other way round.
type change struct {
	ImportsAdded   []string `json:"imports_added"`
	ImportsRemoved []string `json:"imports_removed"`
	ExportsAdded   []string `json:"exports_added"`
	ExportsRemoved []string `json:"exports_removed"`
}

func changeOf(recorded, run *wasm.Layout) *change {
	c := &change{[]string{}, []string{}, []string{}, []string{}}
	if recorded == nil { // nothing is known of it
		return c
	}
	before, after := importsOf(recorded), importsOf(run)
	c.ImportsAdded, c.ImportsRemoved = without(after, before), without(before, after)
	c.ExportsAdded, c.ExportsRemoved = without(run.Exports, recorded.Exports), without(recorded.Exports, run.Exports)
	return c
}

func importsOf(l *wasm.Layout) []string {
	var all []string
	for _, i := range l.Imports {
		all = append(all, i.String())
	}
	return all
}

// without are the names in a that b does not have, sorted.
func without(a, b []string) []string {
	left := []string{}
	for _, name := range a {
		if !slices.Contains(b, name) && !slices.Contains(left, name) {
			left = append(left, name)
		}
	}
	slices.Sort(left)
	return left
}

// tellChange says what runs in place of the recorded module.
func (r *replayer) tellChange(result *replayed) {
	text := fmt.Sprintf("%s runs in place of the recorded module %s\n", escape(r.module), short(result.actor.Module))
	for _, part := range []struct {
		what  string
		names []string
	}{
		{"imports also", result.change.ImportsAdded},
		{"does not import", result.change.ImportsRemoved},
		{"exports also", result.change.ExportsAdded},
		{"does not export", result.change.ExportsRemoved},
	} {
		if len(part.names) > 0 {
			text += fmt.Sprintf("  it %s %s\n", part.what, escape(strings.Join(part.names, ", ")))
		}
	}
	fmt.Fprint(r.err, text)
}
