package wasm

import (
	"errors"
	"fmt"
)

func (c *checker) readCode() {
	n := c.count("function bodies", 3, c.limits.Functions)
	if n != c.defined {
		c.r.fail(fmt.Errorf("%d functions are declared and %d have a body", c.defined, n))
		return
	}
	c.bodies = make([]span, 0, n)
	section := c.r
	for i := range n {
		size := section.u32()
		at := section.at
		section.skip(size)
		if section.err != nil {
			return
		}
		c.bodies = append(c.bodies, span{at, section.at})
		c.r = &reader{b: c.code[:section.at], at: at}
		c.body, c.inBody = uint32(c.importedFunctions+i), true
		if c.limit("bytes of a body", uint64(size), c.limits.Body) {
			c.readBody()
		}
		if c.r.err != nil {
			return
		}
	}
	c.r, c.inBody = section, false
}

// frame is a block that is open.
type frame struct {
	op              uint16
	base            int // values on the stack below it
	params, results int
}

// arity is how many values a branch to the frame takes.
func (f *frame) arity() int {
	if f.op == opLoop {
		return f.params
	}
	return f.results
}

// bodyCheck is what is counted within one body.
type bodyCheck struct {
	locals int
	height int // values on the stack, as far as it can be known without types
	most   int // of height
	calls  int
	leaves bool // a branch goes to the end of the function
	floats bool // there is arithmetic of floats
	edges  uint64
	joins  uint64
}

// edge counts n ways from one piece of straight code to another. The compiler
// carries every local and every value on the stack over each of them.
func (b *bodyCheck) edge(n, values int) {
	b.edges += uint64(n)
	b.joins += uint64(n) * uint64(b.locals+b.height+values)
}

// edgesPerJoin is how many of the pairs of edges of a function cost the compiler
// as much as one value does at one label.
const edgesPerJoin = 512

// typesPerJoin is how many types cost the compiler as much, for it goes through
// all of them in each function.
const typesPerJoin = 128

func (c *checker) readBody() {
	b := bodyCheck{locals: c.readLocals()}
	b.edge(1, 0)
	own := c.types[c.functions[c.body]]
	c.nest = append(c.nest[:0], frame{op: opBlock, results: len(own.results)})
	for c.r.err == nil && len(c.nest) > 0 {
		in := c.r.next()
		if c.r.err != nil {
			return
		}
		c.operands(&in, &b)
		if c.r.err == nil {
			c.pop(&b, int(in.pops))
			c.control(&in, &b)
			b.height += int(in.pushes)
			b.most = max(b.most, b.height)
			c.vectors = c.vectors || in.op>>8 == prefixVec
			b.floats = b.floats || in.class == nanF32 || in.class == nanF64
		}
	}
	c.facts = append(c.facts, facts{uint32(b.locals + b.most), uint32(b.calls), b.leaves, b.floats})
	if c.r.err == nil && c.r.at != len(c.r.b) {
		c.r.fail(errors.New("a body goes on after its end"))
	}
	c.joins += b.joins + b.edges*b.edges/edgesPerJoin + uint64(len(c.types))/typesPerJoin
	code := c.sections[sectionCode]
	c.limit("values at labels", c.joins, c.limits.Joins+c.limits.JoinsPerByte*(code.end-code.at))
}

// pop takes n values from the stack, or what there is of them: a missing one is
// the compiler's to see, and after a branch there may be any.
func (c *checker) pop(b *bodyCheck, n int) {
	if top := len(c.nest) - 1; top >= 0 {
		b.height = max(b.height-n, c.nest[top].base)
	}
}

// readLocals reads the declarations and returns how many locals the function
// has, its parameters among them.
func (c *checker) readLocals() int {
	total := uint64(len(c.types[c.functions[c.body]].params))
	for range c.count("local declarations", 2, c.limits.Locals) {
		total += uint64(c.r.u32())
		c.vectors = c.r.valueType() == typeV128 || c.vectors
	}
	c.limit("locals of a function", total, c.limits.Locals)
	return int(total)
}

