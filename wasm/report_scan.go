package wasm

import (
	"fmt"
	"strings"
)

// Bounds of lists in a Report that no limit of a module's bounds.
const (
	maxSections  = 1000
	maxProducers = 100
)

// scan is one reading of a module for a Report. Sections are read one by one,
// so that what is wrong with one does not hide the others.
type scan struct {
	report    *Report
	layout    *Layout // only what shape looks at
	types     []functype
	functions []uint32 // types of the imported, then of the defined ones
	damaged   bool     // something ends early or is no number
}

var sectionNames = [...]string{"custom", "type", "import", "function", "table", "memory", "global", "export", "start", "element", "code", "data", "data count", "tag"}

// sections reads all sections of a module whose header is right.
func (s *scan) sections(code []byte) {
	whole := &reader{b: code, at: 8}
	for whole.at < len(code) {
		id, size := whole.byte(), whole.u32()
		if whole.err != nil {
			s.damaged = true
			return
		}
		end := min(uint64(whole.at)+uint64(size), uint64(len(code)))
		s.section(id, &reader{b: code[:end], at: whole.at})
		if whole.skip(size); whole.err != nil {
			s.damaged = true
			return
		}
	}
}

func (s *scan) section(id byte, r *reader) {
	found := Section{ID: id, Offset: r.at, Size: len(r.b) - r.at}
	if int(id) < len(sectionNames) {
		found.Name = sectionNames[id]
	}
	switch id {
	case sectionCustom:
		found.Name = r.name()
		if r.err == nil {
			s.custom(found.Name, r)
		}
	case sectionType:
		s.readTypes(r)
	case sectionImport:
		s.readImports(r)
	case sectionFunction:
		s.readFunctions(r)
	case sectionTable:
		for n := r.u32(); n > 0 && s.table(r); n-- {
		}
	case sectionMemory:
		_ = s.layout.readMemories(r) // what it says, r says too
		s.report.Memory = s.layout.Memory
	case sectionExport:
		s.readExports(r)
	}
	if r.err != nil && id != sectionCustom {
		s.damaged = true
	}
	if len(s.report.Sections) < maxSections {
		s.report.Sections = append(s.report.Sections, found)
	}
}

// readTypes reads types up to the first that is no plain function.
func (s *scan) readTypes(r *reader) {
	for n := r.u32(); n > 0 && r.err == nil && len(s.types) < DefaultLimits.Types; n-- {
		if r.byte() != 0x60 {
			return
		}
		s.types = append(s.types, functype{r.name(), r.name()})
	}
}

// externKinds name what can be imported and exported.
var externKinds = [...]string{externFunction: "function", externTable: "table", externMemory: "memory", externGlobal: "global", externTag: "tag"}

func (s *scan) readImports(r *reader) {
	for n := r.u32(); n > 0 && r.err == nil && len(s.report.Imports) < DefaultLimits.Imports; n-- {
		e := Extern{Module: r.name(), Name: r.name()}
		kind := r.byte()
		if r.err != nil || int(kind) >= len(externKinds) {
			return
		}
		e.Kind = externKinds[kind]
		if kind == externFunction {
			s.functions = append(s.functions, r.u32())
			e.Type = s.functionType(uint32(len(s.functions) - 1))
		} else if !s.readForeign(e, kind, r) {
			return
		}
		s.report.Imports = append(s.report.Imports, e)
	}
}

// readForeign reads the type of an import that is no function.
func (s *scan) readForeign(e Extern, kind byte, r *reader) bool {
	foreign := &s.layout.imported
	if foreign.name == "" {
		foreign.name = Import{Module: e.Module, Name: e.Name}.String()
	}
	switch kind {
	case externTable:
		foreign.table = true
		return s.table(r)
	case externMemory:
		foreign.memory = true
		s.report.Memory = r.limits()
	case externGlobal:
		foreign.global = true
		r.skip(2)
	case externTag:
		foreign.tag = true
		r.byte()
		r.u32()
	}
	return r.err == nil
}

