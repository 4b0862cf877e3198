package wasmtest

import "strings"

// largeBodies are functions that the checks let in, or nearly, and that are made
// to cost the rewriter and the compiler as much as they can.
func largeBodies() []hostile {
	load := Get(0) + Load32(0)
	lanes := Get(0) + "\xfd\x00\x00\x00"
	add := func(name string, f func(*Module)) hostile { return hostile{name: name, add: f} }
	return []hostile{
		add("150,000 values on the stack", body("i:i", "", Repeat(150_000, load)+Repeat(149_999, I32Add))),
		add("100,000 vectors on the stack", body("i:v", "", Repeat(100_000, lanes)+Repeat(99_999, "\xfd\xae\x01"))),
		add("150,000 values kept over a call", body("i:i", "", Repeat(150_000, load)+Get(0)+Drop+Call(0)+Repeat(149_999, I32Add))),
		add("a chain of 330,000 additions", body("i:i", "", Get(0)+Repeat(330_000, Get(0)+I32Add))),
		add("additions of floats that are made canonical 60,000 times", body("i:", "", Repeat(60_000, Get(0)+Get(0)+"\x2a\x00\x00"+Get(0)+"\x2a\x00\x00\x92\x38\x00\x00"))),
		add("additions of vectors that are made canonical 45,000 times", body("i:", "", Repeat(45_000, Get(0)+lanes+lanes+"\xfd\xe4\x01"+"\xfd\x0b\x00\x00"))),
		add("a body that rewriting makes five times as large", body("i:", "v", lanes+Repeat(148_000, Tee(1)+Get(1)+"\xfd\xe4\x01")+Drop)),
		add("200,000 selects", body("i:i", "", Get(0)+Repeat(200_000, Get(0)+Get(0)+"\x1b"))),
		{name: "a megabyte that cannot be reached", ends: "request: unreachable", add: body(":", "", Unreachable+Repeat(1_000_000, I32Add)+Drop)},
		add("a megabyte of branches that cannot be reached", body(":", "", Ret+Repeat(10_000, Br(0)))),
		add("8,000 blocks after each other", body("i:", "", Repeat(8_000, Block(Get(0)+BrIf(0))))),
		add("as many values over labels as are let in", body("i:i", "", Repeat(1_000, load)+Repeat(200, Block(Get(0)+BrIf(0)))+Repeat(999, I32Add))),
		add("1,500 calls with 256 values", func(m *Module) {
			f := m.Func(strings.Repeat("i", 256)+":", "", "")
			m.Func("i:", "", Repeat(1_500, Repeat(256, Get(0))+Call(f)))
		}),
		add("99,000 functions", func(m *Module) {
			for range 99_000 {
				m.raw(":", "\x00\x0b")
			}
		}),
		{name: "60,000 branches to the end and 19,000 types", refusal: "values at labels", add: manyTypes},
		add("500 functions of 1,000 locals", func(m *Module) {
			for range 500 {
				m.raw(":", "\x01"+string(leb(1000))+"\x7e\x0b")
			}
		}),
		{name: "100,000 accesses far beyond the memory", ends: "request: memory", add: body("i:", "", Repeat(100_000, Get(0)+"\x28\x00\xf0\xff\xff\xff\x0f"+Drop))},
	}
}

// manyTypes makes the rewriter look for the type of a block in every function,
// and the compiler go through all types for each.
func manyTypes(m *Module) {
	letters := "iIfF"
	var types []string
	for i := range 19_000 {
		results := ""
		for n := i; len(results) < 8; n /= 4 {
			results += string(letters[n%4])
		}
		types = append(types, "\x60\x00"+string(vector(valueTypes(results))))
	}
	m.types = append(m.types, types...)
	last := leb(uint32(len(m.types) - 1))
	self := m.nextFunction()
	for range 60_000 {
		m.funcs = append(m.funcs, last)
		m.bodies = append(m.bodies, vector([]byte("\x00"+Unreachable+Call(self)+Br(0)+End)))
	}
}
