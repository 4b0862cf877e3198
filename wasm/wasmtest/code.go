package wasmtest

import (
	"encoding/binary"
	"math"
	"strings"
)

// Code is a sequence of encoded instructions. Being a string it is constant and
// joined with +:
//
//	wasmtest.Get(0) + wasmtest.I32(1) + wasmtest.I32Add
//
// An instruction without a name here is written as its bytes.
type Code string

// Instructions without operands.
const (
	Unreachable Code = "\x00"
	Nop         Code = "\x01"
	Else        Code = "\x05"
	End         Code = "\x0b"
	Ret         Code = "\x0f" // return
	Drop        Code = "\x1a"

	I32Eqz  Code = "\x45"
	I32Eq   Code = "\x46"
	I32Ne   Code = "\x47"
	I32LtU  Code = "\x49"
	I32GtU  Code = "\x4b"
	I32Add  Code = "\x6a"
	I32Sub  Code = "\x6b"
	I32Mul  Code = "\x6c"
	I32DivS Code = "\x6d"
	I32DivU Code = "\x6e"
	I32And  Code = "\x71"
	I32Shl  Code = "\x74"
	I32ShrU Code = "\x76"

	I64Eqz     Code = "\x50"
	I64Add     Code = "\x7c"
	I64Sub     Code = "\x7d"
	I64Mul     Code = "\x7e"
	I32WrapI64 Code = "\xa7"

	MemorySize Code = "\x3f\x00"
	MemoryGrow Code = "\x40\x00"
	MemoryCopy Code = "\xfc\x0a\x00\x00"
	MemoryFill Code = "\xfc\x0b\x00"

	RefNull Code = "\xd0\x70" // of a function
)

// I32, I64, F32 and F64 push a constant.
func I32(n int32) Code   { return "\x41" + Code(signed(int64(n))) }
func I64(n int64) Code   { return "\x42" + Code(signed(n)) }
func F32(x float32) Code { return "\x43" + Code(le32(math.Float32bits(x))) }
func F64(x float64) Code {
	return "\x44" + Code(binary.LittleEndian.AppendUint64(nil, math.Float64bits(x)))
}

// V128 pushes a vector of the number in each of its two lanes.
func V128(n uint64) Code {
	lane := Code(binary.LittleEndian.AppendUint64(nil, n))
	return "\xfd\x0c" + lane + lane
}

// Addr pushes an address or length of 32 bits.
func Addr(n uint32) Code { return I32(int32(n)) }

// Get, Set and Tee work on a local; GlobalGet and GlobalSet on a global.
func Get(local uint32) Code        { return "\x20" + Code(leb(local)) }
func Set(local uint32) Code        { return "\x21" + Code(leb(local)) }
func Tee(local uint32) Code        { return "\x22" + Code(leb(local)) }
func GlobalGet(global uint32) Code { return "\x23" + Code(leb(global)) }
func GlobalSet(global uint32) Code { return "\x24" + Code(leb(global)) }

// Load8, Load32, Load64, Store8, Store32 and Store64 access memory at the
// address on the stack plus offset; a Load8 is unsigned, and all but the 64 bit
// ones work on an i32.
func Load8(offset uint32) Code   { return "\x2d\x00" + Code(leb(offset)) }
func Load32(offset uint32) Code  { return "\x28\x00" + Code(leb(offset)) }
func Load64(offset uint32) Code  { return "\x29\x00" + Code(leb(offset)) }
func Store8(offset uint32) Code  { return "\x3a\x00" + Code(leb(offset)) }
func Store32(offset uint32) Code { return "\x36\x00" + Code(leb(offset)) }
func Store64(offset uint32) Code { return "\x37\x00" + Code(leb(offset)) }

// Block, Loop and If wrap code that takes and leaves nothing; they write the end.
func Block(body Code) Code { return "\x02\x40" + body + End }
func Loop(body Code) Code  { return "\x03\x40" + body + End }
func If(body Code) Code    { return "\x04\x40" + body + End }

// Br and BrIf branch to the block of that depth, 0 being the innermost.
func Br(depth uint32) Code   { return "\x0c" + Code(leb(depth)) }
func BrIf(depth uint32) Code { return "\x0d" + Code(leb(depth)) }

// Call calls a function by its index.
func Call(function uint32) Code { return "\x10" + Code(leb(function)) }

// CallIndirect calls the function at the table index on the stack, which must
// have the type of that index (see Module.Type).
func CallIndirect(typ uint32) Code { return "\x11" + Code(leb(typ)) + "\x00" }

// TableGrow grows the table of that index.
func TableGrow(table uint32) Code { return "\xfc\x0f" + Code(leb(table)) }

// Repeat is code written n times.
func Repeat(n int, code Code) Code { return Code(strings.Repeat(string(code), n)) }

// leb is the unsigned LEB128 form.
func leb(n uint32) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// signed is the signed LEB128 form.
func signed(n int64) []byte {
	var out []byte
	for {
		b := byte(n & 0x7f)
		n >>= 7
		if (n == 0 && b&0x40 == 0) || (n == -1 && b&0x40 != 0) {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}

func le32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