func (s *scan) readFunctions(r *reader) {
	n := r.u32()
	for s.report.Functions = n; n > 0 && r.err == nil && len(s.functions) < DefaultLimits.Functions; n-- {
		s.functions = append(s.functions, r.u32())
	}
}

// table reads a table unless it has a form of its own, behind which nothing can
// be read.
func (s *scan) table(r *reader) bool {
	if t := r.byte(); t != typeFuncref && t != typeExternref {
		return false
	}
	l := r.limits()
	if r.err == nil && len(s.report.Tables) < DefaultLimits.Tables {
		s.report.Tables = append(s.report.Tables, TableLimits{l.Min, l.Max, l.HasMax})
	}
	return r.err == nil
}

func (s *scan) readExports(r *reader) {
	for n := r.u32(); n > 0 && r.err == nil && len(s.report.Exports) < DefaultLimits.Exports; n-- {
		e := Extern{Name: r.name()}
		kind, index := r.byte(), r.u32()
		if r.err != nil || int(kind) >= len(externKinds) {
			return
		}
		e.Kind = externKinds[kind]
		switch {
		case kind == externFunction:
			e.Type = s.functionType(index)
			s.layout.exported[e.Name] = len(s.report.Exports)
		case kind == externMemory && e.Name == exportMemory:
			s.layout.exportsMemory = true
		}
		s.report.Exports = append(s.report.Exports, e)
	}
}

// custom reads the sections of the tools. A damaged one costs what it says.
func (s *scan) custom(name string, r *reader) {
	switch {
	case name == "name":
		s.readNames(r)
	case name == "producers":
		s.readProducers(r)
	case strings.HasPrefix(name, ".debug_"):
		s.report.DWARF = true
	}
}

// readNames counts the functions that have a name.
func (s *scan) readNames(r *reader) {
	for r.at < len(r.b) && r.err == nil {
		id, size := r.byte(), r.u32()
		end := uint64(r.at) + uint64(size)
		if r.err != nil || end > uint64(len(r.b)) {
			return
		}
		if id == 1 {
			s.report.Named += countNames(&reader{b: r.b[:end], at: r.at})
		}
		r.at = int(end)
	}
}

func countNames(r *reader) (named int) {
	for n := r.u32(); n > 0; n-- {
		r.u32()
		if r.skip(r.u32()); r.err != nil {
			return named
		}
		named++
	}
	return named
}

func (s *scan) readProducers(r *reader) {
	for fields := r.u32(); fields > 0 && r.err == nil; fields-- {
		field := r.name()
		for n := r.u32(); n > 0 && r.err == nil; n-- {
			p := Producer{field, r.name(), r.name()}
			if r.err == nil && len(s.report.Producers) < maxProducers {
				s.report.Producers = append(s.report.Producers, p)
			}
		}
	}
}

// functionType is the type of a function as text, "" where it is not known or
// longer than any that is let in.
func (s *scan) functionType(index uint32) string {
	if uint64(index) >= uint64(len(s.functions)) || uint64(s.functions[index]) >= uint64(len(s.types)) {
		return ""
	}
	t := s.types[s.functions[index]]
	if max(len(t.params), len(t.results)) > DefaultLimits.Values {
		return ""
	}
	text := "(" + valueTypes(t.params) + ")"
	switch len(t.results) {
	case 0:
	case 1:
		text += " -> " + valueTypes(t.results)
	default:
		text += " -> (" + valueTypes(t.results) + ")"
	}
	return text
}

func valueTypes(types string) string {
	names := make([]string, len(types))
	for i, t := range []byte(types) {
		names[i] = valueTypeName(t)
	}
	return strings.Join(names, ", ")
}

func valueTypeName(t byte) string {
	switch t {
	case typeI32:
		return "i32"
	case typeI64:
		return "i64"
	case typeF32:
		return "f32"
	case typeF64:
		return "f64"
	case typeV128:
		return "v128"
	case typeFuncref:
		return "funcref"
	case typeExternref:
		return "externref"
	}
	return fmt.Sprintf("type 0x%02x", t)
}
