package wasm

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

func (c *checker) readTypes() {
	for range c.count("types", 3, c.limits.Types) {
		switch form := c.r.byte(); form {
		case 0x60:
		case 0x4e, 0x4f, 0x50, 0x5e, 0x5f:
			c.r.fail(featureGC)
		default:
			c.r.fail(errByte)
		}
		params, results := c.readValues("parameters"), c.readValues("results")
		c.values += len(params) + len(results)
		c.limit("values of all types", uint64(c.values), c.limits.TypeValues)
		if c.r.err != nil {
			return
		}
		c.vectors = c.vectors || strings.ContainsRune(params+results, typeV128)
		c.types = append(c.types, functype{params, results})
	}
}

func (c *checker) readValues(name string) string {
	n := c.count(name+" of a type", 1, c.limits.Values)
	from := c.r.at
	for range n {
		c.r.valueType()
	}
	if c.r.err != nil {
		return ""
	}
	return string(c.code[from:c.r.at])
}

// engineModule is the module name of the imports that Rewrite adds.
const engineModule = "theater_engine"

func (c *checker) readImports() {
	for range c.count("imports", 4, c.limits.Imports) {
		module, name := c.text(), c.text()
		switch {
		case c.r.err != nil:
			return
		case module == "":
			c.r.fail(fmt.Errorf("import %q has no module", name))
		case module == engineModule:
			c.r.fail(fmt.Errorf("import %s.%s: the module name is the engine's own", module, name))
		}
		switch kind := c.r.byte(); kind {
		case externFunction:
			c.functions = append(c.functions, c.index("type", len(c.types)))
			c.importedFunctions++
		case externTable:
			c.readTable()
			c.importedTables++
		case externMemory:
			c.readMemory()
		case externGlobal:
			c.readGlobalType()
			c.importedGlobals++
		case externTag:
			c.r.fail(featureExceptions)
		default:
			c.r.fail(errByte)
		}
	}
	c.totals()
}

// totals holds what is imported and defined together against the limits.
func (c *checker) totals() {
	c.limit("functions", uint64(len(c.functions)), c.limits.Functions)
	c.limit("globals", uint64(len(c.globals)), c.limits.Globals)
	c.limit("tables", uint64(len(c.tables)), c.limits.Tables)
	if c.memories > 1 {
		c.r.fail(featureMemories)
	}
	var size uint64
	for _, t := range c.tables {
		size += uint64(t.min)
	}
	c.limit("elements of tables", size, c.limits.TableSize)
}

func (c *checker) text() string {
	s := c.r.name()
	if !utf8.ValidString(s) {
		c.r.fail(errName)
	}
	c.limit("bytes of a name", uint64(len(s)), c.limits.Name)
	return s
}

func (c *checker) readFunctions() {
	c.defined = c.count("functions", 1, c.limits.Functions)
	for range c.defined {
		c.functions = append(c.functions, c.index("type", len(c.types)))
	}
	c.totals()
}

func (c *checker) readTables() {
	for range c.count("tables", 3, c.limits.Tables) {
		c.readTable()
	}
	c.totals()
}

func (c *checker) readTable() {
	if c.r.err == nil && c.r.at < len(c.r.b) && c.r.b[c.r.at] == 0x40 {
		c.r.fail(featureReferences)
	}
	t := table{typ: c.r.refType()}
	t.min, t.max, t.hasMax = c.readLimits()
	c.tables = append(c.tables, t)
}

func (c *checker) readLimits() (low, high uint32, hasHigh bool) {
	switch flags := c.r.byte(); flags {
	case 0, 1:
		low = c.r.u32()
		if hasHigh = flags == 1; hasHigh {
			if high = c.r.u32(); high < low {
				c.r.fail(errors.New("a maximum below the minimum"))
			}
		}
	case 2, 3:
		c.r.fail(featureThreads)
	case 4, 5, 6, 7:
		c.r.fail(featureMemory64)
	default:
		c.r.fail(errByte)
	}
	return low, high, hasHigh
}

func (c *checker) readMemories() {
	for range c.count("memories", 2, maxPages) {
		c.readMemory()
	}
	c.totals()
}

func (c *checker) readMemory() {
	low, high, hasHigh := c.readLimits()
	c.memory = MemoryLimits{Min: uint64(low), Max: uint64(high), HasMax: hasHigh}
	if c.memories++; c.memories > 1 {
		c.r.fail(featureMemories)
	}
	if low > maxPages || high > maxPages {
		c.r.fail(errors.New("a memory of more than 4 GiB"))
	}
	c.limit("pages of memory", uint64(low), c.limits.Memory)
}

func (c *checker) readGlobalType() {
	g := global{typ: c.r.valueType()}
	switch c.r.byte() {
	case 0:
	case 1:
		g.mutable = true
	default:
		c.r.fail(errByte)
	}
	c.globals = append(c.globals, g)
}

