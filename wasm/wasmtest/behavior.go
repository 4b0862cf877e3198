package wasmtest

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/theater-go/theater/wasm/pack"
)

// Behavior is what an export of a Guest does when it is called. Where nothing
// else is said it keeps the state, which is none<list<u8>>, and answers nothing.
type Behavior struct {
	imports []function
	// emit writes the body of an export, and leaves its status. The parameters
	// are locals 0 to 3; 4 to 7 are i32 and free.
	emit func(*guest) Code
}

// function is an imported function; sig is as in Module.
type function struct{ module, name, sig string }

// abi is the signature of every export and of every function of a host interface.
const abi = "iiii:i"

// Return returns these bytes with status 0: an encoded value of a right or a
// wrong type, or anything at all.
func Return(b []byte) Behavior {
	return plain(func(g *guest) Code { return g.result(Addr(g.put(b)), Addr(uint32(len(b)))) + I32(0) })
}

// ReturnAt returns status 0 and an address and length that may lie anywhere.
func ReturnAt(address, length uint32) Behavior {
	return plain(func(g *guest) Code { return g.result(Addr(address), Addr(length)) + I32(0) })
}

// Fail returns the text with status -1, as a guest does that cannot decode.
func Fail(text string) Behavior {
	return plain(func(g *guest) Code {
		return g.result(Addr(g.put([]byte(text))), Addr(uint32(len(text)))) + I32(-1)
	})
}

// Keep keeps the state and answers nothing.
func Keep() Behavior { return Return(encode(success(pack.Tuple(none)))) }

// Reply answers a request with the bytes.
func Reply(b []byte) Behavior { return Return(reply(b)) }

// Refuse returns an err result with the text: a failed call, but no crash.
func Refuse(text string) Behavior {
	return Return(encode(pack.Err(pack.TypeBool, pack.TypeString, pack.String(text))))
}

// Echo answers a request with the bytes it brought.
func Echo() Behavior {
	return plain(func(g *guest) Code {
		return Get(0) + Call(g.body) + Tee(4) + I32(13) + I32Add +
			Get(4) + Load32(9) + Get(2) + Get(3) + Call(g.answer)
	})
}

// Calls answers with how many calls of such behaviors the instance has served,
// counted in its memory: 4 bytes, little endian.
func Calls() Behavior {
	return plain(func(g *guest) Code {
		count := Addr(g.calls)
		return g.template(4) + Get(4) +
			count + count + Load32(0) + I32(1) + I32Add + Store32(0) + count + Load32(0) +
			Store32(0) + I32(0)
	})
}

// Count is what a Counter does with a request. Its guest is Untyped.
func Count() Behavior { return count(1, pack.Tuple(pack.Some(pack.Bytes(make([]byte, 8))))) }

// Trap executes unreachable.
func Trap() Behavior { return plain(func(*guest) Code { return Unreachable }) }

// Panic is what a panic is in a Rust guest: an empty endless loop.
func Panic() Behavior { return plain(func(*guest) Code { return Loop(Br(0)) + Unreachable }) }

// Spin counts for ever.
func Spin() Behavior {
	return plain(func(*guest) Code {
		return Loop(Get(4)+I32(1)+I32Add+Set(4)+Br(0)) + Unreachable
	})
}

// Fill grows the memory by so many bytes and fills them again and again, never
// ending.
func Fill(bytes uint32) Behavior {
	return plain(func(*guest) Code {
		return Addr(bytes/pageSize) + MemoryGrow + Drop + Loop(Addr(pageSize)+I32(1)+Addr(bytes-pageSize)+MemoryFill+Br(0)) + Unreachable
	})
}

// Endless shows a behavior again and again and never ends.
func Endless(b Behavior) Behavior {
	return Behavior{b.imports, func(g *guest) Code { return Loop(b.emit(g)+Drop+Br(0)) + Unreachable }}
}

// Dive shows a behavior and then calls itself so deep, comes back, and does it
// again, without end.
func Dive(deep uint32, first Behavior) Behavior {
	return Behavior{first.imports, func(g *guest) Code {
		call := func(left Code) Code { return left + I32(0) + I32(0) + I32(0) + Call(g.self) }
		// Where the result belongs is never 0 in a call from outside.
		return Get(2) + If(first.emit(g)+Drop+Loop(call(Addr(deep))+Drop+Br(0))) +
			Get(0) + If(call(Get(0)+I32(1)+I32Sub)+Ret) + I32(0)
	}}
}

