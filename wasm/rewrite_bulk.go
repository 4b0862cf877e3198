package wasm

// What fills or copies much memory at once cannot be held up: while it lasts,
// nobody can end it, and the garbage collector waits. So where more than a piece
// is worked on, one of two functions is called that Rewrite adds behind the
// dispatcher. It works piece by piece, and comes by the host in between. All of
// it has been charged before.
const bulkPiece = 1 << 20 // bytes

var bulkSignature = functype{params: "\x7f\x7f\x7f"}

// pieces writes a memory.fill or memory.copy, whose operands are on the stack and
// the topmost of which is in the local of bulk too.
func (w *bodyWriter) pieces(in *instruction) {
	w.worksInPieces = true
	helper := w.function(uint32(len(w.functions))) + 1
	if in.op == opMemoryCopy {
		helper++
	}
	w.op(opLocalGet, w.temps[tempI32])
	w.i32(bulkPiece)
	w.out = append(append(w.out, opI32GtU, opIf), appendSigned(nil, int64(w.typ(bulkSignature)))...)
	w.op(opCall, helper)
	if w.own >= 0 {
		w.reload()
	}
	w.out = append(w.out, opElse)
	w.memory(in.op)
	w.out = append(w.out, opEnd)
}

// memory writes the instruction itself.
func (w *bodyWriter) memory(op uint16) {
	if op == opMemoryCopy {
		w.out = append(w.out, prefixMisc, opMemoryCopy&0xff, 0, 0)
	} else {
		w.out = append(w.out, prefixMisc, opMemoryFill&0xff, 0)
	}
}

// The parameters of both functions: where to, the byte or where from, how much.
const (
	bulkTo = iota
	bulkFrom
	bulkCount
)

// fillInPieces is the body of the function for memory.fill.
func (w *rewriter) fillInPieces() []byte {
	b := &bodyWriter{rewriter: w}
	b.index(0) // no locals
	b.trapsOutside(opMemoryFill, bulkTo)
	b.out = append(b.out, opLoop, 0x40)
	b.operands(bulkTo, bulkFrom)
	b.i32(bulkPiece)
	b.memory(opMemoryFill)
	b.add(bulkTo, bulkPiece)
	b.add(bulkCount, -bulkPiece)
	b.again()
	b.operands(bulkTo, bulkFrom, bulkCount)
	b.memory(opMemoryFill)
	b.out = append(b.out, opEnd)
	return b.out
}

// copyInPieces is the body of the function for memory.copy. It begins at the end
// where that is what is overwritten last.
func (w *rewriter) copyInPieces() []byte {
	b := &bodyWriter{rewriter: w}
	b.index(0) // no locals
	b.trapsOutside(opMemoryCopy, bulkTo)
	b.trapsOutside(opMemoryCopy, bulkFrom)
	b.operands(bulkTo, bulkFrom)
	b.out = append(b.out, opI32GtU, opIf, 0x40)
	b.out = append(b.out, opLoop, 0x40)
	b.add(bulkCount, -bulkPiece)
	for _, end := range []uint32{bulkTo, bulkFrom} {
		b.operands(end, bulkCount)
		b.out = append(b.out, opI32Add)
	}
	b.i32(bulkPiece)
	b.memory(opMemoryCopy)
	b.again()
	b.out = append(b.out, opElse)
	b.out = append(b.out, opLoop, 0x40)
	b.operands(bulkTo, bulkFrom)
	b.i32(bulkPiece)
	b.memory(opMemoryCopy)
	b.add(bulkTo, bulkPiece)
	b.add(bulkFrom, bulkPiece)
	b.add(bulkCount, -bulkPiece)
	b.again()
	b.out = append(b.out, opEnd)
	b.operands(bulkTo, bulkFrom, bulkCount)
	b.memory(opMemoryCopy)
	b.out = append(b.out, opEnd)
	return b.out
}

// trapsOutside runs the whole instruction, which then traps, where the range that
// begins at the parameter ends outside the memory.
func (w *bodyWriter) trapsOutside(op uint16, begin uint32) {
	for _, local := range []uint32{begin, bulkCount} {
		w.op(opLocalGet, local)
		w.out = append(w.out, opI64ExtendU)
	}
	w.out = append(w.out, opI64Add, opMemorySize, 0, opI64ExtendU)
	w.i64(16)
	w.out = append(w.out, opI64Shl, opI64GtU, opIf, 0x40)
	w.operands(bulkTo, bulkFrom, bulkCount)
	w.memory(op)
	w.out = append(w.out, opEnd)
}

func (w *bodyWriter) operands(locals ...uint32) {
	for _, local := range locals {
		w.op(opLocalGet, local)
	}
}

func (w *bodyWriter) add(local uint32, n int32) {
	w.op(opLocalGet, local)
	w.i32(n)
	w.out = append(w.out, opI32Add)
	w.op(opLocalSet, local)
}

// again comes by the host and goes round while there is more than a piece.
func (w *bodyWriter) again() {
	w.callYield(YieldFuel)
	w.op(opLocalGet, bulkCount)
	w.i32(bulkPiece)
	w.out = append(w.out, opI32GtU)
	w.op(opBrIf, 0)
	w.out = append(w.out, opEnd)
}