func (c *checker) readGlobals() {
	for range c.count("globals", 4, c.limits.Globals) {
		c.readGlobalType()
		c.constant(c.lastGlobal().typ)
	}
	c.totals()
}

func (c *checker) lastGlobal() global {
	if len(c.globals) == 0 {
		return global{}
	}
	return c.globals[len(c.globals)-1]
}

// constant reads a constant expression of the type: one instruction.
func (c *checker) constant(want byte) {
	in := c.r.next()
	var typ byte
	switch in.op {
	case opI32Const:
		typ = typeI32
	case opI64Const:
		typ = typeI64
	case opF32Const:
		typ = typeF32
	case opF64Const:
		typ = typeF64
	case opV128Const:
		typ = typeV128
	case opRefNull:
		typ = want
		if c.r.err == nil {
			typ = c.code[in.end-1]
		}
	case opRefFunc:
		typ = typeFuncref
		if c.bound("function", in.x, len(c.functions)) {
			c.declared[in.x] = true
		}
	case opGlobalGet:
		if c.bound("imported global", in.x, c.importedGlobals) {
			if g := c.globals[in.x]; !g.mutable {
				typ = g.typ
			}
		}
	}
	if c.r.err == nil && typ != want {
		c.r.fail(errors.New("a constant expression of another type"))
	}
	if c.r.byte() != opEnd {
		c.r.fail(featureConst)
	}
}

// longestHidden bounds the prefix that Rewrite gives to names, which is longer
// than that of any export and comes before the name of every mutable global.
const longestHidden = engineModule + "::::::::"

func (c *checker) readExports() {
	names := map[string]bool{}
	for range c.count("exports", 3, c.limits.Exports) {
		e := export{name: c.text(), kind: c.r.byte()}
		switch e.kind {
		case externFunction:
			e.index = c.index("function", len(c.functions))
			c.declared[e.index] = true
		case externTable:
			e.index = c.index("table", len(c.tables))
		case externMemory:
			e.index = c.index("memory", c.memories)
		case externGlobal:
			e.index = c.index("global", len(c.globals))
		case externTag:
			c.r.fail(featureExceptions)
		default:
			c.r.fail(errByte)
		}
		if strings.HasPrefix(e.name, longestHidden) {
			c.r.fail(fmt.Errorf("export %.40q: the name is the engine's own", e.name))
		}
		if names[e.name] {
			c.r.fail(fmt.Errorf("export %q comes twice", e.name))
		}
		if c.r.err != nil {
			return
		}
		names[e.name] = true
		c.exports = append(c.exports, e)
	}
}

func (c *checker) readStart() {
	c.start, c.hasStart = c.index("function", len(c.functions)), true
	if c.r.err == nil && c.types[c.functions[c.start]] != (functype{}) {
		c.r.fail(errors.New("the start function takes or gives values"))
	}
}

func (c *checker) readElements() {
	c.elements = c.count("element segments", 3, c.limits.Elements)
	for range c.elements {
		c.readElement()
	}
}

// readElement reads an element segment. Of its flags the lowest says that it is
// not active, the next that it names its table, or is only a declaration, and
// the third that its items are expressions.
func (c *checker) readElement() {
	flags := c.r.u32()
	if flags > 7 {
		c.r.fail(errByte)
	}
	typ := byte(typeFuncref)
	target := uint32(0)
	if flags&1 == 0 {
		if flags&2 != 0 {
			target = c.r.u32()
		}
		c.bound("table", target, len(c.tables))
		c.constant(typeI32)
	}
	switch {
	case flags&3 == 0:
	case flags&4 != 0:
		typ = c.r.refType()
	case c.r.byte() != 0:
		c.r.fail(errByte)
	}
	n := c.count("element items", 1, c.limits.ElementItems)
	if c.items += n; !c.limit("element items", uint64(c.items), c.limits.ElementItems) {
		return
	}
	for range n {
		if flags&4 != 0 {
			c.constant(typ)
		} else {
			c.declared[c.index("function", len(c.functions))] = true
		}
		if c.r.err != nil {
			return
		}
	}
	if flags&1 == 0 && c.r.err == nil && c.tables[target].typ != typ {
		c.r.fail(errors.New("an element segment of another type than its table"))
	}
}

func (c *checker) readDataCount() {
	n := c.r.u32()
	if c.limit("data segments", uint64(n), c.limits.Data) {
		c.data, c.dataCount = int(n), true
	}
}

func (c *checker) readData() {
	n := c.count("data segments", 2, c.limits.Data)
	if c.dataCount && n != c.data {
		c.r.fail(fmt.Errorf("%d data segments are declared and %d are there", c.data, n))
	}
	c.data = n
	for range n {
		switch c.r.u32() {
		case 2:
			c.index("memory", c.memories)
			fallthrough
		case 0:
			c.bound("memory", 0, c.memories)
			c.constant(typeI32)
		case 1:
		default:
			c.r.fail(errByte)
		}
		c.r.skip(c.r.u32())
		if c.r.err != nil {
			return
		}
	}
}
