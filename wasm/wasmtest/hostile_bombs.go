package wasmtest

import "strings"

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
		hostile{name: "as many locals in ifs as are let in", ends: "request: limit", add: body("i:", strings.Repeat("i", 500), Loop(setInIfs(450, 500)+Get(0)+BrIf(0)))},
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
		{name: "table.grow without end", ends: "initialise: limit", add: func(m *Module) {
			m.Table(1)
			m.Start(m.Func(":", "", Loop(RefNull+I32(1<<20)+TableGrow(0)+Drop+Br(0))))
		}},
		{name: "memory.grow without end", ends: "initialise: limit", add: starting(Loop(I32(1) + MemoryGrow + Drop + Br(0)))},
		{name: "memory.fill without end", ends: "initialise: limit", add: starting(Loop(I32(0) + I32(1) + I32(65536) + MemoryFill + Br(0)))},
		{name: "a memory of 4 GiB", refusal: "pages of memory: 65536, the limit is 16384", patch: memory(65536)},
		{name: "a memory of more than 4 GiB", refusal: "more than 4 GiB", patch: memory(65537)},
		{name: "a memory whose maximum is more than 4 GiB", refusal: "more than 4 GiB", patch: replacing(5, 1, "\x01\x00", 65537)},
		{name: "100,001 data segments", refusal: "data segments: 100001, the limit is 100000", patch: replacing(11, 100_001, Repeat(100_001, "\x01\x00"))},
		{name: "20,001 element segments", refusal: "element segments: 20001, the limit is 20000", patch: replacing(9, 20_001, Repeat(20_001, "\x01\x00\x00"))},
		{name: "2^20 element items and one more", refusal: "element items: 1048577, the limit is 1048576", add: body(":", "", ""), patch: replacing(9, 1, "\x01\x00", 1<<20+1, Repeat(1<<20+1, "\x00"))},
		{name: "20,001 globals", refusal: "globals: 20001, the limit is 20000", patch: replacing(6, 20_001, Repeat(20_001, "\x7f\x00\x41\x00\x0b"))},
		{name: "100,001 functions", refusal: "functions: 100001, the limit is 100000", add: func(m *Module) { m.Type(":") }, patch: replacing(3, 100_001, Repeat(100_001, "\x00"))},
		{name: "100,000 functions of 10,000 locals", asActor: "abi: exports no memory", refusal: "values at labels", patch: func(c []byte) []byte {
			many := Repeat(100_000, "\x06\x01\x90\x4e\x7f\x01\x0b")
			c = withSection(withSection(c, 7, []byte{0}), 1, []byte("\x01\x60\x00\x00"))
			c = withSection(c, 3, append(leb(100_000), make([]byte, 100_000)...))
			return withSection(c, 10, append(leb(100_000), many...))
		}},
		{name: "20,001 types", refusal: "types: 20001, the limit is 20000", patch: replacing(1, 20_001, Repeat(20_001, "\x60\x00\x00"))},
		{name: "20,001 exports", refusal: "exports: 20001, the limit is 20000", patch: replacing(7, 20_001, Repeat(20_001, "\x00\x02\x00"))},
		{name: "10,001 imports", refusal: "imports: 10001, the limit is 10000", patch: replacing(2, 10_001, Repeat(10_001, "\x00\x00\x00\x00"))},
		{name: "a start function that does not end", ends: "initialise: limit", add: starting(Loop(Get(0) + Drop + Br(0)))},
		{name: "a start function of an empty endless loop", ends: "initialise: panic", add: starting(Loop(Br(0)))},
		{name: "a start function that calls itself", ends: "initialise: stack", add: func(m *Module) {
			f := m.Func(":", "", "")
			m.Start(m.Func(":", "", Call(f+1)))
		}},
		{name: "a start function that calls itself with 1,000 values", ends: "initialise: stack", add: func(m *Module) {
			f := m.Func(":", "", "")
			m.Start(m.Func(":", "", Repeat(1000, I32(1))+Call(f+1)+Repeat(1000, Drop)))
		}},
	}
}

// starting adds a start function with one local.
func starting(code Code) func(*Module) {
	return func(m *Module) { m.Start(m.Func(":", "i", code)) }
}
