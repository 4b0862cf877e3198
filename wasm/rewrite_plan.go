package wasm

// The fuel schedule. An instruction costs by its class, as below; what only
// marks structure costs nothing. Costs are charged before the code runs, in one
// sum for as much of it as is certain to be no cheaper to reach otherwise:
//
//   - at the entry of a function, which costs one itself,
//   - at the head of a loop, each time round,
//   - behind a label and at an else, when the charge that would otherwise cover
//     the code there has grown to chargeSplit.
//
// A charge covers the code behind it up to the next charge, except that the code
// behind the end of a block belongs to the charge that the block began under, for
// a branch may have jumped over those inside. So nothing runs uncharged, and what
// a branch jumps over is charged at most chargeSplit and one piece of straight
// code too much. Whether fuel is left is looked at at entries, loop heads and
// bulk operations; not at the entry of a function that calls nothing, has
// neither, and costs no more than shortCost.
//
// A bulk operation is charged its operand besides, before it runs: an eighth of
// the bytes, all of the elements of a table, 8,192 for a page of memory. An
// operand beyond the memory or table counts as its size, for it traps; a growth
// counts as at most 1,024 pages or maxTable elements, for it may be refused.
const (
	costPlain   = 1
	costSlow    = 8 // calls, divisions, bulk operations
	costNaN     = 3 // with the canonicalisation
	costNaNLane = 4
	chargeSplit = 64
	shortCost   = 24
)

func (c class) cost() uint32 {
	switch c {
	case structure:
		return 0
	case slow, bulk:
		return costSlow
	case nanF32, nanF64:
		return costNaN
	case nanF32x4, nanF64x2:
		return costNaNLane
	}
	return costPlain
}

// charge is a place where code is inserted.
type charge struct {
	at    int // offset in the module of the instruction that follows
	cost  uint32
	kind  chargeKind
	calls bool // of a loop: it has calls, so its fuel is not its own
}

type chargeKind uint8

const (
	chargeEntry chargeKind = iota
	chargeLoop
	chargeLabel
	chargeEndless // a loop that only branches to its own head
)

// plan is what a body needs, found before it is written.
type plan struct {
	charges []charge
	temps   [tempKinds]bool
	open    []openBlock
	now     int // the charge that covers the code being read
}

// openBlock is a block that has not ended.
type openBlock struct {
	under int  // the charge that it began under
	loop  int  // the charge of its head; 0 for what is no loop
	calls bool // there was a call inside
}

// read goes through a body, whose instructions begin at r.
func (p *plan) read(r *reader, depth bool, n *nans) {
	*p = plan{charges: append(p.charges[:0], charge{at: r.at, cost: costPlain, kind: chargeEntry}), open: p.open[:0]}
	p.temps[tempI64] = true
	p.temps[tempI32] = depth
	for in := r.next(); ; {
		next := instruction{}
		last := r.at == len(r.b)
		if !last {
			next = r.next()
		}
		p.charges[p.now].cost += in.class.cost()
		p.control(&in, &next)
		if c, ok := n.canonical(&in); ok {
			p.temps[nanTemp(c)] = true
		}
		if in.class == bulk {
			p.temps[tempI32], p.temps[tempCount], p.temps[tempBound] = true, true, true
		}
		if last {
			return
		}
		in = next
	}
}

// isShort reports whether a body costs little however it is gone through. As it
// does not look at the fuel, this bounds what a body that only calls it, and has no
// loop, can do without looking: a few milliseconds at the largest body.
func (p *plan) isShort() bool {
	cost := uint32(0)
	for _, c := range p.charges {
		if c.kind == chargeLoop || c.kind == chargeEndless {
			return false
		}
		cost += c.cost
	}
	return cost <= shortCost && !p.temps[tempBound]
}

func (p *plan) control(in, next *instruction) {
	top := len(p.open) - 1
	switch in.op {
	case opBlock, opIf:
		p.open = append(p.open, openBlock{under: p.now})
	case opLoop:
		kind := chargeLoop
		if next.op == opBr && next.x == 0 {
			kind = chargeEndless
		}
		p.open = append(p.open, openBlock{under: p.now, loop: len(p.charges)})
		p.begin(in.end, kind)
	case opElse:
		p.label(in.end, p.open[top].under)
	case opCall, opCallIndirect:
		if top >= 0 {
			p.open[top].calls = true
		}
	case opEnd:
		if top >= 0 {
			p.end(in.end, p.open[top])
		}
	}
}

// end closes the innermost block.
func (p *plan) end(at int, b openBlock) {
	p.open = p.open[:len(p.open)-1]
	if b.loop != 0 {
		p.charges[b.loop].calls = b.calls
	}
	if top := len(p.open) - 1; top >= 0 && b.calls {
		p.open[top].calls = true
	}
	p.label(at, b.under)
}

func (p *plan) begin(at int, kind chargeKind) {
	p.now = len(p.charges)
	p.charges = append(p.charges, charge{at: at, kind: kind})
}

// label decides what covers the code at a label or else of a block that began
// under the charge.
func (p *plan) label(at, under int) {
	if p.now = under; p.charges[under].cost >= chargeSplit {
		p.begin(at, chargeLabel)
	}
}

// temp is a local that is added to a function.
type temp uint8

const (
	tempI32 temp = iota
	tempI64
	tempCount // i64
	tempBound // i64
	tempF32
	tempF64
	tempV128
	tempKinds
)

var tempTypes = [tempKinds]byte{typeI32, typeI64, typeI64, typeI64, typeF32, typeF64, typeV128}

// nanTemp is the local with which a result of the class is made canonical.
func nanTemp(c class) temp {
	switch c {
	case nanF32:
		return tempF32
	case nanF64:
		return tempF64
	}
	return tempV128
}
