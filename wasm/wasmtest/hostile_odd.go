package wasmtest

import (
	"slices"
	"strings"
)

// initialBombs ask for as much as they can before any code runs.
func initialBombs() []hostile {
	return []hostile{
		{name: "a memory of 1 GiB", ends: "initialise: limit", patch: replacing(5, 1, "\x00", 16384)},
		{name: "a memory of no pages", patch: replacing(5, 1, "\x00", 0), ends: "initialise: "},
		{name: "a memory that may not grow", patch: replacing(5, 1, "\x01", 1, 1)},
		{name: "a memory whose maximum is below its minimum", refusal: "below the minimum", patch: replacing(5, 1, "\x01", 2, 1)},
		{name: "a table of 2^18 elements", add: func(m *Module) { m.Table(1 << 18) }},
		{name: "16 tables that may grow to 2^32-1", add: func(m *Module) {
			for range 16 {
				m.Table(1, most)
			}
		}},
		{name: "2^20 element items", patch: replacing(9, 1, "\x01\x00", 1<<20, Repeat(1<<20, "\x00")), add: body(":", "", "")},
		{name: "2^20 element items that are expressions", patch: replacing(9, 1, "\x05\x70", 1<<20, Repeat(1<<20, "\xd2\x00\x0b")), add: body(":", "", "")},
		{name: "20,000 element segments", add: func(m *Module) {
			f := m.Func(":", "", "")
			m.Table(1)
			for range 20_000 {
				m.Elem(0, f)
			}
		}},
		{name: "an element segment beyond its table", add: func(m *Module) { m.Table(1); m.Elem(1, m.nextFunction()); m.Func(":", "", "") }},
		{name: "an element segment far beyond its table", add: func(m *Module) { m.Table(1); m.Elem(most, m.nextFunction()); m.Func(":", "", "") }},
		{name: "a data segment beyond the memory", ends: "initialise: ", add: func(m *Module) { m.Data(pageSize-1, []byte("ab")) }},
		{name: "a data segment far beyond the memory", ends: "initialise: ", add: func(m *Module) { m.Data(most, []byte("ab")) }},
		{name: "90,000 data segments at the same place", add: func(m *Module) {
			for range 90_000 {
				m.Data(512, []byte("x"))
			}
		}},
		{name: "20 MB of passive data", add: func(m *Module) { m.data = append(m.data, append([]byte{1}, vector(make([]byte, 20<<20))...)) }},
		{name: "19,000 vectors as globals", add: func(m *Module) {
			for range 19_000 {
				m.Global("v", true, V128(1))
			}
		}},
		{name: "19,000 references as globals", add: func(m *Module) {
			f := m.Func(":", "", "")
			for range 19_000 {
				m.Global("r", true, "\xd2"+Code(leb(f)))
			}
		}},
		{name: "19,000 types of 512 values", refusal: "values of all types", add: func(m *Module) {
			types := []string{}
			for i := range 19_000 {
				values := []byte(strings.Repeat("\x7f", 242))
				for range 14 {
					values, i = append(values, 0x7e+byte(i&1)), i>>1
				}
				types = append(types, "\x60"+string(vector(values))+string(vector(values)))
			}
			m.types = append(m.types, types...)
		}},
		{name: "a data segment that is dropped and used", ends: "request: memory", add: dropped, patch: func(code []byte) []byte {
			return withSection(code, 12, leb(uint32(1+strings.Count(string(code), "\x00\x41\x80\x08\x0b"))))
		}},
	}
}

// dropped drops a passive data segment and copies from it.
func dropped(m *Module) {
	n := Code(leb(uint32(len(m.data))))
	m.data = append(m.data, []byte("\x01\x04data"))
	m.Func(":", "", "\xfc\x09"+n+I32(0)+I32(0)+I32(4)+"\xfc\x08"+n+"\x00")
}

