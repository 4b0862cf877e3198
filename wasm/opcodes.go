package wasm

// The tables of instructions: core 2.0, which is what the engine runs.
var (
	opcodes       = baseOpcodes()
	miscOpcodes   = miscTable()
	vectorOpcodes = vectorTable()
)

// Rows of instructions without immediates, by what they do to the stack.
var (
	oneToOne  = opcode{pops: 1, pushes: 1}
	twoToOne  = opcode{pops: 2, pushes: 1}
	truncates = opcode{pops: 1, pushes: 1, class: floatSink}
	compares  = opcode{pops: 2, pushes: 1, class: floatSink}
)

// fill gives a row to every opcode from first to last.
func fill(table []opcode, first, last int, row opcode) {
	for i := first; i <= last; i++ {
		table[i] = row
	}
}

func baseOpcodes() [256]opcode {
	var all [256]opcode
	t := all[:]
	fill(t, 0x00, 0xff, opcode{imm: unknownOpcode})
	controlOpcodes(t)
	t[opDrop] = opcode{pops: 1, class: floatSink}
	t[opSelect] = opcode{pops: 3, pushes: 1}
	t[0x1c] = opcode{pops: 3, pushes: 1, imm: selectImmediate}
	t[opLocalGet] = opcode{pushes: 1, imm: localImmediate}
	t[opLocalSet] = opcode{pops: 1, imm: localImmediate}
	t[opLocalTee] = opcode{pops: 1, pushes: 1, imm: localImmediate}
	t[opGlobalGet] = opcode{pushes: 1, imm: globalImmediate}
	t[opGlobalSet] = opcode{pops: 1, imm: globalImmediate}
	t[0x25] = opcode{pops: 1, pushes: 1, imm: tableImmediate}
	t[opTableSet] = opcode{pops: 2, imm: tableImmediate}
	fill(t, 0x28, 0x35, opcode{pops: 1, pushes: 1, imm: memoryAccess})
	fill(t, 0x36, 0x3e, opcode{pops: 2, imm: memoryAccess})
	t[0x3f] = opcode{pushes: 1, imm: zeroByte}
	t[opMemoryGrow] = opcode{pops: 1, pushes: 1, imm: zeroByte, class: bulk}
	t[opI32Const] = opcode{pushes: 1, imm: i32Immediate}
	t[opI64Const] = opcode{pushes: 1, imm: i64Immediate}
	t[opF32Const] = opcode{pushes: 1, imm: fourBytes}
	t[opF64Const] = opcode{pushes: 1, imm: eightBytes}
	numericOpcodes(t)
	t[opRefNull] = opcode{pushes: 1, imm: referenceType}
	t[0xd1] = oneToOne
	t[opRefFunc] = opcode{pushes: 1, imm: functionReference}
	fill(t, 0xd3, 0xd6, opcode{imm: featureOpcode})
	t[0xfb] = opcode{imm: featureOpcode}
	t[0xfe] = opcode{imm: featureOpcode}
	return all
}

// controlOpcodes are those whose effect on the stack depends on types; it is
// worked out where they are met.
func controlOpcodes(t []opcode) {
	fill(t, 0x00, 0x01, opcode{class: structure}) // unreachable, nop
	fill(t, opBlock, opLoop, opcode{imm: blockImmediate, class: structure})
	t[opIf] = opcode{pops: 1, imm: blockImmediate}
	t[opElse] = opcode{class: structure}
	fill(t, 0x06, 0x0a, opcode{imm: featureOpcode}) // exceptions
	t[opEnd] = opcode{class: structure}
	t[opBr] = opcode{imm: labelImmediate}
	t[opBrIf] = opcode{pops: 1, imm: labelImmediate}
	t[opBrTable] = opcode{pops: 1, imm: tableBranchImmediate}
	t[opReturn] = opcode{}
	t[opCall] = opcode{imm: functionImmediate, class: slow}
	t[opCallIndirect] = opcode{pops: 1, imm: indirectImmediate, class: slow}
	fill(t, 0x12, 0x15, opcode{imm: featureOpcode}) // tail calls, call_ref
	fill(t, 0x18, 0x19, opcode{imm: featureOpcode}) // exceptions
	t[0x1f] = opcode{imm: featureOpcode}            // exceptions
}

func numericOpcodes(t []opcode) {
	fill(t, 0x45, 0x5a, twoToOne) // comparisons of integers
	t[0x45], t[0x50] = oneToOne, oneToOne
	fill(t, 0x5b, 0x66, compares) // comparisons of floats
	division := opcode{pops: 2, pushes: 1, class: slow}
	fill(t, 0x67, 0x69, oneToOne) // i32
	fill(t, 0x6a, 0x78, twoToOne)
	fill(t, 0x6d, 0x70, division)
	fill(t, 0x79, 0x7b, oneToOne) // i64
	fill(t, 0x7c, 0x8a, twoToOne)
	fill(t, 0x7f, 0x82, division)
	// Of the floats' operations abs, neg and copysign are exact.
	fill(t, 0x8b, 0x8c, oneToOne) // f32
	fill(t, 0x8d, 0x91, opcode{pops: 1, pushes: 1, class: nanF32})
	fill(t, 0x92, 0x97, opcode{pops: 2, pushes: 1, class: nanF32})
	t[0x98] = twoToOne
	fill(t, 0x99, 0x9a, oneToOne) // f64
	fill(t, 0x9b, 0x9f, opcode{pops: 1, pushes: 1, class: nanF64})
	fill(t, 0xa0, 0xa5, opcode{pops: 2, pushes: 1, class: nanF64})
	t[0xa6] = twoToOne
	fill(t, 0xa7, 0xc4, oneToOne)                       // conversions
	fill(t, 0xa8, 0xab, truncates)                      // truncation to i32
	fill(t, 0xae, 0xb1, truncates)                      // to i64
	t[0xb6] = opcode{pops: 1, pushes: 1, class: nanF32} // f32.demote_f64
	t[0xbb] = opcode{pops: 1, pushes: 1, class: nanF64} // f64.promote_f32
}

