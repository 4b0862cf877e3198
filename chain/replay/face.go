package replay

import (
	"fmt"

	"github.com/theater-go/theater/wasm"
)

// face is what the module that is run shows of itself, in the indexes of the
// module that the chain is of. What both have of the same name is the same.
type face struct {
	run     *wasm.Layout
	other   *wasm.Layout // the recorded module's where that is another one, else nil
	imports map[wasm.Import]uint32
}

// faceOf is that of a module which runs its own chain.
func faceOf(m *wasm.Module) face { return face{run: m.Layout} }

// faceFor is that of a module which runs the chain of another.
func faceFor(m *wasm.Module, recorded *wasm.Layout) face {
	f := face{run: m.Layout, other: recorded, imports: map[wasm.Import]uint32{}}
	for i, imp := range recorded.Imports {
		if _, ok := f.imports[named(imp)]; !ok {
			f.imports[named(imp)] = uint32(i)
		}
	}
	return f
}

// named is an import without its place in the module's own types.
func named(i wasm.Import) wasm.Import { return wasm.Import{Module: i.Module, Name: i.Name} }

// imported is the recorded index of import number imp of the module that is run.
func (f *face) imported(imp int) (recorded uint32, ok bool) {
	if f.other == nil {
		return uint32(imp), true
	}
	recorded, ok = f.imports[named(f.run.Imports[imp])]
	return recorded, ok
}

// name is what import number imp of the module that is run is called.
func (f *face) name(imp int) string { return f.run.Imports[imp].String() }

// export is the index in the module that is run of the export with a recorded one,
// or why there is none.
func (f *face) export(recorded uint32) (index int, problem string) {
	table := f.run
	if f.other != nil {
		table = f.other
	}
	if uint64(recorded) >= uint64(len(table.Exports)) {
		return 0, fmt.Sprintf("it calls export %d of a module that has %d", recorded, len(table.Exports))
	}
	if f.other == nil {
		return int(recorded), ""
	}
	name := table.Exports[recorded]
	index, ok := f.run.Export(name)
	if !ok {
		return 0, "the module does not export " + name
	}
	return index, ""
}

// function is the recorded index of a function of the module that is run, given
// the one that the chain has in its place: two are the same by their names.
func (f *face) function(index, recorded uint32) uint32 {
	if f.other == nil {
		return index
	}
	if name := f.run.FunctionName(index); name != "" && name == f.other.FunctionName(recorded) {
		return recorded
	}
	return index
}
