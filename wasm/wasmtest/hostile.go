package wasmtest

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// HostileModule is a module made to harm whoever loads it.
type HostileModule struct {
	Name    string
	Code    []byte
	Actor   bool   // whether it has the exports of an actor
	Refusal string // what its refusal says; "" where it has to be let in and held by its budgets
}

// Hostile makes every kind of hostile module, bare and as an actor.
func Hostile() []HostileModule {
	var all []HostileModule
	for _, k := range slices.Concat(countBombs(), compileBombs(), resourceBombs(), wrongIndexes(), wrongBodies(), wrongSections(), features()) {
		var m Module
		m.Memory(1)
		k.extend(&m)
		bare := HostileModule{Name: k.name, Code: k.patched(m.Bytes()), Refusal: k.refusal}
		actor := HostileModule{Name: k.name + ", as an actor", Code: k.patched(Guest{extend: k.extend}.Bytes()), Actor: true, Refusal: k.refusal}
		all = append(all, bare, actor)
	}
	return all
}

// hostile is one kind: what is added to a module, and what is done to its bytes.
type hostile struct {
	name, refusal string
	add           func(*Module)
	patch         func([]byte) []byte
}

func (k hostile) extend(m *Module) {
	if k.add != nil {
		k.add(m)
	}
}

func (k hostile) patched(code []byte) []byte {
	if k.patch != nil {
		return k.patch(code)
	}
	return code
}

const most = math.MaxUint32

// sectionOrder is the rank of sections by id.
var sectionOrder = []int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 7, 7: 8, 8: 9, 9: 10, 10: 12, 11: 13, 12: 11, 13: 6}

// withSection replaces the section of the id, or adds it where it belongs.
func withSection(code []byte, id byte, body []byte) []byte {
	out := []byte(Preamble)
	written := false
	for rest := code[len(Preamble):]; len(rest) > 0; {
		size, n := 0, 1
		for shift := 0; ; shift += 7 {
			b := rest[n]
			size |= int(b&0x7f) << shift
			if n++; b < 0x80 {
				break
			}
		}
		if !written && (rest[0] == 0 || sectionOrder[rest[0]] >= sectionOrder[id]) {
			out, written = append(out, Section(id, body)...), true
		}
		if rest[0] != id {
			out = append(out, rest[:n+size]...)
		}
		rest = rest[n+size:]
	}
	if !written {
		out = append(out, Section(id, body)...)
	}
	return out
}

// replacing makes the patch that gives a section another body.
func replacing(id byte, parts ...any) func([]byte) []byte {
	var body []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			body = append(body, leb(uint32(p))...)
		case string:
			body = append(body, p...)
		case Code:
			body = append(body, p...)
		}
	}
	return func(code []byte) []byte { return withSection(code, id, body) }
}

// body adds a function.
func body(sig, locals string, code Code) func(*Module) {
	return func(m *Module) { m.Func(sig, locals, code) }
}

func countBombs() []hostile {
	const refusal = "are declared where"
	all := []hostile{}
	for _, s := range []struct {
		name string
		id   byte
	}{{"types", 1}, {"imports", 2}, {"functions", 3}, {"tables", 4}, {"memories", 5}, {"globals", 6}, {"exports", 7}, {"element segments", 9}, {"data segments", 11}} {
		all = append(all, hostile{name: "2^32-1 " + s.name, refusal: s.name + ": 4294967295 " + refusal, patch: replacing(s.id, most)})
	}
	return append(all,
		hostile{name: "2^32-1 bodies", refusal: "function bodies: 4294967295 " + refusal, patch: replacing(10, most)},
		hostile{name: "2^32-1 data segments counted ahead", refusal: "data segments: 4294967295, the limit", patch: replacing(12, most)},
		hostile{name: "2^32-1 parameters", refusal: "parameters of a type: 4294967295 " + refusal, patch: replacing(1, 1, "\x60", most)},
		hostile{name: "2^32-1 results", refusal: "results of a type: 4294967295 " + refusal, patch: replacing(1, 1, "\x60\x00", most)},
		hostile{name: "2^32-1 element items", refusal: "element items: 4294967295 " + refusal, add: func(m *Module) { m.Table(1) }, patch: replacing(9, 1, "\x00", I32(0), End, most)},
		hostile{name: "an import's name of 4 GiB", refusal: "ends early", patch: replacing(2, 1, most, "x\x01")},
		hostile{name: "2^32-1 local declarations", refusal: "local declarations: 4294967295 " + refusal, add: func(m *Module) { m.raw(":", string(leb(most))+"\x0b") }},
		hostile{name: "2^32-1 locals", refusal: "locals of a function: 4294967295, the limit", add: func(m *Module) { m.raw(":", "\x01"+string(leb(most))+"\x7f\x0b") }},
		hostile{name: "2^33 locals in two declarations", refusal: "locals of a function: 8589934590, the limit", add: func(m *Module) { m.raw(":", "\x02"+string(leb(most))+"\x7f"+string(leb(most))+"\x7e\x0b") }},
		hostile{name: "10,001 locals", refusal: "10001, the limit is 10000", add: body(":", strings.Repeat("i", 10_001), "")},
		hostile{name: "2^32-1 targets of a br_table", refusal: "ends early", add: body("i:", "", Get(0)+"\x0e"+Code(leb(most))+"\x00")},
		hostile{name: "a number of six bytes", refusal: "32 bits", patch: replacing(6, "\x80\x80\x80\x80\x80\x00")},
	)
}

