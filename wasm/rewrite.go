package wasm

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// The import that Rewrite adds after the module's own imported functions. It
// takes one of the reasons below and gives nothing.
const (
	YieldModule = engineModule
	YieldName   = "yield"
)

// Reason is why a rewritten guest calls the yield.
type Reason int32

// The reasons. After YieldFuel the guest goes on when the yield returns, at best
// with more fuel; after the others it reaches unreachable.
const (
	YieldFuel    Reason = iota // the fuel is below zero
	YieldDepth                 // the calls under way need more than the depth that was given
	YieldEndless               // a loop that does nothing and never ends was entered
)

// Prepared is a module that is ready to be compiled and metered.
type Prepared struct {
	Code []byte // the rewritten module, without custom sections

	// Names of exports that the module itself does not have.
	Fuel    string   // global i64: what the guest may still spend; the host sets it before each turn
	Depth   string   // global i32: what calls inside each other may still take; the host sets it before each turn
	Globals []string // the guest's own mutable globals, in their order
	// Dispatch is the function through which the host calls all others, see
	// rewrite_dispatch.go. Among them is the start function, which instantiation
	// no longer runs.
	Dispatch string

	// Fixed says why memory and Globals are not all that makes an instance of
	// the module what it is, so that it cannot be put back from them; "" when
	// they are.
	Fixed string

	imported, functions uint32         // of the original, the imported ones, and all
	cases               map[int32]bool // what Dispatch can call
	size                int            // bytes of the original
	joins               uint64         // of the original, see Limits.Joins
}

// Prepare checks a module and rewrites it.
func Prepare(code []byte) (*Prepared, error) {
	checked, err := Check(code, DefaultLimits)
	if err != nil {
		return nil, err
	}
	return Rewrite(checked)
}

// Original returns the index in the original module of a function of the
// rewritten one, and false for the functions that were added.
func (p *Prepared) Original(index uint32) (uint32, bool) {
	switch {
	case index < p.imported:
		return index, true
	case index == p.imported, index > p.functions:
		return 0, false
	}
	return index - 1, true
}

// maxGrowth bounds what rewriting adds: the result has at most so many times the
// bytes of the module, and growthBase more.
const (
	maxGrowth  = 4
	growthBase = 4 << 20
)

// maxTable is how many elements the tables of a module may grow to together: what
// a table holds counts as no one's memory.
const maxTable = 1 << 20

// rewriter is one run of Rewrite.
type rewriter struct {
	*Checked
	prepared *Prepared
	types    []functype // with those added
	indexes  map[functype]uint32
	out      []byte

	added         []functype // functions behind the module's own
	worksInPieces bool       // two of them fill and copy

	yield       uint32 // index of the added import
	fuel, depth uint32 // indexes of the added globals
}

// Rewrite makes the module that runs in place of a checked one: it computes the
// same, counts what it does and how deep it is, and asks the host to go on. Its
// output depends on its input alone, byte for byte; a change of it is a new
// version of Rewriter.
func Rewrite(c *Checked) (*Prepared, error) {
	w := &rewriter{
		Checked:  c,
		prepared: &Prepared{Fixed: c.fixed(), imported: uint32(c.importedFunctions), functions: uint32(len(c.functions)), size: len(c.code), joins: c.joins},
		types:    slices.Clone(c.types),
		indexes:  make(map[functype]uint32, len(c.types)),
		yield:    uint32(c.importedFunctions),
		fuel:     uint32(len(c.globals)),
		depth:    uint32(len(c.globals)) + 1,
	}
	for i, t := range slices.Backward(c.types) {
		w.indexes[t] = uint32(i)
	}
	code := w.code() // adds types
	exports := w.exportSection()
	w.out = append(make([]byte, 0, len(c.code)+len(code)), c.code[:8]...)
	w.section(sectionType, w.typeSection())
	w.section(sectionImport, w.importSection())
	w.section(sectionFunction, w.functionSection())
	w.section(sectionTable, w.tableSection())
	w.keep(sectionMemory)
	w.section(sectionGlobal, w.globalSection())
	w.section(sectionExport, exports)
	w.section(sectionElement, w.elementSection())
	w.keep(sectionDataCount)
	w.section(sectionCode, code)
	w.keep(sectionData)
	if limit := maxGrowth*len(c.code) + growthBase; len(w.out) > limit {
		return nil, &CheckError{Limit: "bytes of the rewritten module", Value: uint64(len(w.out)), Max: uint64(limit)}
	}
	w.prepared.Code = w.out
	return w.prepared, nil
}

// fixed says why an instance cannot be put back from memory and globals.
func (c *Checked) fixed() string {
	for i, g := range c.globals {
		if g.mutable && (g.typ == typeV128 || g.typ == typeFuncref || g.typ == typeExternref) {
			return fmt.Sprintf("its mutable global %d is a vector or a reference", i)
		}
	}
	switch {
	case c.changesTables:
		return "it changes its tables"
	case c.dropsSegments:
		return "it drops segments"
	}
	return ""
}

// section writes a section, unless it is nil.
func (w *rewriter) section(id byte, body []byte) {
	if body != nil {
		w.out = append(w.out, id)
		w.out = binary.AppendUvarint(w.out, uint64(len(body)))
		w.out = append(w.out, body...)
	}
}

// keep writes a section as it was.
func (w *rewriter) keep(id byte) {
	if s := w.sections[id]; s.end != 0 {
		w.section(id, w.Checked.code[s.at:s.end])
	}
}

