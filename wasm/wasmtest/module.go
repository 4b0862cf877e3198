package wasmtest

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Preamble is how every core module begins: magic and version.
const Preamble = "\x00asm\x01\x00\x00\x00"

// Kind tells what an export names.
type Kind byte

// The kinds of exports.
const (
	Function Kind = iota
	Table
	Memory
	Global
)

// Module assembles one module. The zero value is the empty module. Indexes are
// those of the finished module: imported functions come first, so every Import
// precedes the first Func.
//
// A type is written with one letter for each value: i for i32, I for i64, f for
// f32, F for f64, v for v128, r for funcref, e for externref. A signature is
// parameters, a colon, results: "iiii:i".
//
// Its methods panic when the test that calls them is wrong.
type Module struct {
	types                            []string // encoded, each once
	imports, funcs, bodies           [][]byte
	tables, memories, globals        [][]byte
	exports, elems, data, names, own [][]byte
	imported                         uint32 // functions
	start                            []byte
}

// Type adds a function type and returns its index.
func (m *Module) Type(sig string) uint32 {
	params, results, ok := strings.Cut(sig, ":")
	if !ok {
		panic(fmt.Sprintf("wasmtest: signature %q has no colon", sig))
	}
	enc := "\x60" + string(vector(valueTypes(params))) + string(vector(valueTypes(results)))
	if i := slices.Index(m.types, enc); i >= 0 {
		return uint32(i)
	}
	m.types = append(m.types, enc)
	return uint32(len(m.types) - 1)
}

// Import adds an imported function and returns its index.
func (m *Module) Import(module, name, sig string) uint32 {
	if len(m.funcs) > 0 {
		panic("wasmtest: an import after a function")
	}
	m.ImportOther(module, name, append([]byte{byte(Function)}, leb(m.Type(sig))...))
	m.imported++
	return m.imported - 1
}

// ImportOther adds an import that is no function; desc is its encoded
// description, for example 02 00 01 for a memory of at least a page.
func (m *Module) ImportOther(module, name string, desc []byte) {
	m.imports = append(m.imports, slices.Concat(text(module), text(name), desc))
}

// Func adds a function with locals of the given types after its parameters, and
// returns its index. The end of the body is added.
func (m *Module) Func(sig, locals string, body Code) uint32 {
	m.funcs = append(m.funcs, leb(m.Type(sig)))
	var decl [][]byte
	for _, t := range valueTypes(locals) {
		decl = append(decl, []byte{1, t})
	}
	code := slices.Concat(vectorOf(decl), []byte(body), []byte(End))
	m.bodies = append(m.bodies, vector(code))
	return m.imported + uint32(len(m.funcs)-1)
}

// raw adds a function whose body, with its locals, is given as bytes.
func (m *Module) raw(sig, body string) {
	m.funcs = append(m.funcs, leb(m.Type(sig)))
	m.bodies = append(m.bodies, vector([]byte(body)))
}

// signatureOf is the encoded type of a function that was added.
func (m *Module) signatureOf(function uint32) string {
	i, _ := binary.Uvarint(m.funcs[function-m.imported])
	return m.types[i]
}

// nextFunction and nextGlobal are the indexes that the next ones will have.
func (m *Module) nextFunction() uint32 { return m.imported + uint32(len(m.funcs)) }
func (m *Module) nextGlobal() uint32   { return uint32(len(m.globals)) }

// Memory adds a memory of at least low pages, and at most high when it is given.
func (m *Module) Memory(low uint32, high ...uint32) {
	m.memories = append(m.memories, limits(low, high))
}

// Table adds a table of functions with room for at least low, and at most high
// when it is given.
func (m *Module) Table(low uint32, high ...uint32) {
	m.tables = append(m.tables, append([]byte{0x70}, limits(low, high)...))
}

// Global adds a global of the type and returns its index; no module here imports
// one, so indexes start at 0.
func (m *Module) Global(typ string, mutable bool, init Code) uint32 {
	head := append(valueTypes(typ), 0)
	if mutable {
		head[1] = 1
	}
	m.globals = append(m.globals, slices.Concat(head, []byte(init), []byte(End)))
	return uint32(len(m.globals) - 1)
}

// Export gives what the index names to the outside.
func (m *Module) Export(name string, kind Kind, index uint32) {
	m.exports = append(m.exports, slices.Concat(text(name), []byte{byte(kind)}, leb(index)))
}

// Elem puts functions into table 0 at instantiation.
func (m *Module) Elem(at uint32, functions ...uint32) {
	var list [][]byte
	for _, f := range functions {
		list = append(list, leb(f))
	}
	m.elems = append(m.elems, slices.Concat([]byte{0}, []byte(Addr(at)+End), vectorOf(list)))
}

// Data puts bytes into memory 0 at instantiation.
func (m *Module) Data(at uint32, b []byte) {
	m.data = append(m.data, slices.Concat([]byte{0}, []byte(Addr(at)+End), vector(b)))
}

// Start makes a function of signature ":" run at instantiation.
func (m *Module) Start(function uint32) { m.start = leb(function) }

// Name names a function in the name section. Names go in the order of indexes.
func (m *Module) Name(function uint32, name string) {
	m.names = append(m.names, append(leb(function), text(name)...))
}

// Custom adds a custom section, written after all others.
func (m *Module) Custom(name string, b []byte) {
	m.own = append(m.own, Section(0, append(text(name), b...)))
}

// Bytes is the module in binary form.
func (m *Module) Bytes() []byte {
	var types [][]byte
	for _, t := range m.types {
		types = append(types, []byte(t))
	}
	out := []byte(Preamble)
	add := func(id byte, items [][]byte) {
		if len(items) > 0 {
			out = append(out, Section(id, vectorOf(items))...)
		}
	}
	add(1, types)
	add(2, m.imports)
	add(3, m.funcs)
	add(4, m.tables)
	add(5, m.memories)
	add(6, m.globals)
	add(7, m.exports)
	if m.start != nil {
		out = append(out, Section(8, m.start)...)
	}
	add(9, m.elems)
	add(10, m.bodies)
	add(11, m.data)
	if len(m.names) > 0 {
		functions := append([]byte{1}, vector(vectorOf(m.names))...)
		out = append(out, Section(0, append(text("name"), functions...))...)
	}
	return append(out, slices.Concat(m.own...)...)
}

// Section is one section with its header: with Preamble, the means to write a
// malformed module by hand.
func Section(id byte, body []byte) []byte {
	return append([]byte{id}, vector(body)...)
}

// vector puts the length before bytes, vectorOf the count before items.
func vector(b []byte) []byte { return append(leb(uint32(len(b))), b...) }

func vectorOf(items [][]byte) []byte {
	return append(leb(uint32(len(items))), slices.Concat(items...)...)
}

func text(s string) []byte { return vector([]byte(s)) }

func limits(low uint32, high []uint32) []byte {
	if len(high) == 0 {
		return append([]byte{0}, leb(low)...)
	}
	return slices.Concat([]byte{1}, leb(low), leb(high[0]))
}

func valueTypes(letters string) []byte {
	const known, codes = "iIfFvre", "\x7f\x7e\x7d\x7c\x7b\x70\x6f"
	out := make([]byte, 0, len(letters))
	for _, l := range letters {
		i := strings.IndexRune(known, l)
		if i < 0 {
			panic(fmt.Sprintf("wasmtest: no value type %q", l))
		}
		out = append(out, codes[i])
	}
	return out
}
