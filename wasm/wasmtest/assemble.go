package wasmtest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/theater-go/theater/wasm/pack"
)

// guest is a Guest being assembled. Its numbers are indexes of functions, its
// addresses those of static data.
type guest struct {
	m         Module
	functions map[function]uint32 // the imported ones
	data      []byte              // from dataStart
	self      uint32              // the export being written
	answer    uint32              // answer(ptr, len, out, out) -> status
	body      uint32              // body(in) -> address of the message's node
	alloc     uint32
	slots     uint32 // two words for a host's answer
	calls     uint32 // the counter of Calls
	table     bool
}

// How a value is laid out, and where static data begins.
const (
	firstNode = 16
	nodeHead  = 8
	dataStart = 1024
	pageSize  = 65536
	heap      = 0 // the global that marks the end of what is allocated
)

// Bytes assembles the module.
func (x Guest) Bytes() []byte {
	exports := x.exports()
	g := &guest{functions: map[function]uint32{}}
	for _, name := range sortedKeys(exports) {
		for _, f := range exports[name].imports {
			if _, ok := g.functions[f]; !ok {
				g.functions[f] = g.m.Import(f.module, f.name, f.sig)
			}
		}
	}
	g.slots, g.calls = g.put(make([]byte, 8)), g.put(make([]byte, 4))
	export := func(name string, kind Kind, index uint32) {
		if !slices.Contains(x.Without, name) {
			g.m.Export(name, kind, index)
		}
	}
	g.support(x, export)
	for _, name := range sortedKeys(exports) {
		g.self = g.m.imported + uint32(len(g.m.funcs))
		export(name, Function, g.m.Func(abi, "iiii", exports[name].emit(g)))
		g.m.Name(g.self, name)
	}
	g.m.Data(dataStart, g.data)
	end := dataStart + uint32(len(g.data))
	g.m.Global("i", true, Addr(end))
	g.m.Memory(end/pageSize + 1)
	export("memory", Memory, 0)
	if x.extend != nil {
		x.extend(&g.m)
	}
	return g.m.Bytes()
}

// exports are the behaviors by the names under which they are exported.
func (x Guest) exports() map[string]Behavior {
	all := map[string]Behavior{
		Init:          orElse(x.Init, Keep()),
		HandleSend:    orElse(x.HandleSend, Keep()),
		HandleRequest: orElse(x.HandleRequest, Return(encode(success(pack.Tuple(none, pack.Tuple(none)))))),
	}
	maps.Copy(all, x.Others)
	for _, name := range x.Without {
		delete(all, name)
	}
	return all
}

// support writes the functions that every guest has.
func (g *guest) support(x Guest, export func(string, Kind, uint32)) {
	metadata := x.Metadata
	if metadata == nil {
		metadata = x.metadata()
	}
	g.alloc = g.m.Func("i:i", "i", orCode(x.Alloc, allocBody))
	g.m.Name(g.alloc, "alloc")
	export("__pack_alloc", Function, g.alloc)
	export("__pack_free", Function, g.m.Func("ii:", "", ""))
	export("__pack_types", Function, g.m.Func("ii:i", "",
		Get(0)+Addr(g.put(metadata))+Store32(0)+Get(1)+Addr(uint32(len(metadata)))+Store32(0)+I32(0)))
	g.body = g.m.Func("i:i", "ii", bodyBody)
	g.m.Name(g.body, "body")
	g.answer = g.m.Func(abi, "ii", g.answerBody())
	g.m.Name(g.answer, "answer")
	if x.Start != "" {
		g.m.Start(g.m.Func(":", "", x.Start))
	}
}

// allocBody moves the mark, keeps it on multiples of 8, and grows the memory by
// what is missing; it returns 0 when that is refused.
var allocBody = Get(0) + I32(0) + "\x4c" /* i32.le_s */ + If(I32(0)+Ret) +
	GlobalGet(heap) + Get(0) + I32Add + I32(7) + I32Add + I32(-8) + I32And + Tee(1) +
	MemorySize + I32(16) + I32Shl + I32GtU +
	If(Get(1)+MemorySize+I32(16)+I32Shl+I32Sub+I32(pageSize-1)+I32Add+I32(16)+I32ShrU+
		MemoryGrow+I32(-1)+I32Eq+If(I32(0)+Ret)) +
	GlobalGet(heap) + Get(1) + GlobalSet(heap)

