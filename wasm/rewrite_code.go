package wasm

import (
	"bytes"
	"encoding/binary"
)

// code writes the code section.
func (w *rewriter) code() []byte {
	w.typ(yieldType)
	w.typ(dispatchType)
	s := w.sections[sectionCode]
	bodies := make([]byte, 0, (s.end-s.at)*5/4)
	b := &bodyWriter{rewriter: w}
	for i := range w.bodies {
		b.write(i)
		bodies = appendBody(bodies, b.out)
	}
	w.added = []functype{dispatchType}
	bodies = appendBody(bodies, w.dispatcher())
	if w.worksInPieces {
		w.added = append(w.added, bulkSignature, bulkSignature)
		bodies = appendBody(appendBody(bodies, w.fillInPieces()), w.copyInPieces())
	}
	out := binary.AppendUvarint(make([]byte, 0, len(bodies)+8), uint64(len(w.bodies)+len(w.added)))
	return append(out, bodies...)
}

func appendBody(out, body []byte) []byte {
	out = binary.AppendUvarint(out, uint64(len(body)))
	return append(out, body...)
}

// bodyWriter writes one function body after the other.
type bodyWriter struct {
	*rewriter
	plan  plan
	nans  nans
	out   []byte
	temps [tempKinds]uint32 // indexes of the added locals
	depth int32             // what a call of the function takes of the depth; 0 for one that calls nothing
	wrap  bool              // the body is inside a block of its own
	leaf  bool              // it calls nothing and soon returns

	nest []nested
	own  int // how many were open when the outermost loop without calls began; -1 outside of one
}

// depthShare is how many values that calls may have to keep weigh as much in the
// depth as a call itself. At a million of depth the native stack stays below the
// engine's own limit.
const depthShare = 64

func (w *bodyWriter) write(i int) {
	span, facts := w.bodies[i], w.facts[i]
	own := w.Checked.types[w.functions[w.importedFunctions+i]]
	w.depth = 0
	if facts.calls > 0 {
		values := uint64(facts.values)
		if w.vectors {
			values *= 2
		}
		w.depth = int32(min(1+values*uint64(facts.calls)/depthShare, 1<<30))
	}
	w.wrap = w.depth > 0 && facts.leaves
	r := &reader{b: w.Checked.code[:span.end], at: span.at}
	w.out, w.nest, w.own = w.out[:0], append(w.nest[:0], nested{}), -1
	declared := w.readLocals(r, len(own.params), facts.floats)
	w.nans.reset()
	if facts.floats {
		w.nans.find(&reader{b: r.b, at: r.at}, own.params, declared.types)
	}
	w.plan.read(&reader{b: r.b, at: r.at}, w.depth > 0, &w.nans)
	w.leaf = facts.calls == 0 && w.plan.isShort()
	w.locals(r.b[declared.at:declared.end], declared.count, declared.locals)
	w.enter(own)
	w.instructions(r)
}

// declaredLocals are the declarations of a body's locals.
type declaredLocals struct {
	at, end int
	count   uint32 // declarations
	locals  uint32 // with the parameters
	types   []byte // of each, when they are asked for
}

func (w *bodyWriter) readLocals(r *reader, params int, types bool) declaredLocals {
	d := declaredLocals{count: r.u32(), locals: uint32(params)}
	d.at = r.at
	for range d.count {
		n := r.u32()
		d.locals += n
		if t := r.byte(); types {
			d.types = append(d.types, bytes.Repeat([]byte{t}, int(n))...)
		}
	}
	d.end = r.at
	return d
}

// locals declares the added ones behind those of the function.
func (w *bodyWriter) locals(old []byte, count, next uint32) {
	for t, used := range w.plan.temps {
		if used {
			count++
			w.temps[t] = next
			next++
		}
	}
	w.index(count)
	w.out = append(w.out, old...)
	for t, used := range w.plan.temps {
		if used {
			w.out = append(w.out, 1, tempTypes[t])
		}
	}
}

// enter writes what comes before the body's own code.
func (w *bodyWriter) enter(own functype) {
	if w.depth == 0 {
		w.charge(&w.plan.charges[0])
	} else {
		w.deepen(&w.plan.charges[0])
	}
	if w.wrap {
		w.out = append(w.out, opBlock)
		w.out = append(w.out, w.resultType(own.results)...)
	}
}

// deepen charges at the entry and takes from the depth, and looks at both at once:
// what is below zero is so in its highest bit.
func (w *bodyWriter) deepen(c *charge) {
	n, x := w.temps[tempI32], w.temps[tempI64]
	w.op(opGlobalGet, w.rewriter.depth)
	w.i32(w.depth)
	w.out = append(w.out, opI32Sub)
	w.op(opLocalTee, n)
	w.op(opGlobalSet, w.rewriter.depth)
	w.op(opGlobalGet, w.fuel)
	w.i64(int64(c.cost))
	w.out = append(w.out, opI64Sub)
	w.set()
	w.op(opLocalGet, n)
	w.out = append(w.out, opI64ExtendS)
	w.op(opLocalGet, x)
	w.out = append(w.out, opI64Or)
	w.i64(0)
	w.out = append(w.out, opI64LtS, opIf, 0x40)
	w.op(opLocalGet, n)
	w.i32(0)
	w.out = append(w.out, opI32LtS, opIf, 0x40)
	w.callYield(YieldDepth)
	w.out = append(w.out, opUnreachable, opEnd)
	w.callYield(YieldFuel)
	w.out = append(w.out, opEnd)
}

// resultType is the type of a block that takes nothing and leaves results.
func (w *bodyWriter) resultType(results string) []byte {
	switch len(results) {
	case 0:
		return []byte{0x40}
	case 1:
		return []byte(results)
	}
	return appendSigned(nil, int64(w.typ(functype{results: results})))
}