// wrongTypes have operands of other types than their instructions take: the
// check leaves them to the compiler, and rewriting makes none of them right.
func wrongTypes() []hostile {
	var list []hostile
	for _, k := range []struct {
		name, sig string
		code      Code
	}{
		{"an i64 where an i32 is taken", ":", I64(1) + I32(1) + I32Add + Drop},
		{"an addition without operands", ":", I32Add + Drop},
		{"an addition with an operand too few", ":", I32(1) + I32Add + Drop},
		{"a memory.fill with operands too few", ":", I32(0) + I32(0) + MemoryFill},
		{"a memory.fill of i64", ":", I32(0) + I32(0) + I64(0) + MemoryFill},
		{"a memory.grow without an operand", ":", MemoryGrow + Drop},
		{"a memory.grow by an i64", ":", I64(1) + MemoryGrow + Drop},
		{"a function that leaves too little", ":i", ""},
		{"a function that leaves too much", ":", I32(1)},
		{"a function that leaves another type", ":i", I64(1)},
		{"a return of another type", ":i", I64(1) + Ret},
		{"a return of too little", ":i", Ret},
		{"a branch to the end with too little", ":i", Br(0)},
		{"a branch to the end of another type", ":i", F32(1) + Br(0)},
		{"a loop that takes what is below it", ":", I32(1) + Loop(Drop)},
		{"an if without a condition", ":", If("")},
		{"an if whose parts differ", ":i", I32(1) + "\x04\x7f" + I32(1) + Else + I64(1) + End},
		{"an if with a result and no else", ":i", I32(1) + "\x04\x7f" + I32(1) + End},
		{"a br_table of labels that differ", ":i", "\x02\x7f\x02\x7e" + I32(1) + "\x0e\x01\x00\x01" + End + Drop + I32(1) + End},
		{"too much after what cannot be reached", ":", Unreachable + I32(1) + I32(1)},
		{"a wrong type after what cannot be reached", ":", Unreachable + I64(1) + I32Add + Drop},
		{"a select of references without their type", ":", RefNull + RefNull + I32(1) + "\x1b" + Drop},
		{"a reference of another kind", ":r", "\xd0\x6f"},
		{"a set of a local of another type", "i:", I64(1) + Set(0)},
		{"a float made canonical that is none", ":f", I32(1) + I32(2) + "\x92"},
		{"a vector made canonical that is none", ":v", F32(1) + F32(2) + "\xfd\xe4\x01"},
	} {
		list = append(list, hostile{name: k.name, ends: "compile: invalid function", add: body(k.sig, "", k.code)})
	}
	return append(list,
		hostile{name: "a set of a global of another type", ends: "compile: invalid function", add: func(m *Module) {
			g := m.Global("I", true, I64(1))
			m.Func(":", "", I32(2)+GlobalSet(g))
		}},
		hostile{name: "a call with operands too few", ends: "compile: invalid function", add: func(m *Module) {
			f := m.Func("ii:", "", "")
			m.Func(":", "", I32(2)+Call(f))
		}},
		hostile{name: "an access with too wide an alignment", ends: "compile: invalid function", add: func(m *Module) {
			m.Func(":", "", I32(2)+"\x28\x03\x00"+Drop)
		}})
}