// bodyBody finds the message in a callback's input: it is the last parameter, so
// its node is the last but the root. Local 1 counts the nodes to pass over.
var bodyBody = Get(0) + Load32(8) + I32(2) + I32Sub + Set(1) + Get(0) + I32(firstNode) + I32Add + Set(2) +
	Block(Loop(Get(1)+I32Eqz+BrIf(1)+
		Get(2)+Get(2)+Load32(4)+I32Add+I32(nodeHead)+I32Add+Set(2)+
		Get(1)+I32(1)+I32Sub+Set(1)+Br(0))) +
	Get(2)

// answerBody builds the answer to a request around bytes of any length: what
// comes before and after them is the same for every length, but two numbers.
func (g *guest) answerBody() Code {
	whole := reply(nil)
	const head = replyBytes
	tail := whole[head:]
	prefix, suffix := g.put(whole[:head]), g.put(tail)
	return Get(1) + Addr(uint32(len(whole))) + I32Add + Call(g.alloc) + Tee(4) +
		Addr(prefix) + I32(head) + MemoryCopy +
		Get(4) + Get(1) + I32(5) + I32Add + Store32(head-9) + Get(4) + Get(1) + Store32(head-4) +
		Get(4) + I32(head) + I32Add + Get(0) + Get(1) + MemoryCopy +
		Get(4) + I32(head) + I32Add + Get(1) + I32Add + Addr(suffix) + Addr(uint32(len(tail))) + MemoryCopy +
		Get(2) + Get(4) + Store32(0) + Get(3) + Get(1) + Addr(uint32(len(whole))) + I32Add + Store32(0) + I32(0)
}

// put adds static data and returns its address, a multiple of 8.
func (g *guest) put(b []byte) uint32 {
	at := dataStart + uint32(len(g.data))
	g.data = append(g.data, b...)
	g.data = append(g.data, make([]byte, -len(g.data)&7)...)
	return at
}

// result writes address and length into the slots that the export was given.
func (g *guest) result(address, length Code) Code {
	return Get(2) + address + Store32(0) + Get(3) + length + Store32(0)
}

// template makes the answer to a request of n bytes and leaves the address of
// the bytes in local 4.
func (g *guest) template(n uint32) Code {
	b := reply(make([]byte, n))
	at := g.put(b)
	return g.result(Addr(at), Addr(uint32(len(b)))) + Addr(at+replyBytes) + Set(4)
}

// call calls an import of the Graph ABI and leaves its status.
func (g *guest) call(f function, address, length Code) Code {
	return address + length + Addr(g.slots) + Addr(g.slots+4) + Call(g.index(f))
}

func (g *guest) index(f function) uint32 {
	i, ok := g.functions[f]
	if !ok {
		panic(fmt.Sprintf("wasmtest: %s.%s is called but not imported", f.module, f.name))
	}
	return i
}

// useTable gives the module a table that holds one function.
func (g *guest) useTable() {
	if !g.table {
		g.m.Table(1)
		g.m.Elem(0, g.alloc)
		g.table = true
	}
}

// none is the state of an actor that has none.
var none = pack.None(pack.TypeBytes)

// replyBytes is where the bytes of an answer begin in its encoding: after the
// header, the state's node and the head of their own.
const replyBytes = firstNode + (nodeHead + 3) + (nodeHead + 5)

// reply is the encoded answer of a request: the state and the bytes.
func reply(b []byte) []byte {
	return encode(success(pack.Tuple(none, pack.Tuple(pack.Some(pack.Bytes(b))))))
}

// success is a result with the header types that Rust guests write.
func success(v pack.Value) pack.Value {
	return pack.Ok(pack.TupleOf(pack.TypeBool, pack.TypeBool), pack.TypeString, v)
}

func encode(v pack.Value) []byte {
	b, err := pack.Encode(v)
	if err != nil {
		panic(err)
	}
	return b
}

func orElse(b, otherwise Behavior) Behavior {
	if b.emit == nil {
		return otherwise
	}
	return b
}

func orCode(c, otherwise Code) Code {
	if c == "" {
		return otherwise
	}
	return c
}
