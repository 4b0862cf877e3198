package wasm

import "errors"

// immediate says what follows an opcode in the binary format.
type immediate uint8

const (
	noImmediate immediate = iota
	unknownOpcode
	featureOpcode // of a feature that is refused by name
	blockImmediate
	labelImmediate
	tableBranchImmediate
	functionImmediate
	indirectImmediate // type and table
	selectImmediate   // one value type
	localImmediate
	globalImmediate
	tableImmediate
	memoryAccess // alignment and offset
	zeroByte     // the memory's index, one byte
	zeroBytes    // two of them
	i32Immediate
	i64Immediate
	fourBytes
	eightBytes
	sixteenBytes
	shuffleLanes // sixteen of them
	laneImmediate
	memoryLane // alignment, offset and lane
	referenceType
	functionReference
	dataAndZero     // segment and the memory's index
	dataImmediate   // segment
	elementAndTable // segment and table
	elementImmediate
	twoTables
)

// Opcodes that the check and the rewriter look at. Those with a prefix are the
// prefix in the high byte and the opcode in the low one.
const (
	opUnreachable  = 0x00
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelect       = 0x1b
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableSet     = 0x26
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opF32Eq        = 0x5b
	opF64Eq        = 0x61
	opI64LtS       = 0x53
	opI32GtU       = 0x4b
	opI64LtU       = 0x54
	opI64GtU       = 0x56
	opI32Eq        = 0x46
	opI32LtS       = 0x48
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI64Add       = 0x7c
	opI64Sub       = 0x7d
	opI64Shl       = 0x86
	opI64ShrU      = 0x88
	opI64Or        = 0x84
	opI64ExtendS   = 0xac // i64.extend_i32_s
	opI64ExtendU   = 0xad // i64.extend_i32_u
	opConvertFirst = 0xb2 // f32.convert_i32_s; between them are only conversions
	opConvertLast  = 0xba // f64.convert_i64_u
	opRefNull      = 0xd0
	opRefFunc      = 0xd2

	prefixMisc = 0xfc
	prefixVec  = 0xfd

	opMemoryInit = prefixMisc<<8 | 8
	opDataDrop   = prefixMisc<<8 | 9
	opMemoryCopy = prefixMisc<<8 | 10
	opMemoryFill = prefixMisc<<8 | 11
	opTableInit  = prefixMisc<<8 | 12
	opElemDrop   = prefixMisc<<8 | 13
	opTableCopy  = prefixMisc<<8 | 14
	opTableGrow  = prefixMisc<<8 | 15
	opTableSize  = prefixMisc<<8 | 16
	opTableFill  = prefixMisc<<8 | 17

	opV128Const = prefixVec<<8 | 12
)

// class says what the rewriter has to know of an instruction.
type class uint8

const (
	plain     class = iota
	structure       // takes no time of its own
	slow            // many times an addition
	bulk            // works on as much as its topmost operand says
	nanF32          // leaves an f32 whose NaN is not determined
	nanF64          // an f64
	nanF32x4        // a v128 of f32 lanes
	nanF64x2        // a v128 of f64 lanes
	floatSink       // takes a float from the top and looks at no NaN's bits
)

// opcode is a row of the tables below.
type opcode struct {
	imm          immediate
	class        class
	lanes        uint8 // bound of a lane index
	pops, pushes uint8 // values, except those that depend on types
}

// instruction is one decoded instruction. Its immediates are in x and y.
type instruction struct {
	opcode
	op      uint16
	at, end int    // its bytes
	x, y    uint32 // indexes; of a br_table the number of targets and the default
	targets int    // of a br_table: where its targets are
	block   int64  // of block, loop and if: the block's type
}

var errOpcode = errors.New("an opcode that does not exist")

// featureError is an instruction or type of a feature that is not supported.
type featureError string

func (e featureError) Error() string { return string(e) + " is not supported" }

// The features that are refused by name.
const (
	featureThreads    featureError = "threads"
	featureTailCalls  featureError = "tail calls"
	featureExceptions featureError = "exception handling"
	featureReferences featureError = "typed function references"
	featureGC         featureError = "garbage collection"
	featureMemory64   featureError = "memory64"
	featureMemories   featureError = "multi-memory"
	featureRelaxed    featureError = "relaxed SIMD"
	featureConst      featureError = "extended constant expressions"
)

// featureOf names the feature of an opcode marked featureOpcode.
func featureOf(op byte) featureError {
	switch op {
	case 0x12, 0x13:
		return featureTailCalls
	case 0x14, 0x15, 0xd3, 0xd4, 0xd5, 0xd6:
		return featureReferences
	case 0xfb:
		return featureGC
	case 0xfe:
		return featureThreads
	}
	return featureExceptions
}