func compileBombs() []hostile {
	const joins = "values at labels"
	var list []hostile
	for _, b := range []struct{ name, open string }{{"blocks", "\x02\x40"}, {"loops", "\x03\x40"}, {"ifs", "\x20\x00\x04\x40"}} {
		nest := func(n int) func(*Module) {
			return body("i:", "", Repeat(n, Code(b.open))+Repeat(n, End))
		}
		list = append(list,
			hostile{name: "100,000 " + b.name + " inside each other", refusal: "blocks inside each other: 1501, the limit is 1500", add: nest(100_000)},
			hostile{name: "1,500 " + b.name + " inside each other", add: nest(1500)})
	}
	return append(list,
		hostile{name: "2,000 locals set in 2,000 ifs", refusal: joins, add: body("i:", strings.Repeat("i", 2000), setInIfs(2000, 2000))},
		hostile{name: "1,000 locals set in 1,000 ifs of a loop", refusal: joins, add: body("i:", strings.Repeat("i", 1000), Loop(setInIfs(1000, 1000)+Get(0)+BrIf(0)))},
		hostile{name: "as many locals in ifs as are let in", add: body("i:", strings.Repeat("i", 500), Loop(setInIfs(450, 500)+Get(0)+BrIf(0)))},
		hostile{name: "100,000 blocks after each other", refusal: joins, add: body("i:", "", Repeat(100_000, Block(Get(0)+BrIf(0))))},
		hostile{name: "20,000 values on the stack over 1,000 blocks", refusal: joins, add: body("i:i", "", Repeat(20_000, Get(0)+Load32(0))+Repeat(1000, Block(Get(0)+BrIf(0)))+Repeat(19_999, I32Add))},
		hostile{name: "a br_table of a million targets", refusal: "bytes of a body", add: body("i:", "", branchTable(1<<20))},
		hostile{name: "a br_table of 100,000 targets", refusal: "targets of a br_table: 100000, the limit is 4096", add: body("i:", "", branchTable(100_000))},
		hostile{name: "a br_table of 4,096 targets", add: body("i:", "", branchTable(4096))},
		hostile{name: "a thousand br_tables of 500 targets", refusal: joins, add: body("i:", "", Repeat(1000, branchTable(500)))},
		hostile{name: "loops over 100 values", refusal: joins, add: manyValues},
		hostile{name: "calls that give 200 values", refusal: joins, add: manyResults},
		hostile{name: "5,000 bulk operations in a function", refusal: joins, add: body("i:", "", Repeat(5000, Get(0)+Get(0)+Get(0)+MemoryFill))},
		hostile{name: "a body of 2 MB", refusal: "bytes of a body", add: body("i:", "", Repeat(1<<19, Get(0)+Drop+Nop))},
		hostile{name: "a body of 1 MB", add: body("i:", "", Repeat(200_000, Get(0)+Drop+Nop))},
		hostile{name: "257 parameters", refusal: "parameters of a type: 257, the limit is 256", add: func(m *Module) { m.Type(strings.Repeat("i", 257) + ":") }},
	)
}

// setInIfs sets each of the locals in one of n ifs.
func setInIfs(n, locals int) Code {
	var b strings.Builder
	for i := range n {
		l := uint32(i % locals)
		b.WriteString(string(Get(l) + If(I32(1)+Set(l))))
	}
	return Code(b.String())
}

func branchTable(n int) Code {
	return Block(Get(0) + "\x0e" + Code(leb(uint32(n))) + Repeat(n+1, "\x00"))
}

func manyValues(m *Module) {
	values := strings.Repeat("i", 100)
	t := Code(leb(m.Type(values + ":" + values)))
	m.Func("i:", "", Repeat(100, Get(0))+Repeat(5000, "\x03"+t+Get(0)+BrIf(0)+End)+Repeat(100, Drop))
}

func manyResults(m *Module) {
	f := m.Func(":"+strings.Repeat("i", 200), "", Repeat(200, I32(1)))
	m.Func(":", "", Repeat(5000, Call(f))+Unreachable)
}

