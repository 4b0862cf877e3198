package wasm

import "fmt"

// ExportName is the name of an export, or its index in words where there is none: l
// may be nil, and of a module that was damaged.
func (l *Layout) ExportName(index uint32) string {
	if l == nil || uint64(index) >= uint64(len(l.Exports)) {
		return fmt.Sprintf("export %d", index)
	}
	return l.Exports[index]
}

// ImportName is the name of an import, as ExportName is of an export.
func (l *Layout) ImportName(index uint32) string {
	if l == nil || uint64(index) >= uint64(len(l.Imports)) {
		return fmt.Sprintf("import %d", index)
	}
	return l.Imports[index].String()
}

// FunctionLabel is the name of a function, as ExportName is of an export.
func (l *Layout) FunctionLabel(index uint32) string {
	if l != nil {
		if name := l.FunctionName(index); name != "" {
			return name
		}
	}
	return fmt.Sprintf("function %d", index)
}