// Burn runs a loop so many times, at least once.
func Burn(times uint32, then Behavior) Behavior {
	return before(then, func(*guest) Code {
		return Addr(times) + Set(4) + Loop(Get(4)+I32(1)+I32Sub+Tee(4)+BrIf(0))
	})
}

// DivideByZero divides by zero.
func DivideByZero() Behavior { return plain(func(*guest) Code { return I32(1) + I32(0) + I32DivS }) }

// OutOfBounds reads beyond the end of memory.
func OutOfBounds() Behavior { return plain(func(*guest) Code { return I32(-1) + Load32(0) }) }

// WrongCall calls a function through the table as if it had another type.
func WrongCall() Behavior {
	return plain(func(g *guest) Code {
		g.useTable()
		return I32(0) + CallIndirect(g.m.Type(":I")) + Unreachable
	})
}

// GrowTable makes the table larger, so that memory and globals are not all that
// an instance is.
func GrowTable(then Behavior) Behavior {
	return before(then, func(g *guest) Code {
		g.useTable()
		return RefNull + I32(1) + TableGrow(0) + Drop
	})
}

// Recurse calls itself for ever.
func Recurse() Behavior {
	return plain(func(g *guest) Code { return Get(0) + Get(1) + Get(2) + Get(3) + Call(g.self) })
}

// Grow grows memory by so many pages until that is refused, and answers with the
// pages it then has: 4 bytes, little endian.
func Grow(pages uint32) Behavior {
	return plain(func(g *guest) Code {
		return Loop(Addr(pages)+MemoryGrow+I32(-1)+I32Ne+BrIf(0)) +
			g.template(4) + Get(4) + MemorySize + Store32(0) + I32(0)
	})
}

// Do calls a function of a host interface with an encoded input, and takes no
// notice of what it answers.
func Do(module, name string, input []byte, then Behavior) Behavior {
	return importing(function{module, name, abi}, before(then, func(g *guest) Code {
		return g.call(function{module, name, abi}, Addr(g.put(input)), Addr(uint32(len(input)))) + Drop
	}))
}

// DoAt is Do with an input address and length that may lie anywhere.
func DoAt(module, name string, address, length uint32, then Behavior) Behavior {
	return importing(function{module, name, abi}, before(then, func(g *guest) Code {
		return g.call(function{module, name, abi}, Addr(address), Addr(length)) + Drop
	}))
}

// Ask calls a function of a host interface with an encoded input and answers
// with the encoded output, or fails when the status is not 0.
func Ask(module, name string, input []byte) Behavior {
	f := function{module, name, abi}
	return importing(f, plain(func(g *guest) Code {
		return g.call(f, Addr(g.put(input)), Addr(uint32(len(input)))) +
			If(Fail("the host's status is not 0").emit(g)+Ret) +
			Addr(g.slots) + Load32(0) + Addr(g.slots) + Load32(4) + Get(2) + Get(3) + Call(g.answer)
	}))
}

// Forward calls a function of a host interface with the bytes of the message,
// which must be an encoded value, and answers with the encoded output.
func Forward(module, name string) Behavior {
	f := function{module, name, abi}
	return importing(f, plain(func(g *guest) Code {
		return Get(0) + Call(g.body) + Set(4) +
			g.call(f, Get(4)+I32(13)+I32Add, Get(4)+Load32(9)) +
			If(Fail("the host's status is not 0").emit(g)+Ret) +
			Addr(g.slots) + Load32(0) + Addr(g.slots) + Load32(4) + Get(2) + Get(3) + Call(g.answer)
	}))
}

// DoWithID calls a function of a host interface with the id that a callback is
// given first, of a child or of a request, and takes no notice of what it answers.
func DoWithID(module, name string, then Behavior) Behavior {
	f := function{module, name, abi}
	return importing(f, before(then, func(g *guest) Code {
		id := strings.Repeat("-", idBytes)
		input := encode(pack.String(id))
		at := g.put(input)
		within := func(b []byte) uint32 { return uint32(bytes.Index(b, []byte(id))) }
		return Addr(at+within(input)) + Get(0) + Addr(within(encode(pack.Tuple(none, pack.String(id))))) + I32Add +
			I32(idBytes) + MemoryCopy + g.call(f, Addr(at), Addr(uint32(len(input)))) + Drop
	}))
}

// idBytes is the length of an id.
const idBytes = 36

