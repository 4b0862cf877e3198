package wasmtest

import (
	"fmt"
	"slices"
)

func wrongIndexes() []hostile {
	var list []hostile
	for _, beyond := range []uint32{0, 1, most} {
		at := func(n uint32) uint32 { return n + min(beyond, most-n) }
		says := func(what string) string {
			return fmt.Sprintf("the first %s that does not exist, plus %d", what, beyond)
		}
		gone := "does not exist"
		list = append(list,
			hostile{name: "global.get of " + says("global"), refusal: gone, add: func(m *Module) { m.Func(":", "", GlobalGet(at(m.nextGlobal()))+Drop) }},
			hostile{name: "global.set of " + says("global"), refusal: gone, add: func(m *Module) { m.Func(":", "", I32(0)+GlobalSet(at(m.nextGlobal()))) }},
			hostile{name: "a call of " + says("function"), refusal: gone, add: func(m *Module) { m.Func(":", "", Call(at(m.nextFunction()+1))) }},
			hostile{name: "ref.func of " + says("function"), refusal: gone, add: func(m *Module) { m.Func(":", "", "\xd2"+Code(leb(at(m.nextFunction()+1)))+Drop) }},
			hostile{name: "a local that is " + says("local"), refusal: gone, add: func(m *Module) { m.Func("i:", "i", Get(at(2))+Drop) }},
			hostile{name: "a branch to " + says("label"), refusal: gone, add: func(m *Module) { m.Func(":", "", Block(Br(at(2)))) }},
			hostile{name: "a call of a type that is " + says("type"), refusal: gone, add: func(m *Module) {
				m.Table(1)
				m.Type(":")
				m.Func(":", "", I32(0)+CallIndirect(at(uint32(len(m.types)))))
			}},
		)
	}
	last := func(kind Kind) func(*Module) {
		return func(m *Module) {
			m.Export("hostile", kind, map[Kind]uint32{Function: m.nextFunction(), Table: 9, Memory: 1, Global: m.nextGlobal()}[kind])
		}
	}
	return append(list,
		// The assembler's functions are complete when these are added.
		hostile{name: "an export of a function that does not exist", refusal: "does not exist", add: last(Function), patch: nil},
		hostile{name: "an export of a global that does not exist", refusal: "does not exist", add: last(Global)},
		hostile{name: "an export of a table that does not exist", refusal: "does not exist", add: last(Table)},
		hostile{name: "an export of a memory that does not exist", refusal: "does not exist", add: last(Memory)},
		hostile{name: "a start function that does not exist", refusal: "does not exist", add: func(m *Module) { m.Start(1 << 20) }},
		hostile{name: "an element that does not exist", refusal: "does not exist", add: func(m *Module) { m.Table(1); m.Elem(0, 1<<20) }},
		hostile{name: "a block of a type that does not exist", refusal: "does not exist", add: func(m *Module) { m.Func(":", "", "\x02\xff\x00"+End) }},
		hostile{name: "a data segment that does not exist", refusal: "does not exist", add: body(":", "", "\xfc\x09\x07"), patch: func(code []byte) []byte {
			return withSection(withSection(code, 12, leb(0)), 11, leb(0))
		}},
		hostile{name: "a data segment without a count", refusal: "without a count", add: body(":", "", "\xfc\x09\x00")},
		hostile{name: "an element segment that does not exist", refusal: "does not exist", add: body(":", "", "\xfc\x0d\x00")},
		hostile{name: "a table that does not exist", refusal: "does not exist", add: body(":", "", "\xfc\x10\x00"+Drop)},
		hostile{name: "a reference to a function that nothing declares", refusal: "not declared", add: func(m *Module) {
			f := m.Func(":", "", "")
			m.Func(":", "", "\xd2"+Code(leb(f))+Drop)
		}},
		hostile{name: "a reference to the start function that nothing declares", refusal: "not declared", add: func(m *Module) {
			f := m.Func(":", "", "")
			m.Start(f)
			m.Func(":", "", "\xd2"+Code(leb(f))+Drop)
		}},
		hostile{name: "a set of a constant global", refusal: "not mutable", add: func(m *Module) {
			g := m.Global("i", false, I32(1))
			m.Func(":", "", I32(2)+GlobalSet(g))
		}, patch: nil},
		hostile{name: "a global initialised from itself", refusal: "does not exist", add: func(m *Module) { m.Global("i", false, GlobalGet(m.nextGlobal())) }},
	)
}

