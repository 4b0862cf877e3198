package wasm

import (
	"errors"
	"fmt"
	"regexp"
	"sync"
	"unicode/utf8"
)

// Layout is what the binary of a module says of itself: the tables whose
// indexes a chain records, and what the engine needs to name functions.
type Layout struct {
	Imports []Import     // function imports, in the order of the module
	Exports []string     // names of exported functions, in the order of the module
	Memory  MemoryLimits // the one linear memory

	exported      map[string]int
	functions     map[uint32]string // names from the name section
	bodies        []uint32          // module offset of each defined function's body
	imported      foreign
	exportsMemory bool
	functypes     []functype
}

// Import is one function that a module imports.
type Import struct {
	Module, Name string
	typ          uint32
}

// String is the name by which messages call the import: module.name.
func (i Import) String() string { return i.Module + "." + i.Name }

// WASI reports whether the import is WASI's, which the machine serves itself.
func (i Import) WASI() bool { return i.Module == wasiModule }

// MemoryLimits are the declared limits of a module's memory in pages of 64 KiB.
type MemoryLimits struct {
	Count    int    // memories defined by the module
	Min, Max uint64 // Max is meaningful when HasMax is set
	HasMax   bool
}

// foreign says which imports other than functions a module has.
type foreign struct {
	memory, table, global, tag bool
	name                       string // the first of them
}

type functype struct{ params, results string }

// Export returns the index of the exported function name in the module's own
// table of exported functions.
func (l *Layout) Export(name string) (int, bool) {
	i, ok := l.exported[name]
	return i, ok
}

// FunctionName returns the name that the module's name section gives to
// function index, or "" where it gives none. A method of Go is written as in Go.
func (l *Layout) FunctionName(index uint32) string {
	return goMethod().ReplaceAllString(l.functions[index], ".(*$1).")
}

