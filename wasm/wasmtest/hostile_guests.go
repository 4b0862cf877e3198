package wasmtest

import "math"

// hostileGuests are actors that use the ABI and WASI to do harm.
func hostileGuests() []hostile {
	const host = "test:simple/host"
	endless := func(f function, args, more Code) Behavior {
		return importing(f, plain(func(g *guest) Code {
			return more + Loop(args+Call(g.index(f))+Drop+Br(0)) + Unreachable
		}))
	}
	// grown is 60 MiB of memory.
	grown := I32(900) + MemoryGrow + Drop
	const all = 900 * pageSize
	on := func(name, ends string, b Behavior) hostile {
		return hostile{name: name, ends: ends, guest: Guest{HandleRequest: b}}
	}
	return []hostile{
		on("a spin", "request: limit", Spin()),
		on("a panic", "request: panic", Panic()),
		on("a recursion", "request: stack", Recurse()),
		on("a memory grown to its end", "", Grow(1)),
		on("host calls without end", "request: limit", endless(function{host, "f", abi}, Addr(0)+Addr(0)+Addr(dataStart)+Addr(dataStart), "")),
		on("host calls with 60 MiB without end", "request: limit", endless(function{host, "f", abi}, Addr(0)+Addr(all)+Addr(dataStart)+Addr(dataStart), grown)),
		on("60 MiB of random bytes without end", "request: limit", endless(randomGet, Addr(0)+Addr(all), grown)),
		on("the clock read without end", "request: limit", endless(clockTime, I32(0)+I64(1)+Addr(dataStart), "")),
		on("lines written without end", "request: limit", endless(fdWrite, I32(2)+Addr(dataStart)+I32(1)+Addr(dataStart+16), lines)),
		on("a million buffers of 60 MiB written at once", "request: limit", endless(fdWrite, I32(1)+Addr(dataStart)+I32(1<<20)+Addr(dataStart), grown+buffers)),
		on("a million clocks waited for at once", "request: limit", endless(pollOneoff, Addr(dataStart)+Addr(dataStart)+I32(1<<20)+Addr(8), grown)),
		on("more clocks waited for than 32 bits count", "request: limit", endless(pollOneoff, Addr(dataStart)+Addr(dataStart)+I32(1<<28)+Addr(8), "")),
		on("a wait for input without end", "request: limit", endless(pollOneoff, Addr(dataStart)+Addr(dataStart+64)+I32(1)+Addr(8), Addr(dataStart)+I32(1)+Store8(8))),
		on("empty buffers read without end", "request: limit", endless(function{wasi, "fd_read", "iiii:i"}, I32(0)+Addr(1<<20)+I32(4096)+Addr(8), grown)),
		on("empty buffers written without end", "request: limit", endless(fdWrite, I32(1)+Addr(1<<20)+I32(4096)+Addr(8), grown)),
		on("naps without end", "request: limit", endless(pollOneoff, Addr(dataStart)+Addr(dataStart+64)+I32(1)+Addr(8), "")),
		on("an exit", "request: exit", Exit(-1)),
		on("a result of 60 MiB", "request: result", before(ReturnAt(0, all), func(*guest) Code { return grown })),
		on("a result of nothing but its count", "request: result", Return([]byte("CGRF\x02\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00"))),
		on("a status of the least", "request: abi", plain(func(*guest) Code { return I32(math.MinInt32) })),
		{name: "an allocation that calls the host", ends: "initialise: initialisation", guest: Guest{Alloc: allocBody + Addr(dataStart) + I32(0) + Addr(dataStart) + Addr(dataStart) + Call(0) + Drop, HandleRequest: Do(host, "f", nil, Keep())}},
		{name: "an allocation that does not end", ends: "initialise: limit", guest: Guest{Alloc: Loop(Get(1)+I32(1)+I32Add+Set(1)+Br(0)) + I32(0)}},
		{name: "an allocation at the end of the memory", ends: "initialise: abi", guest: Guest{Alloc: I32(pageSize - 4)}},
		{name: "an allocation of nothing", ends: "initialise: memory", guest: Guest{Alloc: I32(0)}},
		{name: "metadata of 2^32-1 nodes", ends: "abi: interface metadata", guest: Guest{Metadata: []byte("CGRF\x02\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00")}},
		{name: "metadata that is none", ends: "abi: interface metadata", guest: Guest{Metadata: []byte("metadata")}},
		{name: "metadata of a later version", ends: "abi: version 9", guest: Guest{Metadata: []byte("CGRF\x09\x00\x00\x00")}},
	}
}

// lines makes an iovec of a page of line ends.
var lines = I32(4096) + I32('\n') + I32(4096) + MemoryFill + Addr(dataStart) + I32(4096) + Store32(0) + Addr(dataStart) + I32(4096) + Store32(4)

// buffers makes a million iovecs, each of nearly all the memory: local 4 counts.
var buffers = Loop(Get(4) + I32(3) + I32Shl + Addr(dataStart) + I32Add + I32(50<<20) + Store32(4) +
	Get(4) + I32(1) + I32Add + Tee(4) + I32(1<<20) + I32LtU + BrIf(0))