// next decodes one instruction. The caller looks at r.err.
func (r *reader) next() (in instruction) {
	in.at = r.at
	op := r.byte()
	in.op = uint16(op)
	switch op {
	case prefixMisc:
		sub := r.u32()
		in.opcode = opcode{imm: unknownOpcode}
		if sub < uint32(len(miscOpcodes)) {
			in.op, in.opcode = prefixMisc<<8|uint16(sub), miscOpcodes[sub]
		}
	case prefixVec:
		sub := r.vectorOpcode()
		in.op, in.opcode = prefixVec<<8|uint16(sub), vectorOpcodes[sub]
	default:
		in.opcode = opcodes[op]
	}
	r.immediates(&in)
	in.end = r.at
	return in
}

// vectorOpcode reads a SIMD opcode, which is written as short as it can be:
// wazero takes it for a byte, followed for the upper half by a nop.
func (r *reader) vectorOpcode() byte {
	sub := r.byte()
	if sub >= 0x80 {
		switch r.byte() {
		case 1:
		case 2, 3:
			r.fail(featureRelaxed)
		default:
			r.fail(errOpcode)
		}
	}
	return sub
}

func (r *reader) immediates(in *instruction) {
	switch in.imm {
	case noImmediate:
	case unknownOpcode:
		r.fail(errOpcode)
	case featureOpcode:
		r.fail(featureOf(byte(in.op)))
	case blockImmediate:
		in.block = r.blockType()
	case tableBranchImmediate:
		in.x = r.u32()
		in.targets = r.at
		for range in.x {
			if r.u32(); r.err != nil {
				return
			}
		}
		in.y = r.u32()
	case labelImmediate, functionImmediate, localImmediate, globalImmediate, tableImmediate,
		functionReference, dataImmediate, elementImmediate:
		in.x = r.u32()
	case indirectImmediate, elementAndTable, twoTables, memoryAccess:
		in.x, in.y = r.u32(), r.u32()
	case selectImmediate:
		if r.byte() != 1 {
			r.fail(errors.New("a select of other than one type"))
		}
		r.valueType()
	case zeroByte:
		r.zero()
	case zeroBytes:
		r.zero()
		r.zero()
	case dataAndZero:
		in.x = r.u32()
		r.zero()
	case i32Immediate:
		r.signed(32)
	case i64Immediate:
		r.signed(64)
	case fourBytes:
		r.skip(4)
	case eightBytes:
		r.skip(8)
	case sixteenBytes:
		r.skip(16)
	case shuffleLanes:
		for range 16 {
			r.lane(32)
		}
	case laneImmediate:
		r.lane(in.lanes)
	case memoryLane:
		in.x, in.y = r.u32(), r.u32()
		r.lane(in.lanes)
	case referenceType:
		r.refType()
	}
}

func (r *reader) zero() {
	if r.byte() != 0 {
		r.fail(featureMemories)
	}
}

func (r *reader) lane(bound uint8) {
	if r.byte() >= bound {
		r.fail(errors.New("a lane that does not exist"))
	}
}

// The empty block type; other negative ones are value types.
const emptyBlock = -64

// blockType reads the type of a block: negative for none or one value, else the
// index of a function type.
func (r *reader) blockType() int64 {
	from := r.at
	v := r.signed(33)
	if v >= 0 || r.err != nil {
		return v
	}
	if r.at != from+1 {
		r.fail(errors.New("a value type is longer than a byte"))
	}
	if v == emptyBlock {
		return v
	}
	r.at = from
	r.valueType()
	return v
}

var errValueType = errors.New("a value type that does not exist")

const (
	typeI32       = 0x7f
	typeI64       = 0x7e
	typeF32       = 0x7d
	typeF64       = 0x7c
	typeV128      = 0x7b
	typeFuncref   = 0x70
	typeExternref = 0x6f
)

func (r *reader) valueType() byte {
	switch t := r.byte(); t {
	case typeI32, typeI64, typeF32, typeF64, typeV128, typeFuncref, typeExternref:
		return t
	default:
		r.fail(valueTypeError(t))
		return t
	}
}

func (r *reader) refType() byte {
	t := r.byte()
	if t != typeFuncref && t != typeExternref {
		r.fail(valueTypeError(t))
	}
	return t
}

// valueTypeError says why a byte is no value type here.
func valueTypeError(t byte) error {
	switch t {
	case 0x63, 0x64:
		return featureReferences
	case 0x69, 0x74:
		return featureExceptions
	case 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x71, 0x72, 0x73:
		return featureGC
	}
	return errValueType
}