// goMethod is a method's receiver as Go's linker writes it for wasm, where it
// replaces parentheses and stars.
var goMethod = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\.__([A-Za-z0-9]\w*?)_\.`) })

// BodyOffset returns the byte offset, within the module, of the body of
// function index, or 0 for an imported function.
func (l *Layout) BodyOffset(index uint32) uint32 {
	defined := int(index) - len(l.Imports)
	if defined < 0 || defined >= len(l.bodies) {
		return 0
	}
	return l.bodies[defined]
}

var errTruncated = errors.New("the module ends early")

const (
	sectionCustom = 0
	sectionType   = 1
	sectionImport = 2
	sectionMemory = 5
	sectionExport = 7
	sectionCode   = 10
)

const (
	externFunction = 0
	externTable    = 1
	externMemory   = 2
	externGlobal   = 3
	externTag      = 4
)

// ReadLayout reads the sections of a core wasm module that name things. It
// checks only what it reads; the compiler validates the module.
func ReadLayout(module []byte) (*Layout, error) {
	if err := checkPreamble(module); err != nil {
		return nil, err
	}
	l := &Layout{exported: map[string]int{}, functions: map[uint32]string{}}
	r := &reader{b: module, at: 8}
	for r.at < len(module) {
		if err := l.readSection(module, r); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// ErrNotModule is wrapped by the error for bytes that do not begin as a module does.
var ErrNotModule = errors.New("not a wasm module")

// checkPreamble looks at how the module begins: magic and version.
func checkPreamble(module []byte) error {
	if len(module) < 8 || string(module[:4]) != "\x00asm" {
		return fmt.Errorf("%w: it does not begin with \\0asm", ErrNotModule)
	}
	switch version := string(module[4:8]); version {
	case "\x01\x00\x00\x00":
		return nil
	case "\x0d\x00\x01\x00":
		return &ABIError{"a wasm component, not a core module", "build a core module that speaks the Graph ABI: Rust for wasm32-unknown-unknown, Go with theater build"}
	default:
		return fmt.Errorf("%w: wasm version % x is not supported", ErrNotModule, version)
	}
}

// countOf reads how many items a section has, no more than are let in.
func countOf(r *reader, name string, limit int) uint32 {
	n := r.u32()
	if r.err == nil && uint64(n) > uint64(limit) {
		r.fail(&CheckError{Limit: name, Value: uint64(n), Max: uint64(limit), Offset: r.at})
		return 0
	}
	return n
}

func (l *Layout) readSection(module []byte, r *reader) error {
	start := r.at
	id := r.byte()
	size := r.u32()
	if r.err != nil || uint64(r.at)+uint64(size) > uint64(len(module)) {
		return fmt.Errorf("section %d at byte %d: %w", id, start, errTruncated)
	}
	end := r.at + int(size)
	body := &reader{b: module[:end], at: r.at}
	r.at = end
	var err error
	switch id {
	case sectionCustom:
		l.readCustom(body)
	case sectionType:
		err = l.readTypes(body)
	case sectionImport:
		err = l.readImports(body)
	case sectionMemory:
		err = l.readMemories(body)
	case sectionExport:
		err = l.readExports(body)
	case sectionCode:
		err = l.readBodies(body)
	}
	if err == nil {
		err = body.err
	}
	if err != nil {
		return fmt.Errorf("section %d at byte %d: %w", id, start, err)
	}
	return nil
}

// readTypes reads the plain function types; where it meets a form that it does
// not know it leaves the rest to the compiler.
func (l *Layout) readTypes(r *reader) error {
	for n := countOf(r, "types", DefaultLimits.Types); n > 0 && r.err == nil; n-- {
		if r.byte() != 0x60 {
			return nil
		}
		params := r.name()
		results := r.name()
		l.functypes = append(l.functypes, functype{params, results})
	}
	return nil
}

func (l *Layout) readImports(r *reader) error {
	for n := countOf(r, "imports", DefaultLimits.Imports); n > 0 && r.err == nil; n-- {
		imp := Import{Module: r.name(), Name: r.name()}
		if !utf8.ValidString(imp.Module) || !utf8.ValidString(imp.Name) {
			return errors.New("an import's name is not UTF-8")
		}
		kind := r.byte()
		if kind != externFunction && l.imported.name == "" {
			l.imported.name = imp.String()
		}
		switch kind {
		case externFunction:
			imp.typ = r.u32()
			l.Imports = append(l.Imports, imp)
		case externTable:
			l.imported.table = true
			r.byte()
			r.limits()
		case externMemory:
			l.imported.memory = true
			r.limits()
		case externGlobal:
			l.imported.global = true
			r.byte()
			r.byte()
		case externTag:
			l.imported.tag = true
			r.byte()
			r.u32()
		default:
			return fmt.Errorf("import %s has the unknown kind %d", imp, kind)
		}
	}
	return nil
}

func (l *Layout) readMemories(r *reader) error {
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		limits := r.limits()
		limits.Count = l.Memory.Count + 1
		l.Memory = limits
	}
	return nil
}

func (l *Layout) readExports(r *reader) error {
	for n := countOf(r, "exports", DefaultLimits.Exports); n > 0 && r.err == nil; n-- {
		name := r.name()
		kind := r.byte()
		r.u32()
		if kind == externMemory && name == exportMemory {
			l.exportsMemory = true
		}
		if kind != externFunction {
			continue
		}
		if !utf8.ValidString(name) {
			return errors.New("an export's name is not UTF-8")
		}
		l.exported[name] = len(l.Exports)
		l.Exports = append(l.Exports, name)
	}
	return nil
}

func (l *Layout) readBodies(r *reader) error {
	for n := countOf(r, "function bodies", DefaultLimits.Functions); n > 0 && r.err == nil; n-- {
		size := r.u32()
		l.bodies = append(l.bodies, uint32(r.at))
		r.skip(size)
	}
	return nil
}

// readCustom takes function names from a name section. A damaged one costs the
// names, not the module.
func (l *Layout) readCustom(r *reader) {
	if r.name() != "name" || r.err != nil {
		r.err = nil
		return
	}
	for r.at < len(r.b) && r.err == nil {
		id := r.byte()
		size := r.u32()
		next := uint64(r.at) + uint64(size)
		if next > uint64(len(r.b)) {
			break
		}
		if id == 1 {
			l.readNames(&reader{b: r.b[:next], at: r.at})
		}
		r.at = int(next)
	}
	r.err = nil
}

// readNames takes the names of one subsection, which it must not leave: others
// may begin there again.
func (l *Layout) readNames(r *reader) {
	for n := countOf(r, "names", DefaultLimits.Functions); n > 0 && r.err == nil; n-- {
		index, name := r.u32(), r.name()
		if r.err == nil && utf8.ValidString(name) && len(name) <= DefaultLimits.Name {
			l.functions[index] = name
		}
	}
}

// signature returns the parameter and result types of import i as the bytes of
// the binary format, and whether they are known.
func (l *Layout) signature(i Import) (functype, bool) {
	if int(i.typ) >= len(l.functypes) {
		return functype{}, false
	}
	return l.functypes[i.typ], true
}
