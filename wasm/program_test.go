package wasm_test

import (
	"math/rand/v2"
	"strings"

	"github.com/theater-go/theater/wasm/wasmtest"
)

// programmer writes random valid programs that use what rewriting touches: calls,
// blocks and branches of every depth, loops that end, floats, vectors, globals,
// memory and bulk operations.
type programmer struct {
	*rand.Rand
	m      *wasmtest.Module
	labels []bool // of the open blocks whether each is a loop
	sigs   []string
	left   int  // statements that may still be written
	exact  bool // no arithmetic that gives a NaN whose bits are not determined
}

const (
	programLocals = "iIfFiIfFi" // the first four are the parameters
	counterLocal  = 8           // of the loops
	programSig    = "iIfF:"
)

func randomProgram(seed uint64, exact bool) []byte {
	var m wasmtest.Module
	p := &programmer{Rand: rand.New(rand.NewPCG(seed, 7)), m: &m, exact: exact}
	n := 2 + p.IntN(4)
	for range n {
		p.sigs = append(p.sigs, programSig+[]string{"", "i", "I", "f", "F", "iF"}[p.IntN(6)])
	}
	for i, sig := range p.sigs {
		p.left, p.labels = 30, p.labels[:0]
		results := sig[strings.Index(sig, ":")+1:]
		body := p.statements(i)
		for _, r := range results {
			body += p.value(byte(r), 3)
		}
		m.Export(string(rune('a'+i)), wasmtest.Function, m.Func(sig, programLocals[4:], body))
	}
	m.Memory(1, 3)
	m.Table(4)
	m.Elem(0, 0, 1)
	for _, g := range []struct {
		typ  string
		init wasmtest.Code
	}{{"i", wasmtest.I32(1)}, {"I", wasmtest.I64(2)}, {"f", wasmtest.F32(3)}, {"F", wasmtest.F64(4)}} {
		m.Global(g.typ, true, g.init)
	}
	m.Export("memory", wasmtest.Memory, 0)
	return m.Bytes()
}

// local is a local of the type, never the loops' counter.
func (p *programmer) local(typ byte) uint32 {
	return uint32(strings.IndexByte("iIfF", typ) + 4*p.IntN(2))
}

func (p *programmer) statements(self int) (c wasmtest.Code) {
	for n := 1 + p.IntN(6); n > 0 && p.left > 0; n-- {
		p.left--
		c += p.statement(self)
	}
	return c
}

func (p *programmer) statement(self int) wasmtest.Code {
	typ := "iIfF"[p.IntN(4)]
	switch p.IntN(12) {
	case 0:
		return p.value(typ, 4) + wasmtest.GlobalSet(uint32(strings.IndexByte("iIfF", typ)))
	case 1:
		return p.address() + p.value(typ, 4) + map[byte]wasmtest.Code{'i': "\x36", 'I': "\x37", 'f': "\x38", 'F': "\x39"}[typ] + "\x00\x08"
	case 2:
		return p.block("\x02\x40", false, self)
	case 3:
		return p.value('i', 3) + p.block("\x04\x40", false, self)
	case 4:
		return p.loop(self)
	case 5:
		return p.branch()
	case 6:
		return p.call(self)
	case 7:
		return wasmtest.I32(int32(p.IntN(100))) + wasmtest.I32(int32(p.IntN(100))) + wasmtest.I32(int32(p.IntN(70_000))) + []wasmtest.Code{wasmtest.MemoryCopy, wasmtest.MemoryFill}[p.IntN(2)]
	case 8:
		return p.value('i', 2) + wasmtest.MemoryGrow + wasmtest.Set(p.local('i'))
	}
	return p.value(typ, 5) + wasmtest.Set(p.local(typ))
}

func (p *programmer) block(open wasmtest.Code, loop bool, self int) wasmtest.Code {
	p.labels = append(p.labels, loop)
	c := open + p.statements(self)
	if open[0] == 0x04 && p.IntN(2) == 0 {
		c += wasmtest.Else + p.statements(self)
	}
	p.labels = p.labels[:len(p.labels)-1]
	return c + wasmtest.End
}

// loop is a loop in a block that it leaves when the turns of all loops of the
// function together are too many.
func (p *programmer) loop(self int) wasmtest.Code {
	p.labels = append(p.labels, false)
	limit := wasmtest.Get(counterLocal) + wasmtest.I32(1) + wasmtest.I32Add + wasmtest.Tee(counterLocal) + wasmtest.I32(20) + wasmtest.I32GtU + wasmtest.BrIf(1)
	c := wasmtest.Block(p.block("\x03\x40"+limit, true, self))
	p.labels = p.labels[:len(p.labels)-1]
	return c
}

// branch goes to any open block, back to a loop or out of anything.
func (p *programmer) branch() wasmtest.Code {
	if len(p.labels) == 0 {
		return ""
	}
	to := func() uint32 { return uint32(p.IntN(len(p.labels))) }
	if p.IntN(3) == 0 {
		return p.value('i', 2) + "\x0e\x02" + wasmtest.Code([]byte{byte(to()), byte(to()), byte(to())})
	}
	return p.value('i', 2) + wasmtest.BrIf(to())
}