// leave writes what comes before the end of the function, however it is reached.
func (w *bodyWriter) leave() {
	if w.depth > 0 {
		w.op(opGlobalGet, w.rewriter.depth)
		w.i32(w.depth)
		w.out = append(w.out, opI32Add)
		w.op(opGlobalSet, w.rewriter.depth)
	}
}

func (w *bodyWriter) instructions(r *reader) {
	charges := w.plan.charges[1:]
	for {
		in := r.next()
		last := r.at == len(r.b)
		if last {
			if w.wrap {
				w.out = append(w.out, opEnd)
			}
			w.leave()
		}
		switch in.op {
		case opBlock, opIf, opLoop:
			var head *charge
			if in.op == opLoop {
				head = &charges[0]
			}
			w.open(&in, head)
		}
		w.instruction(r.b, &in)
		if in.op == opEnd && !last {
			w.end()
		}
		if len(charges) > 0 && charges[0].at == in.end {
			w.charge(&charges[0])
			charges = charges[1:]
		}
		if last {
			return
		}
	}
}

func (w *bodyWriter) instruction(code []byte, in *instruction) {
	switch {
	case in.op == opCall:
		w.op(opCall, w.function(in.x))
		return
	case in.op == opRefFunc:
		w.op(opRefFunc, w.function(in.x))
		return
	case in.imm == labelImmediate || in.imm == tableBranchImmediate:
		w.branch(code, in)
		return
	case in.op == opReturn:
		w.leave()
	case in.op == opMemoryFill, in.op == opMemoryCopy:
		w.bulk(in)
		w.pieces(in)
		return
	case in.class == bulk:
		w.bulk(in)
	}
	w.out = append(w.out, code[in.at:in.end]...)
	if c, ok := w.nans.canonical(in); ok {
		w.canonical(c, w.temps[nanTemp(c)])
	}
}

// growPages is the most pages that a growth of the memory is charged for.
const growPages = 1024

// bulk charges for an operation by its topmost operand.
func (w *bodyWriter) bulk(in *instruction) {
	n, x, bound := w.temps[tempI32], w.temps[tempCount], w.temps[tempBound]
	w.op(opLocalTee, n)
	w.left()
	w.op(opLocalGet, n)
	w.out = append(w.out, opI64ExtendU)
	w.op(opLocalTee, x)
	shift, scale := w.bound(in)
	w.op(opLocalTee, bound)
	w.op(opLocalGet, x)
	w.op(opLocalGet, bound)
	w.out = append(w.out, opI64LtU, opSelect)
	if shift != 0 {
		w.i64(scale)
		w.out = append(w.out, shift)
	}
	w.out = append(w.out, opI64Sub)
	w.set()
	w.look()
}

// bound leaves the most that an operation can be charged for, and says how its
// operand becomes fuel: shifted by scale.
func (w *bodyWriter) bound(in *instruction) (shift byte, scale int64) {
	switch in.op {
	case opMemoryGrow:
		w.i64(growPages)
		return opI64Shl, 13
	case opTableGrow:
		w.i64(maxTable)
		return 0, 0
	case opTableInit:
		w.tableSize(in.y)
		return 0, 0
	case opTableCopy, opTableFill:
		w.tableSize(in.x)
		return 0, 0
	}
	w.out = append(w.out, opMemorySize, 0, opI64ExtendU)
	w.i64(16)
	w.out = append(w.out, opI64Shl)
	return opI64ShrU, 3
}

func (w *bodyWriter) tableSize(table uint32) {
	w.out = append(w.out, prefixMisc, opTableSize&0xff)
	w.index(table)
	w.out = append(w.out, opI64ExtendU)
}

// The one NaN that arithmetic gives, of each width and shape.
var (
	canonicalF32   = []byte{opF32Const, 0, 0, 0xc0, 0x7f}
	canonicalF64   = []byte{opF64Const, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f}
	canonicalF32x4 = []byte{prefixVec, 12, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f}
	canonicalF64x2 = []byte{prefixVec, 12, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f}
)

// canonical puts the canonical NaN in the place of any NaN on the stack: it
// keeps a value that equals itself.
func (w *bodyWriter) canonical(c class, local uint32) {
	var nan, equal []byte
	choose := []byte{opSelect}
	switch c {
	case nanF32:
		nan, equal = canonicalF32, []byte{opF32Eq}
	case nanF64:
		nan, equal = canonicalF64, []byte{opF64Eq}
	case nanF32x4:
		nan, equal, choose = canonicalF32x4, []byte{prefixVec, 0x41}, []byte{prefixVec, 0x52}
	case nanF64x2:
		nan, equal, choose = canonicalF64x2, []byte{prefixVec, 0x47}, []byte{prefixVec, 0x52}
	}
	w.op(opLocalTee, local)
	w.out = append(w.out, nan...)
	w.op(opLocalGet, local)
	w.op(opLocalGet, local)
	w.out = append(w.out, equal...)
	w.out = append(w.out, choose...)
}

// op writes an instruction with an index.
func (w *bodyWriter) op(op byte, index uint32) {
	w.out = append(w.out, op)
	w.index(index)
}

func (w *bodyWriter) index(i uint32) { w.out = binary.AppendUvarint(w.out, uint64(i)) }

func (w *bodyWriter) i32(n int32) { w.out = appendSigned(append(w.out, opI32Const), int64(n)) }
func (w *bodyWriter) i64(n int64) { w.out = appendSigned(append(w.out, opI64Const), n) }

// appendSigned appends a signed integer as the format has it.
func appendSigned(out []byte, n int64) []byte {
	for {
		b := byte(n & 0x7f)
		n >>= 7
		if (n == 0 && b&0x40 == 0) || (n == -1 && b&0x40 != 0) {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}