func resourceBombs() []hostile {
	manyOf := func(n int, add func(*Module)) func(*Module) {
		return func(m *Module) {
			for range n {
				add(m)
			}
		}
	}
	memory := func(low int) func([]byte) []byte { return replacing(5, 1, "\x00", low) }
	table := func(m *Module) { m.Table(1) }
	return []hostile{
		{name: "a table of 2^27 elements", refusal: "elements of tables", add: func(m *Module) { m.Table(1 << 27) }},
		{name: "tables of 2^18 elements together and one more", refusal: "elements of tables: 262145, the limit is 262144", add: func(m *Module) { m.Table(1 << 18); m.Table(1) }},
		{name: "17 tables", refusal: "tables: 17, the limit is 16", add: manyOf(17, table)},
		{name: "a table whose maximum is below its minimum", refusal: "below the minimum", add: func(m *Module) { m.Table(2, 1) }},
		{name: "table.grow without end", add: func(m *Module) {
			m.Table(1)
			m.Start(m.Func(":", "", Loop(RefNull+I32(1<<20)+TableGrow(0)+Drop+Br(0))))
		}},
		{name: "memory.grow without end", add: starting(Loop(I32(1) + MemoryGrow + Drop + Br(0)))},
		{name: "memory.fill without end", add: starting(Loop(I32(0) + I32(1) + I32(65536) + MemoryFill + Br(0)))},
		{name: "a memory of 4 GiB", refusal: "pages of memory: 65536, the limit is 16384", patch: memory(65536)},
		{name: "a memory of more than 4 GiB", refusal: "more than 4 GiB", patch: memory(65537)},
		{name: "a memory whose maximum is more than 4 GiB", refusal: "more than 4 GiB", patch: replacing(5, 1, "\x01\x00", 65537)},
		{name: "100,001 data segments", refusal: "data segments: 100001, the limit is 100000", patch: replacing(11, 100_001, Repeat(100_001, "\x01\x00"))},
		{name: "20,001 element segments", refusal: "element segments: 20001, the limit is 20000", patch: replacing(9, 20_001, Repeat(20_001, "\x01\x00\x00"))},
		{name: "2^20 element items and one more", refusal: "element items: 1048577, the limit is 1048576", add: body(":", "", ""), patch: replacing(9, 1, "\x01\x00", 1<<20+1, Repeat(1<<20+1, "\x00"))},
		{name: "20,001 globals", refusal: "globals: 20001, the limit is 20000", patch: replacing(6, 20_001, Repeat(20_001, "\x7f\x00\x41\x00\x0b"))},
		{name: "200,001 functions", refusal: "functions: 200001, the limit is 200000", add: func(m *Module) { m.Type(":") }, patch: replacing(3, 200_001, Repeat(200_001, "\x00"))},
		{name: "100,000 functions of 10,000 locals", refusal: "values at labels", patch: func(c []byte) []byte {
			many := Repeat(100_000, "\x06\x01\x90\x4e\x7f\x01\x0b")
			c = withSection(withSection(c, 7, []byte{0}), 1, []byte("\x01\x60\x00\x00"))
			c = withSection(c, 3, append(leb(100_000), make([]byte, 100_000)...))
			return withSection(c, 10, append(leb(100_000), many...))
		}},
		{name: "20,001 types", refusal: "types: 20001, the limit is 20000", patch: replacing(1, 20_001, Repeat(20_001, "\x60\x00\x00"))},
		{name: "20,001 exports", refusal: "exports: 20001, the limit is 20000", patch: replacing(7, 20_001, Repeat(20_001, "\x00\x02\x00"))},
		{name: "10,001 imports", refusal: "imports: 10001, the limit is 10000", patch: replacing(2, 10_001, Repeat(10_001, "\x00\x00\x00\x00"))},
		{name: "a start function that does not end", add: starting(Loop(Get(0) + Drop + Br(0)))},
		{name: "a start function of an empty endless loop", add: starting(Loop(Br(0)))},
		{name: "a start function that calls itself", add: func(m *Module) {
			f := m.Func(":", "", "")
			m.Start(m.Func(":", "", Call(f+1)))
		}},
		{name: "a start function that calls itself with 1,000 values", add: func(m *Module) {
			f := m.Func(":", "", "")
			m.Start(m.Func(":", "", Repeat(1000, I32(1))+Call(f+1)+Repeat(1000, Drop)))
		}},
	}
}

// starting adds a start function with one local.
func starting(code Code) func(*Module) {
	return func(m *Module) { m.Start(m.Func(":", "i", code)) }
}

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
		{name: "the preamble of version 2", refusal: "version 1", patch: func(c []byte) []byte { return slices.Concat([]byte("\x00asm\x02\x00\x00\x00"), c[8:]) }},
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
		{name: "two memories", refusal: "multi-memory is not supported", patch: replacing(5, 2, "\x00\x01\x00\x01")},
		{name: "tags", refusal: "exception handling is not supported", patch: func(c []byte) []byte { return withSection(c, 13, leb(0)) }},
		{name: "a type of structures", refusal: "garbage collection is not supported", patch: replacing(1, 1, "\x5f\x00\x00")},
		{name: "a typed reference", refusal: "typed function references is not supported", patch: replacing(1, 1, "\x60\x01\x64\x00")},
		{name: "a constant that is computed", refusal: "extended constant expressions is not supported", patch: replacing(6, 1, "\x7f\x00", I32(1), I32(1), I32Add, End)},
	}
}