// call calls a function before this one, or through the table.
func (p *programmer) call(self int) (c wasmtest.Code) {
	if self == 0 {
		return ""
	}
	f := p.IntN(self)
	for _, typ := range "iIfF" {
		c += p.value(byte(typ), 2)
	}
	c += wasmtest.Call(uint32(f))
	if f < 2 && p.IntN(3) == 0 {
		c = c[:len(c)-2] + wasmtest.I32(int32(f)) + wasmtest.CallIndirect(p.m.Type(p.sigs[f]))
	}
	_, results, _ := strings.Cut(p.sigs[f], ":")
	for i := len(results) - 1; i >= 0; i-- {
		c += wasmtest.Set(p.local(results[i]))
	}
	return c
}

func (p *programmer) address() wasmtest.Code {
	return p.value('i', 1) + wasmtest.I32(0xffff) + wasmtest.I32And
}

// operators are the binary ones of each type that never trap.
var operators = map[byte]string{'i': "\x6a\x6b\x6c\x71\x72\x73\x74\x75\x76\x77", 'I': "\x7c\x7d\x7e\x83\x84\x85\x86\x87\x88",
	'f': "\x92\x93\x94\x95\x96\x97\x98", 'F': "\xa0\xa1\xa2\xa3\xa4\xa5\xa6"}

// unary ones: what they take, and their opcode.
var conversions = map[byte][]string{
	'i': {"i\x67", "I\x50", "I\xa7", "f\xbc", "i\xc0"},
	'I': {"I\x79", "i\xac", "i\xad", "F\xbd", "I\xc4"},
	'f': {"f\x8b", "f\x8c", "f\x8d", "f\x8f", "f\x91", "i\xb2", "F\xb6", "i\xbe"},
	'F': {"F\x99", "F\x9a", "F\x9b", "F\x9e", "F\x9f", "I\xb9", "f\xbb", "I\xbf"},
}

// value is an expression of the type.
func (p *programmer) value(typ byte, depth int) wasmtest.Code {
	if depth == 0 || p.IntN(4) == 0 {
		return p.leaf(typ)
	}
	switch p.IntN(7) {
	case 0:
		c := conversions[typ][p.IntN(len(conversions[typ]))]
		if p.exact && strings.Contains("\x8d\x8f\x91\xb6\x9b\x9e\x9f\xbb", c[1:]) {
			return p.leaf(typ)
		}
		return p.value(c[0], depth-1) + wasmtest.Code(c[1:])
	case 1:
		return p.value(typ, depth-1) + p.value(typ, depth-1) + p.value('i', depth-1) + "\x1b"
	case 2:
		return p.address() + map[byte]wasmtest.Code{'i': "\x28", 'I': "\x29", 'f': "\x2a", 'F': "\x2b"}[typ] + "\x00\x04"
	case 3:
		if typ == 'i' { // comparisons
			t := "iIfF"[p.IntN(4)]
			first := map[byte]byte{'i': 0x46, 'I': 0x51, 'f': 0x5b, 'F': 0x61}[t]
			return p.value(t, depth-1) + p.value(t, depth-1) + wasmtest.Code([]byte{first + byte(p.IntN(6))})
		}
	case 4:
		if !p.exact || typ == 'i' || typ == 'I' {
			return p.vector(typ, depth)
		}
	}
	if p.exact && (typ == 'f' || typ == 'F') {
		return p.value(typ, depth-1) + p.value(typ, depth-1) + map[byte]wasmtest.Code{'f': "\x98", 'F': "\xa6"}[typ]
	}
	op := operators[typ][p.IntN(len(operators[typ]))]
	return p.value(typ, depth-1) + p.value(typ, depth-1) + wasmtest.Code([]byte{op})
}

// vectors are, by type, how one is made of a number, two are made one, and a lane
// becomes a number.
var vectors = map[byte]struct {
	splat, operators string
	lane             wasmtest.Code
}{
	'i': {"\x11", "\xae\xb1\xb5\xb6\xb7", "\xfd\x1b\x02"}, 'I': {"\x12", "\xce\xd1\xd5", "\xfd\x1d\x01"},
	'f': {"\x13", "\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb", "\xfd\x1f\x03"}, 'F': {"\x14", "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7", "\xfd\x21\x01"},
}

// vector is a number of the type that comes out of vectors.
func (p *programmer) vector(typ byte, depth int) wasmtest.Code {
	v := vectors[typ]
	splat := wasmtest.Code("\xfd" + v.splat)
	op := v.operators[p.IntN(len(v.operators))]
	return p.value(typ, depth-1) + splat + p.value(typ, depth-1) + splat + wasmtest.Code([]byte{0xfd, op, 1}) + v.lane
}

func (p *programmer) leaf(typ byte) wasmtest.Code {
	switch p.IntN(4) {
	case 0:
		return wasmtest.GlobalGet(uint32(strings.IndexByte("iIfF", typ)))
	case 1:
		v := special[p.IntN(len(special))]
		switch typ {
		case 'i':
			return wasmtest.I32(int32(v))
		case 'I':
			return wasmtest.I64(int64(v))
		case 'f':
			return wasmtest.I32(int32(v)) + "\xbe"
		}
		return wasmtest.I64(int64(v)) + "\xbf"
	}
	return wasmtest.Get(p.local(typ))
}