func miscTable() [18]opcode {
	var all [18]opcode
	fill(all[:], 0, 7, truncates) // saturating truncation
	all[8] = opcode{pops: 3, imm: dataAndZero, class: bulk}
	all[9] = opcode{imm: dataImmediate}
	all[10] = opcode{pops: 3, imm: zeroBytes, class: bulk}
	all[11] = opcode{pops: 3, imm: zeroByte, class: bulk}
	all[12] = opcode{pops: 3, imm: elementAndTable, class: bulk}
	all[13] = opcode{imm: elementImmediate}
	all[14] = opcode{pops: 3, imm: twoTables, class: bulk}
	all[15] = opcode{pops: 2, pushes: 1, imm: tableImmediate, class: bulk}
	all[16] = opcode{pushes: 1, imm: tableImmediate}
	all[17] = opcode{pops: 3, imm: tableImmediate, class: bulk}
	return all
}

func vectorTable() [256]opcode {
	var all [256]opcode
	t := all[:]
	fill(t, 0x00, 0xff, twoToOne)
	fill(t, 0x00, 0x0a, opcode{pops: 1, pushes: 1, imm: memoryAccess})
	t[0x0b] = opcode{pops: 2, imm: memoryAccess}
	t[0x0c] = opcode{pushes: 1, imm: sixteenBytes}
	t[0x0d] = opcode{pops: 2, pushes: 1, imm: shuffleLanes}
	fill(t, 0x0f, 0x14, oneToOne) // splat
	vectorLanes(t)
	t[0x4d], t[0x53] = oneToOne, oneToOne
	t[0x52] = opcode{pops: 3, pushes: 1} // bitselect
	fill(t, 0x5c, 0x5d, opcode{pops: 1, pushes: 1, imm: memoryAccess})
	for _, span := range [][2]int{{0x60, 0x64}, {0x7c, 0x7f}, {0x80, 0x81}, {0x83, 0x84}, {0x87, 0x8a}, {0xa0, 0xa1}, {0xa3, 0xa4},
		{0xa7, 0xaa}, {0xc0, 0xc1}, {0xc3, 0xc4}, {0xc7, 0xca}, {0xe0, 0xe1}, {0xec, 0xed}, {0xf8, 0xff}} {
		fill(t, span[0], span[1], oneToOne)
	}
	for _, i := range []int{0x5e, 0x67, 0x68, 0x69, 0x6a, 0xe3} { // demote, ceil to nearest, sqrt
		t[i] = opcode{pops: 1, pushes: 1, class: nanF32x4}
	}
	fill(t, 0xe4, 0xe9, opcode{pops: 2, pushes: 1, class: nanF32x4}) // add to max
	for _, i := range []int{0x5f, 0x74, 0x75, 0x7a, 0x94, 0xef} {    // promote, ceil to nearest, sqrt
		t[i] = opcode{pops: 1, pushes: 1, class: nanF64x2}
	}
	fill(t, 0xf0, 0xf5, opcode{pops: 2, pushes: 1, class: nanF64x2}) // add to max
	for _, i := range []int{0x9a, 0xa2, 0xa5, 0xa6, 0xaf, 0xb0, 0xb2, 0xb3, 0xb4, 0xbb, 0xc2, 0xc5, 0xc6, 0xcf, 0xd0, 0xd2, 0xd3, 0xd4, 0xe2, 0xee} {
		t[i] = opcode{imm: unknownOpcode}
	}
	return all
}

func vectorLanes(t []opcode) {
	for _, shape := range []struct{ first, last, lanes int }{
		{0x15, 0x17, 16}, {0x18, 0x1a, 8}, {0x1b, 0x1c, 4}, {0x1d, 0x1e, 2}, {0x1f, 0x20, 4}, {0x21, 0x22, 2},
	} {
		fill(t, shape.first, shape.last, opcode{pops: 1, pushes: 1, imm: laneImmediate, lanes: uint8(shape.lanes)})
		t[shape.last].pops = 2 // replace_lane
	}
	for i := range 4 {
		lanes := uint8(16 >> i)
		t[0x54+i] = opcode{pops: 2, pushes: 1, imm: memoryLane, lanes: lanes}
		t[0x58+i] = opcode{pops: 2, imm: memoryLane, lanes: lanes}
	}
}