// control follows the blocks and the height of the stack.
func (c *checker) control(in *instruction, b *bodyCheck) {
	top := &c.nest[len(c.nest)-1]
	switch in.op {
	case opBlock, opLoop, opIf:
		c.open(in, b)
	case opElse:
		if top.op != opIf {
			c.r.fail(errors.New("an else without its if"))
		}
		top.op = opElse
		b.height = top.base + top.params
		b.edge(1, 0)
	case opEnd:
		b.height = top.base + top.results
		c.nest = c.nest[:len(c.nest)-1]
	case opBr, opBrIf:
		b.edge(1, c.label(b, in.x))
		if in.op == opBr {
			b.height = top.base
		}
	case opBrTable:
		c.branchTable(in, b)
		b.height = top.base
	case opReturn, opUnreachable:
		b.height = top.base
	case opCall:
		c.call(c.types[c.functions[in.x]], b)
	case opCallIndirect:
		c.call(c.types[in.x], b)
	}
	if in.class == bulk {
		b.edge(4, 0)
	}
}

func (c *checker) open(in *instruction, b *bodyCheck) {
	f := frame{op: in.op}
	switch {
	case in.block >= 0:
		if !c.bound("type", uint32(in.block), len(c.types)) {
			return
		}
		t := c.types[in.block]
		f.params, f.results = len(t.params), len(t.results)
	case in.block != emptyBlock:
		f.results = 1
	}
	c.pop(b, f.params)
	f.base = b.height
	b.height += f.params
	c.nest = append(c.nest, f)
	c.limit("blocks inside each other", uint64(len(c.nest)-1), c.limits.Nesting)
	b.edge(1, f.results)
	if in.op == opLoop {
		b.edge(4, f.params)
	}
}

// label checks a label and returns how many values a branch to it takes.
func (c *checker) label(b *bodyCheck, depth uint32) int {
	if !c.bound("label", depth, len(c.nest)) {
		return 0
	}
	b.leaves = b.leaves || int(depth) == len(c.nest)-1
	return c.nest[len(c.nest)-1-int(depth)].arity()
}

func (c *checker) branchTable(in *instruction, b *bodyCheck) {
	if !c.limit("targets of a br_table", uint64(in.x), c.limits.BranchTable) {
		return
	}
	b.edge(int(in.x)+1, c.label(b, in.y))
	targets := reader{b: c.r.b, at: in.targets}
	for range in.x {
		c.label(b, targets.u32())
	}
}

func (c *checker) call(t functype, b *bodyCheck) {
	c.pop(b, len(t.params))
	b.height += len(t.results)
	b.joins += uint64(len(t.results))
	b.calls++
}

// operands holds the indexes of an instruction against the module.
func (c *checker) operands(in *instruction, b *bodyCheck) {
	switch in.imm {
	case functionImmediate:
		c.bound("function", in.x, len(c.functions))
	case indirectImmediate:
		c.bound("type", in.x, len(c.types))
		c.bound("table", in.y, len(c.tables))
	case localImmediate:
		c.bound("local", in.x, b.locals)
	case globalImmediate:
		if c.bound("global", in.x, len(c.globals)) && in.op == opGlobalSet && !c.globals[in.x].mutable {
			c.r.fail(fmt.Errorf("global %d is not mutable", in.x))
		}
	case tableImmediate:
		c.bound("table", in.x, len(c.tables))
	case functionReference:
		if c.bound("function", in.x, len(c.functions)) && !c.declared[in.x] {
			c.r.fail(fmt.Errorf("function %d is referred to and not declared for it", in.x))
		}
	case elementAndTable:
		c.bound("element segment", in.x, c.elements)
		c.bound("table", in.y, len(c.tables))
	case elementImmediate:
		c.bound("element segment", in.x, c.elements)
	case twoTables:
		c.bound("table", in.x, len(c.tables))
		c.bound("table", in.y, len(c.tables))
	case dataAndZero, dataImmediate:
		if !c.dataCount {
			c.r.fail(errors.New("a data segment is named without a count of them"))
		}
		c.bound("data segment", in.x, c.data)
		c.needsMemory(in.imm == dataAndZero)
	case memoryAccess, memoryLane, zeroByte, zeroBytes:
		c.needsMemory(true)
	}
	switch in.op {
	case opTableSet, opTableInit, opTableCopy, opTableGrow, opTableFill:
		c.changesTables = true
	case opDataDrop, opElemDrop:
		c.dropsSegments = true
	}
}

func (c *checker) needsMemory(needs bool) {
	if needs && c.memories == 0 {
		c.r.fail(errors.New("a memory is used and there is none"))
	}
}
