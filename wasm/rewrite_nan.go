package wasm

import (
	"encoding/binary"
	"math"
)

// Arithmetic may give any NaN; rewriting makes it the canonical one before its
// bits can be seen. They cannot be seen by arithmetic, comparisons and
// truncation, and a local may hold any NaN as long as all that is ever put into
// it comes from arithmetic: such a local is pure, and what is read of it is made
// canonical where it is seen. A local that may hold what was loaded, or came from
// elsewhere, is not pure, for its NaNs have to stay as they are.

// nans finds, in one body, what has to be made canonical. Instructions are named
// by their offset in the module.
type nans struct {
	seen  map[int]bool // results of arithmetic, and reads of pure locals, whose bits can be seen
	pure  []bool       // by local; false for what is no float
	types []byte       // by local
	stack []value      // as far as it is known: what is below it is unknown
	flows []flow
}

// value is what an instruction left on the stack.
type value struct {
	kind  valueKind
	at    int    // its instruction
	local uint32 // of valueRead
}

type valueKind uint8

const (
	valueOther    valueKind = iota // bits that have to stay as they are
	valueNumber                    // no NaN
	valueComputed                  // the result of arithmetic
	valueRead                      // of a local
)

// flow is a value that is put into a local.
type flow struct {
	value value
	to    uint32
}

// keptNans is how many entries a map may have had to be used again: clearing one
// takes as long as it was ever big.
const keptNans = 1000

// reset forgets the last body.
func (n *nans) reset() {
	if n.seen == nil || len(n.seen) > keptNans {
		n.seen = map[int]bool{}
	}
	clear(n.seen)
}

// find reads a body, whose instructions begin at r, and whose locals, after its
// parameters, are of the types.
func (n *nans) find(r *reader, params string, types []byte) {
	n.flows, n.stack = n.flows[:0], n.stack[:0]
	n.types = append(append(n.types[:0], params...), types...)
	n.pure = n.pure[:0]
	for i, t := range n.types {
		n.pure = append(n.pure, i >= len(params) && (t == typeF32 || t == typeF64))
	}
	for r.at < len(r.b) {
		in := r.next()
		n.instruction(r.b, &in)
	}
	n.settle()
}

func (n *nans) instruction(code []byte, in *instruction) {
	switch in.op {
	case opLocalGet:
		n.push(value{valueRead, in.at, in.x})
		return
	case opLocalSet:
		n.flows = append(n.flows, flow{n.pop(), in.x})
		return
	case opLocalTee:
		v := n.pop()
		n.flows = append(n.flows, flow{v, in.x})
		n.push(v)
		return
	}
	blind := false // to the bits of a NaN
	switch in.class {
	case floatSink, nanF32, nanF64:
		blind = true
	}
	for range in.pops {
		if v := n.pop(); !blind {
			n.show(v)
		}
	}
	switch in.imm {
	case blockImmediate, labelImmediate, tableBranchImmediate, functionImmediate, indirectImmediate:
		n.flush()
	}
	switch in.op {
	case opElse, opEnd, opReturn, opUnreachable:
		n.flush()
	}
	result := value{kind: valueOther}
	switch {
	case in.class == nanF32 || in.class == nanF64:
		result = value{kind: valueComputed, at: in.at}
	case in.op >= opConvertFirst && in.op <= opConvertLast || isNumber(code, in):
		result.kind = valueNumber
	}
	for range in.pushes {
		n.push(result)
	}
}

// isNumber reports whether an instruction is a float constant and no NaN.
func isNumber(code []byte, in *instruction) bool {
	switch in.op {
	case opF32Const:
		f := math.Float32frombits(binary.LittleEndian.Uint32(code[in.end-4:]))
		return f == f
	case opF64Const:
		return !math.IsNaN(math.Float64frombits(binary.LittleEndian.Uint64(code[in.end-8:])))
	}
	return false
}

func (n *nans) push(v value) { n.stack = append(n.stack, v) }

func (n *nans) pop() value {
	top := len(n.stack) - 1
	if top < 0 {
		return value{}
	}
	v := n.stack[top]
	n.stack = n.stack[:top]
	return v
}

// show says that the bits of a value can be seen.
func (n *nans) show(v value) {
	if v.kind == valueComputed || v.kind == valueRead {
		n.seen[v.at] = true
	}
}

// flush says it of all that is on the stack, where control parts or meets.
func (n *nans) flush() {
	for _, v := range n.stack {
		n.show(v)
	}
	n.stack = n.stack[:0]
}

// settle finds the locals that are not pure, and shows what is put into those.
func (n *nans) settle() {
	into := map[uint32][]uint32{} // from a local to those it is put into
	var impure []uint32
	taint := func(local uint32) {
		if n.pure[local] {
			n.pure[local] = false
			impure = append(impure, local)
		}
	}
	for _, f := range n.flows {
		switch {
		case f.value.kind == valueOther, f.value.kind == valueRead && !n.pure[f.value.local]:
			taint(f.to)
		case f.value.kind == valueRead:
			into[f.value.local] = append(into[f.value.local], f.to)
		}
	}
	for len(impure) > 0 {
		local := impure[len(impure)-1]
		impure = impure[:len(impure)-1]
		for _, to := range into[local] {
			taint(to)
		}
	}
	for _, f := range n.flows {
		if !n.pure[f.to] {
			n.show(f.value)
		}
	}
}

// canonical is the class by which what an instruction leaves has to be made
// canonical, and false where it need not be.
func (n *nans) canonical(in *instruction) (class, bool) {
	switch {
	case in.class == nanF32x4 || in.class == nanF64x2:
		// What reads lanes may read others than were written.
		return in.class, true
	case in.class == nanF32 || in.class == nanF64:
		return in.class, n.seen[in.at]
	case in.op == opLocalGet && n.seen[in.at] && n.pure[in.x]:
		if n.types[in.x] == typeF32 {
			return nanF32, true
		}
		return nanF64, true
	}
	return 0, false
}
