package wasm

import "encoding/binary"

// A loop asks for fuel outside of itself: a call inside would make the compiler
// keep every value of the loop in memory. Where the loop was there is
//
//	block $done
//	  loop $again
//	    block $ask
//	      loop            ;; the module's own
//	        (charge) br_if $ask
//	        …
//	      end
//	      br $done
//	    end
//	    (yield) (give the charge back)
//	    br $again
//	  end
//	end
//
// so that branches from within to what is outside count loopLabels more. A loop
// with parameters asks inside.
const loopLabels = 3

// nested is a block of the module that is open, the function itself being the
// first.
type nested struct {
	labels uint32  // that were added around it and around all that is open outside of it
	asks   *charge // of a loop that asks outside of itself
}

// open follows the beginning of a block, writing what comes before a loop. The
// block's instruction is written after it.
func (w *bodyWriter) open(in *instruction, head *charge) {
	n := nested{labels: w.nest[len(w.nest)-1].labels}
	if in.op == opLoop && head.kind == chargeLoop {
		if !head.calls && w.own < 0 {
			w.own = len(w.nest)
			w.reload()
		}
		if in.block < 0 || w.Checked.types[in.block].params == "" {
			n.labels += loopLabels
			n.asks = head
			w.openAround(in)
		}
	}
	w.nest = append(w.nest, n)
}

func (w *bodyWriter) openAround(in *instruction) {
	typ := appendSigned(nil, in.block)
	w.out = append(append(w.out, opBlock), typ...)
	w.out = append(append(w.out, opLoop), typ...)
	w.out = append(w.out, opBlock, 0x40)
}

// end follows the end of a block, after its instruction.
func (w *bodyWriter) end() {
	top := len(w.nest) - 1
	n := w.nest[top]
	w.nest = w.nest[:top]
	if n.asks != nil {
		w.op(opBr, 2) // $done
		w.out = append(w.out, opEnd)
		w.callYield(YieldFuel)
		w.op(opGlobalGet, w.fuel)
		w.i64(int64(n.asks.cost))
		w.out = append(w.out, opI64Add)
		w.set()
		w.op(opBr, 0) // $again
		w.out = append(w.out, opEnd, opEnd)
	}
	if top == w.own {
		w.own = -1
	}
}

// label is a branch's label with those that were added on its way.
func (w *bodyWriter) label(depth uint32) uint32 {
	top := len(w.nest) - 1
	return depth + w.nest[top].labels - w.nest[top-int(depth)].labels
}

func (w *bodyWriter) branch(code []byte, in *instruction) {
	w.out = append(w.out, byte(in.op))
	if in.op != opBrTable {
		w.index(w.label(in.x))
		return
	}
	w.index(in.x)
	targets := reader{b: code, at: in.targets}
	for range in.x {
		w.out = binary.AppendUvarint(w.out, uint64(w.label(targets.u32())))
	}
	w.index(w.label(in.y))
}

// charge takes fuel. The entry, loops and bulk operations look at what is left.
func (w *bodyWriter) charge(c *charge) {
	switch {
	case c.kind == chargeEndless:
		w.callYield(YieldEndless)
		w.out = append(w.out, opUnreachable)
		return
	case c.kind == chargeLabel && c.cost == 0:
		return
	}
	w.left()
	w.i64(int64(c.cost))
	w.out = append(w.out, opI64Sub)
	w.set()
	switch {
	case c.kind == chargeLabel, w.leaf:
	case w.nest[len(w.nest)-1].asks == c:
		w.isSpent()
		w.op(opBrIf, 1) // $ask
	default:
		w.look()
	}
}

// left leaves the fuel that is left on the stack.
func (w *bodyWriter) left() {
	if w.own >= 0 {
		w.op(opLocalGet, w.temps[tempI64])
	} else {
		w.op(opGlobalGet, w.fuel)
	}
}

// set takes the fuel that is left from the stack.
func (w *bodyWriter) set() {
	w.op(opLocalTee, w.temps[tempI64])
	w.op(opGlobalSet, w.fuel)
}

// isSpent leaves whether the fuel that was last set is below zero.
func (w *bodyWriter) isSpent() {
	w.op(opLocalGet, w.temps[tempI64])
	w.i64(0)
	w.out = append(w.out, opI64LtS)
}

// look asks for more fuel when there is none.
func (w *bodyWriter) look() {
	w.isSpent()
	w.out = append(w.out, opIf, 0x40)
	w.callYield(YieldFuel)
	if w.own >= 0 {
		w.reload()
	}
	w.out = append(w.out, opEnd)
}

// reload makes the local that keeps the fuel equal to the global. In a loop
// without calls it always is, so that no turn of the loop waits for the last
// one's store.
func (w *bodyWriter) reload() {
	w.op(opGlobalGet, w.fuel)
	w.op(opLocalSet, w.temps[tempI64])
}

func (w *bodyWriter) callYield(r Reason) {
	w.i32(int32(r))
	w.op(opCall, w.yield)
}