// old reads a section of the module, and its count when it has one.
func (w *rewriter) old(id byte) (r *reader, count uint32) {
	s := w.sections[id]
	r = &reader{b: w.Checked.code[:s.end], at: s.at}
	if s.end != 0 {
		count = r.u32()
	}
	return r, count
}

// rest is what the reader has not read.
func (r *reader) rest() []byte { return r.b[r.at:] }

// typ returns the index of a type, adding it if the module lacks it.
func (w *rewriter) typ(t functype) uint32 {
	i, known := w.indexes[t]
	if !known {
		i = uint32(len(w.types))
		w.types = append(w.types, t)
		w.indexes[t] = i
	}
	return i
}

var yieldType = functype{params: "\x7f"}

func (w *rewriter) typeSection() []byte {
	r, _ := w.old(sectionType)
	out := binary.AppendUvarint(nil, uint64(len(w.types)))
	out = append(out, r.rest()...)
	for _, t := range w.types[len(w.Checked.types):] {
		out = append(out, 0x60)
		out = appendName(out, t.params)
		out = appendName(out, t.results)
	}
	return out
}

func (w *rewriter) importSection() []byte {
	r, n := w.old(sectionImport)
	out := binary.AppendUvarint(nil, uint64(n)+1)
	out = append(out, r.rest()...)
	out = appendName(out, YieldModule)
	out = appendName(out, YieldName)
	out = append(out, externFunction)
	return binary.AppendUvarint(out, uint64(w.typ(yieldType)))
}

// tableSection gives every table a maximum.
func (w *rewriter) tableSection() []byte {
	if w.sections[sectionTable].end == 0 {
		return nil
	}
	own := w.tables[w.importedTables:]
	out := binary.AppendUvarint(nil, uint64(len(own)))
	for _, t := range own {
		high := max(t.min, uint32(maxTable/len(own)))
		if t.hasMax {
			high = min(high, t.max)
		}
		out = append(out, t.typ, 1)
		out = binary.AppendUvarint(out, uint64(t.min))
		out = binary.AppendUvarint(out, uint64(high))
	}
	return out
}

// globalSection adds the fuel and the depth, both zero.
func (w *rewriter) globalSection() []byte {
	r, n := w.old(sectionGlobal)
	out := binary.AppendUvarint(nil, uint64(n)+2)
	for range n {
		out = append(out, r.byte(), r.byte())
		out = w.constant(out, r)
	}
	out = append(out, typeI64, 1, opI64Const, 0, opEnd)
	return append(out, typeI32, 1, opI32Const, 0, opEnd)
}

// constant copies a constant expression.
func (w *rewriter) constant(out []byte, r *reader) []byte {
	in := r.next()
	if in.op == opRefFunc {
		out = append(out, opRefFunc)
		out = binary.AppendUvarint(out, uint64(w.function(in.x)))
	} else {
		out = append(out, r.b[in.at:in.end]...)
	}
	return append(out, r.byte()) // the end
}

// function is the index of a function after rewriting.
func (w *rewriter) function(i uint32) uint32 {
	if i >= w.yield {
		return i + 1
	}
	return i
}

func (w *rewriter) exportSection() []byte {
	var out []byte
	n := 0
	add := func(name string, kind byte, index uint32) {
		out = appendName(out, name)
		out = append(out, kind)
		out = binary.AppendUvarint(out, uint64(index))
		n++
	}
	for _, e := range w.exports {
		if e.kind == externFunction {
			e.index = w.function(e.index)
		}
		add(e.name, e.kind, e.index)
	}
	p, hidden := w.prepared, w.hidden()
	for i, g := range w.globals {
		if g.mutable && i >= w.importedGlobals {
			name := fmt.Sprintf("%sglobal %d", hidden, i)
			p.Globals = append(p.Globals, name)
			add(name, externGlobal, uint32(i))
		}
	}
	p.Fuel, p.Depth = hidden+"fuel", hidden+"depth"
	add(p.Fuel, externGlobal, w.fuel)
	add(p.Depth, externGlobal, w.depth)
	p.Dispatch = hidden + "dispatch"
	add(p.Dispatch, externFunction, w.function(uint32(len(w.functions))))
	return append(binary.AppendUvarint(nil, uint64(n)), out...)
}

// hidden is a prefix that no export of the module has.
func (w *rewriter) hidden() string {
	marks := 1
	for _, e := range w.exports {
		if rest, ok := strings.CutPrefix(e.name, engineModule); ok {
			marks = max(marks, 1+len(rest)-len(strings.TrimLeft(rest, ":")))
		}
	}
	return engineModule + strings.Repeat(":", marks)
}

func (w *rewriter) elementSection() []byte {
	if w.sections[sectionElement].end == 0 {
		return nil
	}
	r, n := w.old(sectionElement)
	out := binary.AppendUvarint(nil, uint64(n))
	for range n {
		out = w.element(out, r)
	}
	return out
}

// element copies an element segment, see checker.readElement.
func (w *rewriter) element(out []byte, r *reader) []byte {
	flags := r.u32()
	out = append(out, byte(flags))
	if flags&1 == 0 {
		if flags&2 != 0 {
			out = binary.AppendUvarint(out, uint64(r.u32()))
		}
		out = w.constant(out, r)
	}
	if flags&3 != 0 {
		out = append(out, r.byte())
	}
	n := r.u32()
	out = binary.AppendUvarint(out, uint64(n))
	for range n {
		if flags&4 != 0 {
			out = w.constant(out, r)
		} else {
			out = binary.AppendUvarint(out, uint64(w.function(r.u32())))
		}
	}
	return out
}

func appendName(out []byte, s string) []byte {
	out = binary.AppendUvarint(out, uint64(len(s)))
	return append(out, s...)
}