// The functions of WASI that behaviors use.
var (
	pollOneoff = function{wasi, "poll_oneoff", "iiii:i"}
	fdWrite    = function{wasi, "fd_write", "iiii:i"}
	randomGet  = function{wasi, "random_get", "ii:i"}
	clockTime  = function{wasi, "clock_time_get", "iIi:i"}
	procExit   = function{wasi, "proc_exit", "i:"}
)

const wasi = "wasi_snapshot_preview1"

// Sleep waits on WASI's monotonic clock.
func Sleep(d time.Duration, then Behavior) Behavior {
	return importing(pollOneoff, before(then, func(g *guest) Code {
		subscription := make([]byte, 48)
		subscription[16] = 1 // the monotonic clock
		binary.LittleEndian.PutUint64(subscription[24:], uint64(d))
		return Addr(g.put(subscription)) + Addr(g.put(make([]byte, 32))) + I32(1) + Addr(g.slots) +
			Call(g.index(pollOneoff)) + Drop
	}))
}

// Print writes the text to a file descriptor of WASI: 1 or 2.
func Print(fd int32, text string, then Behavior) Behavior {
	return importing(fdWrite, before(then, func(g *guest) Code {
		vec := slices.Concat(le32(g.put([]byte(text))), le32(uint32(len(text))))
		return I32(fd) + Addr(g.put(vec)) + I32(1) + Addr(g.slots) + Call(g.index(fdWrite)) + Drop
	}))
}

// Random answers with n random bytes. The status is what random_get returns.
func Random(n uint32) Behavior {
	return importing(randomGet, plain(func(g *guest) Code {
		return g.template(n) + Get(4) + Addr(n) + Call(g.index(randomGet))
	}))
}

// Clock answers with the wall clock's nanoseconds: 8 bytes, little endian. The
// status is what clock_time_get returns.
func Clock() Behavior {
	return importing(clockTime, plain(func(g *guest) Code {
		return g.template(8) + I32(0) + I64(1) + Get(4) + Call(g.index(clockTime))
	}))
}

// Exit ends the module with the code.
func Exit(code int32) Behavior {
	return importing(procExit, plain(func(g *guest) Code {
		return I32(code) + Call(g.index(procExit)) + Unreachable
	}))
}

// Switch does what the message's first byte selects, and other for any other
// byte or an empty message.
func Switch(cases map[byte]Behavior, other Behavior) Behavior {
	all := Behavior{imports: other.imports}
	for _, b := range sortedKeys(cases) {
		all.imports = slices.Concat(all.imports, cases[b].imports)
	}
	all.emit = func(g *guest) Code {
		code := Get(0) + Call(g.body) + Tee(4) + Load32(9) + If(Get(4)+Load8(13)+Set(5)+I32(1)+Set(6))
		for _, b := range sortedKeys(cases) {
			code += Get(6) + Get(5) + I32(int32(b)) + I32Eq + I32And + If(cases[b].emit(g)+Ret)
		}
		return code + other.emit(g)
	}
	return all
}

// count adds to a state that is a u64, or to 0 when it is something else, and
// answers with the new state: 8 bytes, little endian.
func count(add int64, response pack.Value) Behavior {
	return plain(func(g *guest) Code {
		value := pack.Tuple(pack.U64(0))
		if !response.Equal(pack.Unit) {
			value = pack.Tuple(pack.U64(0), response)
		}
		b := encode(success(value))
		at := g.put(b)
		code := Get(0) + Load8(firstNode) + I32(int32(pack.KindU64)) + I32Eq +
			If(Addr(at)+Get(0)+Load64(firstNode+nodeHead)+Store64(firstNode+nodeHead)) +
			Addr(at) + Addr(at) + Load64(firstNode+nodeHead) + I64(add) + I64Add + Store64(firstNode+nodeHead)
		if !response.Equal(pack.Unit) {
			bytes := uint32(firstNode + nodeHead + 8 + nodeHead + 5)
			code += Addr(at) + Addr(at) + Load64(firstNode+nodeHead) + Store64(bytes)
		}
		return code + g.result(Addr(at), Addr(uint32(len(b)))) + I32(0)
	})
}

func plain(emit func(*guest) Code) Behavior { return Behavior{emit: emit} }

// before writes a step and then the behavior that ends the call.
func before(then Behavior, step func(*guest) Code) Behavior {
	return Behavior{then.imports, func(g *guest) Code { return step(g) + then.emit(g) }}
}

func importing(f function, b Behavior) Behavior {
	b.imports = append([]function{f}, b.imports...)
	return b
}

func sortedKeys[K ~byte | ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