func wrongBodies() []hostile {
	raw := func(code string) func(*Module) { return func(m *Module) { m.raw(":", code) } }
	return []hostile{
		{name: "a body without an end", refusal: "ends early", add: raw("\x00\x01")},
		{name: "an empty body", refusal: "function", add: raw("")},
		{name: "a body with an end too many", refusal: "goes on after its end", add: raw("\x00\x0b\x0b")},
		{name: "code after the end of a body", refusal: "goes on after its end", add: raw("\x00\x0b\x01\x0b")},
		{name: "a block without an end", refusal: "ends early", add: raw("\x00\x02\x40\x0b")},
		{name: "a body that ends inside a constant", refusal: "ends early", add: raw("\x00\x41\x80")},
		{name: "a body that ends inside a br_table", refusal: "ends early", add: raw("\x00\x41\x00\x0e\x05\x00\x00")},
		{name: "a body longer than its section", refusal: "ends early", patch: func(c []byte) []byte {
			return withSection(withSection(withSection(withSection(c, 7, []byte{0}), 1, []byte("\x01\x60\x00\x00")), 3, []byte{1, 0}), 10, []byte("\x01\xff\x01\x00\x0b"))
		}},
		{name: "an else without an if", refusal: "else without its if", add: raw("\x00\x05\x0b\x0b")},
		{name: "an else of a block", refusal: "else without its if", add: raw("\x00\x02\x40\x05\x0b\x0b")},
		{name: "an opcode that does not exist", refusal: "opcode that does not exist", add: raw("\x00\xff\x0b")},
		{name: "a block of a type that is none", refusal: "value type that does not exist", add: raw("\x00\x02\x5f\x0b\x0b")},
		{name: "a SIMD opcode written longer than it is", refusal: "opcode that does not exist", add: raw("\x00\xfd\x8c\x00\x0b")},
		{name: "a lane that does not exist", refusal: "lane", add: raw("\x00\x41\x00\xfd\x0f\xfd\x16\x10\x1a\x0b")},
		{name: "functions without bodies", refusal: "have a body", add: body(":", "", ""), patch: func(code []byte) []byte {
			return withSection(code, 10, []byte{0})
		}},
		{name: "bodies without functions", refusal: "have a body", patch: replacing(10, 9, Repeat(9, "\x02\x00\x0b"))},
	}
}

func wrongSections() []hostile {
	return []hostile{
		{name: "a section twice", refusal: "out of order", patch: func(c []byte) []byte {
			return slices.Concat([]byte(Preamble), Section(1, leb(0)), c[len(Preamble):])
		}, add: func(m *Module) { m.Type(":") }},
		{name: "sections out of order", refusal: "out of order", patch: func(c []byte) []byte {
			return slices.Concat([]byte(Preamble), Section(11, leb(0)), c[len(Preamble):])
		}},
		{name: "a section that does not exist", refusal: "does not exist", patch: func(c []byte) []byte { return slices.Concat(c, Section(99, nil)) }},
		{name: "a section longer than the module", refusal: "ends early", patch: func(c []byte) []byte { return slices.Concat(c, []byte{0, 0xff, 0x7f, 1}) }},
		{name: "a section with bytes left over", refusal: "more than it declares", patch: replacing(11, "\x00\x00")},
		{name: "a custom section without a name", refusal: "ends early", patch: func(c []byte) []byte { return slices.Concat(c, []byte{0, 0}) }},
		{name: "a name that is not UTF-8", refusal: "not UTF-8", patch: func(c []byte) []byte { return slices.Concat(c, []byte("\x00\x02\x01\xff")) }},
		{name: "an export twice", refusal: "comes twice", add: func(m *Module) { m.Export("x", Memory, 0); m.Export("x", Memory, 0) }},
		{name: "a start function with a parameter", refusal: "takes or gives values", add: func(m *Module) { m.Start(m.Func("i:", "", "")) }},
		{name: "an import of the engine's own", refusal: "engine's own", patch: replacing(2, 1, "\x0etheater_engine\x05yield\x00\x00"), add: func(m *Module) { m.Type(":") }},
		{name: "the preamble of version 2", refusal: "is not supported", patch: func(c []byte) []byte { return slices.Concat([]byte("\x00asm\x02\x00\x00\x00"), c[8:]) }},
		{name: "half a module", refusal: "ends early", patch: func(c []byte) []byte { return c[:len(c)-1] }, add: func(m *Module) { m.Data(0, []byte("data")) }},
	}
}

func features() []hostile {
	code := func(name, code string) hostile {
		return hostile{name: "an instruction of " + name, refusal: name + " is not supported", add: func(m *Module) { m.raw(":", "\x00"+code+"\x0b") }}
	}
	return []hostile{
		code("tail calls", "\x12\x00"),
		code("exception handling", "\x06\x40\x0b"),
		code("threads", "\xfe\x03\x00"),
		code("garbage collection", "\xfb\x00\x00"),
		code("typed function references", "\x14\x00"),
		code("relaxed SIMD", "\xfd\x80\x02"),
		code("multi-memory", "\x3f\x01\x1a"),
		{name: "a shared memory", refusal: "threads is not supported", patch: replacing(5, 1, "\x03\x01\x02")},
		{name: "a memory of 64 bits", refusal: "memory64 is not supported", patch: replacing(5, 1, "\x04\x01")},
		{name: "two memories", asActor: "abi: composite", refusal: "multi-memory is not supported", patch: replacing(5, 2, "\x00\x01\x00\x01")},
		{name: "tags", refusal: "exception handling is not supported", patch: func(c []byte) []byte { return withSection(c, 13, leb(0)) }},
		{name: "a type of structures", refusal: "garbage collection is not supported", patch: replacing(1, 1, "\x5f\x00\x00")},
		{name: "a typed reference", refusal: "typed function references is not supported", patch: replacing(1, 1, "\x60\x01\x64\x00")},
		{name: "a constant that is computed", refusal: "extended constant expressions is not supported", patch: replacing(6, 1, "\x7f\x00", I32(1), I32(1), I32Add, End)},
	}
}