// oddities keep to the format, or nearly, in ways that no compiler would.
func oddities() []hostile {
	const zero = "\x80\x80\x80\x80\x00"
	names := func(n int) func(*Module) {
		return func(m *Module) {
			var b []byte
			for i := range n {
				b = append(append(b, leb(uint32(i))...), 1, 'x')
			}
			m.Custom("name", append([]byte{1}, vector(append(leb(uint32(n)), b...))...))
		}
	}
	raw := func(code string) func(*Module) { return func(m *Module) { m.raw(":", code) } }
	huge := strings.Repeat("x", 30<<20)
	return []hostile{
		{name: "indexes of five bytes", add: func(m *Module) {
			m.Global("i", true, I32(0))
			m.raw(":", zero+"\x23"+zero+"\x1a\x02\x40\x0c"+zero+"\x0b\x0b")
		}},
		{name: "a number of more than 32 bits", refusal: "32 bits", add: raw("\x00\x20\xff\xff\xff\xff\x1f\x0b")},
		{name: "a constant of more than 32 bits", refusal: "32 bits", add: raw("\x00\x41\xff\xff\xff\xff\x0f\x1a\x0b")},
		{name: "a constant of more than 64 bits", refusal: "64 bits", add: raw("\x00\x42\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x1a\x0b")},
		{name: "a block type of two bytes", refusal: "longer than a byte", add: raw("\x00\x02\xc0\x7f\x0b\x0b")},
		{name: "a block of type 2^32-1", refusal: "does not exist", add: raw("\x00\x02\xff\xff\xff\xff\x0f\x0b\x0b")},
		{name: "a name section of two million names", add: names(2_000_000)},
		{name: "a name section that ends early", add: func(m *Module) { m.Custom("name", []byte("\x01\xff\xff\xff\xff\x0f\xff")) }},
		{name: "a name section inside out", add: func(m *Module) { m.Custom("name", []byte("\x01\x05\xff\xff\xff\xff\x0f")) }},
		{name: "a custom section of 30 MB", add: func(m *Module) { m.Custom("x", []byte(huge)) }},
		{name: "a custom section whose name has 30 MB", add: func(m *Module) { m.Custom(huge, nil) }},
		{name: "100,000 custom sections", add: func(m *Module) {
			for range 100_000 {
				m.Custom("x", nil)
			}
		}},
		{name: "an export whose name has 30 MB", refusal: "bytes of a name", add: func(m *Module) { m.Export(huge, Memory, 0) }},
		{name: "an import whose name has 30 MB", refusal: "bytes of a name", patch: replacing(2, 1, "\x01x", len(huge), huge, "\x00\x00"), add: func(m *Module) { m.Type(":") }},
		{name: "ten million types", refusal: "types: 10000000, the limit is 20000", patch: replacing(1, 10_000_000, strings.Repeat("\x60\x00\x00", 10_000_000))},
		{name: "five million exports", refusal: "exports: 5000000, the limit is 20000", patch: func(c []byte) []byte {
			var b []byte
			for i := range 5_000_000 {
				b = append(append(b, 3, byte(i), byte(i>>8)&0x7f, byte(i>>15)&0x7f), 0, 0)
			}
			return withSection(c, 7, slices.Concat(leb(5_000_000), b))
		}},
		{name: "element segments of every kind", add: everyElement},
	}
}

// everyElement has an element segment with each of its flags.
func everyElement(m *Module) {
	f := byte(m.nextFunction())
	m.Func(":", "", "")
	m.Table(8)
	at := []byte(I32(0) + End)
	index, expr := []byte{1, f}, []byte{1, 0xd2, f, 0x0b}
	m.elems = append(m.elems,
		slices.Concat([]byte{0}, at, index), slices.Concat([]byte{1, 0}, index), slices.Concat([]byte{2, 0}, at, []byte{0}, index), slices.Concat([]byte{3, 0}, index),
		slices.Concat([]byte{4}, at, expr), slices.Concat([]byte{5, 0x70}, expr), slices.Concat([]byte{6, 0}, at, []byte{0x70}, expr), slices.Concat([]byte{7, 0x70}, expr))
}

// disguises look like what the engine adds.
func disguises() []hostile {
	own := func(name string) func(*Module) {
		return func(m *Module) {
			g := m.Global("I", true, I64(1<<40))
			m.Export(name, Global, g)
			m.Func(":", "", Loop(I64(1<<40)+GlobalSet(g)+Br(0)))
		}
	}
	colons := strings.Repeat(":", 90_000)
	return []hostile{
		{name: "a global exported as the fuel", ends: "request: limit", add: own("theater_engine:fuel")},
		{name: "a global exported as the depth", ends: "request: limit", add: own("theater_engine:depth")},
		{name: "a function exported as the start", add: func(m *Module) {
			m.Export("theater_engine:start", Function, m.Func(":", "", Unreachable))
			m.Func(":", "", "")
		}},
		{name: "an export that makes the hidden names long", refusal: "engine's own", add: func(m *Module) {
			for range 1_000 {
				m.Global("i", true, I32(0))
			}
			m.Export("theater_engine"+colons, Memory, 0)
		}},
		{name: "an import that is nearly the engine's", ends: "abi: another type", patch: replacing(2, 1, "\x0ftheater_engine:\x05yield\x00\x00"), add: func(m *Module) { m.Type("i:") }},
		{name: "a function of the yield's type called through a table", ends: "request: table", add: func(m *Module) {
			m.Table(4)
			m.Func(":", "", I32(0)+I32(1)+CallIndirect(m.Type("i:")))
		}},
		{name: "every function called through a table", ends: "request: indirect-call", add: func(m *Module) {
			n := m.nextFunction()
			all := make([]uint32, n)
			for i := range all {
				all[i] = uint32(i)
			}
			m.Table(n + 1)
			m.Elem(0, all...)
			m.Func(":", "i", Loop(I32(0)+Get(0)+CallIndirect(m.Type("i:"))+Get(0)+I32(1)+I32Add+Set(0)+Br(0)))
		}},
		{name: "a recursion that keeps 5,000 values", ends: "request: stack", add: func(m *Module) {
			self := m.nextFunction()
			m.Func("i:", "", Repeat(5_000, Get(0)+Load32(0))+Get(0)+Call(self)+Repeat(5_000, Drop))
		}},
		{name: "a recursion that keeps 9,000 vectors", ends: "request: stack", add: func(m *Module) {
			self := m.nextFunction()
			m.Func("i:v", "", Repeat(9_000, Get(0)+"\xfd\x00\x00\x00")+Get(0)+Call(self)+Repeat(9_000, "\xfd\xae\x01"))
		}},
		{name: "a recursion through a table", ends: "request: stack", add: func(m *Module) {
			self := m.nextFunction()
			m.Table(1)
			m.Elem(0, self)
			m.Func(":", "", I32(0)+CallIndirect(m.Type(":")))
		}},
		{name: "calls that double", ends: "request: limit", add: func(m *Module) {
			self := m.nextFunction()
			m.Func("i:", "", Get(0)+I32(200)+I32GtU+If(Ret)+Repeat(2, Get(0)+I32(1)+I32Add+Call(self)))
		}},
		{name: "a table grown to its end", add: func(m *Module) {
			m.Table(1)
			m.Func(":", "", Loop(RefNull+I32(1<<10)+TableGrow(0)+I32(-1)+I32Ne+BrIf(0)))
		}},
		{name: "a table filled without end", ends: "request: limit", add: func(m *Module) {
			m.Table(1 << 18)
			m.Func(":", "", Loop(I32(0)+RefNull+I32(1<<18)+"\xfc\x11\x00"+Br(0)))
		}},
		{name: "a memory grown to its end and filled without end", ends: "request: limit", add: body(":", "",
			Loop(I32(1)+MemoryGrow+I32(-1)+I32Ne+BrIf(0))+Loop(I32(0)+I32(1)+MemorySize+I32(16)+I32Shl+MemoryFill+Br(0)))},
		{name: "a memory copied over itself without end", ends: "request: limit", add: body(":", "", Loop(I32(1)+I32(0)+I32(65535)+MemoryCopy+Br(0)))},
		{name: "a memory.fill beyond the memory", ends: "request: memory", add: body(":", "", I32(0)+I32(0)+I32(-1)+MemoryFill)},
	}
}
